// DeviceVfs: a Device as a sqlite3_vfs on top of any other, its parent.
//
// Devices may be stacked in any order and number. The version of the VFS and of each file's methods
// are the parent's, methods that the parent lacks are absent, and everything that no device changes
// (shared memory, memory mapping, file controls, shared libraries, time) is passed on, so that what
// works on the parent, a write-ahead log say, works here.
//
// Thread safety: the callbacks may be called from any thread, as SQLite does it. Registering and
// unregistering are for one thread at a time, as sqlite3_vfs_register() has it.
//
// Invariants: the VFS is at one address, and under one name, as long as it lives; a file opened
// through it counts in open_files() from xOpen to xClose.

#ifndef SQLITEASYNC_SIM_DEVICE_VFS_H_
#define SQLITEASYNC_SIM_DEVICE_VFS_H_

#include <atomic>
#include <memory>
#include <string>

#include "core/sqlite.h"
#include "core/vfs_over_parent.h"
#include "device.h"

namespace sqliteasync::sim {

class DeviceVfs : public VfsContext {
 public:
  DeviceVfs(std::string name, std::unique_ptr<Device> device, sqlite3_vfs* parent);
  DeviceVfs(const DeviceVfs&) = delete;
  DeviceVfs& operator=(const DeviceVfs&) = delete;

  int Register(bool is_default);
  // The parent becomes the default if this was it.
  void Unregister();

  const std::string& name() const { return name_; }
  Device& device() const { return *device_; }
  sqlite3_vfs* vfs() { return &vfs_; }
  int64_t open_files() const { return open_files_; }

  // For the callbacks alone.
  void FileOpened() { ++open_files_; }
  void FileClosed() { --open_files_; }

 private:
  const std::string name_;
  const std::unique_ptr<Device> device_;
  sqlite3_vfs vfs_ = {};
  std::atomic<int64_t> open_files_{0};
};

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_DEVICE_VFS_H_
