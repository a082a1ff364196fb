#include "connection.h"

#include <stdexcept>

namespace bench {

Connection::Connection(const std::string& path, const char* vfs, const char* sql) {
  if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) !=
      SQLITE_OK) {
    const std::string message = path + ": " + sqlite3_errmsg(handle_);
    sqlite3_close(handle_);
    throw std::runtime_error(message);
  }
  Execute(sql);
}

void Connection::Execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Fail(sql);
}

int64_t Connection::Integer(const char* sql) {
  const Statement statement(*this, sql);
  if (sqlite3_step(statement.handle()) != SQLITE_ROW) Fail(sql);
  return sqlite3_column_int64(statement.handle(), 0);
}

void Connection::Fail(const std::string& what) const {
  throw std::runtime_error(what + ": " + sqlite3_errmsg(handle_) + " (" +
                           std::to_string(sqlite3_extended_errcode(handle_)) + ")");
}

Statement::Statement(const Connection& connection, const char* sql) : connection_(connection) {
  if (sqlite3_prepare_v3(connection.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle_,
                         nullptr) != SQLITE_OK) {
    connection.Fail(sql);
  }
}

void Statement::Run() {
  if (sqlite3_step(handle_) != SQLITE_DONE || sqlite3_reset(handle_) != SQLITE_OK) {
    connection_.Fail(sqlite3_sql(handle_));
  }
}

}  // namespace bench
