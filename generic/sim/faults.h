// Faults: a device on which operations fail.
//
// Two controls, independent of each other. The device's own options let the Nth operation of chosen
// kinds on chosen files fail; the process's variables (fault_variables.h) are those of SQLite's
// scripts. What fails has not reached the parent.
//
//   fail        N: the Nth matching operation from now fails, 1 being the next; 0: none does. Reads
//               as what is left of the count
//   persist     and all matching ones after it, until "fail" is set again
//   operations  which kinds match
//   files       a pattern; on which files (glob.h)
//   code        with which result code; "auto": the one that SQLite's own VFS would give
//   variables   whether the device obeys, and counts in, the process's variables
//   syncs       whether a sync reaches the parent, or is only counted: tests in which no real power
//               fails need not wait for the disk
//
// Thread safety: see device.h.

#ifndef SQLITEASYNC_SIM_FAULTS_H_
#define SQLITEASYNC_SIM_FAULTS_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "core/mutex.h"
#include "device.h"

namespace sqliteasync::sim {

class Faults : public Device {
 public:
  static constexpr char kKind[] = "faults";

  Faults();

  Counters ReadCounters() override EXCLUDES(mutex_);
  int Before(const Request& request) override EXCLUDES(mutex_);
  int Open(sqlite3_vfs* parent, const char* name, DeviceFile& file, int flags,
           int* out_flags) override;
  int Close(DeviceFile& file) override;
  int Delete(sqlite3_vfs* parent, const char* name, int sync_directory) override;
  int Sync(DeviceFile& file, int flags) override;

 private:
  // Whether the device's own options let the request fail: SQLITE_OK, or the code.
  int OwnFailure(const Request& request) EXCLUDES(mutex_);

  std::atomic<bool> variables_{true};
  std::atomic<bool> syncs_{true};

  Mutex mutex_;
  int64_t countdown_ GUARDED_BY(mutex_) = 0;
  bool persist_ GUARDED_BY(mutex_) = false;
  bool failing_ GUARDED_BY(mutex_) = false;  // persistently
  OperationSet operations_ GUARDED_BY(mutex_);
  std::string files_ GUARDED_BY(mutex_);
  int code_ GUARDED_BY(mutex_) = SQLITE_OK;  // SQLITE_OK: the usual one
  int64_t failures_ GUARDED_BY(mutex_) = 0;
};

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_FAULTS_H_
