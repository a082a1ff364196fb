#include "device_vfs.h"

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

namespace sqliteasync::sim {

namespace {

// Where the parent's file begins behind ours.
constexpr int kParentFileOffset = static_cast<int>(
    (sizeof(DeviceFile) + alignof(std::max_align_t) - 1) & ~(alignof(std::max_align_t) - 1));

DeviceFile& Ours(sqlite3_file* file) { return *static_cast<DeviceFile*>(file); }
DeviceVfs& Ours(sqlite3_vfs* vfs) {
  return static_cast<DeviceVfs&>(*static_cast<VfsContext*>(vfs->pAppData));
}
Device& DeviceOf(sqlite3_file* file) { return Ours(file).vfs->device(); }

// Counts the request, asks the device, and calls `action`. Running out of memory is
// `out_of_memory`.
template <typename Action>
int Performed(Device& device, const Request& request, int out_of_memory, Action action) noexcept {
  try {
    device.Count(request);
    const int rc = device.Before(request);
    return rc == SQLITE_OK ? action() : rc;
  } catch (const std::bad_alloc&) {
    return out_of_memory;
  }
}

template <typename Action>
int OnFile(sqlite3_file* file, Operation operation, int64_t offset, int64_t size, int flags,
           Action action) noexcept {
  DeviceFile& ours = Ours(file);
  const Request request{operation, ours.name, &ours, offset, size, flags};
  return Performed(ours.vfs->device(), request, SQLITE_IOERR_NOMEM,
                   [&] { return action(ours, ours.parent, *ours.parent->pMethods); });
}

// ----- Files

int FileClose(sqlite3_file* file) {
  DeviceFile& ours = Ours(file);
  Device& device = DeviceOf(file);
  const Request request{Operation::kClose, ours.name, &ours};
  int rc = SQLITE_OK;
  try {
    device.Count(request);
    device.Before(request);  // it may wait, but a close can't be refused
    rc = device.Close(ours);
  } catch (const std::bad_alloc&) {
    rc = ours.parent->pMethods->xClose(ours.parent);
  }
  DeviceVfs* const vfs = ours.vfs;
  ours.~DeviceFile();
  file->pMethods = nullptr;
  vfs->FileClosed();
  return rc;
}

int FileRead(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  return OnFile(file, Operation::kRead, offset, size, 0, [&](auto&, auto* parent, auto& methods) {
    return methods.xRead(parent, out, size, offset);
  });
}

int FileWrite(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  return OnFile(file, Operation::kWrite, offset, size, 0, [&](auto& ours, auto*, auto&) {
    return DeviceOf(file).Write(ours, bytes, size, offset);
  });
}

int FileTruncate(sqlite3_file* file, sqlite3_int64 size) {
  return OnFile(file, Operation::kTruncate, size, 0, 0,
                [&](auto& ours, auto*, auto&) { return DeviceOf(file).Truncate(ours, size); });
}

int FileSync(sqlite3_file* file, int flags) {
  return OnFile(file, Operation::kSync, 0, 0, flags,
                [&](auto& ours, auto*, auto&) { return DeviceOf(file).Sync(ours, flags); });
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return OnFile(file, Operation::kSize, 0, 0, 0, [&](auto&, auto* parent, auto& methods) {
    return methods.xFileSize(parent, size);
  });
}

int FileLock(sqlite3_file* file, int level) {
  return OnFile(file, Operation::kLock, 0, 0, level,
                [&](auto&, auto* parent, auto& methods) { return methods.xLock(parent, level); });
}

int FileUnlock(sqlite3_file* file, int level) {
  return OnFile(file, Operation::kUnlock, 0, 0, level,
                [&](auto&, auto* parent, auto& methods) { return methods.xUnlock(parent, level); });
}

int FileCheckReservedLock(sqlite3_file* file, int* reserved) {
  *reserved = 0;
  return OnFile(file, Operation::kReserved, 0, 0, 0, [&](auto&, auto* parent, auto& methods) {
    return methods.xCheckReservedLock(parent, reserved);
  });
}

int FileControl(sqlite3_file* file, int verb, void* argument) {
  DeviceFile& ours = Ours(file);
  const int rc = DeviceOf(file).Control(ours, verb, argument);
  if (verb == SQLITE_FCNTL_VFSNAME) {
    // As other shims do it: the name of each VFS on the way, from the top.
    char** name = static_cast<char**>(argument);
    *name = rc == SQLITE_OK ? sqlite3_mprintf("%s/%z", ours.vfs->name().c_str(), *name)
                            : sqlite3_mprintf("%s", ours.vfs->name().c_str());
    return SQLITE_OK;
  }
  if (verb == SQLITE_FCNTL_VFS_POINTER) {
    *static_cast<sqlite3_vfs**>(argument) = ours.vfs->vfs();
    return SQLITE_OK;
  }
  return rc;
}

int FileSectorSize(sqlite3_file* file) { return DeviceOf(file).SectorSize(Ours(file)); }

int FileDeviceCharacteristics(sqlite3_file* file) {
  return DeviceOf(file).Characteristics(Ours(file));
}

int FileShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
  return OnFile(file, Operation::kShm, 0, 0, 0, [&](auto&, auto* parent, auto& methods) {
    return methods.xShmMap(parent, region, size, extend, memory);
  });
}

int FileShmLock(sqlite3_file* file, int offset, int count, int flags) {
  // To let go of a lock is an unlock here, too: it has to work on a device that has died.
  const Operation operation =
      (flags & SQLITE_SHM_UNLOCK) != 0 ? Operation::kUnlock : Operation::kShm;
  return OnFile(file, operation, 0, 0, flags, [&](auto&, auto* parent, auto& methods) {
    return methods.xShmLock(parent, offset, count, flags);
  });
}

void FileShmBarrier(sqlite3_file* file) {
  sqlite3_file* parent = Ours(file).parent;
  parent->pMethods->xShmBarrier(parent);
}

int FileShmUnmap(sqlite3_file* file, int delete_flag) {
  sqlite3_file* parent = Ours(file).parent;
  return parent->pMethods->xShmUnmap(parent, delete_flag);
}

int FileFetch(sqlite3_file* file, sqlite3_int64 offset, int size, void** page) {
  *page = nullptr;
  return OnFile(file, Operation::kMap, offset, size, 0, [&](auto&, auto* parent, auto& methods) {
    return methods.xFetch(parent, offset, size, page);
  });
}

int FileUnfetch(sqlite3_file* file, sqlite3_int64 offset, void* page) {
  sqlite3_file* parent = Ours(file).parent;
  return parent->pMethods->xUnfetch(parent, offset, page);
}

// The methods for a file whose parent has `parent`.
sqlite3_io_methods MethodsOver(const sqlite3_io_methods& parent) {
  sqlite3_io_methods methods{};
  methods.iVersion = std::min(parent.iVersion, 3);
  methods.xClose = FileClose;
  methods.xRead = FileRead;
  methods.xWrite = FileWrite;
  methods.xTruncate = FileTruncate;
  methods.xSync = FileSync;
  methods.xFileSize = FileSize;
  methods.xLock = FileLock;
  methods.xUnlock = FileUnlock;
  methods.xCheckReservedLock = FileCheckReservedLock;
  methods.xFileControl = FileControl;
  methods.xSectorSize = FileSectorSize;
  methods.xDeviceCharacteristics = FileDeviceCharacteristics;
  if (methods.iVersion >= 2) {
    if (parent.xShmMap != nullptr) methods.xShmMap = FileShmMap;
    if (parent.xShmLock != nullptr) methods.xShmLock = FileShmLock;
    if (parent.xShmBarrier != nullptr) methods.xShmBarrier = FileShmBarrier;
    if (parent.xShmUnmap != nullptr) methods.xShmUnmap = FileShmUnmap;
  }
  if (methods.iVersion >= 3) {
    if (parent.xFetch != nullptr) methods.xFetch = FileFetch;
    if (parent.xUnfetch != nullptr) methods.xUnfetch = FileUnfetch;
  }
  return methods;
}

// ----- The VFS

int VfsOpen(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  DeviceVfs& ours = Ours(vfs);
  DeviceFile& opened = *new (file) DeviceFile;
  opened.pMethods = nullptr;
  opened.vfs = &ours;
  opened.parent =
      reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kParentFileOffset);
  opened.parent->pMethods = nullptr;
  opened.name = name;
  opened.flags = flags;
  const Request request{Operation::kOpen, name, &opened, 0, 0, flags};
  const int rc = Performed(ours.device(), request, SQLITE_NOMEM, [&] {
    return ours.device().Open(ours.parent, name, opened, flags, out_flags);
  });
  if (rc != SQLITE_OK) {
    // A parent that sets the methods although it fails wants to be closed.
    if (opened.parent->pMethods != nullptr) opened.parent->pMethods->xClose(opened.parent);
    opened.~DeviceFile();
    file->pMethods = nullptr;
    return rc;
  }
  opened.methods = MethodsOver(*opened.parent->pMethods);
  opened.pMethods = &opened.methods;
  ours.FileOpened();
  return SQLITE_OK;
}

int VfsDelete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  DeviceVfs& ours = Ours(vfs);
  const Request request{Operation::kDelete, name, nullptr, 0, 0, sync_directory};
  return Performed(ours.device(), request, SQLITE_IOERR_NOMEM,
                   [&] { return ours.device().Delete(ours.parent, name, sync_directory); });
}

int VfsAccess(sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
  *answer = 0;
  DeviceVfs& ours = Ours(vfs);
  const Request request{Operation::kAccess, name, nullptr, 0, 0, flags};
  return Performed(ours.device(), request, SQLITE_IOERR_NOMEM,
                   [&] { return ours.parent->xAccess(ours.parent, name, flags, answer); });
}

int VfsFullPathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  DeviceVfs& ours = Ours(vfs);
  const Request request{Operation::kPath, name, nullptr};
  return Performed(ours.device(), request, SQLITE_NOMEM,
                   [&] { return ours.parent->xFullPathname(ours.parent, name, size, out); });
}

}  // namespace

DeviceVfs::DeviceVfs(std::string name, std::unique_ptr<Device> device, sqlite3_vfs* parent)
    : VfsContext{parent}, name_(std::move(name)), device_(std::move(device)) {
  PassOnToParent(this, &vfs_);
  vfs_.szOsFile = kParentFileOffset + parent->szOsFile;
  vfs_.zName = name_.c_str();
  vfs_.xOpen = VfsOpen;
  vfs_.xDelete = VfsDelete;
  vfs_.xAccess = VfsAccess;
  vfs_.xFullPathname = VfsFullPathname;
}

int DeviceVfs::Register(bool is_default) { return sqlite3_vfs_register(&vfs_, is_default ? 1 : 0); }

void DeviceVfs::Unregister() {
  const bool was_default = sqlite3_vfs_find(nullptr) == &vfs_;
  sqlite3_vfs_unregister(&vfs_);
  if (was_default && sqlite3_vfs_find(parent->zName) == parent) {
    sqlite3_vfs_register(parent, 1);
  }
}

}  // namespace sqliteasync::sim
