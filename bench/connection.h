// SQLite without ceremony: whatever it answers that isn't success is a std::runtime_error.

#ifndef SQLITEASYNC_BENCH_CONNECTION_H_
#define SQLITEASYNC_BENCH_CONNECTION_H_

#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace bench {

class Connection {
 public:
  // `vfs`: null for the default. `sql`: what it executes to begin with.
  Connection(const std::string& path, const char* vfs, const char* sql = "");
  ~Connection() { sqlite3_close(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Execute(const std::string& sql);
  // The first value of the first row.
  int64_t Integer(const char* sql);
  sqlite3* handle() const { return handle_; }
  [[noreturn]] void Fail(const std::string& what) const;

 private:
  sqlite3* handle_ = nullptr;
};

// Prepared once, executed often. REQUIRES: its connection outlives it.
class Statement {
 public:
  Statement(const Connection& connection, const char* sql);
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  sqlite3_stmt* handle() const { return handle_; }
  // Runs a statement that gives no rows, and makes it ready for the next time.
  void Run();

 private:
  const Connection& connection_;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_CONNECTION_H_
