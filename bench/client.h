// The application's side of a measurement: a connection that executes a workload's transactions,
// and one that reads.
//
// Thread safety: none; a thread has its own.

#ifndef SQLITEASYNC_BENCH_CLIENT_H_
#define SQLITEASYNC_BENCH_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <random>
#include <string>

#include "connection.h"
#include "measurement.h"
#include "modes.h"
#include "workloads.h"

namespace bench {

using Clock = std::chrono::steady_clock;

int64_t Nanoseconds(Clock::duration time);
double Seconds(Clock::duration time);

// REQUIRES of what is common to both: `workload` outlives it; `vfs` may be null for the default.

class Client {
 public:
  // Of a database that CreateTable has made.
  Client(const std::string& path, const char* vfs, const char* pragmas, const Workload& workload,
         uint64_t seed);

  // BEGIN, and the statements.
  void Begin() {
    begin_.Run();
    transactions_.Execute();
  }
  void Commit() { commit_.Run(); }
  // Both, and how long they took.
  void Transaction(Latencies& latencies);

 private:
  Connection connection_;
  Statement begin_;
  Statement commit_;
  Transactions transactions_;
};

class Reader {
 public:
  Reader(const std::string& path, const char* vfs, const Workload& workload, uint64_t seed);

  // The text of a random row; of all of them. Nothing of the database is cached by SQLite.
  void ReadRow(Latencies& latencies);
  void Scan(Latencies& latencies);

 private:
  // The first row of `statement`.
  void Run(const Statement& statement, Latencies& latencies);

  const Workload& workload_;
  std::mt19937_64 random_;
  Connection connection_;
  Statement row_;
  Statement scan_;
};

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_CLIENT_H_
