// SQLite's memory: limits, what is used, and the counters that come with it.

#include <atomic>
#include <cstdint>

#include "tcl/test_command_tables.h"

namespace sqliteasync::tester {

namespace {

#define COUNTER(prefix, name) \
  { #prefix #name, prefix##name }

const NamedValue kStatusCounters[] = {
    COUNTER(SQLITE_STATUS_, MEMORY_USED),
    COUNTER(SQLITE_STATUS_, MALLOC_SIZE),
    COUNTER(SQLITE_STATUS_, PAGECACHE_USED),
    COUNTER(SQLITE_STATUS_, PAGECACHE_OVERFLOW),
    COUNTER(SQLITE_STATUS_, PAGECACHE_SIZE),
    COUNTER(SQLITE_STATUS_, SCRATCH_USED),
    COUNTER(SQLITE_STATUS_, SCRATCH_OVERFLOW),
    COUNTER(SQLITE_STATUS_, SCRATCH_SIZE),
    COUNTER(SQLITE_STATUS_, PARSER_STACK),
    COUNTER(SQLITE_STATUS_, MALLOC_COUNT),
    {nullptr, 0},
};

#undef COUNTER
// Scripts may leave out the prefix SQLITE_, and DBSTATUS_ too.
#define COUNTER(name)                                                             \
  {#name, SQLITE_DBSTATUS_##name}, {"DBSTATUS_" #name, SQLITE_DBSTATUS_##name}, { \
    "SQLITE_DBSTATUS_" #name, SQLITE_DBSTATUS_##name                              \
  }

const NamedValue kConnectionCounters[] = {
    COUNTER(LOOKASIDE_USED),      COUNTER(CACHE_USED),    COUNTER(SCHEMA_USED),
    COUNTER(STMT_USED),           COUNTER(LOOKASIDE_HIT), COUNTER(LOOKASIDE_MISS_SIZE),
    COUNTER(LOOKASIDE_MISS_FULL), COUNTER(CACHE_HIT),     COUNTER(CACHE_MISS),
    COUNTER(CACHE_WRITE),         COUNTER(DEFERRED_FKS),  COUNTER(CACHE_USED_SHARED),
    COUNTER(CACHE_SPILL),         {nullptr, 0},
};

#undef COUNTER

// Sets one of the heap's limits, if there is an argument, and returns the one before.
template <typename Function>
void HeapLimit(Call& call, Function limit) {
  const sqlite3_int64 before = limit(-1);
  if (call.Has(0)) limit(call.Wide(0));
  call.ReturnInt(before);
}

void SoftHeapLimit(Call& call) {
  HeapLimit(call, [](sqlite3_int64 n) { return sqlite3_soft_heap_limit64(n); });
}

void HardHeapLimit(Call& call) {
  HeapLimit(call, [](sqlite3_int64 n) { return sqlite3_hard_heap_limit64(n); });
}

// What SQLite doesn't tell: the setting before. It is off until this command is used; other ways to
// set it are not seen.
std::atomic<bool> shared_cache{false};

void EnableSharedCache(Call& call) {
  const bool before = shared_cache;
  if (call.Has(0)) {
    const bool enable = call.Boolean(0);
    const int rc = sqlite3_enable_shared_cache(enable);
    if (rc != SQLITE_OK) throw Failure(sqlite3_errstr(rc));
    shared_cache = enable;
  }
  call.ReturnInt(before ? 1 : 0);
}

void Status(Call& call) {
  int current = 0;
  int highest = 0;
  const int counter = call.NamedOrInt(0, kStatusCounters);
  const int rc = sqlite3_status(counter, &current, &highest, call.Boolean(1));
  call.ReturnInts({rc, current, highest});
}

void ConnectionStatus(Call& call) {
  int current = 0;
  int highest = 0;
  sqlite3* db = call.Db(0);
  const int counter = call.NamedOrInt(1, kConnectionCounters);
  const int rc = sqlite3_db_status(db, counter, &current, &highest, call.Boolean(2));
  call.ReturnInts({rc, current, highest});
}

// Buffer 0 is one that SQLite allocates, 1 and 2 are ours.
void ConfigureLookaside(Call& call) {
  alignas(16) static char buffers[2][100000];
  sqlite3* db = call.Db(0);
  const int buffer = call.Int(1);
  const int size = call.Int(2);
  const int count = call.Int(3);
  const bool fits = static_cast<int64_t>(size) * count <= static_cast<int64_t>(sizeof buffers[0]);
  if (buffer < 0 || buffer > 2 || (buffer > 0 && !fits)) {
    throw Failure("illegal arguments - see documentation");
  }
  void* memory = buffer == 0 ? nullptr : buffers[buffer - 1];
  call.ReturnInt(sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, memory, size, count));
}

const Command kCommands[] = {
    {"sqlite3_memory_used", "", [](Call& c) { c.ReturnInt(sqlite3_memory_used()); }},
    {"sqlite3_memory_highwater", "?RESET?",
     [](Call& c) { c.ReturnInt(sqlite3_memory_highwater(c.Has(0) && c.Boolean(0))); }},
    {"sqlite3_release_memory", "?N?",
     [](Call& c) { c.ReturnInt(sqlite3_release_memory(c.Has(0) ? c.Int(0) : -1)); }},
    {"sqlite3_soft_heap_limit", "?N?", SoftHeapLimit},
    {"sqlite3_soft_heap_limit64", "?N?", SoftHeapLimit},
    {"sqlite3_hard_heap_limit", "?N?", HardHeapLimit},
    {"sqlite3_hard_heap_limit64", "?N?", HardHeapLimit},
    {"sqlite3_enable_shared_cache", "?BOOLEAN?", EnableSharedCache},
    {"sqlite3_status", "PARAMETER RESETFLAG", Status},
    {"sqlite3_db_status", "DB PARAMETER RESETFLAG", ConnectionStatus},
    {"sqlite3_db_config_lookaside", "CONNECTION BUFID SIZE COUNT", ConfigureLookaside},
};

}  // namespace

std::span<const Command> MemoryCommands() { return kCommands; }

}  // namespace sqliteasync::tester
