// Settings that change all the time: between any two transactions of a process the grouping, the
// limit of the queue, and whatever SQLite lets one change of a database or of a connection; then
// the power cut or the death of the process, at a random change of the disk. The campaign of
// crashes, which keeps its settings, finds what is wrong with each of them; this one finds what is
// wrong with what one of them leaves behind for another.
//
//   - While it runs, each connection of the process sees what the last commit has left.
//   - What plain SQLite finds in the end is whole, and is what some commit had left in each
//     database, and not an older one than is known to have reached the disk, where SQLite promises
//     that.
//   - A transaction of several databases is in all of them or in none.
//
// What is changed: settings_workload.h. Only what plain SQLite promises to survive is drawn.
//
// Usage: settings [SEED [CONFIGURATION|all [POINT|all [plain]]]], in an empty directory; with the
// number of a configuration only that one is run; with that of a point only that crash, and its
// statements are printed, and the trace of the queue on stderr; through the backend or, to find out
// whose fault it is, on plain SQLite. SQLITEASYNC_TEST_SCALE scales the number of crashes, in
// percent of 600.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/crashing.h"
#include "campaigns/settings_configuration.h"
#include "campaigns/settings_parts.h"
#include "campaigns/settings_workload.h"
#include "campaigns/support.h"
#include "core/trace.h"

namespace {

using campaign::Configuration;
using campaign::Connection;
using campaign::Ending;
using campaign::FileName;
using campaign::Format;
using campaign::History;
using campaign::Progress;
using campaign::Random;
using campaign::Workload;

constexpr int kCrashes = 600;
constexpr int kPoints = 12;       // at which a configuration is to be cut off
constexpr int kPatience = 120;    // seconds that one run may take
constexpr char kBase[] = "base";  // directory of the databases that each run begins with
constexpr char kRun[] = "run";    // directory that a run works in

struct Options {
  const char* program;
  uint64_t seed;
  int configuration = -1;  // all
  int point = -1;          // all
  bool async = true;

  std::string Repeat(int number, int at) const {
    return Format("%s %llu %d %d%s", program, seed, number, at, async ? "" : " plain");
  }
};

Progress* progress;
int crashes = 0;

// ---------------------------------------------------------------------------- what is left

// What is wrong with the database; "" if nothing. `found`: the state that it is in.
std::string HarmOf(const Configuration& configuration, int file, int* found) {
  const History& history = progress->histories[static_cast<size_t>(file)];
  std::vector<std::string> answers;
  std::string problem =
      campaign::ReadLeft(std::string(kRun) + "/" + FileName(file),
                         {campaign::InSchema(campaign::kContent, "main")}, &answers);
  if (!problem.empty()) return problem;
  int state = history.last;
  while (state >= 0 && history.At(state).checksum != std::stoll(answers[0])) --state;
  if (state < 0) return Format("holds none of the states 0 to %d", history.last.load());
  if (state < history.durable && configuration.DurablePromised()) {
    return Format("is in state %d, although state %d was on disk", state, history.durable.load());
  }
  *found = state;
  return "";
}

// The databases that have a multi-file transaction in the states that were found, or before, as
// bits; those that have it in any state in `all`.
int Holders(int transaction, const int* found, int* all) {
  int holders = 0;
  *all = 0;
  for (int file = 0; file < campaign::kFiles; ++file) {
    const History& history = progress->histories[static_cast<size_t>(file)];
    for (int state = 1; state <= history.last; ++state) {
      if (history.At(state).transaction != transaction) continue;
      *all |= 1 << file;
      if (state <= found[file]) holders |= 1 << file;
    }
  }
  return holders;
}

// What is wrong with what the run has left. `finished`: it was not cut off, and nothing may be
// missing.
std::string Harm(const Configuration& configuration, bool finished) {
  int found[campaign::kFiles] = {};
  for (int file = 0; file < campaign::kFiles; ++file) {
    const std::string problem = HarmOf(configuration, file, &found[file]);
    if (!problem.empty()) return FileName(file) + ": " + problem;
    const int last = progress->histories[static_cast<size_t>(file)].last;
    if (finished && found[file] != last) {
      return Format("%s is in state %d instead of %d", FileName(file).c_str(), found[file], last);
    }
  }
  for (int transaction = 1; transaction <= campaign::kSteps; ++transaction) {
    int all = 0;
    const int holders = Holders(transaction, found, &all);
    if (holders != 0 && holders != all) {
      return Format("transaction %d of both databases is in %s only", transaction,
                    FileName(holders == 1 ? 0 : 1).c_str());
    }
  }
  return "";
}

// ---------------------------------------------------------------------------- a configuration

// Runs a workload to its end, point 0, which finds out how many changes the disk sees about, then
// other workloads, which are cut off at some change, if they get there.
class Case {
 public:
  Case(const Options& options, int number)
      : options_(options),
        number_(number),
        configuration_(
            Configuration::Draw(options.seed * 1'000'003 + static_cast<uint64_t>(number))) {}

  // Returns how many of the points have failed.
  int Run() {
    sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, configuration_.pending_byte);
    PrepareBase();
    if (!Point(0)) return 1;
    changes_ = static_cast<int>(progress->changes);
    int failed = 0;
    for (int point = 1; point <= kPoints; ++point) {
      if (options_.point >= 0 && point != options_.point) continue;
      if (!Point(point)) ++failed;
    }
    return failed;
  }

 private:
  void PrepareBase() {
    std::filesystem::remove_all(kBase);
    std::filesystem::create_directory(kBase);
    Random random(configuration_.seed);
    for (int64_t& checksum : checksums_) {
      const auto file = static_cast<int>(&checksum - checksums_);
      Connection connection(std::string(kBase) + "/" + FileName(file), campaign::kPlainVfs, 0);
      checksum = Prepare(connection, random, configuration_.page_size, configuration_.auto_vacuum);
    }
  }

  bool Point(int point) {
    std::filesystem::remove_all(kRun);
    std::filesystem::copy(kBase, kRun);
    for (size_t file = 0; file < campaign::kFiles; ++file) {
      progress->histories[file].Begin(checksums_[file]);
    }
    progress->step = 0;
    Random random(configuration_.seed * 1'000'003 + static_cast<uint64_t>(point));
    const uint64_t seed = random.Next();
    const int change = point == 0 ? 0 : 1 + random.Below(std::max(changes_, 1));
    const Ending ending = campaign::RunProcess(0, [&] { Child(seed, change, point); });
    if (ending == Ending::kCutOff) ++crashes;
    const std::string harm = ending == Ending::kFailed
                                 ? "it failed, as said above"
                                 : Harm(configuration_, ending == Ending::kFinished);
    if (harm.empty()) return true;
    const std::string where =
        change == 0 ? "without a crash" : Format("cut off at change %d", change);
    std::printf("%s\n  %s, step %d: %s\n  repeat with: %s\n", configuration_.Text().c_str(),
                where.c_str(), progress->step.load(), harm.c_str(),
                options_.Repeat(number_, point).c_str());
    std::fflush(stdout);
    return false;
  }

  // `change`: of the disk, at which it is cut off; 0: not at all.
  [[noreturn]] void Child(uint64_t seed, int change, int point) const {
    alarm(kPatience);
    if (point == options_.point) sqliteasync::trace_flag = 1;
    campaign::CreateDisk(configuration_.power, configuration_.characteristics,
                         configuration_.sector_size,
                         Format("seed=%llu crashchange=%d", campaign::DeviceSeed(seed), change));
    Workload workload(configuration_, seed, kRun, options_.async, point == options_.point,
                      progress);
    workload.Run();
    progress->changes = campaign::DiskChanges();
    std::fflush(stdout);
    _exit(0);
  }

  const Options& options_;
  const int number_;
  const Configuration configuration_;
  int64_t checksums_[campaign::kFiles] = {};  // of what the databases hold to begin with
  int changes_ = 0;                           // of the disk
};

// A number, or -1 for "all".
int Chosen(std::string_view argument) {
  return argument == "all" ? -1 : std::atoi(argument.data());
}

}  // namespace

int main(int argc, char** argv) {
  Options options{.program = argv[0], .seed = campaign::ChooseSeed(argc, argv)};
  if (argc > 2) options.configuration = Chosen(argv[2]);
  if (argc > 3) options.point = Chosen(argv[3]);
  options.async = argc <= 4;
  progress = campaign::NewShared<Progress>();
  // A process that is cut off doesn't flush.
  if (options.point >= 0) CHECK(std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ) == 0);

  const int wanted = campaign::Scaled(kCrashes);
  int failed = 0;
  auto said = std::chrono::steady_clock::now();
  if (options.configuration >= 0) {
    failed = Case(options, options.configuration).Run();
  } else {
    for (int number = 0; crashes < wanted && failed < 5; ++number) {
      failed += Case(options, number).Run();
      if (std::chrono::steady_clock::now() - said > std::chrono::seconds(20)) {
        said = std::chrono::steady_clock::now();
        std::printf("%d of %d crashes\n", crashes, wanted);
        std::fflush(stdout);
      }
    }
  }

  std::printf(
      "%d crashes; before them %lld transactions, %lld of them of both databases, %lld backups, "
      "and %lld rollbacks; looked at the databases %lld times\n",
      crashes, static_cast<long long>(progress->commits),
      static_cast<long long>(progress->multi_file), static_cast<long long>(progress->backups),
      static_cast<long long>(progress->rollbacks), static_cast<long long>(progress->looks));
  std::printf("groups in the runs to their end: %lld\n", static_cast<long long>(progress->groups));
  if (failed == 0) {
    std::filesystem::remove_all(kRun);
    std::filesystem::remove_all(kBase);
  }
  return failed == 0 ? 0 : 1;
}
