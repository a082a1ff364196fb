// The SQL functions that a connection gets which loads the extension.
//
//   sqlite3async_barrier([TIMEOUT_MS])       returns when all that is queued is on disk
//   sqlite3async_control(OPTION [, VALUE])   sets, and gives the value in force
//   sqlite3async_start()                     starts the writer
//
// All of them act outside of the database, so no trigger and no view may call them: a file that
// somebody else has made must not do so when it is opened.

#ifndef SQLITEASYNC_EXTENSION_SQL_FUNCTIONS_H_
#define SQLITEASYNC_EXTENSION_SQL_FUNCTIONS_H_

#include "core/sqlite.h"

namespace sqliteasync {

// Defines them. A connection that has them already keeps them. Returns SQLite's code.
int DefineFunctions(sqlite3* db);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_EXTENSION_SQL_FUNCTIONS_H_
