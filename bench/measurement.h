// Measurement: what a pass has found out. Passes of several rounds add up.

#ifndef SQLITEASYNC_BENCH_MEASUREMENT_H_
#define SQLITEASYNC_BENCH_MEASUREMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "latencies.h"

namespace bench {

// What reached the files, as the VFS at the bottom was asked for it; and for how many transactions.
struct Counts {
  int64_t transactions = 0;
  int64_t syncs = 0;
  int64_t writes = 0;
  int64_t calls = 0;  // of the VFS and its files, of any kind
  int64_t bytes_written = 0;
};

struct Measurement {
  // Why there is nothing; empty if there is.
  std::string unavailable;

  int64_t transactions = 0;
  // From the first transaction's begin: until the last COMMIT had returned, and until everything
  // was on disk and closed.
  double application_seconds = 0;
  double disk_seconds = 0;

  // By name: "commit", the COMMIT statement alone; "transaction", from BEGIN to COMMIT's return;
  // "durable", from COMMIT's call until it was on disk.
  std::map<std::string, Latencies> latencies;

  std::optional<Counts> counts;
  int64_t peak_resident_bytes = 0;

  void Merge(const Measurement& other);

  Json ToJson() const;
  static Measurement FromJson(const Json& json);
};

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_MEASUREMENT_H_
