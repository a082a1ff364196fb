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
  std::string json;  // a file; empty: none
  int rounds = 3;
  double minutes = 10;  // no round begins that would not end within

  // In a round:
  double seconds = 2.5;       // of a stream
  int64_t commits = 100'000;  // that a tail of latencies is taken from
  int64_t burst = 2'000;      // transactions; also of those that follow
  int64_t trickle = 50;
  int64_t updates = 1'000'000;  // in the first alone

  uint64_t seed = 1;
};

struct Pass {
  std::string workload;  // name
  std::string title;
  std::string form;  // "stream", "burst", "trickle", "memory"
  const Mode* mode;
  // Measures. Called in a process of its own whose working directory is new and empty.
  std::function<Measurement()> run;
};

// The names of the workloads there are.
const std::vector<std::string>& AllWorkloads();

// The passes of round `round`, from 0, in their order: the modes of a workload and form one after
// the other, in every second round from the last to the first, against what changes steadily.
// Throws std::invalid_argument for a name there isn't.
std::vector<Pass> PassesOf(const Settings& settings, int round);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_PASSES_H_
