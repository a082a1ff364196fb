// PowerLoss: a device that forgets, in a power cut, what it was not told to keep.
//
// The parent's files always hold what SQLite would read: the newest. The device remembers in memory
// how they were when they were last synced, and what has changed since. So everyone sees the same
// bytes, other processes and a write-ahead log's shared memory included, a process that is merely
// killed loses nothing, and nothing needs to be flushed at exit. When the power fails the device
// writes the parent's files over with what could have been left, and ends the process.
//
// What a sync covers:
//
//   - The contents and the size of a file: its xSync. See cached_file.h for what may happen to them
//     before.
//   - That a file was created or deleted is a change of its directory, and is settled with all
//     other such changes in that directory when the directory is synced. Where the unix VFS syncs
//     it, it is synced here: at the first xSync of a handle that was opened, with
//     SQLITE_OPEN_CREATE, as a journal, super-journal or write-ahead log; and at an xDelete with
//     the sync-directory flag. A file's own xSync does not make its creation durable.
//   - On a sequential device a sync covers everything that was done before it, in any file.
//
// An unsynced change of a directory may be undone. Changes of one name are undone from the last one
// backwards, different names independently of each other (a sequential device: all in order). A
// deleted file comes back with what was on the medium of it, a created one disappears with all its
// contents, synced or not. VFSes have no operation that renames.
//
// Temporary files (delete on close, or without a name) are not modelled: nobody looks for them
// after a crash. Nor are changes that others make to the files, past this device.
//
// The power fails at the Nth sync of a file whose name matches, at the Nth change, or when told to.
// It fails for all devices of this kind in the process. Then the process ends with status 1; or, if
// there is a hook, that is called; or, with action "halt", neither. In these two cases the
// device is dead: whatever is asked of it fails with SQLITE_IOERR, except to unlock and to close.
// Restart() brings it back. A handle that was open at the crash stays dead for good.
//
//   sectorsize       bytes that are written as one; 512 to start with
//   characteristics  what it declares, and keeps to; none to start with
//   seed             of all that is left to chance
//   crashsync        N: the power fails at the Nth sync from now of a file that matches crashfile;
//                    0: it doesn't. Reads as what is left of the count
//   crashfile        a pattern (glob.h); "": any file
//   crashchange      N: the power fails at the Nth change from now (a write, truncation, sync,
//                    deletion, or opening with CREATE), before that is done; 0: it doesn't
//   action           "exit" or "halt"
//   cache            bytes that the cache holds, 64 MiB to start with; beyond that the file with
//                    the oldest change (a sequential device: everything) goes to the medium.
//                    0: no limit
//   volatile         "yes"; "no": the cache outlives the crash, of which only the process dies
//   realsync         whether a sync is passed on to the parent, which the model doesn't need
//
// Thread safety: see device.h. One change at a time is performed, its work at the parent included.
// The hook is called on the thread that met the crash, with no mutex held.

#ifndef SQLITEASYNC_SIM_POWER_LOSS_H_
#define SQLITEASYNC_SIM_POWER_LOSS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cached_file.h"
#include "core/mutex.h"
#include "device.h"

namespace sqliteasync::sim {

class PowerLoss : public Device {
 public:
  static constexpr char kKind[] = "power";

  PowerLoss();
  ~PowerLoss() override;

  Counters ReadCounters() override EXCLUDES(mutex_);
  int Before(const Request& request) override EXCLUDES(mutex_);
  int Open(sqlite3_vfs* parent, const char* name, DeviceFile& file, int flags,
           int* out_flags) override EXCLUDES(mutex_);
  int Delete(sqlite3_vfs* parent, const char* name, int sync_directory) override EXCLUDES(mutex_);
  int Close(DeviceFile& file) override EXCLUDES(mutex_);
  int Write(DeviceFile& file, const void* bytes, int size, int64_t offset) override
      EXCLUDES(mutex_);
  int Truncate(DeviceFile& file, int64_t size) override EXCLUDES(mutex_);
  int Sync(DeviceFile& file, int flags) override EXCLUDES(mutex_);
  // The parent must not change a file by itself: what would grow it ahead of its contents, or put
  // many writes into one, stays here.
  int Control(DeviceFile& file, int verb, void* argument) override;

  // Now. Does not return if the process ends by it.
  void FailPower() EXCLUDES(mutex_);

  // Has the power failed, and the device not been restarted?
  bool dead() const { return dead_; }
  void Restart() { dead_ = false; }

  // Called instead of ending the process; empty: none.
  void SetHook(std::function<void()> hook) EXCLUDES(mutex_);

 private:
  // A file, under its name or, deleted but not for sure, without one.
  struct File {
    explicit File(int sector_size) : cache(sector_size) {}
    CachedFile cache;
    int handles = 0;
    std::string image;  // its contents when it was deleted
  };
  using FilePointer = std::shared_ptr<File>;

  // A directory entry.
  struct Entry {
    struct Change {
      uint64_t number;
      FilePointer to;  // null: deleted
    };
    FilePointer durable;  // null: there is none
    std::vector<Change> changes;

    const FilePointer& current() const { return changes.empty() ? durable : changes.back().to; }
  };

  struct Handle : FileState {
    FilePointer file;  // null: not modelled
    uint64_t life;     // of the device, when it was opened
    bool syncs_directory;
    std::string path;
  };

  static Handle& HandleOf(DeviceFile& file) { return *static_cast<Handle*>(file.state.get()); }

  bool CutOff(const Handle& handle) const { return dead_ || handle.life != life_; }

  // What is at `path`, as the parent sees it now. Whatever others have done to it is taken to be on
  // the medium. Null: no such file.
  FilePointer Known(sqlite3_vfs* parent, const char* path) REQUIRES(mutex_);
  CachedFile& CacheForChange(File& file) REQUIRES(mutex_);
  void SettleDirectory(std::string_view directory) REQUIRES(mutex_);
  void SettleAll() REQUIRES(mutex_);
  void LimitCache() REQUIRES(mutex_);
  void ForgetIfClean(const std::string& path) REQUIRES(mutex_);
  bool Sequential() const;

  // Is it time? Counts down.
  bool CountsDown(int64_t& countdown) REQUIRES(mutex_);

  // Brings the parent's files into the state after the crash.
  void CutPower() EXCLUDES(mutex_);
  void Restore(const std::string& path, const FilePointer& from, const FilePointer& to,
               PowerCut& cut) REQUIRES(mutex_);
  uint64_t OldestChange() REQUIRES(mutex_);

  // Read without the mutex, changed with it.
  std::atomic<bool> dead_{false};
  std::atomic<uint64_t> life_{0};
  std::atomic<bool> real_sync_{true};
  std::atomic<bool> volatile_{true};
  std::atomic<bool> exits_{true};

  Mutex mutex_;
  sqlite3_vfs* parent_ GUARDED_BY(mutex_) = nullptr;  // known from the first call on
  std::function<void()> hook_ GUARDED_BY(mutex_);
  uint64_t seed_ GUARDED_BY(mutex_) = 1;
  Random random_ GUARDED_BY(mutex_){1};
  int64_t crash_sync_ GUARDED_BY(mutex_) = 0;
  int64_t crash_change_ GUARDED_BY(mutex_) = 0;
  std::string crash_file_ GUARDED_BY(mutex_);
  int64_t cache_limit_ GUARDED_BY(mutex_) = int64_t{64} << 20;
  uint64_t last_change_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, Entry, std::less<>> entries_ GUARDED_BY(mutex_);
  // What has become of written sectors and of directory changes, in all crashes so far.
  int64_t crashes_ GUARDED_BY(mutex_) = 0;
  int64_t kept_ GUARDED_BY(mutex_) = 0;
  int64_t lost_ GUARDED_BY(mutex_) = 0;
  int64_t torn_ GUARDED_BY(mutex_) = 0;
  int64_t garbage_ GUARDED_BY(mutex_) = 0;
  int64_t undone_ GUARDED_BY(mutex_) = 0;
};

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_POWER_LOSS_H_
