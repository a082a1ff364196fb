// MemoryVfs: a VFS whose files are plain memory. What SQLite costs on it, with a rollback journal,
// is what no VFS below it can undercut: the floor.
//
// Files live as long as the process, or until they are deleted. Nothing is locked: a database has
// one connection at a time. Sector size and characteristics are those of the unix VFS, so that
// SQLite does the same work.

#ifndef SQLITEASYNC_BENCH_MEMORY_VFS_H_
#define SQLITEASYNC_BENCH_MEMORY_VFS_H_

namespace bench {

// Registers the VFS, if that has not been done, and returns its name.
const char* RegisterMemoryVfs();

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_MEMORY_VFS_H_
