#include "async_vfs.h"

#include <new>

#include "backend.h"
#include "broken.h"
#include "pragmas.h"
#include "process.h"
#include "vfs_over_parent.h"

namespace sqliteasync {

namespace {

// What SQLite holds for an open file.
struct AsyncFile : sqlite3_file {
  Foreground* foreground;
  OpenFile* open_file;
};

struct AsyncContext : VfsContext {
  Foreground* foreground = nullptr;
};

Foreground& ForegroundOf(sqlite3_vfs* vfs) {
  return *static_cast<AsyncContext*>(static_cast<VfsContext*>(vfs->pAppData))->foreground;
}

// Calls `action`; running out of memory in it is `out_of_memory`.
template <typename Action>
int Guarded(int out_of_memory, Action action) noexcept {
  try {
    return action();
  } catch (const std::bad_alloc&) {
    return out_of_memory;
  }
}

template <typename Action>
int OnFile(sqlite3_file* file, Action action) noexcept {
  auto* async = static_cast<AsyncFile*>(file);
  return Guarded(SQLITE_IOERR_NOMEM, [&] { return action(*async->foreground, *async->open_file); });
}

int FileClose(sqlite3_file* file) {
  auto* async = static_cast<AsyncFile*>(file);
  async->foreground->Close(async->open_file);
  async->pMethods = nullptr;
  return SQLITE_OK;
}

int FileRead(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  return OnFile(file,
                [&](Foreground& to, OpenFile& open) { return to.Read(open, out, size, offset); });
}

int FileWrite(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const int rc = OnFile(
      file, [&](Foreground& to, OpenFile& open) { return to.Write(open, bytes, size, offset); });
  return Broken(Variant::kWriteDropped) && rc == SQLITE_IOERR_NOMEM ? SQLITE_OK : rc;
}

int FileTruncate(sqlite3_file* file, sqlite3_int64 size) {
  return OnFile(file, [&](Foreground& to, OpenFile& open) { return to.Truncate(open, size); });
}

int FileSync(sqlite3_file* file, int flags) {
  return OnFile(file, [&](Foreground& to, OpenFile& open) { return to.Sync(open, flags); });
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return OnFile(file, [&](Foreground& to, OpenFile& open) {
    int64_t answer = 0;
    const int rc = to.FileSize(open, &answer);
    *size = answer;
    return rc;
  });
}

int FileLock(sqlite3_file* file, int level) {
  return OnFile(file, [&](Foreground& to, OpenFile& open) { return to.Lock(open, level); });
}

int FileUnlock(sqlite3_file* file, int level) {
  return OnFile(file, [&](Foreground& to, OpenFile& open) { return to.Unlock(open, level); });
}

int FileCheckReservedLock(sqlite3_file* file, int* reserved) {
  *reserved = 0;
  return OnFile(
      file, [&](Foreground& to, OpenFile& open) { return to.CheckReservedLock(open, reserved); });
}

int FileControl(sqlite3_file* file, int verb, void* argument) {
  if (verb == SQLITE_FCNTL_PRAGMA) {
    const int rc = Guarded(SQLITE_NOMEM, [&] {
      return AnswerPragma(*static_cast<AsyncFile*>(file)->open_file, static_cast<char**>(argument));
    });
    if (rc != SQLITE_NOTFOUND) return rc;
  }
  return OnFile(file,
                [&](Foreground& to, OpenFile& open) { return to.Control(open, verb, argument); });
}

int FileSectorSize(sqlite3_file* file) {
  auto* async = static_cast<AsyncFile*>(file);
  return async->foreground->SectorSize(*async->open_file);
}

int FileDeviceCharacteristics(sqlite3_file* file) {
  auto* async = static_cast<AsyncFile*>(file);
  return async->foreground->DeviceCharacteristics(*async->open_file);
}

// Version 1: no shared memory, so no write-ahead log, and no memory mapping, which would show the
// parent's bytes without the queue's.
const sqlite3_io_methods kMethods = {
    1,
    FileClose,
    FileRead,
    FileWrite,
    FileTruncate,
    FileSync,
    FileSize,
    FileLock,
    FileUnlock,
    FileCheckReservedLock,
    FileControl,
    FileSectorSize,
    FileDeviceCharacteristics,
    nullptr,  // xShmMap
    nullptr,  // xShmLock
    nullptr,  // xShmBarrier
    nullptr,  // xShmUnmap
    nullptr,  // xFetch
    nullptr,  // xUnfetch
};

int VfsOpen(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* async = static_cast<AsyncFile*>(file);
  async->pMethods = nullptr;
  return Guarded(SQLITE_NOMEM, [&] {
    // Each transaction opens a journal: not asked for that.
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0 && !ClaimForThisProcess()) {
      sqlite3_log(SQLITE_CANTOPEN, "sqliteasync: %s: %s", name, kForkedOff);
      return SQLITE_CANTOPEN;
    }
    Foreground& foreground = ForegroundOf(vfs);
    const int rc = foreground.Open(name, flags, &async->open_file, out_flags);
    if (rc != SQLITE_OK) return rc;
    if (!Backend::Get().FileOpened()) {
      sqlite3_log(SQLITE_CANTOPEN, "sqliteasync: %s",
                  Writer::Reason(Writer::StartResult::kOutOfThreads));
      foreground.Close(async->open_file);
      return SQLITE_CANTOPEN;
    }
    async->foreground = &foreground;
    async->pMethods = &kMethods;
    return SQLITE_OK;
  });
}

int VfsDelete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  return Guarded(SQLITE_IOERR_NOMEM,
                 [&] { return ForegroundOf(vfs).Delete(name, sync_directory != 0); });
}

int VfsAccess(sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
  return Guarded(SQLITE_IOERR_NOMEM, [&] { return ForegroundOf(vfs).Access(name, flags, answer); });
}

int VfsFullPathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  return Guarded(SQLITE_NOMEM, [&] { return ForegroundOf(vfs).FullPathname(name, size, out); });
}

}  // namespace

sqlite3_vfs MakeAsyncVfs(const char* name, sqlite3_vfs* parent, Foreground* foreground) {
  static AsyncContext context;  // there is one backend, and one parent at a time
  context.parent = parent;
  context.foreground = foreground;

  sqlite3_vfs vfs{};
  PassOnToParent(&context, &vfs);
  vfs.szOsFile = sizeof(AsyncFile);
  vfs.zName = name;
  vfs.xOpen = VfsOpen;
  vfs.xDelete = VfsDelete;
  vfs.xAccess = VfsAccess;
  vfs.xFullPathname = VfsFullPathname;
  return vfs;
}

}  // namespace sqliteasync
