// sqlite3async_status, the table of what the backend is doing. A connection that loads the
// extension has it; it takes no arguments and no storage.
//
//   database   the path of a database, or NULL for the process
//   name       of a counter
//   value      its value
//   highwater  the highest that it has been, or NULL if none is kept
//
// It changes nothing, but it shows what other databases the process uses. So no trigger and no view
// may read it: a file that somebody else has made could keep it.

#ifndef SQLITEASYNC_EXTENSION_STATUS_TABLE_H_
#define SQLITEASYNC_EXTENSION_STATUS_TABLE_H_

#include "core/sqlite.h"

namespace sqliteasync {

// Returns SQLite's code. An SQLite without virtual tables goes without, and its log is told.
int DefineStatusTable(sqlite3* db);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_EXTENSION_STATUS_TABLE_H_
