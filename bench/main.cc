// The benchmark: sqliteasync beside what else SQLite offers, all in one run.
//
// A run is made of passes: one mode (modes.h) doing one workload in one form, in a process of its
// own and on a new database. The modes follow each other directly, and all is repeated in rounds,
// so that whatever else the machine does meanwhile hits all modes alike: the ratios hold where the
// absolute numbers don't. What a workload, a form and a column of the tables is, the help says.
//
// Every database has SQLite's default page size and cache. Nothing here makes the run fail but an
// error: a target that is not reached is reported.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "child.h"
#include "machine.h"
#include "passes.h"
#include "pictures.h"
#include "results.h"
#include "targets.h"

namespace {

constexpr char kHelp[] = R"(
Forms of 1 to 4:
  stream      transactions without a pause, for a time
  burst       a number of transactions without a pause

Workload 5: sqliteasync with grouping off and no byte limit, the writer halted, then running; a
second connection, from which all that SQLite has cached is taken before each read, reads a row, or
the whole table of 10 MB. How much memory queued operations take is measured too, and pages of a
group.
Workload 6: 1, 2, 4 and 8 connections on as many databases, each in a thread, the writer halted, then
running; one connection that writes and four that read on one database.
Workload 7: transactions of 1.1 MB, without a pause, until SQLite has written a GiB, on a simulated
device that takes 40 MB/s and 10 ms for a sync, the byte limit at its default.
Workload 8: a stream on each device; operation by operation 25 transactions.

Columns:
  transaction       how long one takes, in microseconds, from BEGIN's call to COMMIT's return
  COMMIT alone      the COMMIT statement of it
  COMMIT to on disk from COMMIT's call until what it wrote is on disk: for plain SQLite its return,
                    for sqliteasync an empty queue
  transactions/s    app: until the last COMMIT returned; on disk: until everything was on disk and
                    the database closed, with WAL's checkpoint, with the rest of sqliteasync's queue
  per transaction   what the VFS at the bottom is asked for, up to the close: syncs, writes, calls of
                    any kind, KiB written. A simulated device counts that, in shorter streams of
                    their own, since it takes time. These are not system calls: SQLite's VFS makes
                    several for an open, one or two for a sync, none for many a lock.
  running           the same, while the writer runs; without that word it is halted
  row read, scan    by the second connection
  beside data       the resident memory that a queued operation, or page, takes beside what it holds
  least in a second of what the application has written, the least of any second beside the mean
  peak              the most memory the process had resident, from the first transaction until
                    everything was on disk; that of the floor has the files in it

A target is compared by the latency of the whole transaction: a VFS may make it wait anywhere.
)";

using bench::Json;
using bench::Measurement;
using bench::Pass;
using bench::Results;
using bench::Settings;
using Clock = std::chrono::steady_clock;

// In the order in which --help shows them.
void AddOptions(Settings& settings, CLI::App& app) {
  for (const bench::Mode& mode : bench::AllModes()) settings.modes.emplace_back(mode.name);
  for (const auto& [name, title] : bench::AllWorkloads()) settings.workloads.emplace_back(name);

  const auto add_list = [&](const char* name, std::vector<std::string>& list,
                            const std::string& description) {
    app.add_option(name, list, description)
        ->delimiter(',')
        ->check(CLI::IsMember(std::vector<std::string>(list)))
        ->option_text("NAME,...");
  };
  const auto add = [&](const char* name, auto& value, const char* unit,
                       const std::string& description) {
    std::ostringstream with_default;
    with_default << description << " (" << value << ")";
    app.add_option(name, value, with_default.str())->option_text(unit);
  };
  const auto add_number = [&](const char* name, auto& value, const std::string& description) {
    add(name, value, "N", description);
    app.get_option(name)->check(CLI::NonNegativeNumber);
  };
  add_list("--workloads", settings.workloads, "Which workloads (all)");
  add_list("--modes", settings.modes, "Which modes (all)");
  add_number("--rounds", settings.rounds, "How often everything is repeated");
  app.get_option("--rounds")->check(CLI::PositiveNumber);
  add_number("--seconds", settings.seconds, "Length of each stream in a round");
  add_number("--commits", settings.commits,
             "The streams of workload 1 whose tails are compared go on until there were so many in "
             "a round, but no more than four times as long");
  add_number("--burst", settings.burst, "Transactions in a burst, in the first round alone");
  add_number("--trickle", settings.trickle, "Transactions of trickle in a round");
  add_number("--updates", settings.updates, "Transactions of memory, in the first round alone");
  add_number("--depth", settings.depth,
             "The most operations queued in workload 5, in the first round alone");
  add_number("--overload", settings.overload,
             "MiB that SQLite writes in workload 7, in the first round alone");
  add("--lockhold", settings.lock_hold, "MS",
      "The setting of sqliteasync in workload 7; 0: no transaction waits for other processes");
  add_number("--minutes", settings.minutes, "No round begins that would not end within");
  add_number("--seed", settings.seed, "Makes the rows and their order");
  add("--directory", settings.directory, "DIR",
      "Where the databases are made, in a directory that is removed at the end");
  app.get_option("--directory")->check(CLI::ExistingDirectory);
  app.add_option("--json", settings.json, "All results, with their distributions, into a file")
      ->option_text("FILE")
      ->take_last();
  app.add_option("--pictures", settings.pictures,
                 "Measures nothing: what the pictures are drawn from, of the results in the file "
                 "of --json, into a directory")
      ->option_text("DIR");

  std::string footer = "Modes:\n";
  const auto add_line = [&](const char* name, const char* title) {
    char line[120];
    std::snprintf(line, sizeof(line), "  %-12s%s\n", name, title);
    footer += line;
  };
  for (const bench::Mode& mode : bench::AllModes()) add_line(mode.name, mode.title);
  footer += "\nWorkloads:\n";
  for (const auto& [name, title] : bench::AllWorkloads()) add_line(name, title);
  app.footer(footer + kHelp);
}

// The pass that a child process is there for: the child gets the user's arguments, and these.
struct Child {
  int round = 0;
  int pass = -1;  // in the order of PassesOf; none in the parent
  std::string directory;
};

void AddChildOptions(Child& child, CLI::App& app) {
  // No group: --help doesn't show them.
  app.add_option("--child-round", child.round)->group("");
  app.add_option("--child-pass", child.pass)->group("");
  app.add_option("--child-directory", child.directory)->group("");
}

int RunAsChild(const Settings& settings, const Child& child) {
  const std::vector<Pass> passes = bench::PassesOf(settings, child.round);
  bench::Report(child.directory, passes.at(static_cast<size_t>(child.pass)).run);
  return 0;
}

// A pass in a child process. One line on stderr when it begins, and its result.
Measurement Run(const Pass& pass, const Child& child, std::vector<std::string> arguments,
                const Settings& settings, double elapsed) {
  arguments.insert(arguments.end(),
                   {"--child-round", std::to_string(child.round), "--child-pass",
                    std::to_string(child.pass), "--child-directory", child.directory});
  std::fprintf(stderr, "%4.0f s  round %d of %d  %-8s %-12s %-11s %-15s", elapsed, child.round + 1,
               settings.rounds, pass.workload.c_str(), pass.form.c_str(), pass.mode->name,
               pass.variant.c_str());
  Measurement measurement = bench::RunInChild(arguments);
  const double seconds =
      measurement.disk_seconds > 0 ? measurement.disk_seconds : measurement.application_seconds;
  if (seconds > 0) {
    std::fprintf(stderr, "%9.0f/s\n", static_cast<double>(measurement.transactions) / seconds);
  } else {
    std::fprintf(stderr, "%11s\n", measurement.counts ? "counted" : "done");
  }
  return measurement;
}

// Returns how many rounds were run.
int RunRounds(const Settings& settings, const std::vector<std::string>& arguments,
              Results& results) {
  const bench::ScratchDirectory scratch(settings.directory);
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  double repeated = 0;  // seconds that what is done in each round has taken in the last one
  for (int round = 0; round < settings.rounds; ++round) {
    if (elapsed() + repeated > settings.minutes * 60) {
      std::fprintf(stderr, "no time for round %d within %g minutes\n", round + 1, settings.minutes);
      return round;
    }
    repeated = 0;
    Child child;
    child.round = round;
    for (const Pass& pass : bench::PassesOf(settings, round)) {
      ++child.pass;
      const bench::ScratchDirectory directory(scratch.path());
      child.directory = directory.path();
      const double begun = elapsed();
      results.Add(pass, Run(pass, child, arguments, settings, begun));
      if (!pass.once) repeated += elapsed() - begun;
    }
  }
  return settings.rounds;
}

void PrintHead(const Settings& settings, const Json& machine, int rounds) {
  for (const auto& [name, value] : machine.items()) {
    std::cout << name << ": " << (value.is_string() ? value.get<std::string>() : value.dump())
              << "\n";
  }
  std::cout << "rounds: " << rounds << ", seconds of each stream: " << settings.seconds * rounds
            << ", seed: " << settings.seed << "\n";
}

int Benchmark(const Settings& settings, const std::vector<std::string>& arguments) {
  // Before the work, not after it.
  std::ofstream json_file;
  if (!settings.json.empty()) {
    json_file.open(settings.json);
    if (!json_file) throw std::runtime_error("cannot write " + settings.json);
  }
  Results results;
  const int rounds = RunRounds(settings, arguments, results);
  const Json machine = bench::DescribeMachine(settings.directory);
  const std::vector<bench::Target> targets = bench::TargetsOf(results);

  PrintHead(settings, machine, rounds);
  results.PrintTables(std::cout);
  bench::PrintTargets(targets, std::cout);
  if (!settings.json.empty()) {
    const Json all = {{"machine", machine},
                      {"rounds", rounds},
                      {"seconds", settings.seconds * rounds},
                      {"seed", settings.seed},
                      {"results", results.ToJson()},
                      {"targets", bench::TargetsToJson(targets)}};
    json_file << all.dump(1) << "\n";
    json_file.close();
    if (!json_file) throw std::runtime_error("cannot write " + settings.json);
  }
  return 0;
}

int WritePictures(const Settings& settings) {
  std::ifstream file(settings.json);
  if (!file) throw std::runtime_error("cannot read results from \"" + settings.json + "\"");
  bench::WritePictureData(Json::parse(file).at("results"), settings.pictures);
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("Measures sqliteasync beside plain SQLite.", "bench");
  Settings settings;
  Child child;
  AddOptions(settings, app);
  AddChildOptions(child, app);
  CLI11_PARSE(app, argc, argv);
  if (child.pass >= 0) return RunAsChild(settings, child);
  if (!settings.pictures.empty()) return WritePictures(settings);
  bench::CatchInterrupts();
  try {
    return Benchmark(settings, std::vector<std::string>(argv, argv + argc));
  } catch (const bench::Interrupted&) {
    std::fprintf(stderr, "\ninterrupted\n");
    return 130;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "\nbench: %s\n", e.what());
    return 1;
  }
}
