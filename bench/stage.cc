#include "stage.h"

#include <sqlite3.h>

#include <stdexcept>

#include "memory_vfs.h"
#include "sim/sqlite3device.h"
#include "sqlite3async.h"

namespace bench {

namespace {

constexpr char kCountingVfs[] = "bench-counted";
constexpr char kSlowVfs[] = "bench-slow";
constexpr char kAboveVfs[] = "bench-above";

constexpr const char* kOperations[] = {"read",     "write",  "sync",   "truncate", "size",
                                       "open",     "delete", "access", "lock",     "unlock",
                                       "reserved", "path",   "shm",    "map",      "close"};
// Those that sqliteasync queues.
constexpr const char* kQueued[] = {"write", "sync", "truncate", "open", "delete", "close"};

int64_t Counter(const char* device, const char* name) {
  const int64_t value = sqlite3device_counter(device, name);
  if (value < 0) throw std::runtime_error(std::string("the device doesn't count: ") + name);
  return value;
}

}  // namespace

Stage::Stage(const Mode& mode, const Setting& setting) : mode_(mode), setting_(setting) {
  if (mode.below == Below::kMemory) vfs_ = RegisterMemoryVfs();
  if (!setting.slow_device.empty()) AddDevice(kSlowVfs, "slow", setting.slow_device);
  if (setting.counted) AddDevice(kCountingVfs, "plain", "");
  if (mode.below != Below::kAsync) return;

  sqlite3async_control(SQLITEASYNC_GROUPING, mode.grouping == Grouping::kOn
                                                 ? SQLITEASYNC_GROUPING_ON
                                                 : SQLITEASYNC_GROUPING_OFF);
  if (setting.queue_limit) {
    sqlite3async_control(SQLITEASYNC_QUEUELIMIT, static_cast<sqlite3_int64>(*setting.queue_limit));
  }
  if (setting.lock_hold) sqlite3async_control(SQLITEASYNC_LOCKHOLD, *setting.lock_hold);
  if (sqlite3async_initialize(vfs(), 0) != SQLITE_OK) {
    throw std::runtime_error("sqlite3async_initialize failed");
  }
  vfs_ = async_vfs_ = SQLITEASYNC_VFSNAME;
  if (setting.counted_above) AddDevice(kAboveVfs, "plain", "");
  StartWriter();
}

Stage::~Stage() {
  if (writer_.joinable()) writer_.detach();
}

void Stage::AddDevice(const char* name, const char* kind, const std::string& settings) {
  char* message = nullptr;
  if (sqlite3device_create(name, kind, vfs(), 0, settings.c_str(), &message) != SQLITE_OK) {
    throw std::runtime_error(message);
  }
  vfs_ = name;
}

void Stage::StartWriter() {
  if (mode_.below != Below::kAsync) return;
  sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NEVER);
  writer_ = std::thread([this] {
    sqlite3async_run();
    writer_ended_ = Clock::now();
  });
}

void Stage::HaltWriter() {
  if (mode_.below != Below::kAsync) return;
  sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NOW);
  writer_.join();
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
  if (setting_.counted_above) sqlite3device_delete(kAboveVfs, nullptr);
  sqlite3async_shutdown();
  return ended;
}

std::optional<Counts> Stage::ReadCounts() const {
  if (!setting_.counted) return std::nullopt;
  Counts counts;
  counts.syncs = Counter(kCountingVfs, "sync");
  counts.writes = Counter(kCountingVfs, "write");
  counts.bytes_written = Counter(kCountingVfs, "byteswritten");
  for (const char* operation : kOperations) counts.calls += Counter(kCountingVfs, operation);
  return counts;
}

Asked Stage::ReadAsked() {
  Asked asked;
  for (const char* operation : kQueued) asked.operations += Counter(kAboveVfs, operation);
  asked.bytes_written = Counter(kAboveVfs, "byteswritten");
  return asked;
}

}  // namespace bench
