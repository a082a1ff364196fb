// The PRAGMAs that files of the VFS answer, without anything loaded into the connection. SQLite
// asks the main file of the database that the PRAGMA names, when it prepares the statement; what it
// answers is one row of one column, or the error.
//
//   sqlite3async_OPTION [= VALUE]   a setting (settings.h); all are the process's
//   sqlite3async_barrier [= MS]     returns when what is queued for the database is on disk
//   sqlite3async_start              starts the writer
//   sqlite3async_status             the counters of the database, a line for each
//
// Thread safety: as the methods of an open file.

#ifndef SQLITEASYNC_CORE_PRAGMAS_H_
#define SQLITEASYNC_CORE_PRAGMAS_H_

#include "open_file.h"

namespace sqliteasync {

// `arguments` and the result are those of SQLITE_FCNTL_PRAGMA; SQLITE_NOTFOUND: not ours. What
// begins like one of ours and isn't is an error. Throws std::bad_alloc.
int AnswerPragma(OpenFile& file, char** arguments);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_PRAGMAS_H_
