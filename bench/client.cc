#include "client.h"

namespace bench {

namespace {

// How long a connection waits for a lock, milliseconds: until it gets it.
constexpr int kBusyTimeout = 60'000;

}  // namespace

int64_t Nanoseconds(Clock::duration time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}
double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

Client::Client(const std::string& path, const char* vfs, const char* pragmas,
               const Workload& workload, uint64_t seed)
    : connection_(path, vfs, pragmas),
      begin_(connection_, "BEGIN"),
      commit_(connection_, "COMMIT"),
      transactions_(workload, seed, connection_) {
  sqlite3_busy_timeout(connection_.handle(), kBusyTimeout);
}

void Client::Transaction(Latencies& latencies) {
  const auto began = Clock::now();
  Begin();
  Commit();
  latencies.Record(Nanoseconds(Clock::now() - began));
}

Reader::Reader(const std::string& path, const char* vfs, const Workload& workload, uint64_t seed)
    : workload_(workload),
      random_(seed),
      connection_(path, vfs),
      row_(connection_, "SELECT b FROM t WHERE a = ?1"),
      scan_(connection_, "SELECT max(length(b)) FROM t") {
  sqlite3_busy_timeout(connection_.handle(), kBusyTimeout);
}

void Reader::ReadRow(Latencies& latencies) {
  const auto row = 1 + random_() % static_cast<uint64_t>(workload_.rows);
  sqlite3_bind_int64(row_.handle(), 1, static_cast<sqlite3_int64>(row));
  Run(row_, latencies);
}

void Reader::Scan(Latencies& latencies) { Run(scan_, latencies); }

void Reader::Run(const Statement& statement, Latencies& latencies) {
  sqlite3_db_release_memory(connection_.handle());
  const auto began = Clock::now();
  if (sqlite3_step(statement.handle()) != SQLITE_ROW ||
      sqlite3_reset(statement.handle()) != SQLITE_OK) {
    connection_.Fail(sqlite3_sql(statement.handle()));
  }
  latencies.Record(Nanoseconds(Clock::now() - began));
}

}  // namespace bench
