#include "workloads.h"

namespace bench {

namespace {

constexpr int kTextSize = 200;
constexpr int kLetters = 1 << 16;

}  // namespace

void Transactions::CreateTable(const Workload& workload, uint64_t seed, Connection& connection) {
  connection.Execute(
      "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c INT); CREATE INDEX t_c ON t(c)");
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
