// Workload 7: an application that writes faster than the device for long, with the byte limit of
// the queue at its default.

#ifndef SQLITEASYNC_BENCH_OVERLOAD_H_
#define SQLITEASYNC_BENCH_OVERLOAD_H_

#include <cstdint>

#include "measurement.h"
#include "modes.h"

namespace bench {

// Measures, in the current directory, on a database of its own: transactions of 5,000 new rows,
// about 1.1 MB, until SQLite has written so many bytes, on a simulated device without a cache that
// takes 40 MB/s and whose syncs take 10 ms. `lock_hold`: sqliteasync's, in milliseconds.
Measurement RunOverload(const Mode& mode, uint64_t seed, int64_t bytes, int lock_hold);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_OVERLOAD_H_
