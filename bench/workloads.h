// The transactions that are measured, on one table:
//
//   CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c INT); CREATE INDEX t_c ON t(c)
//
// b is a text of 200 bytes, c a random number of 31 bits. An insert adds a row at the end; an
// update gives the b of a random row another text. A workload may do without the index.

#ifndef SQLITEASYNC_BENCH_WORKLOADS_H_
#define SQLITEASYNC_BENCH_WORKLOADS_H_

#include <cstdint>
#include <random>
#include <string>

#include "connection.h"

namespace bench {

struct Workload {
  enum class Kind { kInsert, kUpdate };

  const char* name;
  const char* title;
  Kind kind;
  int rows;  // in the table to start with
  int rows_per_transaction;
  bool indexed = true;
};

// One-row inserts; 100 rows in a transaction; updates of random rows of 1,000; of 10 MB.
extern const Workload kInserts;
extern const Workload kBatches;
extern const Workload kUpdates;
extern const Workload kWideUpdates;

// What a transaction of `workload` executes between BEGIN and COMMIT. The same seed gives the same
// transactions.
class Transactions {
 public:
  // Makes the table, with its first rows, in a new database. `vfs` may be null for the default.
  static void CreateTable(const Workload& workload, uint64_t seed, const std::string& path,
                          const char* vfs);

  // REQUIRES: both arguments outlive it.
  Transactions(const Workload& workload, uint64_t seed, Connection& connection);

  void Execute();

 private:
  // Valid as long as this is.
  const char* Text();
  void Insert();
  void Update();

  const Workload& workload_;
  std::mt19937_64 random_;
  std::string letters_;  // that texts are cut from
  Statement statement_;
};

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_WORKLOADS_H_
