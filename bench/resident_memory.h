// How much memory the process has held at most.

#ifndef SQLITEASYNC_BENCH_RESIDENT_MEMORY_H_
#define SQLITEASYNC_BENCH_RESIDENT_MEMORY_H_

#include <cstdint>

namespace bench {

// The peak since the process began, or since it was reset. 0 where the system does not say.
int64_t PeakResidentBytes();

// From now on the peak counts anew; where the system can't do that it goes on.
void ResetPeakResidentBytes();

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_RESIDENT_MEMORY_H_
