// Functions of the copy of SQLite that we work with, which the table that an extension is given
// lacks.
//
// Thread safety: pure functions.

#ifndef SQLITEASYNC_SIM_SQLITE_LIBRARY_H_
#define SQLITEASYNC_SIM_SQLITE_LIBRARY_H_

#include <string>

namespace sqliteasync::sim {

struct SqliteLibrary {
  int (*config)(int, ...) = nullptr;
  int (*shutdown)() = nullptr;
  int (*initialize)() = nullptr;
  // Variables; null where they are not found.
  char** temp_directory = nullptr;
  char** data_directory = nullptr;
};

// Looks for them in the very file that the table's functions were loaded from. False if one of the
// functions is not to be had; then `*why` says why. Throws std::bad_alloc.
bool FindSqliteLibrary(SqliteLibrary* library, std::string* why);

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_SQLITE_LIBRARY_H_
