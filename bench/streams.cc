#include "streams.h"

#include <chrono>
#include <optional>
#include <thread>

#include "client.h"
#include "resident_memory.h"

namespace bench {

namespace {

constexpr char kDatabase[] = "bench.db";
constexpr auto kTricklePause = std::chrono::milliseconds(20);

// A database of the workload, in the mode, ready to be measured.
class Scene {
 public:
  Scene(const Workload& workload, const Mode& mode, uint64_t seed, const Setting& setting)
      : stage_(mode, setting) {
    Transactions::CreateTable(workload, seed, kDatabase, stage_.preparing_vfs());
    // Other texts and rows than the table was made with.
    client_.emplace(kDatabase, stage_.vfs(), mode.pragmas, workload, seed + 1);
    // The first one reads the schema, makes the log and its index.
    client_->Begin();
    client_->Commit();
    stage_.WaitUntilOnDisk();
    ResetPeakResidentBytes();
    counts_before_ = stage_.ReadCounts();
  }

  Client& client() { return *client_; }
  // Returns once everything is on disk, and when that was the case.
  Clock::time_point WaitUntilOnDisk() { return stage_.WaitUntilOnDisk(); }

  // The same, with the database closed.
  Clock::time_point Finish() {
    client_.reset();
    return stage_.Finish();
  }

  // After Finish: what is not measured by the clock.
  void Report(Measurement& to) {
    to.peak_resident_bytes = PeakResidentBytes();
    to.counts = stage_.ReadCounts();
    if (!to.counts) return;
    to.counts->transactions = to.transactions;
    to.counts->syncs -= counts_before_->syncs;
    to.counts->writes -= counts_before_->writes;
    to.counts->calls -= counts_before_->calls;
    to.counts->bytes_written -= counts_before_->bytes_written;
  }

 private:
  Stage stage_;
  std::optional<Client> client_;
  std::optional<Counts> counts_before_;
};

}  // namespace

Measurement RunStream(const Workload& workload, const Mode& mode, uint64_t seed,
                      const Setting& setting, const Until& until) {
  Scene scene(workload, mode, seed, setting);
  Measurement result;
  Latencies& commits = result.latencies["commit"];
  Latencies& transactions = result.latencies["transaction"];
  const auto start = Clock::now();
  auto now = start;
  while (!until.Reached(Seconds(now - start), result.transactions)) {
    const auto began = Clock::now();
    scene.client().Begin();
    const auto committed = Clock::now();
    scene.client().Commit();
    now = Clock::now();
    commits.Record(Nanoseconds(now - committed));
    transactions.Record(Nanoseconds(now - began));
    ++result.transactions;
  }
  result.application_seconds = Seconds(now - start);
  result.disk_seconds = Seconds(scene.Finish() - start);
  scene.Report(result);
  return result;
}

Measurement RunTrickle(const Workload& workload, const Mode& mode, uint64_t seed, int64_t count) {
  Scene scene(workload, mode, seed, {});
  Measurement result;
  Latencies& commits = result.latencies["commit"];
  Latencies& durable = result.latencies["durable"];
  const auto start = Clock::now();
  auto next = start;
  while (result.transactions < count) {
    next += kTricklePause;
    std::this_thread::sleep_until(next);
    scene.client().Begin();
    const auto committed = Clock::now();
    scene.client().Commit();
    commits.Record(Nanoseconds(Clock::now() - committed));
    durable.Record(Nanoseconds(scene.WaitUntilOnDisk() - committed));
    ++result.transactions;
  }
  result.application_seconds = Seconds(Clock::now() - start);
  result.disk_seconds = Seconds(scene.Finish() - start);
  scene.Report(result);
  return result;
}

}  // namespace bench
