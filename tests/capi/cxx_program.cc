// A C++ program that uses nothing but sqlite3async.h, sqlite3.h and libsqliteasync.a.
//
// Two threads call sqlite3async_run() at once, two others write, each on its own database. The
// calls are to be serialised: a VFS that this program registers, and gives sqliteasync as its
// parent, watches which threads change files and whether two ever do so at the same time.
//
// It works in the current directory, which should be empty. The first check that fails ends it with
// a message and the exit status 1.

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "sqlite3async.h"

namespace {

void Check(bool passed, const char* what, int line) {
  if (!passed) {
    std::fprintf(stderr, "cxx_program.cc:%d: %s\n", line, what);
    std::_Exit(1);  // not exit(): other threads are at work
  }
}
#define CHECK(condition) Check((condition), #condition, __LINE__)

// ---------------------------------------------------------------- a parent that watches

// The platform's default VFS with another xOpen. The files are that VFS's own; their method tables
// are copies in which the calls that change a file go by here.
struct Watch {
  sqlite3_vfs vfs;
  sqlite3_vfs* real = nullptr;

  std::atomic<int> inside = 0;    // threads that are changing a file
  std::atomic<int> overlaps = 0;  // how often a second one was
  std::atomic<int> changes = 0;   // calls

  std::mutex mutex;
  std::set<std::thread::id> threads;  // that changed a file
  // The copies by the real methods, and the other way round.
  std::map<const sqlite3_io_methods*, std::unique_ptr<sqlite3_io_methods>> methods;
  std::map<const sqlite3_io_methods*, const sqlite3_io_methods*> real_methods;
};

Watch& TheWatch() {
  static Watch watch;
  return watch;
}

const sqlite3_io_methods* RealMethods(sqlite3_file* file) {
  Watch& watch = TheWatch();
  std::lock_guard lock(watch.mutex);
  return watch.real_methods.at(file->pMethods);
}

class Change {
 public:
  Change() {
    Watch& watch = TheWatch();
    if (watch.inside.fetch_add(1) != 0) ++watch.overlaps;
    ++watch.changes;
    std::lock_guard lock(watch.mutex);
    watch.threads.insert(std::this_thread::get_id());
  }
  ~Change() { --TheWatch().inside; }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;
};

int WatchedWrite(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const Change change;
  return RealMethods(file)->xWrite(file, bytes, size, offset);
}

int WatchedSync(sqlite3_file* file, int flags) {
  const Change change;
  return RealMethods(file)->xSync(file, flags);
}

int WatchedOpen(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  Watch& watch = TheWatch();
  const int rc = watch.real->xOpen(watch.real, name, file, flags, out_flags);
  if (rc != SQLITE_OK) return rc;
  std::lock_guard lock(watch.mutex);
  std::unique_ptr<sqlite3_io_methods>& copy = watch.methods[file->pMethods];
  if (copy == nullptr) {
    copy = std::make_unique<sqlite3_io_methods>(*file->pMethods);
    copy->xWrite = WatchedWrite;
    copy->xSync = WatchedSync;
    watch.real_methods[copy.get()] = file->pMethods;
  }
  file->pMethods = copy.get();
  return SQLITE_OK;
}

void RegisterWatch() {
  Watch& watch = TheWatch();
  watch.real = sqlite3_vfs_find(nullptr);
  watch.vfs = *watch.real;
  watch.vfs.pNext = nullptr;
  watch.vfs.zName = "watch";
  watch.vfs.xOpen = WatchedOpen;
  CHECK(sqlite3_vfs_register(&watch.vfs, 0) == SQLITE_OK);
}

// ------------------------------------------------------------------- SQLite, without ceremony

class Connection {
 public:
  Connection(const std::string& name, const char* vfs) {
    CHECK(sqlite3_open_v2(name.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) ==
          SQLITE_OK);
  }
  ~Connection() { CHECK(sqlite3_close(db_) == SQLITE_OK); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Returns the last column of the last row as text.
  std::string Execute(const std::string& sql) {
    std::string result;
    const auto keep = [](void* to, int count, char** values, char**) {
      *static_cast<std::string*>(to) = values[count - 1] == nullptr ? "" : values[count - 1];
      return 0;
    };
    const int rc = sqlite3_exec(db_, sql.c_str(), keep, &result, nullptr);
    if (rc != SQLITE_OK) std::fprintf(stderr, "%s: %s\n", sql.c_str(), sqlite3_errmsg(db_));
    CHECK(rc == SQLITE_OK);
    return result;
  }

 private:
  sqlite3* db_ = nullptr;
};

// ------------------------------------------------------------------------------- the program

constexpr int kTransactions = 200;

void WriteDatabase(const std::string& name) {
  Connection db(name, SQLITEASYNC_VFSNAME);
  db.Execute("CREATE TABLE t(id INTEGER PRIMARY KEY, x)");
  for (int i = 1; i <= kTransactions; ++i) {
    db.Execute("INSERT INTO t(x) VALUES(randomblob(200))");
    CHECK(db.Execute("SELECT count(*) FROM t") == std::to_string(i));
  }
}

void VerifyDatabase(const std::string& name) {
  Connection db(name, nullptr);
  CHECK(db.Execute("PRAGMA integrity_check") == "ok");
  CHECK(db.Execute("SELECT count(*) FROM t") == std::to_string(kTransactions));
}

// Nothing is open and nothing queued: only then may "lockfiles" change.
bool IsAtRest() {
  if (sqlite3async_control(SQLITEASYNC_LOCKFILES, 0) != SQLITE_OK) return false;
  CHECK(sqlite3async_control(SQLITEASYNC_LOCKFILES, 1) == SQLITE_OK);
  return true;
}

void SleepBriefly() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

}  // namespace

int main() {
  CHECK(sqlite3_initialize() == SQLITE_OK);
  RegisterWatch();
  CHECK(sqlite3async_initialize("watch", 1) == SQLITE_OK);
  CHECK(std::strcmp(sqlite3_vfs_find(nullptr)->zName, SQLITEASYNC_VFSNAME) == 0);

  std::atomic<int> running = 2;
  const auto run = [&running] {
    sqlite3async_run();
    --running;
  };
  std::thread writer1(run);
  std::thread writer2(run);
  std::thread application1(WriteDatabase, "one.db");
  std::thread application2(WriteDatabase, "two.db");

  // The settings belong to all threads: this one plays with the writer's pace meanwhile.
  for (int i = 0; i < 50; ++i) {
    CHECK(sqlite3async_control(SQLITEASYNC_DELAY, i % 2) == SQLITE_OK);
    int delay = -1;
    CHECK(sqlite3async_control(SQLITEASYNC_GET_DELAY, &delay) == SQLITE_OK);
    CHECK(delay == i % 2);
    SleepBriefly();
  }
  CHECK(sqlite3async_control(SQLITEASYNC_DELAY, 0) == SQLITE_OK);
  application1.join();
  application2.join();
  while (!IsAtRest()) SleepBriefly();

  // All of it was one thread's work, and neither has gone home.
  Watch& watch = TheWatch();
  CHECK(running == 2);
  CHECK(watch.changes > 0);
  CHECK(watch.overlaps == 0);
  {
    std::lock_guard lock(watch.mutex);
    CHECK(watch.threads.size() == 1);
    const std::thread::id worker = *watch.threads.begin();
    CHECK(worker == writer1.get_id() || worker == writer2.get_id());
  }

  CHECK(sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE) == SQLITE_OK);
  writer1.join();
  writer2.join();
  CHECK(running == 0);

  sqlite3async_shutdown();
  CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) == nullptr);
  VerifyDatabase("one.db");
  VerifyDatabase("two.db");
  std::printf("cxx_program: ok\n");
  return 0;
}
