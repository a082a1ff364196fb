#include "passes.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "connection.h"
#include "resident_memory.h"
#include "stage.h"
#include "workloads.h"

namespace bench {

namespace {

constexpr char kDatabase[] = "bench.db";
constexpr auto kTricklePause = std::chrono::milliseconds(20);
// Beside what was asked for: no stream goes on for more than so many times as long to have enough
// commits; and on a slow disk what is counted in transactions ends before it has them all.
constexpr double kStreamStretch = 4;
constexpr double kLongestBurst = 5;     // seconds
constexpr double kLongestMemory = 120;  // seconds
// Counts have little scatter: they are taken in the first round alone, in streams that are shorter.
constexpr double kCountedShare = 0.4;
constexpr int64_t kCountedTransactions = 200;

const std::vector<Workload>& TableWorkloads() {
  static const std::vector<Workload> workloads = {
      {"1", "one-row inserts, one transaction each", Workload::Kind::kInsert, 0, 1},
      {"2", "one-row inserts, 100 in a transaction", Workload::Kind::kInsert, 0, 100},
      {"3", "updates of random rows of 1,000, one transaction each", Workload::Kind::kUpdate, 1'000,
       1},
      {"4", "updates of random rows of 10 MB, one transaction each", Workload::Kind::kUpdate,
       46'000, 1},
  };
  return workloads;
}

const Workload& TableWorkload(std::string_view name) {
  return *std::find_if(TableWorkloads().begin(), TableWorkloads().end(),
                       [&](const Workload& workload) { return workload.name == name; });
}

int64_t Nanoseconds(Clock::duration time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}
double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

// How long a pass goes on: until both are reached, and in any case until `at_most_seconds`.
struct Until {
  double seconds = 0;
  int64_t transactions = 0;
  double at_most_seconds = std::numeric_limits<double>::infinity();

  bool Reached(double elapsed, int64_t done) const {
    return (elapsed >= seconds && done >= transactions) || elapsed >= at_most_seconds;
  }
};

// A database of the workload, in the mode, ready to be measured.
class Scene {
 public:
  Scene(const Workload& workload, const Mode& mode, uint64_t seed, bool counted)
      : stage_(mode, counted) {
    {
      Connection preparing(kDatabase, stage_.preparing_vfs());
      Transactions::CreateTable(workload, seed, preparing);
    }
    connection_.emplace(kDatabase, stage_.vfs());
    connection_->Execute(mode.pragmas);
    begin_.emplace(*connection_, "BEGIN");
    commit_.emplace(*connection_, "COMMIT");
    // Other texts and rows than the table was made with.
    transactions_.emplace(workload, seed + 1, *connection_);
    // The first one reads the schema, makes the log and its index.
    Begin();
    Commit();
    stage_.WaitUntilOnDisk();
    ResetPeakResidentBytes();
    counts_before_ = stage_.ReadCounts();
  }

  // BEGIN, and the statements.
  void Begin() {
    begin_->Run();
    transactions_->Execute();
  }
  void Commit() { commit_->Run(); }
  // Returns once everything is on disk, and when that was the case.
  Clock::time_point WaitUntilOnDisk() { return stage_.WaitUntilOnDisk(); }

  // The same, with the database closed.
  Clock::time_point Finish() {
    transactions_.reset();
    commit_.reset();
    begin_.reset();
    connection_.reset();
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
  std::optional<Connection> connection_;
  std::optional<Statement> begin_;
  std::optional<Statement> commit_;
  std::optional<Transactions> transactions_;
  std::optional<Counts> counts_before_;
};

// One transaction after the other, without a pause.
Measurement RunStream(Scene& scene, const Until& until) {
  Measurement result;
  Latencies& commits = result.latencies["commit"];
  Latencies& transactions = result.latencies["transaction"];
  const auto start = Clock::now();
  auto now = start;
  while (!until.Reached(Seconds(now - start), result.transactions)) {
    const auto began = Clock::now();
    scene.Begin();
    const auto committed = Clock::now();
    scene.Commit();
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

// One transaction at a time, with pauses in which nothing is left to do.
Measurement RunTrickle(Scene& scene, int64_t count) {
  Measurement result;
  Latencies& commits = result.latencies["commit"];
  Latencies& durable = result.latencies["durable"];
  const auto start = Clock::now();
  auto next = start;
  while (result.transactions < count) {
    next += kTricklePause;
    std::this_thread::sleep_until(next);
    scene.Begin();
    const auto committed = Clock::now();
    scene.Commit();
    commits.Record(Nanoseconds(Clock::now() - committed));
    durable.Record(Nanoseconds(scene.WaitUntilOnDisk() - committed));
    ++result.transactions;
  }
  result.application_seconds = Seconds(Clock::now() - start);
  result.disk_seconds = Seconds(scene.Finish() - start);
  scene.Report(result);
  return result;
}

void AddTableWorkload(const Workload& workload, const std::vector<const Mode*>& modes,
                      const Settings& settings, int round, uint64_t seed,
                      std::vector<Pass>& passes) {
  for (const Mode* mode : modes) {
    // The tail of a distribution takes many commits; these two are compared by it, and can do them.
    const bool tail =
        workload.name == std::string_view("1") &&
        (mode->name == std::string_view("wal-normal") || mode->name == std::string_view("grouped"));
    const Until until = {.seconds = settings.seconds,
                         .transactions = tail ? settings.commits : 0,
                         .at_most_seconds = settings.seconds * kStreamStretch};
    passes.push_back({workload.name, workload.title, "stream", mode, [=, &workload] {
                        Scene scene(workload, *mode, seed, false);
                        return RunStream(scene, until);
                      }});
  }
  if (round == 0) {
    for (const Mode* mode : modes) {
      // Operation by operation each transaction costs the same, and a full queue takes long to
      // empty: a few are enough.
      const Until until = mode->grouping == Grouping::kOff
                              ? Until{.transactions = kCountedTransactions}
                              : Until{.seconds = settings.seconds * kCountedShare};
      passes.push_back({workload.name, workload.title, "stream", mode, [=, &workload] {
                          Scene scene(workload, *mode, seed, true);
                          Measurement counted;
                          counted.counts = RunStream(scene, until).counts;
                          return counted;
                        }});
    }
  }
  for (const Mode* mode : modes) {
    const Until until = {.transactions = settings.burst, .at_most_seconds = kLongestBurst};
    passes.push_back({workload.name, workload.title, "burst", mode, [=, &workload] {
                        Scene scene(workload, *mode, seed, false);
                        return RunStream(scene, until);
                      }});
  }
}

void AddTrickle(const std::vector<const Mode*>& modes, const Settings& settings, uint64_t seed,
                std::vector<Pass>& passes) {
  for (const Mode* mode : modes) {
    passes.push_back({"trickle", "one of workload 1 every 20 ms", "trickle", mode, [=] {
                        Scene scene(TableWorkload("1"), *mode, seed, false);
                        return RunTrickle(scene, settings.trickle);
                      }});
  }
}

void AddMemory(const std::vector<const Mode*>& modes, const Settings& settings, uint64_t seed,
               std::vector<Pass>& passes) {
  for (const Mode* mode : modes) {
    // The others would take too long, or have nothing to tell.
    if (mode->name != std::string_view("wal-normal") && mode->name != std::string_view("grouped")) {
      continue;
    }
    passes.push_back(
        {"memory", std::to_string(settings.updates) + " of workload 4", "memory", mode, [=] {
           Scene scene(TableWorkload("4"), *mode, seed, false);
           return RunStream(scene,
                            {.transactions = settings.updates, .at_most_seconds = kLongestMemory});
         }});
  }
}

}  // namespace

const std::vector<std::string>& AllWorkloads() {
  static const std::vector<std::string> names = {"1", "2", "3", "4", "trickle", "memory"};
  return names;
}

std::vector<Pass> PassesOf(const Settings& settings, int round) {
  std::vector<const Mode*> modes;
  for (const std::string& name : settings.modes) modes.push_back(&ModeNamed(name));
  if (round % 2 == 1) std::reverse(modes.begin(), modes.end());
  const uint64_t seed = settings.seed + static_cast<uint64_t>(round) * 1'000;

  std::vector<Pass> passes;
  for (const std::string& name : settings.workloads) {
    if (name == "trickle") {
      AddTrickle(modes, settings, seed, passes);
    } else if (name == "memory") {
      // It ends at the same figure each time.
      if (round == 0) AddMemory(modes, settings, seed, passes);
    } else if (std::find(AllWorkloads().begin(), AllWorkloads().end(), name) !=
               AllWorkloads().end()) {
      AddTableWorkload(TableWorkload(name), modes, settings, round, seed, passes);
    } else {
      throw std::invalid_argument("no workload \"" + name + "\"");
    }
  }
  return passes;
}

}  // namespace bench
