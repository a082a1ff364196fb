// Passes: one mode doing one thing once, in a process of its own. A run of the benchmark is a list
// of them, for each round.

#ifndef SQLITEASYNC_BENCH_PASSES_H_
#define SQLITEASYNC_BENCH_PASSES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "measurement.h"
#include "modes.h"

namespace bench {

// What the user decides.
struct Settings {
  std::vector<std::string> workloads;
  std::vector<std::string> modes;
  std::string directory = ".";
  std::string json;      // a file; empty: none
  std::string pictures;  // a directory; not empty: nothing is measured
  int rounds = 2;
  double minutes = 10;  // no round begins that would not end within

  // In each round:
  double seconds = 2.5;       // of a stream
  int64_t commits = 100'000;  // that a tail of latencies is taken from
  int64_t burst = 2'000;      // transactions; also of those that follow
  int64_t trickle = 50;
  int64_t depth = 1'000'000;  // the most operations in the queue

  // In the first round alone:
  int64_t updates = 1'000'000;
  int64_t overload = 1'024;  // MiB
  int lock_hold = 750;       // of sqliteasync in workload 7, milliseconds: its default

  uint64_t seed = 1;
};

struct Pass {
  std::string workload;  // name
  std::string title;
  std::string form;  // "stream", "burst" and others: what is measured in the same way
  const Mode* mode;
  // What the same mode does otherwise than in another pass of that form, beginning with the number
  // that matters: "1000 queued", "2 connections". Mostly empty.
  std::string variant;
  // Measures. Called in a process of its own whose working directory is new and empty.
  std::function<Measurement()> run;
  bool once = false;  // in the first round alone
};

// The names of the workloads there are, and what they are.
struct WorkloadName {
  const char* name;
  const char* title;
};
std::vector<WorkloadName> AllWorkloads();

// The passes of round `round`, from 0, in their order: the modes of a workload and form one after
// the other, in every second round from the last to the first, against what changes steadily.
// Throws std::invalid_argument for a name there isn't.
std::vector<Pass> PassesOf(const Settings& settings, int round);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_PASSES_H_
