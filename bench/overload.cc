#include "overload.h"

#include <optional>

#include "client.h"
#include "resident_memory.h"
#include "stage.h"
#include "workloads.h"

namespace bench {

namespace {

constexpr char kDatabase[] = "bench.db";
// Each write takes its time at once: what the application feels is what the device does. Without a
// cache the simulation takes no memory that would be taken for the queue's.
constexpr char kDevice[] = "synctime=10000 writerate=40000000 readrate=40000000 hostcache=no";
// Without an index, whose pages would be more with each transaction.
constexpr Workload kLargeInserts = {"", "", Workload::Kind::kInsert, 0, 5'000, false};

}  // namespace

Measurement RunOverload(const Mode& mode, uint64_t seed, int64_t bytes, int lock_hold) {
  Stage stage(mode, {.slow_device = kDevice, .counted_above = true, .lock_hold = lock_hold});
  Transactions::CreateTable(kLargeInserts, seed, kDatabase, stage.preparing_vfs());
  std::optional<Client> client(std::in_place, kDatabase, stage.vfs(), mode.pragmas, kLargeInserts,
                               seed);
  Measurement result;
  result.progress.emplace();
  ResetPeakResidentBytes();
  const int64_t before = Stage::ReadAsked().bytes_written;
  int64_t written = 0;
  const auto start = Clock::now();
  while (written < bytes) {
    client->Transaction(result.latencies["transaction"]);
    const int64_t now_written = Stage::ReadAsked().bytes_written - before;
    result.application_seconds = Seconds(Clock::now() - start);
    result.progress->Add(result.application_seconds, now_written - written);
    written = now_written;
    ++result.transactions;
  }
  client.reset();
  result.disk_seconds = Seconds(stage.Finish() - start);
  result.peak_resident_bytes = PeakResidentBytes();
  return result;
}

}  // namespace bench
