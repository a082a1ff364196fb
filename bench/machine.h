// What the numbers were measured on.

#ifndef SQLITEASYNC_BENCH_MACHINE_H_
#define SQLITEASYNC_BENCH_MACHINE_H_

#include <string>

#include "measurement.h"

namespace bench {

// Processor and how many, operating system, SQLite's version, and the file system of `directory`.
// The values are texts and numbers.
Json DescribeMachine(const std::string& directory);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_MACHINE_H_
