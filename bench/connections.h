// Workload 6: several connections at once, each in a thread of its own.

#ifndef SQLITEASYNC_BENCH_CONNECTIONS_H_
#define SQLITEASYNC_BENCH_CONNECTIONS_H_

#include <cstdint>

#include "measurement.h"
#include "modes.h"

namespace bench {

// These measure, in the current directory, on databases of their own, for `seconds`; what is queued
// then they leave.

// So many connections on as many databases, transactions of workload 3. `halted`: with the writer
// halted, and no byte limit; operation by operation it may end earlier, for the memory it takes.
Measurement RunConnections(const Mode& mode, int count, bool halted, uint64_t seed, double seconds);

// One connection that executes transactions of workload 4, and so many that read rows of the same
// database ("read").
Measurement RunReaders(const Mode& mode, int count, uint64_t seed, double seconds);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_CONNECTIONS_H_
