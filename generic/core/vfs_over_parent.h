// What a VFS that stands on another, its parent, passes on unchanged.

#ifndef SQLITEASYNC_CORE_VFS_OVER_PARENT_H_
#define SQLITEASYNC_CORE_VFS_OVER_PARENT_H_

#include "sqlite.h"

namespace sqliteasync {

// What pAppData of such a VFS points to.
struct VfsContext {
  sqlite3_vfs* parent = nullptr;
};

// Sets every member of `vfs` but szOsFile, zName and the four methods that are about files: xOpen,
// xDelete, xAccess and xFullPathname. Its version is the parent's, at most 3; the methods pass on
// to the parent (shared libraries, randomness, sleep, time, last error, system calls), and those
// that the parent lacks are absent. `context` is kept as a pointer.
void PassOnToParent(VfsContext* context, sqlite3_vfs* vfs);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_VFS_OVER_PARENT_H_
