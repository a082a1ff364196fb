// SQLite as the core sees it: the API table that a loadable extension is given, so that the
// backend takes part in exactly the copy of SQLite that loaded it. Compiled with SQLITE_CORE (the
// static library and the C++ tests) the same names are SQLite's own functions, bound by the linker.

#ifndef SQLITEASYNC_CORE_SQLITE_H_
#define SQLITEASYNC_CORE_SQLITE_H_

#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT3

namespace sqliteasync {

// The oldest SQLite that is let in, the same that configure asks for its headers. Its API table
// holds every function the core calls (sqlite3_create_filename() and its like came with 3.32.0).
inline constexpr int kMinimumSqliteVersion = 3034000;

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_SQLITE_H_
