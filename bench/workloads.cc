#include "workloads.h"

namespace bench {

namespace {

constexpr int kTextSize = 200;
constexpr int kLetters = 1 << 16;

}  // namespace

const Workload kInserts = {"1", "one-row inserts, one transaction each", Workload::Kind::kInsert, 0,
                           1};
const Workload kBatches = {"2", "one-row inserts, 100 in a transaction", Workload::Kind::kInsert, 0,
                           100};
const Workload kUpdates = {"3", "updates of random rows of 1,000, one transaction each",
                           Workload::Kind::kUpdate, 1'000, 1};
const Workload kWideUpdates = {"4", "updates of random rows of 10 MB, one transaction each",
                               Workload::Kind::kUpdate, 46'000, 1};

void Transactions::CreateTable(const Workload& workload, uint64_t seed, const std::string& path,
                               const char* vfs) {
  Connection connection(path, vfs, "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c INT)");
  if (workload.indexed) connection.Execute("CREATE INDEX t_c ON t(c)");
  const Workload fill = {"", "", Workload::Kind::kInsert, 0, workload.rows};
  Transactions transactions(fill, seed, connection);
  connection.Execute("BEGIN");
  transactions.Execute();
  connection.Execute("COMMIT");
}

Transactions::Transactions(const Workload& workload, uint64_t seed, Connection& connection)
    : workload_(workload),
      random_(seed),
      statement_(connection, workload.kind == Workload::Kind::kInsert
                                 ? "INSERT INTO t(b, c) VALUES(?1, ?2)"
                                 : "UPDATE t SET b = ?1 WHERE a = ?2") {
  letters_.reserve(kLetters);
  while (letters_.size() < kLetters) letters_ += static_cast<char>('a' + random_() % 26);
}

void Transactions::Execute() {
  for (int i = 0; i < workload_.rows_per_transaction; ++i) {
    workload_.kind == Workload::Kind::kInsert ? Insert() : Update();
  }
}

const char* Transactions::Text() { return letters_.data() + random_() % (kLetters - kTextSize); }

void Transactions::Insert() {
  sqlite3_bind_text(statement_.handle(), 1, Text(), kTextSize, SQLITE_STATIC);
  sqlite3_bind_int64(statement_.handle(), 2, static_cast<sqlite3_int64>(random_() >> 33));
  statement_.Run();
}

void Transactions::Update() {
  sqlite3_bind_text(statement_.handle(), 1, Text(), kTextSize, SQLITE_STATIC);
  const auto row = 1 + random_() % static_cast<uint64_t>(workload_.rows);
  sqlite3_bind_int64(statement_.handle(), 2, static_cast<sqlite3_int64>(row));
  statement_.Run();
}

}  // namespace bench
