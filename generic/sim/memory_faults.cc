#include "memory_faults.h"

#include <atomic>

#include "allocation.h"
#include "benign.h"
#include "core/mutex.h"
#include "core/sqlite.h"
#include "sqlite_library.h"

namespace sqliteasync::sim {

namespace {

// ----- The count

std::atomic<bool> enabled{false};

Mutex mutex;
int successes_left GUARDED_BY(mutex) = 0;
int failures_left GUARDED_BY(mutex) = 0;
MemoryFailures failures GUARDED_BY(mutex);

// Is this the allocation that fails? Called within allocations.
bool Fails() {
  if (!enabled.load(std::memory_order_relaxed)) return false;
  const MutexLock lock(mutex);
  if (!enabled) return false;
  if (successes_left > 0) {
    --successes_left;
    return false;
  }
  ++failures.all;
  if (InBenignSection()) ++failures.benign;
  if (--failures_left <= 0) enabled = false;
  return true;
}

// ----- SQLite's allocator

sqlite3_mem_methods original;  // constant while installed
bool installed = false;

void* Malloc(int size) { return Fails() ? nullptr : original.xMalloc(size); }
void Free(void* memory) { original.xFree(memory); }
void* Realloc(void* memory, int size) {
  return Fails() ? nullptr : original.xRealloc(memory, size);
}
int Size(void* memory) { return original.xSize(memory); }
int Roundup(int size) { return original.xRoundup(size); }
int Init(void*) { return original.xInit(original.pAppData); }
void Shutdown(void*) { original.xShutdown(original.pAppData); }

const sqlite3_mem_methods kFailing = {Malloc,  Free, Realloc,  Size,
                                      Roundup, Init, Shutdown, nullptr};

// An open database uses more than 10,000 bytes.
constexpr sqlite3_int64 kLessThanADatabase = 4096;

// Is a database open? There is no list of them, but each has memory.
bool InUse(std::string* why) {
  void* probe = sqlite3_malloc(16);
  const sqlite3_int64 used = sqlite3_memory_used();
  sqlite3_free(probe);
  if (used == 0) {
    *why =
        "this SQLite does not count its memory (SQLITE_CONFIG_MEMSTATUS), so that it can't be "
        "told whether a database is open";
    return true;
  }
  if (used > kLessThanADatabase) {
    *why = "a database is open: SQLite has " + std::to_string(used) +
           " bytes in use; close all databases first";
    return true;
  }
  return false;
}

// A variable of SQLite's that holds text of sqlite3_malloc(), across a shutdown.
class Kept {
 public:
  explicit Kept(char** variable) : variable_(variable) {
    if (variable != nullptr && *variable != nullptr) {
      was_set_ = true;
      text_ = *variable;
    }
  }
  void SetAgain() const {
    if (was_set_) *variable_ = sqlite3_mprintf("%s", text_.c_str());
  }

 private:
  char** const variable_;
  bool was_set_ = false;
  std::string text_;
};

// Shuts SQLite down, has it take the failing allocator or the one it had before, and initialises
// it.
bool Exchange(const SqliteLibrary& library, bool install, std::string* why) {
  if (InUse(why)) return false;
  sqlite3_vfs* const default_vfs = sqlite3_vfs_find(nullptr);
  const sqlite3_int64 soft_limit = sqlite3_soft_heap_limit64(-1);
  const sqlite3_int64 hard_limit = sqlite3_hard_heap_limit64(-1);
  const Kept temp_directory(library.temp_directory);
  const Kept data_directory(library.data_directory);

  int rc = library.shutdown();
  if (rc == SQLITE_OK && install) rc = library.config(SQLITE_CONFIG_GETMALLOC, &original);
  if (rc == SQLITE_OK) {
    rc = library.config(SQLITE_CONFIG_MALLOC, install ? &kFailing : &original);
  }
  const int initialized = library.initialize();
  if (rc == SQLITE_OK) rc = initialized;
  // Initialising has registered the platform's VFS again, as the default.
  if (default_vfs != nullptr) sqlite3_vfs_register(default_vfs, 1);
  sqlite3_hard_heap_limit64(hard_limit);
  sqlite3_soft_heap_limit64(soft_limit);
  temp_directory.SetAgain();
  data_directory.SetAgain();
  if (rc != SQLITE_OK) {
    *why = "SQLite did not take another allocator (code " + std::to_string(rc) + ")";
  }
  return rc == SQLITE_OK;
}

}  // namespace

bool SqliteAllocatorInReach(std::string* why) {
  SqliteLibrary library;
  return FindSqliteLibrary(&library, why);
}

bool InstallMemoryFaults(std::string* why) {
  if (installed) return true;
  const AllocationExemption exemption;
  SqliteLibrary library;
  if (!FindSqliteLibrary(&library, why)) return false;
  installed = Exchange(library, true, why);
  if (installed) InstallBenignHooks();
  return installed;
}

bool UninstallMemoryFaults(std::string* why) {
  if (!installed) return true;
  const AllocationExemption exemption;
  SqliteLibrary library;
  if (!FindSqliteLibrary(&library, why)) return false;
  enabled = false;
  installed = !Exchange(library, false, why);
  return !installed;
}

bool MemoryFaultsInstalled() { return installed; }

MemoryFailures FailAllocation(int successes, int repeat) {
  SetAllocationFailure(Fails);
  LeaveBenignSections();
  const MutexLock lock(mutex);
  const MemoryFailures before = failures;
  failures = {};
  successes_left = successes;
  failures_left = repeat;
  enabled = successes >= 0;
  return before;
}

int PendingAllocationFailure() {
  const MutexLock lock(mutex);
  return enabled ? successes_left : -1;
}

MemoryFailures FailedAllocations() {
  const MutexLock lock(mutex);
  return failures;
}

}  // namespace sqliteasync::sim
