// Measurement: what a pass has found out. Passes of several rounds add up.

#ifndef SQLITEASYNC_BENCH_MEASUREMENT_H_
#define SQLITEASYNC_BENCH_MEASUREMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

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

// How much memory what is queued takes, beside the bytes that are to be written.
struct Overhead {
  int64_t units = 0;  // operations, or pages of a group
  int64_t bytes = 0;

  std::optional<double> PerUnit() const {
    if (units == 0) return {};
    return static_cast<double>(bytes) / static_cast<double>(units);
  }
};

// How many bytes the application has written in each tenth of a second from the beginning.
struct Progress {
  static constexpr double kPeriod = 0.1;  // seconds
  static constexpr int kPeriodsPerSecond = 10;

  std::vector<int64_t> bytes;

  // `when`: seconds since the beginning, never less than before.
  void Add(double when, int64_t count);
  // The least of any second, as a share of the mean; nothing if there was no second. The last
  // period, which is not complete, doesn't count.
  std::optional<double> LeastShare() const;
};

struct Measurement {
  int64_t transactions = 0;
  // From the first transaction's begin: until the last COMMIT had returned, and until everything
  // was on disk and closed.
  double application_seconds = 0;
  double disk_seconds = 0;

  // By name: "commit", the COMMIT statement alone; "transaction", from BEGIN to COMMIT's return;
  // "durable", from COMMIT's call until it was on disk; "read", a row of another connection, and
  // "scan", a table. With " running" behind it: the same, the writer running.
  std::map<std::string, Latencies> latencies;

  std::optional<Counts> counts;
  int64_t peak_resident_bytes = 0;
  std::optional<Overhead> overhead;
  std::optional<Progress> progress;

  void Merge(const Measurement& other);

  Json ToJson() const;
  static Measurement FromJson(const Json& json);
};

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_MEASUREMENT_H_
