// Workload 5: what reads and commits cost with operations in the queue; and how much memory what is
// queued takes.
//
// The queue is filled with transactions of workload 4, ungrouped or grouped as the mode has it,
// while the writer is halted. There is no byte limit, and `lockhold` is 0: transactions that wait
// for other processes are not the subject here. Nothing is cached by SQLite when a read begins.

#ifndef SQLITEASYNC_BENCH_DEPTH_H_
#define SQLITEASYNC_BENCH_DEPTH_H_

#include <cstdint>

#include "measurement.h"
#include "modes.h"

namespace bench {

// These measure, in the current directory, on a database of their own.

// With about `depth` operations queued: reads of random rows, and scans of the whole table, by a
// second connection ("read", "scan"), and transactions ("transaction"); with the writer halted, and
// with it running (" running" behind those names). What changes the depth is done for moments, then
// the queue is made anew: it is off by a quarter, and some hundreds, at most. Each of the six is
// done for `seconds`, scans and transactions for a part of that.
// REQUIRES: the mode is one of sqliteasync without groups.
Measurement RunAtDepth(const Mode& mode, int64_t depth, uint64_t seed, double seconds);

// Pages of 4 KiB that are queued in a group, about so many, beside what they hold.
// REQUIRES: the mode is one of sqliteasync with groups.
Measurement RunPages(const Mode& mode, int64_t pages, uint64_t seed);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_DEPTH_H_
