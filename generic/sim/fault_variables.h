// The variables by which SQLite's own test scripts control and watch I/O errors, with the meaning
// that they have in SQLite's test builds. They belong to the process: every "faults" device whose
// option "variables" is on obeys and counts in them.
//
//   sqlite_io_error_pending   counts down with each operation that can fail; the one that finds it
//                             at 1 fails
//   sqlite_io_error_persist   non-zero: once hit is not 0, every operation fails
//   sqlite_io_error_hit       counts the failures
//   sqlite_io_error_hardhit   counts those that were not benign
//   sqlite_io_error_benign    non-zero while failures are benign; set by the script
//   sqlite_diskfull_pending   counts down with each write and sync; at 1 it stays, and each of them
//                             fails with SQLITE_FULL
//   sqlite_diskfull           becomes 1 when the disk is full
//   sqlite_sync_count         counts syncs, those of directories included
//   sqlite_fullsync_count     counts those with SQLITE_SYNC_FULL
//   sqlite_open_file_count    how many files are open
//   sqlite_opentemp_count     counts openings of temporary files
//
// Which operations can fail by them: read, write, sync, truncate, size, delete, access, reserved,
// path; not opens and locks, which don't in SQLite's test builds either. Nothing fails, or is
// counted, while SQLite says that a failure would be benign: a test build switches simulated errors
// off there (the files of a multi-file commit are being deleted, say, or a database is closed).
//
// Thread safety: every thread may read and write the variables.

#ifndef SQLITEASYNC_SIM_FAULT_VARIABLES_H_
#define SQLITEASYNC_SIM_FAULT_VARIABLES_H_

#include <atomic>
#include <span>

#include "device.h"

extern "C" {
// Tcl and C programs see these as plain ints, which a lock-free std::atomic<int> has the layout of.
extern std::atomic<int> sqliteasync_io_error_pending;
extern std::atomic<int> sqliteasync_io_error_persist;
extern std::atomic<int> sqliteasync_io_error_hit;
extern std::atomic<int> sqliteasync_io_error_hardhit;
extern std::atomic<int> sqliteasync_io_error_benign;
extern std::atomic<int> sqliteasync_diskfull_pending;
extern std::atomic<int> sqliteasync_diskfull;
extern std::atomic<int> sqliteasync_sync_count;
extern std::atomic<int> sqliteasync_fullsync_count;
extern std::atomic<int> sqliteasync_open_file_count;
extern std::atomic<int> sqliteasync_opentemp_count;
}

namespace sqliteasync::sim {

static_assert(std::atomic<int>::is_always_lock_free && sizeof(std::atomic<int>) == sizeof(int));

// The variables under the names that scripts know them by.
struct FaultVariable {
  const char* name;
  std::atomic<int>* variable;
};
std::span<const FaultVariable> FaultVariables();

// Whether the variables let an operation fail: SQLITE_OK, SQLITE_FULL, or `code`.
int FailureByVariables(Operation operation, int code);

// The code that SQLite's own VFS gives when such a request fails.
int UsualCode(const Request& request);

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_FAULT_VARIABLES_H_
