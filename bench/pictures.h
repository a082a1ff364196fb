// Pictures: what of a run's results is drawn, as columns that gnuplot reads. The scripts that draw
// them are beside this file, in pictures/.

#ifndef SQLITEASYNC_BENCH_PICTURES_H_
#define SQLITEASYNC_BENCH_PICTURES_H_

#include <filesystem>

#include "latencies.h"

namespace bench {

// Writes a file for each picture into `directory`, which is made if need be. `results`: what
// Results::ToJson has made. Where nothing was measured the file is empty.
//
//   latencies.dat  for each mode, the transactions of workload 1's stream: one in how many takes
//                  longer, and than what, microseconds
//   depth.dat      what was done in workload 5, the writer halted, then running: operations queued,
//                  and the median, microseconds
//   overload.dat   for each mode, workload 7: seconds since the beginning, MB/s in that tenth of a
//                  second, in the second that begins there, and the mean
//
// A file is made of blocks with two empty lines between them, which begin with their titles in
// double quotes.
void WritePictureData(const Json& results, const std::filesystem::path& directory);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_PICTURES_H_
