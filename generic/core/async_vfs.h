// AsyncVfs: the sqlite3_vfs objects, and the translation of SQLite's C callbacks to calls on
// Foreground. No exception passes: std::bad_alloc becomes SQLite's code for it.

#ifndef SQLITEASYNC_CORE_ASYNC_VFS_H_
#define SQLITEASYNC_CORE_ASYNC_VFS_H_

#include "foreground.h"
#include "sqlite.h"

namespace sqliteasync {

// The VFS's name in the first generation of the module, and in the second.
inline constexpr char kFirstGenerationName[] = "async";
inline constexpr char kSecondGenerationName[] = "sqlite3async";

// A VFS that is not registered yet, on top of `parent`. `name` is kept as a pointer.
sqlite3_vfs MakeAsyncVfs(const char* name, sqlite3_vfs* parent, Foreground* foreground);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_ASYNC_VFS_H_
