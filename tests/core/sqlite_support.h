// What the tests of the whole backend share: connections and files of SQLite, and a fixture with
// the backend on top of a FakeVfs.

#ifndef SQLITEASYNC_TESTS_CORE_SQLITE_SUPPORT_H_
#define SQLITEASYNC_TESTS_CORE_SQLITE_SUPPORT_H_

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/allocation.h"
#include "core/backend.h"
#include "core/fake_vfs.h"
#include "core/file_name.h"

namespace sqliteasync::test {

inline constexpr char kParent[] = "fake";
inline constexpr char kPlain[] = "plain";         // the parent's files, as another process has them
inline constexpr char kAsync[] = "sqlite3async";  // the backend on top of the parent

// A connection, closed at the end of its life.
class Connection {
 public:
  Connection() = default;
  // Opens `path`, a name or a URI, through `vfs`. `code()` says how that went.
  Connection(const char* vfs, const std::string& path,
             int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  Connection(Connection&& other) noexcept { *this = std::move(other); }
  Connection& operator=(Connection&& other) noexcept;
  ~Connection() { Close(); }

  void Close();
  sqlite3* get() const { return connection_; }

  // From now on it never gives up on SQLITE_BUSY.
  void WaitWhileBusy();

  // Runs the statements. Returns the code, extended.
  int Run(const std::string& sql);
  // Runs the statements, which must succeed. Returns the values of all rows: values separated by
  // "|", rows by a blank.
  std::string Query(const std::string& sql);
  // As Query, but the text is "error N" if it fails.
  std::string TryQuery(const std::string& sql);
  int code() const { return code_; }  // of the last call, extended

 private:
  sqlite3* connection_ = nullptr;
  int code_ = SQLITE_OK;
};

// A file, opened through a VFS as SQLite does it.
class VfsFile {
 public:
  // `database`: the path of the database; the file is what `role` says.
  VfsFile(const char* vfs, const std::string& database, FileRole role, int flags,
          const UriParameters& parameters = {});
  // Without a name.
  VfsFile(const char* vfs, int flags);
  ~VfsFile() { Close(); }
  VfsFile(const VfsFile&) = delete;
  VfsFile& operator=(const VfsFile&) = delete;

  int code() const { return code_; }  // of the open
  void Close();

  int Write(int64_t offset, const std::string& bytes);
  // The bytes, with "|" behind them if the end of the file was met, or "error N".
  std::string Read(int64_t offset, int size);
  int64_t Size();
  int Truncate(int64_t size) { return methods().xTruncate(file(), size); }
  int Sync(int flags = SQLITE_SYNC_NORMAL) { return methods().xSync(file(), flags); }
  int Lock(int level) { return methods().xLock(file(), level); }
  int Unlock(int level) { return methods().xUnlock(file(), level); }
  // -1 for an error.
  int Reserved();
  int Level();
  int Control(int verb, void* argument) { return methods().xFileControl(file(), verb, argument); }

  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(memory_.data()); }
  const sqlite3_io_methods& methods() { return *file()->pMethods; }

 private:
  void Open(const char* vfs, int flags);

  FileName name_;
  std::vector<char> memory_;
  int code_ = SQLITE_OK;
};

inline constexpr int kMainFlags = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
inline constexpr int kJournalFlags =
    SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
inline constexpr int kHotJournalFlags = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_READWRITE;
inline constexpr int kTemporaryFlags = SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_READWRITE |
                                       SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE |
                                       SQLITE_OPEN_DELETEONCLOSE;

// What a VFS says about a name.
bool Exists(const char* vfs, const std::string& database, FileRole role = FileRole::kMain);
int DeleteFile(const char* vfs, const std::string& database, FileRole role = FileRole::kMain);

// What SQLite's error log has been told since the last call, one line each.
std::string TakeLog();

// Ends a test that hangs because something waits for a call that the fake holds up: after a long
// time lets the call go on, and fails.
class Watchdog {
 public:
  explicit Watchdog(FakeVfs& fake);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

// The backend on top of a FakeVfs, with settings as at the start of a program and no writer
// running, but for the grouping, which is off: most tests look at the operations of a transaction
// one by one. A test ends with everything closed and nothing queued, or fails.
class BackendTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  Backend& backend() { return Backend::Get(); }

  // Performs up to `count` queued operations.
  int64_t Step(int64_t count = 1) { return backend().writer().Step(count); }
  int64_t StepAll();

  void StartWriter();
  // Performs what is queued, and stops it.
  void StopWriter();

  // What plain SQLite makes of the files as they lie at the parent: the result of the query, or
  // "error N".
  std::string Plain(const std::string& path, const std::string& sql);

  // A database at the parent, made by plain SQLite.
  void MakePlain(const std::string& path, const std::string& sql);

  FakeVfs fake{kParent, kPlain};
};

}  // namespace sqliteasync::test

#endif  // SQLITEASYNC_TESTS_CORE_SQLITE_SUPPORT_H_
