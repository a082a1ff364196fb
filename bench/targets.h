// Targets: what the project wants to reach, as ratios of one run, and whether this one did.

#ifndef SQLITEASYNC_BENCH_TARGETS_H_
#define SQLITEASYNC_BENCH_TARGETS_H_

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "results.h"

namespace bench {

struct Target {
  enum class Sense { kAtLeast, kAtMost, kBelow };

  std::string what;
  Sense sense;
  double bound;
  std::optional<double> measured;  // nothing if what it takes was not measured
  std::string remark = {};         // what to know about the measurement; may be empty

  bool Reached() const;
};

std::vector<Target> TargetsOf(const Results& results);

void PrintTargets(const std::vector<Target>& targets, std::ostream& out);
Json TargetsToJson(const std::vector<Target>& targets);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_TARGETS_H_
