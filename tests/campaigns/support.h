// What the campaigns share: checks, seeded choices, and SQLite without ceremony.

#ifndef SQLITEASYNC_CAMPAIGNS_SUPPORT_H_
#define SQLITEASYNC_CAMPAIGNS_SUPPORT_H_

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace campaign {

// If set, called first, for a process in which a failure may be as it should be.
inline void (*before_failure)() = nullptr;

// _Exit, not exit: other threads are at work.
[[noreturn]] inline void Fail(const char* file, int line, const std::string& message) {
  if (before_failure != nullptr) before_failure();
  std::fprintf(stderr, "%s:%d: %s\n", file, line, message.c_str());
  std::fflush(stdout);
  std::_Exit(1);
}

#define CAMPAIGN_FAIL(message) ::campaign::Fail(__FILE__, __LINE__, (message))
#define CHECK(condition)                                 \
  do {                                                   \
    if (!(condition)) CAMPAIGN_FAIL("not: " #condition); \
  } while (false)
#define CHECK_EQUAL(actual, expected)                                                             \
  do {                                                                                            \
    const std::string check_actual = (actual);                                                    \
    const std::string check_expected = (expected);                                                \
    if (check_actual != check_expected) {                                                         \
      CAMPAIGN_FAIL(#actual " is \"" + check_actual + "\", expected \"" + check_expected + "\""); \
    }                                                                                             \
  } while (false)

inline void SleepFor(int microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

// --------------------------------------------------------------------- seeded choices

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t Next() { return engine_(); }
  // 0 to n - 1.
  int Below(int n) { return static_cast<int>(engine_() % static_cast<uint64_t>(n)); }
  bool OneIn(int n) { return Below(n) == 0; }

  template <typename Value>
  const Value& Of(const std::vector<Value>& values) {
    return values[static_cast<size_t>(Below(static_cast<int>(values.size())))];
  }

 private:
  std::mt19937_64 engine_;
};

// The first argument, else SQLITEASYNC_TEST_SEED, else a new one. Printed with the command that
// repeats the run, as far as the scheduling of threads and processes lets it.
inline uint64_t ChooseSeed(int argc, char** argv) {
  const char* given = argc > 1 ? argv[1] : std::getenv("SQLITEASYNC_TEST_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  std::printf("seed %llu (repeat with: %s %llu)\n", static_cast<unsigned long long>(seed), argv[0],
              static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

// `amount`, scaled by the percentage SQLITEASYNC_TEST_SCALE, and at least 1.
inline int Scaled(int amount) {
  const char* scale = std::getenv("SQLITEASYNC_TEST_SCALE");
  const int percent = scale == nullptr ? 100 : std::atoi(scale);
  return std::max(1, amount * percent / 100);
}

// ------------------------------------------------------------------------------ SQLite

// By the rules of sqlite3_mprintf: %q, %lld for 64 bits.
inline std::string Format(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char* text = sqlite3_vmprintf(format, arguments);
  va_end(arguments);
  std::string result = text;
  sqlite3_free(text);
  return result;
}

// `sql` with every ":" replaced by "SCHEMA.".
inline std::string InSchema(const std::string& sql, const std::string& schema) {
  std::string result;
  for (char c : sql) c == ':' ? result += schema + "." : result += c;
  return result;
}

// A connection. What SQLite answers must be SQLITE_OK or SQLITE_BUSY; anything else ends the
// program.
class Connection {
 public:
  static constexpr int kReadWrite = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;

  // When the file is busy SQLite tries `patience` times again, with short pauses.
  Connection(const std::string& name, const char* vfs, int patience, int flags = kReadWrite)
      : name_(name + " on " + vfs), patience_(patience) {
    if (sqlite3_open_v2(name.c_str(), &db_, flags | SQLITE_OPEN_NOMUTEX, vfs) != SQLITE_OK) {
      CAMPAIGN_FAIL("open " + name + ": " + sqlite3_errmsg(db_));
    }
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_handler(
        db_,
        [](void* self, int tries) {
          if (tries >= static_cast<Connection*>(self)->patience_) return 0;
          SleepFor(tries < 10 ? 50 : 500);
          return 1;
        },
        this);
  }
  ~Connection() { CHECK(sqlite3_close(db_) == SQLITE_OK); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Returns false if the file is busy. `last`: the last column of the last row as text.
  bool Try(const std::string& sql, std::string* last = nullptr) {
    std::string value;
    const auto keep = [](void* to, int count, char** values, char**) {
      // PRAGMA incremental_vacuum gives rows without columns.
      const char* text = count == 0 ? nullptr : values[count - 1];
      *static_cast<std::string*>(to) = text == nullptr ? "" : text;
      return 0;
    };
    const int rc = sqlite3_exec(db_, sql.c_str(), keep, &value, nullptr);
    if (last != nullptr) *last = value;
    if ((rc & 0xff) == SQLITE_BUSY) return false;
    // Plain SQLite, too, may take the journal that another connection is just deleting for a hot
    // one (its ticket 3883). It finds out with a lock that a read-only connection can't get.
    if (rc == SQLITE_READONLY_ROLLBACK && sqlite3_db_readonly(db_, "main") == 1) return false;
    if (rc != SQLITE_OK) {
      CAMPAIGN_FAIL(name_ + ": " + sql.substr(0, 300) + ": " + sqlite3_errmsg(db_) + " (" +
                    std::to_string(rc) + ")");
    }
    return true;
  }

  // As Try, where nothing can be busy.
  std::string Execute(const std::string& sql) {
    std::string last;
    if (!Try(sql, &last)) CAMPAIGN_FAIL(name_ + ": busy: " + sql);
    return last;
  }

  // A deterministic SQL function.
  void AddFunction(const char* name, int arguments,
                   void (*function)(sqlite3_context*, int, sqlite3_value**)) {
    CHECK(sqlite3_create_function_v2(db_, name, arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                     nullptr, function, nullptr, nullptr, nullptr) == SQLITE_OK);
  }

  sqlite3* handle() { return db_; }
  const std::string& name() const { return name_; }

  bool InTransaction() const { return sqlite3_get_autocommit(db_) == 0; }
  void Rollback() {
    if (InTransaction()) Execute("ROLLBACK");
  }

 private:
  const std::string name_;
  const int patience_;
  sqlite3* db_ = nullptr;
};

}  // namespace campaign

#endif  // SQLITEASYNC_CAMPAIGNS_SUPPORT_H_
