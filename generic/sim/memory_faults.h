// Allocations that fail: SQLite's, and in the shared library our own (allocation.h).
//
// SQLite takes its allocator from sqlite3_config(), which must not be called while SQLite is
// initialised and is not in the table of functions that an extension is given. So Install() looks
// for it in the library that the table's functions belong to, shuts SQLite down, sets an allocator
// that passes everything on to the one in use, and initialises SQLite again. This is possible only
// while no database is open, in any thread. What SQLite forgets in a shutdown is set again: which
// VFS is the default, the limits of the heap, sqlite3_temp_directory and sqlite3_data_directory.
// What can't be had back are the automatic extensions of the application
// (sqlite3_auto_extension()).
//
// One count for both sorts of allocations, as each comes.
//
// Thread safety: Install() and Uninstall() are for one thread, with no other using SQLite; the rest
// may be called from any thread.

#ifndef SQLITEASYNC_SIM_MEMORY_FAULTS_H_
#define SQLITEASYNC_SIM_MEMORY_FAULTS_H_

#include <string>

namespace sqliteasync::sim {

// Whether SQLite's allocations can be made to fail from now on. If not, `*why` says what is in the
// way. Success if it is so already.
bool InstallMemoryFaults(std::string* why);

// The allocator is what it was before. Success if it was never changed.
bool UninstallMemoryFaults(std::string* why);

bool MemoryFaultsInstalled();

// Does a failing SQLite allocation lie in this process's power at all? False if `*why` could never
// change: sqlite3_config() is out of reach.
bool SqliteAllocatorInReach(std::string* why);

struct MemoryFailures {
  int all = 0;
  int benign = 0;  // where SQLite said that they do no harm
};

// After `successes` more allocations, 0 or more, the next one fails, and as many after it that
// `repeat` (less than 2: one) fail in a row. `successes` below 0: none. Returns what has failed
// since the last call.
MemoryFailures FailAllocation(int successes, int repeat);

// How many allocations succeed before the one that fails; -1: none is going to fail.
int PendingAllocationFailure();

// What has failed since the last FailAllocation().
MemoryFailures FailedAllocations();

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_MEMORY_FAULTS_H_
