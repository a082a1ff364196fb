// Workloads 1 to 4 and what is made of them: one connection on one database that executes
// transactions, without a pause or with long ones.

#ifndef SQLITEASYNC_BENCH_STREAMS_H_
#define SQLITEASYNC_BENCH_STREAMS_H_

#include <cstdint>
#include <limits>

#include "measurement.h"
#include "modes.h"
#include "stage.h"
#include "workloads.h"

namespace bench {

// How long a stream goes on: until both are reached, and in any case until `at_most_seconds`.
struct Until {
  double seconds = 0;
  int64_t transactions = 0;
  double at_most_seconds = std::numeric_limits<double>::infinity();

  bool Reached(double elapsed, int64_t done) const {
    return (elapsed >= seconds && done >= transactions) || elapsed >= at_most_seconds;
  }
};

// These measure, in the current directory, on a database of their own.

// One transaction after the other, without a pause.
Measurement RunStream(const Workload& workload, const Mode& mode, uint64_t seed,
                      const Setting& setting, const Until& until);

// One transaction at a time, every 20 ms, with nothing left to do before the next.
Measurement RunTrickle(const Workload& workload, const Mode& mode, uint64_t seed, int64_t count);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_STREAMS_H_
