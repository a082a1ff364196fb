// Crashes: random workloads are cut off by a power cut or by the death of their process, at every
// sync of the device, after random operations, and at random moments. Then plain SQLite opens what
// is left, and
//
//   - the integrity check passes, and each database holds exactly what some prefix of its committed
//     transactions had left in it, by a checksum of all of its content;
//   - a transaction of several databases is in all of them or in none;
//   - what is known to have reached the disk is there, where SQLite promises it.
//
// Some of the recoveries are cut off as well. What plain SQLite doesn't promise (journals in memory
// or none, a power cut with synchronous=OFF, several databases without a super-journal, and the
// like: see crash_configuration.h) is counted against what plain SQLite itself leaves of the same
// workloads, crashed at as many places. What it is seldom harmed by is counted apart from what it
// often is, so that the many accidents of the one don't hide those of the other.
//
// Usage: crash [SEED [CONFIGURATION [POINTS [plain]]]], in an empty directory; with the number of a
// configuration only that one is run, crashed at so many points (40), through the backend or, to
// find out whose fault it is, on plain SQLite. SQLITEASYNC_TEST_SCALE scales the number of crashes
// of the backend, in percent of 2,400.

#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <memory>

#include "campaigns/crash_configuration.h"
#include "campaigns/crash_workload.h"
#include "campaigns/crashing.h"
#include "campaigns/support.h"
#include "core/backend.h"
#include "sim/sqlite3device.h"
#include "sqlite3async.h"

namespace {

using campaign::Configuration;
using campaign::Connection;
using campaign::CutOff;
using campaign::DeviceSeed;
using campaign::Format;
using campaign::kDisk;
using campaign::Progress;
using campaign::Random;
using campaign::Workload;
using sqliteasync::Backend;

constexpr int kCrashes = 2400;
constexpr char kBase[] = "base";  // directory of the databases that each run begins with
constexpr char kRun[] = "run";    // directory that a run works in

// Where a run is cut off.
struct Point {
  enum class Kind {
    kNone,       // not at all
    kSync,       // power: at that sync
    kChange,     // power: at that write, truncate, sync, delete or creation
    kOperation,  // death: after that operation of the queue
    kMoment,     // death: after so many microseconds, with the writer at work
  };
  Kind kind = Kind::kNone;
  int64_t at = 0;
};

// How the queue is worked off.
enum class Pace {
  kSteps,   // some operations after each transaction, by lot: the same in each run
  kHalted,  // all of them at the end
  kWriter,  // by a writer, as it comes
};

// The same accidents on both stacks.
struct Comparison {
  const char* what;
  int plain_crashes = 0;
  int plain_harmed = 0;
  int async_crashes = 0;
  int async_harmed = 0;

  void Count(bool async, bool harmed) {
    ++(async ? async_crashes : plain_crashes);
    if (harmed) ++(async ? async_harmed : plain_harmed);
  }

  // Never worse; both are counts of independent accidents, so that they differ by chance.
  bool Worse() const {
    const double expected =
        static_cast<double>(plain_harmed) *
        std::max(1.0, static_cast<double>(async_crashes) / std::max(1, plain_crashes));
    return async_harmed > expected + 6 * std::sqrt(expected) + 4;
  }
};

struct Counts {
  int crashes = 0;
  int syncs = 0;
  int operations = 0;
  int moments = 0;
  int recoveries = 0;  // that were cut off as well
  int worst_loss = 0;
  int64_t losses = 0;
  Comparison often{"hardly protected"};
  Comparison seldom{"protected but for rare accidents"};
  Comparison split{"several databases without a super-journal"};
};

Progress* progress;

// ---------------------------------------------------------------------------- the run

// The device of the configuration, as the default VFS.
void MakeDisk(const Configuration& configuration, const std::string& settings) {
  campaign::CreateDisk(configuration.power, configuration.characteristics,
                       configuration.sector_size, settings);
  // It keeps what it promises, but doesn't say so.
  if (!configuration.declared) campaign::CreateDevice("mute", "plain", "characteristics=\"\"");
}

[[noreturn]] void Die() {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

class Queue {
 public:
  Queue(const Configuration& configuration, Pace pace, const Point& point)
      : random_(configuration.seed + 2),
        most_steps_(configuration.grouping ? 4 : 40),
        pace_(pace),
        point_(point) {
    Backend& backend = Backend::Get();
    progress->performed = 0;
    CHECK(backend.SetGrouping(configuration.grouping ? SQLITEASYNC_GROUPING_AUTO
                                                     : SQLITEASYNC_GROUPING_OFF) == SQLITE_OK);
    CHECK(backend.SetQueueLimit(configuration.queue_limit) == SQLITE_OK);
    CHECK(backend.Register(nullptr, SQLITEASYNC_VFSNAME) == SQLITE_OK);
    if (pace == Pace::kWriter) {
      CHECK(backend.writer().Start() == sqliteasync::Writer::StartResult::kStarted);
    }
  }

  void AfterTransaction() {
    if (pace_ != Pace::kSteps) return;
    if (random_.OneIn(4)) {
      Empty();
      progress->drained = progress->committed.load();
    } else {
      Step(random_.Below(most_steps_));
    }
  }

  void Finish() {
    if (pace_ == Pace::kWriter) {
      Backend::Get().writer().WaitUntilEmpty();
    } else {
      Empty();
    }
  }

 private:
  void Empty() {
    while (Step(1) > 0) continue;
  }

  // One by one, so that the process can die in between.
  int64_t Step(int64_t count) {
    int64_t steps = 0;
    while (steps < count && Backend::Get().writer().Step(1) > 0) {
      ++steps;
      const int performed = ++progress->performed;
      if (point_.kind == Point::Kind::kOperation && performed == point_.at) Die();
    }
    return steps;
  }

  Random random_;
  const int most_steps_;  // after a transaction; a group is one
  const Pace pace_;
  const Point point_;
};

// The workload from its beginning to its end, or to the crash.
[[noreturn]] void Run(const Configuration& configuration, bool async, Pace pace, const Point& point,
                      uint64_t seed) {
  std::string settings = Format("seed=%llu", DeviceSeed(seed));
  if (point.kind == Point::Kind::kSync) settings += Format(" crashsync=%lld", point.at);
  if (point.kind == Point::Kind::kChange) settings += Format(" crashchange=%lld", point.at);
  MakeDisk(configuration, settings);
  Workload workload(configuration, progress);
  if (async) {
    Queue queue(configuration, pace, point);
    workload.Run(kRun, SQLITEASYNC_VFSNAME, [&] { queue.AfterTransaction(); });
    queue.Finish();
    progress->drained = progress->committed.load();
  } else {
    workload.Run(kRun, sqlite3_vfs_find(nullptr)->zName,
                 [] { progress->drained = progress->committed.load(); });
  }
  progress->syncs = sqlite3device_counter(kDisk, "sync");
  progress->changes = campaign::DiskChanges();
  _exit(0);
}

// Opens the databases and reads, which rolls hot journals back, and is cut off in it, perhaps.
[[noreturn]] void Recover(const Configuration& configuration, bool async, uint64_t seed) {
  Random random(seed);
  MakeDisk(configuration,
           Format("seed=%llu crashchange=%d", DeviceSeed(seed), 1 + random.Below(25)));
  std::unique_ptr<Queue> queue;
  if (async) queue = std::make_unique<Queue>(configuration, Pace::kHalted, Point{});
  const char* vfs = sqlite3_vfs_find(nullptr)->zName;
  for (int database = 0; database < configuration.databases; ++database) {
    Connection connection(std::string(kRun) + "/" + Workload::FileName(database), vfs, 0);
    // What is wrong here will be found by Harm().
    sqlite3_exec(connection.handle(), "SELECT count(*) FROM meta", nullptr, nullptr, nullptr);
  }
  if (async) queue->Finish();
  _exit(0);
}

// ---------------------------------------------------------------------------- what is left

// What is wrong with the databases that were left behind, read by plain SQLite; "" if nothing.
// `split`: set if a transaction is in some of its databases only, where that may be.
std::string Harm(const Configuration& configuration, Counts* counts, bool* split) {
  const int attempted = progress->attempted;
  int state[campaign::kDatabases] = {};
  for (int database = 0; database < configuration.databases; ++database) {
    const std::string file = Workload::FileName(database);
    std::vector<std::string> answers;
    std::string problem = campaign::ReadLeft(
        std::string(kRun) + "/" + file,
        {"SELECT n FROM meta", "SELECT checksum FROM meta", campaign::ContentOf("main")}, &answers);
    if (problem.empty()) {
      const int n = std::atoi(answers[0].c_str());
      state[database] = n;
      const auto at = static_cast<size_t>(n);
      if (n < 0 || n > attempted || (progress->databases[at] >> database & 1) == 0) {
        problem = "holds transaction " + answers[0] + ", which did not get there; the last was " +
                  std::to_string(attempted);
      } else if (std::stoll(answers[1]) !=
                 (n == 0 ? progress->checksums[static_cast<size_t>(database)][0]
                         : progress->checksums[static_cast<size_t>(database)][at])) {
        problem = "holds another checksum than transaction " + answers[0] + " had";
      } else if (answers[2] != answers[1]) {
        problem = "is not what transaction " + answers[0] + " had left";
      }
    }
    if (!problem.empty()) return Format("%s: %s", file.c_str(), problem.c_str());
  }

  int lost = 0;
  for (int n = 1; n <= attempted; ++n) {
    const int databases = progress->databases[static_cast<size_t>(n)];
    int there = 0;
    for (int database = 0; database < configuration.databases; ++database) {
      if ((databases >> database & 1) != 0 && state[database] >= n) there |= 1 << database;
    }
    if (there != 0 && there != databases) {
      if (configuration.MultiFilePromised()) {
        return Format("transaction %d is in some of its databases only (%d of %d, as bits)", n,
                      there, databases);
      }
      *split = true;
    }
    if (there != databases && n <= progress->committed) ++lost;
    if (there != databases && n <= progress->drained && configuration.DrainedPromised()) {
      return Format("transaction %d is gone, although the queue was empty after %d", n,
                    progress->drained.load());
    }
  }
  counts->losses += lost;
  counts->worst_loss = std::max(counts->worst_loss, lost);
  return "";
}

void CopyBase() {
  std::filesystem::remove_all(kRun);
  std::filesystem::copy(kBase, kRun);
}

void Forget() {
  progress->attempted = 0;
  progress->committed = 0;
  progress->drained = 0;
  progress->performed = 0;
}

// ---------------------------------------------------------------------------- a configuration

// Runs it once to its end, which finds out how many syncs and operations there are, then once for
// each point. Returns false if a promise was broken.
class Case {
 public:
  Case(const Configuration& configuration, int points, bool async, std::string repeat,
       Counts* counts)
      : configuration_(configuration),
        points_(points),
        async_(async),
        repeat_(std::move(repeat)),
        counts_(counts),
        random_(configuration.seed + 3) {}

  bool Run() {
    std::filesystem::remove_all(kBase);
    std::filesystem::create_directory(kBase);
    Workload(configuration_, progress).Prepare(kBase);
    if (!configuration_.Promised()) {
      Compare();
      return true;
    }
    const Pace pace = random_.OneIn(3)   ? Pace::kHalted
                      : random_.OneIn(3) ? Pace::kWriter
                                         : Pace::kSteps;
    const bool kept = RunStack(async_, pace, false);
    if (configuration_.MultiFilePromised() || configuration_.databases == 1) return kept;
    return Compare() && kept;
  }

 private:
  // All points, on the backend or on plain SQLite. `compared`: with points that both stacks have.
  bool RunStack(bool async, Pace pace, bool compared) {
    CopyBase();
    Forget();
    const auto begin = std::chrono::steady_clock::now();
    const bool cut =
        CutOff(0, [&] { ::Run(configuration_, async, pace, Point{}, configuration_.seed); });
    CHECK(!cut);
    const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(
                              std::chrono::steady_clock::now() - begin)
                              .count();
    bool split = false;
    const std::string harm = Harm(configuration_, counts_, &split);
    if (!harm.empty() || split || progress->drained != campaign::kTransactions) {
      std::printf("%s\n  without any crash: %s\n  repeat with: %s\n", configuration_.Text().c_str(),
                  harm.c_str(), repeat_.c_str());
      return false;
    }
    bool kept = true;
    const int64_t syncs = progress->syncs;
    const int64_t changes = progress->changes;
    const int performed = progress->performed;
    for (int i = 0; i < points_; ++i) {
      Point point;
      if (!compared && !configuration_.power && i % 4 == 3) {
        point = {Point::Kind::kMoment, 1 + random_.Below(static_cast<int>(duration))};
      } else if (!compared && !configuration_.power && performed > 0 && i % 4 != 0) {
        point = {Point::Kind::kOperation, 1 + random_.Below(performed)};
      } else if (i < syncs && i < points_ * 2 / 3) {
        // Every sync, or so many of them, evenly, if there are more.
        const int64_t most = std::min<int64_t>(syncs, points_ * 2 / 3);
        point = {Point::Kind::kSync, 1 + i * syncs / most};
      } else {
        point = {Point::Kind::kChange, 1 + random_.Below(static_cast<int>(changes + 1))};
      }
      if (!Crash(async, pace, point, i, compared)) kept = false;
    }
    return kept;
  }

  bool Crash(bool async, Pace pace, const Point& point, int index, bool compared) {
    const uint64_t seed = configuration_.seed * 1'000'003 + static_cast<uint64_t>(index);
    CopyBase();
    Forget();
    const bool cut = CutOff(point.kind == Point::Kind::kMoment ? point.at : 0,
                            [&] { ::Run(configuration_, async, pace, point, seed); });
    // What plain SQLite is crashed for is only the measure.
    if (cut && async == async_) Count(point);
    if (!compared && random_.OneIn(4) && CutOff(0, [&] { Recover(configuration_, async, seed); })) {
      ++counts_->recoveries;
    }
    bool split = false;
    const std::string harm = Harm(configuration_, counts_, &split);
    if (cut && compared) {
      if (!configuration_.Promised()) {
        (configuration_.SeldomHarmed() ? counts_->seldom : counts_->often)
            .Count(async, !harm.empty());
      }
      // Groups keep no order among databases.
      if (configuration_.databases > 1 && harm.empty() && !configuration_.grouping) {
        counts_->split.Count(async, split);
      }
    }
    if (harm.empty() || !configuration_.Promised()) return true;
    static constexpr const char* kKinds[] = {"-", "sync", "change", "queued operation",
                                             "microsecond"};
    std::printf("%s\n  cut off at %s %lld: %s\n  repeat with: %s\n", configuration_.Text().c_str(),
                kKinds[static_cast<int>(point.kind)], static_cast<long long>(point.at),
                harm.c_str(), repeat_.c_str());
    return false;
  }

  void Count(const Point& point) {
    ++counts_->crashes;
    switch (point.kind) {
      case Point::Kind::kSync:
        ++counts_->syncs;
        break;
      case Point::Kind::kMoment:
        ++counts_->moments;
        break;
      default:
        ++counts_->operations;
        break;
    }
  }

  // What isn't promised: both stacks, the same number of crashes. Returns false if what is promised
  // nevertheless was broken.
  bool Compare() {
    bool kept = true;
    for (const bool async : {false, true}) kept = RunStack(async, Pace::kSteps, true) && kept;
    return kept;
  }

  const Configuration configuration_;
  const int points_;
  const bool async_;
  const std::string repeat_;
  Counts* const counts_;
  Random random_;
};

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = campaign::ChooseSeed(argc, argv);
  const int only = argc > 2 ? std::atoi(argv[2]) : -1;
  // The page that holds SQLite's locks is in the middle of the databases.
  sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0x4000);
  progress = campaign::NewShared<Progress>();

  const int points = argc > 3 ? std::atoi(argv[3]) : 40;
  const bool async = argc <= 4;
  const int wanted = campaign::Scaled(kCrashes);
  Counts counts;
  int failed = 0;
  auto said = std::chrono::steady_clock::now();
  for (int number = only < 0 ? 0 : only; only < 0 ? counts.crashes < wanted : number == only;
       ++number) {
    const Configuration configuration =
        Configuration::Draw(seed * 1'000'003 + static_cast<uint64_t>(number));
    const std::string repeat = Format("%s %llu %d", argv[0], seed, number);
    if (!Case(configuration, points, async, repeat, &counts).Run()) ++failed;
    if (failed == 5) break;
    if (std::chrono::steady_clock::now() - said > std::chrono::seconds(20)) {
      said = std::chrono::steady_clock::now();
      std::printf("%d of %d crashes\n", counts.crashes, wanted);
      std::fflush(stdout);
    }
  }

  std::printf(
      "%d crashes: %d at a sync, %d at another operation, %d at a random moment; %d of the "
      "recoveries were cut off too\n",
      counts.crashes, counts.syncs, counts.operations, counts.moments, counts.recoveries);
  std::printf("transactions lost: %lld, at worst %d of %d in one crash\n",
              static_cast<long long>(counts.losses), counts.worst_loss, campaign::kTransactions);
  for (const Comparison& comparison : {counts.often, counts.seldom, counts.split}) {
    std::printf(
        "not promised by SQLite, %s: harmed %d of %d by plain SQLite, %d of %d by the backend\n",
        comparison.what, comparison.plain_harmed, comparison.plain_crashes, comparison.async_harmed,
        comparison.async_crashes);
    if (!comparison.Worse()) continue;
    std::printf("that is more than chance would have it\n");
    ++failed;
  }
  std::filesystem::remove_all(kRun);
  std::filesystem::remove_all(kBase);
  return failed == 0 ? 0 : 1;
}
