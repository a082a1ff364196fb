// Several processes on the same two databases, with locks in the file system: some through the VFS,
// some on plain SQLite, and some through the VFS until they are killed.
//
// Each process inserts rows, in transactions numbered from 1; some write to both databases. Every
// row also has the next number of all processes together, which is counted in a table of its own:
// two processes that write at the same time, or one that doesn't see what another has written,
// leave a gap or meet a number twice. After each round
//
//   - processes that were left alone have all of their transactions on disk, those that were killed
//     the transactions from 1 to some K, which is not below the last that had been drained;
//   - a transaction is there with all its rows, in both databases or in neither;
//   - those still alive, idle with their connections open, have left no lock behind.
//
// Usage: processes [SEED], in an empty directory. The work is counted; SQLITEASYNC_TEST_SCALE
// scales it, in percent.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>

#include "campaigns/support.h"
#include "core/backend.h"
#include "sqlite3async.h"

extern char** environ;

namespace {

using campaign::Connection;
using campaign::Format;
using campaign::InSchema;
using campaign::Random;

constexpr int kRounds = 4;
constexpr int kTransactions = 25;  // of one process; those to be killed try ten times as many

constexpr char kMain[] = "main.db";
constexpr char kOther[] = "other.db";
constexpr char kPlainVfs[] = "unix";
constexpr int kPatience = 100;  // how often a connection asks again for a lock that it is refused

enum class Kind { kPlain, kAsync, kVictim };
constexpr Kind kCrew[] = {Kind::kPlain, Kind::kPlain,  Kind::kAsync, Kind::kAsync,
                          Kind::kAsync, Kind::kVictim, Kind::kVictim};
constexpr int kCrewSize = std::size(kCrew);

// What a worker has done, in memory that it shares with the process that started it, and whose
// contents a killed worker leaves behind.
struct Progress {
  std::atomic<int64_t> committed;  // the last transaction whose COMMIT has returned
  std::atomic<int64_t> drained;    // the last that is known to be on disk
  std::atomic<int64_t> groups;     // carried to disk
  std::atomic<int> recovered;      // hot journals that it has rolled back
  std::atomic<bool> idle;          // it has done all, and waits for
  std::atomic<bool> dismissed;     // this to close its connections and end
};
static_assert(std::atomic<int64_t>::is_always_lock_free);
Progress* progress;  // kRounds * kCrewSize of them

void MapProgress() {
  const int file = open("progress", O_RDWR | O_CREAT, 0666);
  constexpr size_t kSize = sizeof(Progress) * kRounds * kCrewSize;
  CHECK(file >= 0 && ftruncate(file, kSize) == 0);
  void* memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  CHECK(memory != MAP_FAILED);
  close(file);
  progress = static_cast<Progress*>(memory);  // all zero in a new file
}

std::unique_ptr<Connection> Open(const char* vfs) {
  auto db = std::make_unique<Connection>(kMain, vfs, kPatience);
  const std::string attach = Format("ATTACH 'file:%s?vfs=%s' AS other", kOther, vfs);
  while (!db->Try(attach)) {  // it reads the schema
  }
  return db;
}

// ----------------------------------------------------------------------------- a worker

class Worker {
 public:
  Worker(int number, Kind kind, uint64_t seed)
      : number_(number), kind_(kind), random_(seed), progress_(progress[number]) {}

  void Run(int transactions) {
    if (asynchronous()) {
      CHECK(sqlite3async_initialize(nullptr, 0) == SQLITE_OK);
      SetPace();
      StartWriter();
    }
    const char* vfs = asynchronous() ? SQLITEASYNC_VFSNAME : kPlainVfs;
    reader_ = Open(vfs);
    for (int64_t n = 1; n <= transactions; ++n) {
      if (db_ == nullptr || random_.OneIn(10)) Reopen(vfs);
      while (!Transaction(n)) {
        db_->Rollback();
        campaign::SleepFor(random_.Below(3000));
      }
      progress_.committed = n;
      progress_.groups = sqliteasync::Backend::Get().performer().groups();
      if (!asynchronous()) progress_.drained = n;
      if (random_.OneIn(4)) CheckOwnRows(n);
      if (asynchronous() && random_.OneIn(kind_ == Kind::kVictim ? 15 : 5)) {
        StopWriter();  // when nothing is queued
        progress_.drained = n;
        SetPace();
        StartWriter();
      }
    }
    if (asynchronous()) StopWriter();
    progress_.drained = progress_.committed.load();
    progress_.idle = true;
    while (!progress_.dismissed) campaign::SleepFor(1000);
    db_.reset();
    reader_.reset();
    if (asynchronous()) {
      sqlite3async_shutdown();
      CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) == nullptr);
    }
  }

 private:
  bool asynchronous() const { return kind_ != Kind::kPlain; }

  // A victim's queue is seldom empty. Groups are on, or off, or on where there is no delay: then
  // one is in hand at almost any time, else a pause.
  void SetPace() {
    const int delay = random_.Below(kind_ == Kind::kVictim ? 3 : 2);
    CHECK(sqlite3async_control(SQLITEASYNC_DELAY, delay) == SQLITE_OK);
    CHECK(sqlite3async_control(SQLITEASYNC_GROUPING, random_.Below(3)) == SQLITE_OK);
  }

  void StartWriter() {
    CHECK(sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NEVER) == SQLITE_OK);
    writer_ = std::thread(sqlite3async_run);
  }

  void StopWriter() {
    CHECK(sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE) == SQLITE_OK);
    writer_.join();
  }

  void Reopen(const char* vfs) {
    db_.reset();
    db_ = Open(vfs);
    // With these a killed process loses no consistency, and both databases commit as one.
    const std::vector<const char*> modes = {"DELETE", "TRUNCATE", "PERSIST"};
    for (const char* schema : {"main", "other"}) {
      while (!db_->Try(Format("PRAGMA %s.journal_mode=%s", schema, random_.Of(modes)))) {
      }
      db_->Execute(Format("PRAGMA %s.synchronous=%d; PRAGMA %s.cache_size=%d", schema,
                          1 + random_.Below(3), schema, random_.OneIn(2) ? 5 : 500));
    }
  }

  // Returns false if a file is busy; the transaction may then still be open.
  bool Transaction(int64_t n) {
    const bool both = random_.OneIn(2);
    const bool rolled_back = random_.OneIn(6);
    if (!db_->Try("BEGIN") || !Insert("main", n, both) || (both && !Insert("other", n, both))) {
      return false;
    }
    if (rolled_back) {
      db_->Execute("ROLLBACK");
      return false;  // it is tried again
    }
    while (!db_->Try("COMMIT")) {
      if (random_.OneIn(4)) return false;  // not for ever: another may be waiting for this one
    }
    return true;
  }

  bool Insert(const char* schema, int64_t n, bool both) {
    const int rows = 1 + random_.Below(6);
    if (!db_->Try(InSchema(Format("UPDATE :tally SET n = n + %d", rows), schema))) return false;
    return db_->Try(InSchema(
        Format("WITH RECURSIVE part(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM part WHERE i < %d)"
               "INSERT INTO :row(seq, process, txn, rows, both, body)"
               " SELECT n - %d + i, %d, %lld, %d, %d, randomblob(%d) FROM :tally, part",
               rows, rows, number_, n, rows, both ? 1 : 0, random_.Below(3000)),
        schema));
  }

  // This process sees all that it has committed, on disk or not, between whole transactions of
  // others.
  void CheckOwnRows(int64_t committed) {
    std::string whole;
    std::string own;
    const bool read =
        reader_->Try("BEGIN") &&
        reader_->Try("SELECT (SELECT count(*) FROM row) = (SELECT n FROM tally)", &whole) &&
        reader_->Try(Format("SELECT count(DISTINCT txn) FROM row WHERE process = %d", number_),
                     &own);
    reader_->Rollback();
    if (!read) return;
    CHECK_EQUAL(whole, "1");
    CHECK_EQUAL(own, std::to_string(committed));
  }

  const int number_;
  const Kind kind_;
  Random random_;
  Progress& progress_;
  std::thread writer_;
  std::unique_ptr<Connection> db_;
  std::unique_ptr<Connection> reader_;
};

void WatchLog(void* recovered, int code, const char* message) {
  if (code == SQLITE_NOTICE_RECOVER_ROLLBACK) {
    ++*static_cast<std::atomic<int>*>(recovered);
  } else if (std::strncmp(message, "sqliteasync:", 12) == 0 || code == SQLITE_CORRUPT) {
    CAMPAIGN_FAIL("SQLite's log: (" + std::to_string(code) + ") " + message);
  }
}

// If the process that checks has failed there is nobody to tell this one that it may go.
void EndWithParent(pid_t parent) {
  while (getppid() == parent) campaign::SleepFor(100 * 1000);
  std::_Exit(1);
}

int WorkerMain(int number, Kind kind, uint64_t seed, int transactions, pid_t parent) {
  std::thread(EndWithParent, parent).detach();
  CHECK(sqlite3_config(SQLITE_CONFIG_LOG, WatchLog, &progress[number].recovered) == SQLITE_OK);
  Worker(number, kind, seed).Run(transactions);
  return 0;
}

// ---------------------------------------------------------------- the process that checks

pid_t Spawn(const char* program, int number, Kind kind, uint64_t seed) {
  const int amount = campaign::Scaled(kTransactions) * (kind == Kind::kVictim ? 10 : 1);
  std::string arguments[] = {program,
                             "--worker",
                             std::to_string(number),
                             std::to_string(static_cast<int>(kind)),
                             std::to_string(seed),
                             std::to_string(amount),
                             std::to_string(getpid())};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  CHECK(posix_spawn(&pid, program, nullptr, nullptr, argv.data(), environ) == 0);
  return pid;
}

struct Member {
  int number;
  Kind kind;
  pid_t pid;
  int64_t killed_after;  // of a victim: transactions committed
  bool ended = false;
};

// The worker must not have ended, but for one that was killed.
void Expect(Member& member, bool killed) {
  int status = 0;
  const pid_t pid = waitpid(member.pid, &status, killed ? 0 : WNOHANG);
  CHECK(pid == (killed ? member.pid : 0));
  if (!killed) return;
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  member.ended = true;
}

void CheckDatabases(Connection& db, const std::vector<Member>& members) {
  for (const std::string schema : {"main", "other"}) {
    CHECK_EQUAL(db.Execute(Format("PRAGMA %s.integrity_check", schema.c_str())), "ok");
    CHECK_EQUAL(db.Execute(InSchema("SELECT count(*) = (SELECT n FROM :tally) AND"
                                    " coalesce(max(seq), 0) = count(*) FROM :row",
                                    schema)),
                "1");
    CHECK_EQUAL(db.Execute(InSchema("SELECT count(*) FROM (SELECT 1 FROM :row"
                                    " GROUP BY process, txn HAVING count(*) <> rows)",
                                    schema)),
                "0");
  }
  const char* both = "SELECT DISTINCT process, txn FROM %s.row WHERE both";
  for (const auto& [one, two] : {std::pair("main", "other"), std::pair("other", "main")}) {
    CHECK_EQUAL(db.Execute("SELECT count(*) FROM (" + Format(both, one) + " EXCEPT " +
                           Format(both, two) + ")"),
                "0");
  }
  for (const Member& member : members) {
    const auto number = [&](const char* what) {
      return std::stoll(db.Execute(
          Format("SELECT coalesce(%s, 0) FROM main.row WHERE process = %d", what, member.number)));
    };
    const int64_t last = number("max(txn)");
    const Progress& done = progress[member.number];
    CHECK(number("count(DISTINCT txn)") == last);
    if (last < done.drained || last > done.committed + 1) {
      CAMPAIGN_FAIL(
          Format("process %d: transaction %lld is the last on disk; drained were %lld,"
                 " committed %lld",
                 member.number, last, done.drained.load(), done.committed.load()));
    }
    if (member.kind != Kind::kVictim) CHECK(last == done.committed);
  }
}

void RunRound(Random& random, const char* program, int round) {
  std::vector<Member> members;
  for (Kind kind : kCrew) {
    const int number = round * kCrewSize + static_cast<int>(members.size());
    const int64_t killed_after = random.Below(campaign::Scaled(kTransactions));
    members.push_back({number, kind, Spawn(program, number, kind, random.Next()), killed_after});
  }
  for (bool all = false; !all;) {
    all = true;
    for (Member& member : members) {
      const Progress& done = progress[member.number];
      if (member.ended) continue;
      if (member.kind != Kind::kVictim) {
        if (!done.idle) {
          all = false;
          Expect(member, false);
        }
      } else if (done.committed >= member.killed_after) {
        campaign::SleepFor(random.Below(60 * 1000));  // somewhere in its queue
        CHECK(kill(member.pid, SIGKILL) == 0);
        Expect(member, true);
      } else {
        all = false;
        Expect(member, false);
      }
    }
    campaign::SleepFor(200);
  }

  Connection db(kMain, kPlainVfs, 0);
  db.Execute(Format("ATTACH '%s' AS other", kOther));
  db.Execute("BEGIN EXCLUSIVE");
  CheckDatabases(db, members);
  db.Execute("COMMIT");

  for (const Member& member : members) {
    progress[member.number].dismissed = true;
    if (member.ended) continue;
    int status = 0;
    CHECK(waitpid(member.pid, &status, 0) == member.pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

int Main(const char* program, Random random) {
  std::atomic<int> recovered = 0;
  CHECK(sqlite3_config(SQLITE_CONFIG_LOG, WatchLog, &recovered) == SQLITE_OK);
  Connection db(kMain, kPlainVfs, 0);
  db.Execute(Format("ATTACH '%s' AS other", kOther));
  for (const char* schema : {"main", "other"}) {
    db.Execute(
        InSchema("CREATE TABLE :row(seq INTEGER PRIMARY KEY, process INTEGER, txn INTEGER,"
                 " rows INTEGER, both INTEGER, body BLOB);"
                 "CREATE TABLE :tally(n INTEGER);"
                 "INSERT INTO :tally VALUES(0)",
                 schema));
  }
  for (int round = 0; round < kRounds; ++round) RunRound(random, program, round);

  int64_t lost = 0;
  int64_t groups = 0;
  for (int number = 0; number < kRounds * kCrewSize; ++number) {
    recovered += progress[number].recovered;
    groups += progress[number].groups;
    if (kCrew[number % kCrewSize] != Kind::kVictim) continue;
    lost += progress[number].committed -
            std::stoll(db.Execute(
                Format("SELECT coalesce(max(txn), 0) FROM row WHERE process = %d", number)));
  }
  std::printf(
      "%s rows of %d processes; %lld groups; %lld queued transactions died with those killed;"
      " %d hot journals\n",
      db.Execute("SELECT (SELECT n FROM main.tally) + (SELECT n FROM other.tally)").c_str(),
      kRounds * kCrewSize, static_cast<long long>(groups), static_cast<long long>(lost),
      recovered.load());
  if (campaign::Scaled(100) >= 100) CHECK(groups > 0);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  MapProgress();
  if (argc == 7 && std::strcmp(argv[1], "--worker") == 0) {
    return WorkerMain(std::atoi(argv[2]), static_cast<Kind>(std::atoi(argv[3])),
                      std::strtoull(argv[4], nullptr, 10), std::atoi(argv[5]), std::atoi(argv[6]));
  }
  return Main(argv[0], Random(campaign::ChooseSeed(argc, argv)));
}
