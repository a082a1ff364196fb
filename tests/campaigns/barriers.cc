// Barriers and power cuts: whatever a barrier has said to be on disk is there after a power cut,
// with any journal mode and any setting of synchronous, for databases that were made a moment ago,
// that are closed by then, and that are changed together.
//
// Each run makes new databases on a device that forgets what was not synced, commits some
// transactions, waits at a barrier, perhaps several times, and then the power is cut: at once, and
// then each database must hold exactly what it held at the barrier; or, where plain SQLite is safe
// against it, while more transactions are committed, and then it must hold at least that. Plain
// SQLite looks.
//
// Usage: barriers [SEED [RUN]], in an empty directory; with the number of a run only that one.
// SQLITEASYNC_TEST_SCALE scales the number of runs, in percent of 1,000.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "campaigns/crashing.h"
#include "campaigns/support.h"
#include "core/backend.h"
#include "sim/sqlite3device.h"
#include "sqlite3async.h"

namespace {

using campaign::Connection;
using campaign::Format;
using campaign::Random;
using sqliteasync::Backend;
using sqliteasync::BarrierResult;

constexpr int kRuns = 1000;
constexpr unsigned kPatience = 60;  // seconds for one run
constexpr char kRun[] = "run";      // directory that a run works in
constexpr int kFiles = 2;

std::string FileName(int file) { return file == 0 ? "a.db" : "b.db"; }

struct Configuration {
  std::string mode;
  std::string synchronous;
  bool grouping;
  bool exclusive;
  bool together;  // one transaction changes both databases
  bool closed;    // the connections are closed before the barrier
  bool named;     // one database after the other, else all at once
  bool at_once;   // the power is cut when the barrier has returned

  explicit Configuration(Random& random)
      : mode(random.Of<std::string>({"DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF"})),
        synchronous(random.Of<std::string>({"OFF", "NORMAL", "FULL", "EXTRA"})),
        grouping(!random.OneIn(3)),
        exclusive(random.OneIn(4)),
        together(random.OneIn(3)),
        closed(random.OneIn(3)),
        // Of one that is closed by then the name may be known no more.
        named(!closed && random.OneIn(2)),
        at_once(!Safe() || random.OneIn(2)) {}

  // Is plain SQLite safe against a power cut at any time?
  bool Safe() const { return mode != "MEMORY" && mode != "OFF" && synchronous != "OFF"; }

  std::string Text() const {
    return Format("journal_mode=%s synchronous=%s%s%s%s%s%s%s", mode.c_str(), synchronous.c_str(),
                  grouping ? " grouping" : "", exclusive ? " exclusive" : "",
                  together ? " together" : "", closed ? " closed" : "", named ? " named" : "",
                  at_once ? " at-once" : "");
  }
};

// What each database holds, by the number of its last transaction.
struct Progress {
  std::atomic<int> committed[kFiles];
  std::atomic<int> durable[kFiles];  // as the last barrier has it
  std::atomic<int64_t> barriers;     // in all runs
};
Progress* progress;

// One that works in a process of its own.
class Workload {
 public:
  Workload(const Configuration& configuration, uint64_t seed)
      : configuration_(configuration), random_(seed) {}

  [[noreturn]] void Run() {
    Backend& backend = Backend::Get();
    CHECK(backend.SetGrouping(configuration_.grouping ? SQLITEASYNC_GROUPING_ON
                                                      : SQLITEASYNC_GROUPING_OFF) == SQLITE_OK);
    CHECK(backend.Register(nullptr, SQLITEASYNC_VFSNAME) == SQLITE_OK);
    CHECK(backend.writer().Start() == sqliteasync::Writer::StartResult::kStarted);
    const int rounds = 1 + random_.Below(4);
    for (int round = 0; round < rounds; ++round) {
      Change(1 + random_.Below(5));
      if (configuration_.closed) Close();
      Barrier();
    }
    if (!configuration_.at_once) Change(random_.Below(20));
    sqlite3device_crash(campaign::kDisk, nullptr);
    _exit(2);
  }

 private:
  void Open() {
    if (connections_[0] != nullptr) return;
    for (int file = 0; file < kFiles; ++file) {
      if (file == 1 && configuration_.together) break;
      auto& connection = connections_[file];
      connection = std::make_unique<Connection>(std::string(kRun) + "/" + FileName(file),
                                                SQLITEASYNC_VFSNAME, 0);
      if (configuration_.together) {
        connection->Execute(Format("ATTACH '%s/%s' AS other", kRun, FileName(1).c_str()));
      }
      connection->Execute(Format("PRAGMA synchronous=%s", configuration_.synchronous.c_str()));
      if (configuration_.together) {
        connection->Execute(
            Format("PRAGMA other.synchronous=%s", configuration_.synchronous.c_str()));
      }
      if (configuration_.exclusive) connection->Execute("PRAGMA locking_mode=EXCLUSIVE");
      connection->Execute(Format("PRAGMA journal_mode=%s", configuration_.mode.c_str()));
    }
  }
  void Close() {
    for (auto& connection : connections_) connection.reset();
  }

  void Change(int transactions) {
    for (int i = 0; i < transactions; ++i) {
      Open();
      if (configuration_.together) {
        connections_[0]->Execute("BEGIN;" + Sql("main") + Sql("other") + "COMMIT");
        for (auto& committed : progress->committed) ++committed;
      } else {
        const int file = random_.Below(kFiles);
        connections_[file]->Execute("BEGIN;" + Sql("main") + "COMMIT");
        ++progress->committed[file];
      }
    }
  }
  std::string Sql(const char* schema) {
    return Format(
        "CREATE TABLE IF NOT EXISTS %s.t(n, pad);"
        "INSERT INTO %s.t VALUES((SELECT count(*) + 1 FROM %s.t), randomblob(%d));",
        schema, schema, schema, random_.Below(6000));
  }

  void Barrier() {
    int committed[kFiles];
    for (int file = 0; file < kFiles; ++file) committed[file] = progress->committed[file];
    if (configuration_.named) {
      for (int file = 0; file < kFiles; ++file) {
        Require(Backend::Get().Barrier((std::string(kRun) + "/" + FileName(file)).c_str(), -1));
      }
    } else {
      Require(Backend::Get().Barrier(nullptr, -1));
    }
    for (int file = 0; file < kFiles; ++file) progress->durable[file] = committed[file];
  }
  static void Require(const BarrierResult& result) {
    if (result.code != SQLITE_OK) {
      CAMPAIGN_FAIL(Format("the barrier failed with code %d", result.code));
    }
    ++progress->barriers;
  }

  const Configuration& configuration_;
  Random random_;
  std::unique_ptr<Connection> connections_[kFiles];
};

// Returns what is wrong; "" if nothing.
std::string Run(const Configuration& configuration, uint64_t seed) {
  std::filesystem::remove_all(kRun);
  std::filesystem::create_directory(kRun);
  for (int file = 0; file < kFiles; ++file) {
    progress->committed[file] = 0;
    progress->durable[file] = 0;
  }
  const campaign::Ending ending = campaign::RunProcess(0, [&] {
    alarm(kPatience);
    campaign::CreateDisk(
        true, "", 512,
        Format("seed=%llu", static_cast<unsigned long long>(campaign::DeviceSeed(seed))));
    Workload(configuration, seed).Run();
  });
  if (ending != campaign::Ending::kCutOff) return "it failed, as said above";
  for (int file = 0; file < kFiles; ++file) {
    std::vector<std::string> answers;
    const std::string path = std::string(kRun) + "/" + FileName(file);
    const std::string problem =
        campaign::ReadLeft(path, {"SELECT count(*) FROM sqlite_schema"}, &answers);
    if (!problem.empty()) return path + ": " + problem;
    int found = 0;
    if (answers[0] != "0") {
      const std::string unread = campaign::ReadLeft(path, {"SELECT max(n) FROM t"}, &answers);
      if (!unread.empty()) return path + ": " + unread;
      found = std::atoi(answers[0].c_str());
    }
    const int durable = progress->durable[file];
    const int most = configuration.at_once ? durable : progress->committed[file].load();
    if (found < durable || found > most) {
      return Format("%s holds transaction %d; %d were committed, and %d said to be durable",
                    path.c_str(), found, progress->committed[file].load(), durable);
    }
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t seed = campaign::ChooseSeed(argc, argv);
  const int chosen = argc > 2 ? std::atoi(argv[2]) : -1;
  progress = campaign::NewShared<Progress>();
  const int runs = campaign::Scaled(kRuns);
  int failed = 0;
  for (int run = 0; run < runs || run <= chosen; ++run) {
    if (chosen >= 0 && run != chosen) continue;
    Random random(seed * 1'000'003 + static_cast<uint64_t>(run));
    const Configuration configuration(random);
    const std::string harm = Run(configuration, random.Next());
    if (harm.empty()) continue;
    std::printf("%s\n  %s\n  repeat with: %s %llu %d\n", configuration.Text().c_str(), harm.c_str(),
                argv[0], static_cast<unsigned long long>(seed), run);
    std::fflush(stdout);
    if (++failed == 5) break;
  }
  std::printf("%d runs with %lld barriers, and a power cut each\n", runs,
              static_cast<long long>(progress->barriers));
  if (failed == 0) std::filesystem::remove_all(kRun);
  return failed == 0 ? 0 : 1;
}
