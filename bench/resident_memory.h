// How much memory the process holds, and has held at most. In bytes, and 0 where the system does
// not say.

#ifndef SQLITEASYNC_BENCH_RESIDENT_MEMORY_H_
#define SQLITEASYNC_BENCH_RESIDENT_MEMORY_H_

#include <cstdint>

namespace bench {

int64_t ResidentBytes();

// The peak since the process began, or since it was reset.
int64_t PeakResidentBytes();

// From now on the peak counts anew; where the system can't do that it goes on.
void ResetPeakResidentBytes();

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_RESIDENT_MEMORY_H_
