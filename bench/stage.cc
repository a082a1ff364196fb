#include <sqlite3.h>

#include "memory_vfs.h"
#include "sim/sqlite3device.h"
#include "sqlite3async.h"
#include "stage.h"

namespace bench {

namespace {

constexpr char kCountingVfs[] = "bench-counted";

constexpr const char* kOperations[] = {"read",     "write",  "sync",   "truncate", "size",
                                       "open",     "delete", "access", "lock",     "unlock",
                                       "reserved", "path",   "shm",    "map",      "close"};

int64_t Counter(const char* name) {
  const int64_t value = sqlite3device_counter(kCountingVfs, name);
  if (value < 0) throw std::runtime_error(std::string("the device doesn't count: ") + name);
  return value;
}

}  // namespace

Stage::Stage(const Mode& mode, bool counted) : mode_(mode), counted_(counted) {
  if (mode.below == Below::kMemory) vfs_ = RegisterMemoryVfs();
  if (counted) {
    char* message = nullptr;
    if (sqlite3device_create(kCountingVfs, "plain", vfs(), 0, nullptr, &message) != SQLITE_OK) {
      throw std::runtime_error(message);
    }
    vfs_ = kCountingVfs;
  }
  if (mode.below != Below::kAsync) return;

  sqlite3async_control(SQLITEASYNC_GROUPING, static_cast<int>(mode.grouping));
  if (sqlite3async_initialize(vfs(), 0) != SQLITE_OK) {
    throw std::runtime_error("sqlite3async_initialize failed");
  }
  vfs_ = SQLITEASYNC_VFSNAME;
  StartWriter();
}

Stage::~Stage() {
  if (writer_.joinable()) writer_.detach();
}

void Stage::StartWriter() {
  sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NEVER);
  writer_ = std::thread([this] {
    sqlite3async_run();
    writer_ended_ = Clock::now();
  });
}

Clock::time_point Stage::EndWriter() {
  sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE);
  writer_.join();
  return writer_ended_;
}

Clock::time_point Stage::WaitUntilOnDisk() {
  if (mode_.below != Below::kAsync) return Clock::now();
  const auto ended = EndWriter();
  StartWriter();
  return ended;
}

Clock::time_point Stage::Finish() {
  if (mode_.below != Below::kAsync) return Clock::now();
  const auto ended = EndWriter();
  sqlite3async_shutdown();
  return ended;
}

std::optional<Counts> Stage::ReadCounts() const {
  if (!counted_) return std::nullopt;
  Counts counts;
  counts.syncs = Counter("sync");
  counts.writes = Counter("write");
  counts.bytes_written = Counter("byteswritten");
  for (const char* operation : kOperations) counts.calls += Counter(operation);
  return counts;
}

}  // namespace bench
