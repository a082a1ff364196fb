// Many threads on a few databases, through the VFS, while others play with the writer.
//
// Every database keeps books that any broken state would upset:
//
//   account   balances that always add up to the same sum
//   entry     a row per committed transaction, numbered, with a chain that is computed from the one
//   of
//             the row before and a body that can be recognised; old rows are pruned
//   total     what there is in entry: how many, how many pruned, how many bytes, the last chain
//   link      a counter for each pair of databases, always equal in both
//
// Writers change all of them in transactions of all kinds, single and multi-file, some rolled back.
// Readers check all of them in one read transaction, and that no transaction is missing which had
// been committed before they began. Some readers use plain SQLite below the VFS: they see older
// states, but whole ones. Openers open and close connections all the time. Controllers halt, start,
// pace and step the writer and turn groups on and off meanwhile, and two threads lend themselves to
// sqlite3async_run(). After each round the queue is drained, plain SQLite finds every database
// whole and every transaction there, and the VFS can be unregistered.
//
// Usage: threads [SEED], in an empty directory. The work is counted; SQLITEASYNC_TEST_SCALE scales
// it, in percent.

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>

#include "campaigns/support.h"
#include "core/backend.h"
#include "sqlite3async.h"

namespace {

using campaign::Connection;
using campaign::Format;
using campaign::InSchema;
using campaign::Random;
using sqliteasync::Backend;

constexpr int kRounds = 8;
constexpr int kWriters = 4;
constexpr int kReaders = 3;
constexpr int kPlainReaders = 2;
constexpr int kOpeners = 2;
constexpr int kControllers = 2;
constexpr int kRunners = 2;

// The work of one thread in one round.
constexpr int kTransactions = 50;
constexpr int kChecks = 100;
constexpr int kOpens = 80;
constexpr int kWakes = 20;  // at its end

// How often a connection asks again for a lock that it is refused.
constexpr int kPatience = 60;

#ifdef _WIN32
constexpr char kPlainVfs[] = "win32";
#else
constexpr char kPlainVfs[] = "unix";
#endif

struct Book {
  const char* path;
  const char* settings;               // for its creation
  std::atomic<int64_t> committed{0};  // total.n as of the newest commit that has returned
};

Book books[] = {
    {"one.db", "PRAGMA page_size=1024; PRAGMA auto_vacuum=FULL"},
    {"two.db", "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL"},
    {"three.db", "PRAGMA page_size=512"},
};
constexpr int kBooks = 3;

// What happened, for the line that is printed at the end.
struct {
  std::atomic<int> committed, multi_file, rolled_back, vacuumed, busy;
  std::atomic<int> checks, plain_checks, plain_busy, opens;
  std::atomic<int> controls, starts, steps, runs;
} happened;

// Writers, readers and openers that are still at work.
std::atomic<int> workers;

// ---------------------------------------------------------------------------- the books

constexpr int kAccounts = 100;
constexpr int kBalance = 1000;  // of each, to start with
constexpr int kKeptEntries = 60;

// body(SEQ, SIZE): the text of that many characters that belongs to entry SEQ.
void BodyFunction(sqlite3_context* context, int, sqlite3_value** arguments) {
  const std::string number = std::to_string(sqlite3_value_int64(arguments[0])) + ".";
  std::string text;
  const auto size = static_cast<size_t>(sqlite3_value_int(arguments[1]));
  while (text.size() < size) text += number;
  sqlite3_result_text(context, text.data(), static_cast<int>(size), SQLITE_TRANSIENT);
}

// chain(CHAIN-BEFORE, SEQ, SIZE)
void ChainFunction(sqlite3_context* context, int, sqlite3_value** arguments) {
  const int64_t sum = sqlite3_value_int64(arguments[0]) * 31 +
                      sqlite3_value_int64(arguments[1]) * 7 + sqlite3_value_int64(arguments[2]);
  sqlite3_result_int64(context, sum % 1000003);
}

// Which books a connection works on.
struct Pair {
  int first;        // its main database
  int second = -1;  // attached as "other"; negative: none

  static Pair Any(Random& random) {
    Pair pair{random.Below(kBooks)};
    if (random.OneIn(3)) pair.second = (pair.first + 1 + random.Below(kBooks - 1)) % kBooks;
    return pair;
  }
  bool two() const { return second >= 0; }
  std::vector<const char*> schemas() const {
    if (two()) return {"main", "other"};
    return {"main"};
  }
  // The pair's row in table link.
  std::string link() const {
    return std::to_string(std::min(first, second)) + "-" + std::to_string(std::max(first, second));
  }
};

std::unique_ptr<Connection> Open(Pair pair, const char* vfs, int flags = Connection::kReadWrite) {
  auto db = std::make_unique<Connection>(books[pair.first].path, vfs, kPatience, flags);
  db->AddFunction("body", 2, BodyFunction);
  db->AddFunction("chain", 3, ChainFunction);
  if (pair.two()) {
    const std::string attach =
        Format("ATTACH 'file:%s?vfs=%s' AS other", books[pair.second].path, vfs);
    while (!db->Try(attach)) {  // it reads the schema
    }
  }
  return db;
}

const char* AnyVfsName(Random& random) { return random.OneIn(2) ? "async" : SQLITEASYNC_VFSNAME; }

void CreateBook(int number) {
  const auto db = Open({number}, SQLITEASYNC_VFSNAME);
  db->Execute(books[number].settings);
  db->Execute(
      Format("BEGIN;"
             "CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER, note BLOB);"
             "CREATE TABLE entry(seq INTEGER PRIMARY KEY, chain INTEGER, body TEXT);"
             "CREATE INDEX entry_size ON entry(length(body));"
             "CREATE TABLE total(n INTEGER, pruned INTEGER, bytes INTEGER, chain INTEGER);"
             "CREATE TABLE link(pair TEXT PRIMARY KEY, n INTEGER);"
             "INSERT INTO total VALUES(0, 0, 0, 0);"
             "INSERT INTO link VALUES('0-1', 0), ('0-2', 0), ('1-2', 0);"
             "WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < %d)"
             " INSERT INTO account SELECT x, %d, zeroblob(100) FROM i;"
             "COMMIT",
             kAccounts, kBalance));
}

// Reads one book in the transaction that is open. Returns total.n, or nothing if the file is busy;
// ends the program if the book is not whole.
std::optional<int64_t> CheckBook(Connection& db, const std::string& schema) {
  const std::string sql = Format(
      "SELECT CASE"
      " WHEN (SELECT sum(balance) FROM :account) <> %d THEN 'sum of the balances'"
      " WHEN (SELECT count(*) FROM :entry) <> n - pruned THEN 'number of entries'"
      " WHEN (SELECT coalesce(max(seq), 0) FROM :entry) <> n THEN 'last entry'"
      " WHEN (SELECT coalesce(sum(length(body)), 0) FROM :entry) <> bytes THEN 'bytes'"
      " WHEN n > 0 AND (SELECT chain FROM :entry WHERE seq = n) <> chain THEN 'last chain'"
      " WHEN EXISTS (SELECT 1 FROM :entry WHERE body <> body(seq, length(body))) THEN 'a body'"
      " WHEN EXISTS (SELECT 1 FROM :entry AS a JOIN :entry AS b ON b.seq = a.seq + 1"
      "  WHERE b.chain <> chain(a.chain, b.seq, length(b.body))) THEN 'chain'"
      " ELSE n END FROM :total",
      kAccounts * kBalance);
  std::string answer;
  if (!db.Try(InSchema(sql, schema), &answer)) return std::nullopt;
  char* end = nullptr;
  const int64_t n = std::strtoll(answer.c_str(), &end, 10);
  if (answer.empty() || *end != '\0')
    CAMPAIGN_FAIL(db.name() + ", " + schema + ": wrong " + answer);
  return n;
}

// Reads all books of a connection in one transaction. `current`: nothing that is committed may be
// missing. Returns false if a file is busy.
bool CheckBooks(Connection& db, Pair pair, bool current) {
  const std::vector<int> numbers =
      pair.two() ? std::vector{pair.first, pair.second} : std::vector{pair.first};
  std::vector<int64_t> committed;
  for (int number : numbers) committed.push_back(books[number].committed);
  const auto check = [&] {
    if (!db.Try("BEGIN")) return false;
    for (size_t i = 0; i < numbers.size(); ++i) {
      const std::optional<int64_t> n = CheckBook(db, pair.schemas()[i]);
      if (!n.has_value()) return false;
      if (current && *n < committed[i]) {
        CAMPAIGN_FAIL(Format("%s: transaction %lld is committed, the last that can be read is %lld",
                             books[numbers[i]].path, committed[i], *n));
      }
    }
    if (pair.two()) {
      std::string both;
      if (!db.Try(Format("SELECT a.n = b.n FROM main.link AS a JOIN other.link AS b USING (pair)"
                         " WHERE pair = '%q'",
                         pair.link().c_str()),
                  &both)) {
        return false;
      }
      CHECK_EQUAL(both, "1");
    }
    return true;
  };
  const bool whole = check();
  db.Rollback();
  return whole;
}

// ------------------------------------------------------------------------------ writers

class Writer {
 public:
  explicit Writer(uint64_t seed) : random_(seed) {}

  void Run(int transactions) {
    while (transactions > 0) {
      if (db_ == nullptr || left_ == 0) Reopen();
      if (Transaction()) {
        --transactions;
        --left_;
        if (random_.OneIn(50) && db_->Try("VACUUM")) ++happened.vacuumed;
      } else {
        ++happened.busy;
        db_->Rollback();
        if (exclusive_) db_.reset();  // or it would keep its lock
        campaign::SleepFor(random_.Below(2000));
      }
    }
    db_.reset();
  }

 private:
  void Reopen() {
    db_.reset();
    pair_ = Pair::Any(random_);
    db_ = Open(pair_, AnyVfsName(random_));
    left_ = 1 + random_.Below(20);
    exclusive_ = !pair_.two() && random_.OneIn(8);
    if (exclusive_) {
      left_ = 1 + random_.Below(3);
      db_->Execute("PRAGMA locking_mode=EXCLUSIVE");
    }
    no_journal_ = !pair_.two() && !exclusive_ && random_.OneIn(10);
    const std::vector<const char*> modes = {"DELETE", "TRUNCATE", "PERSIST", "MEMORY"};
    // Seldom, for it is slow; alike in both, or a multi-file transaction has no super-journal.
    const int synchronous = random_.OneIn(3) ? random_.Below(4) : 0;
    for (const char* schema : pair_.schemas()) {
      const char* mode = no_journal_ ? "OFF" : random_.Of(modes);
      // The first statement reads the schema, and may find the file busy.
      while (!db_->Try(Format("PRAGMA %s.journal_mode=%s", schema, mode))) {
      }
      db_->Execute(Format("PRAGMA %s.synchronous=%d; PRAGMA %s.cache_size=%d", schema, synchronous,
                          schema, random_.OneIn(2) ? 6 : 500));
    }
    db_->Execute("PRAGMA temp.cache_size=6");
  }

  // Returns false if a file is busy; the transaction may then still be open.
  bool Transaction() {
    const std::vector<const char*> begins = {"BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"};
    // What begins without a journal cannot be rolled back, so nothing may be in its way later.
    if (!db_->Try(no_journal_ ? "BEGIN EXCLUSIVE" : random_.Of(begins))) return false;
    std::vector<int64_t> numbers;
    for (const char* schema : pair_.schemas()) {
      const std::optional<int64_t> n = Change(schema);
      if (!n.has_value()) return false;
      numbers.push_back(*n);
    }
    if (!no_journal_ && random_.OneIn(6)) {
      db_->Execute("ROLLBACK");
      ++happened.rolled_back;
      return true;
    }
    while (!db_->Try("COMMIT")) {
      if (random_.OneIn(4)) return false;  // not for ever: another may be waiting for this one
    }
    const int of_pair[] = {pair_.first, pair_.second};
    for (size_t i = 0; i < numbers.size(); ++i) {
      std::atomic<int64_t>& committed = books[of_pair[i]].committed;
      int64_t known = committed;
      while (known < numbers[i] && !committed.compare_exchange_weak(known, numbers[i])) {
      }
    }
    ++happened.committed;
    happened.multi_file += pair_.two() ? 1 : 0;
    return true;
  }

  // Changes one book. Returns its new total.n, or nothing if the file is busy.
  std::optional<int64_t> Change(const std::string& schema) {
    const auto change = [&](const std::string& sql) { return db_->Try(InSchema(sql, schema)); };
    for (int transfers = 1 + random_.Below(4); transfers > 0; --transfers) {
      const int amount = random_.Below(100);
      if (!change(Format("UPDATE :account SET balance = balance - %d, note = randomblob(%d)"
                         " WHERE id = %d;"
                         "UPDATE :account SET balance = balance + %d WHERE id = %d",
                         amount, random_.Below(900), 1 + random_.Below(kAccounts), amount,
                         1 + random_.Below(kAccounts)))) {
        return std::nullopt;
      }
    }
    if (!no_journal_ && random_.OneIn(3)) {
      // Taken back again; enough to spill a small cache.
      if (!change(Format("SAVEPOINT s;"
                         "UPDATE :account SET balance = 0, note = randomblob(%d);"
                         "DELETE FROM :entry WHERE seq %% 3 = %d;"
                         "ROLLBACK TO s; RELEASE s",
                         random_.Below(600), random_.Below(3)))) {
        return std::nullopt;
      }
    }
    if (random_.OneIn(4)) UseTemporaryFiles();

    const int size = random_.OneIn(10) ? 2000 : random_.Below(300);
    if (!change(Format("INSERT INTO :entry(seq, chain, body)"
                       " SELECT n + 1, chain(chain, n + 1, %d), body(n + 1, %d) FROM :total;"
                       "UPDATE :total SET n = n + 1, bytes = bytes + %d,"
                       " chain = (SELECT chain FROM :entry WHERE seq = n + 1)",
                       size, size, size))) {
      return std::nullopt;
    }
    if (random_.OneIn(8) &&
        !change(Format("DELETE FROM :entry WHERE seq <= (SELECT n FROM :total) - %d;"
                       "UPDATE :total SET pruned = n - (SELECT count(*) FROM :entry),"
                       " bytes = (SELECT sum(length(body)) FROM :entry);"
                       "PRAGMA :incremental_vacuum(%d)",
                       kKeptEntries, 1 + random_.Below(10)))) {
      return std::nullopt;
    }
    if (pair_.two() &&
        !change(Format("UPDATE :link SET n = n + 1 WHERE pair = '%q'", pair_.link().c_str()))) {
      return std::nullopt;
    }
    std::string n;
    if (!db_->Try(InSchema("SELECT n FROM :total", schema), &n)) return std::nullopt;
    return std::strtoll(n.c_str(), nullptr, 10);
  }

  // A temporary table and a sort, larger than what is kept in memory.
  void UseTemporaryFiles() {
    const int rows = 50 + random_.Below(150);
    db_->Execute(
        Format("CREATE TEMP TABLE IF NOT EXISTS scratch(id INTEGER PRIMARY KEY, body TEXT);"
               "WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < %d)"
               " INSERT INTO scratch SELECT x, body(x, 400) FROM i",
               rows));
    CHECK_EQUAL(db_->Execute("SELECT sum(body = body(id, 400))"
                             " FROM (SELECT * FROM scratch ORDER BY body DESC LIMIT -1)"),
                std::to_string(rows));
    db_->Execute("DELETE FROM scratch");
  }

  Random random_;
  std::unique_ptr<Connection> db_;
  Pair pair_{0};
  int left_ = 0;             // transactions until the connection is closed
  bool exclusive_ = false;   // it keeps its locks between transactions
  bool no_journal_ = false;  // it can't roll back
};

// ------------------------------------------------------------ readers, and who comes and goes

void RunReader(uint64_t seed, int checks) {
  Random random(seed);
  while (checks > 0) {
    const Pair pair = Pair::Any(random);
    const auto db = Open(pair, AnyVfsName(random));
    for (int left = 1 + random.Below(20); left > 0 && checks > 0; --left) {
      if (CheckBooks(*db, pair, true)) {
        --checks;
        ++happened.checks;
      }
      campaign::SleepFor(random.Below(1000));
    }
  }
}

// Below the VFS. While the writer is halted it finds the files locked.
void RunPlainReader(uint64_t seed, int checks) {
  Random random(seed);
  for (; checks > 0; --checks) {
    const Pair pair = Pair::Any(random);
    const auto db = Open(pair, kPlainVfs);
    ++(CheckBooks(*db, pair, false) ? happened.plain_checks : happened.plain_busy);
    campaign::SleepFor(random.Below(2000));
  }
}

void RunOpener(uint64_t seed, int opens) {
  Random random(seed);
  for (; opens > 0; --opens) {
    const Pair pair = Pair::Any(random);
    const char* vfs = AnyVfsName(random);
    switch (random.Below(4)) {
      case 0:
        Open(pair, vfs);
        break;
      case 1:
        CheckBooks(*Open(pair, vfs, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI), pair, true);
        break;
      case 2:
        CheckBooks(*Open(pair, vfs), pair, true);
        break;
      case 3: {
        // Closed in the middle of a transaction, which is thereby rolled back.
        const auto db = Open(pair, vfs);
        db->Try(Format("PRAGMA cache_size=%d", random.OneIn(2) ? 6 : 500));
        db->Try("BEGIN IMMEDIATE; UPDATE main.account SET balance = 0, note = randomblob(300)");
        break;
      }
    }
    ++happened.opens;
    campaign::SleepFor(random.Below(1000));
  }
}

// -------------------------------------------------------------- who plays with the writer

void Set(int verb, int value) { CHECK(sqlite3async_control(verb, value) == SQLITE_OK); }

// `patient`: it also starts the writer and waits for it, which under a halt condition of "idle" may
// take until the other controller changes that.
void RunController(uint64_t seed, bool patient) {
  Random random(seed);
  const std::vector<sqlite3_int64> limits = {0, 1, 5000, 100 * 1000, 64 << 20};
  auto& writer = Backend::Get().writer();
  while (workers > 0) {
    switch (random.Below(patient ? 9 : 7)) {
      case 0:
      case 1:
        Set(SQLITEASYNC_HALT, random.Below(3));
        break;
      case 2:
        Set(SQLITEASYNC_DELAY, random.OneIn(2) ? 0 : random.Below(3));
        break;
      case 3:
        CHECK(sqlite3async_control(SQLITEASYNC_QUEUELIMIT, random.Of(limits)) == SQLITE_OK);
        break;
      case 4: {
        const int64_t performed = writer.Step(1 + random.Below(30));
        happened.steps += performed > 0 ? static_cast<int>(performed) : 0;
        break;
      }
      case 5:
        Set(SQLITEASYNC_GROUPING, random.Below(3));
        break;
      case 6:
        Set(SQLITEASYNC_LOCKHOLD, random.OneIn(2) ? 0 : random.Below(50));
        break;
      case 7:
        CHECK(writer.Start() != sqliteasync::Writer::StartResult::kOutOfThreads);
        ++happened.starts;
        break;
      case 8:
        writer.Wait();
        break;
    }
    int halt = -1;
    int delay = -1;
    int lock_files = -1;
    int grouping = -1;
    int lock_hold = -1;
    sqlite3_int64 limit = -1;
    CHECK(sqlite3async_control(SQLITEASYNC_GET_HALT, &halt) == SQLITE_OK);
    CHECK(sqlite3async_control(SQLITEASYNC_GET_DELAY, &delay) == SQLITE_OK);
    CHECK(sqlite3async_control(SQLITEASYNC_GET_LOCKFILES, &lock_files) == SQLITE_OK);
    CHECK(sqlite3async_control(SQLITEASYNC_GET_QUEUELIMIT, &limit) == SQLITE_OK);
    CHECK(sqlite3async_control(SQLITEASYNC_GET_GROUPING, &grouping) == SQLITE_OK);
    CHECK(sqlite3async_control(SQLITEASYNC_GET_LOCKHOLD, &lock_hold) == SQLITE_OK);
    CHECK(grouping >= 0 && grouping <= 2 && lock_hold >= 0 && lock_hold <= 750);
    CHECK(halt >= 0 && halt <= 2 && delay >= 0 && delay <= 2);
    CHECK(lock_files == 0 || lock_files == 1);
    CHECK(std::find(limits.begin(), limits.end(), limit) != limits.end());
    ++happened.controls;
    campaign::SleepFor(random.Below(4000));
  }
}

// ------------------------------------------------------------------------------ the rounds

// A database that fails, or a journal that is taken for a dead process's, is seen nowhere else.
void CheckLog(void*, int code, const char* message) {
  const std::string text = message;
  const bool ours = text.starts_with("sqliteasync") || text.starts_with("sqlite3async");
  if (ours || code == SQLITE_NOTICE_RECOVER_ROLLBACK || code == SQLITE_CORRUPT) {
    CAMPAIGN_FAIL("SQLite's log: (" + std::to_string(code) + ") " + text);
  }
}

// REQUIRES: no connection is open, no controller runs.
void Drain() {
  auto& writer = Backend::Get().writer();
  Set(SQLITEASYNC_DELAY, 0);
  Set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE);
  CHECK(writer.Start() == sqliteasync::Writer::StartResult::kStarted);
  CHECK(writer.Wait());
}

// A writer that has run out of work and sleeps is woken by more, and by nothing else here; and when
// nothing is queued no byte is counted as queued, so that the smallest limit lets something in.
// REQUIRES: a writer runs, its halt condition is "never".
void CheckWriterWakes(Random& random) {
  CHECK(sqlite3async_control(SQLITEASYNC_QUEUELIMIT, sqlite3_int64{1}) == SQLITE_OK);
  for (int i = 0; i < kWakes; ++i) {
    const int number = random.Below(kBooks);
    Open({number}, AnyVfsName(random))->Execute("UPDATE account SET note = 'awake' WHERE id = 1");
    Backend::Get().writer().WaitUntilEmpty();
    campaign::SleepFor(random.Below(500));
  }
}

void RunRound(Random& random, bool lock_files) {
  std::vector<std::thread> threads;
  const auto work = [&](auto body, int count, int amount) {
    workers += count;
    for (; count > 0; --count) {
      const uint64_t seed = random.Next();
      threads.emplace_back([body, seed, amount] {
        body(seed, campaign::Scaled(amount));
        --workers;
      });
    }
  };
  work([](uint64_t seed, int amount) { Writer(seed).Run(amount); }, kWriters, kTransactions);
  work(RunReader, kReaders, kChecks);
  work(RunOpener, kOpeners, kOpens);
  if (lock_files) work(RunPlainReader, kPlainReaders, kChecks);
  for (int i = 0; i < kControllers; ++i) {
    threads.emplace_back(RunController, random.Next(), i == 0);
  }

  std::atomic<bool> finished = false;
  std::vector<std::thread> runners;
  for (int i = 0; i < kRunners; ++i) {
    runners.emplace_back([&finished] {
      while (!finished) {
        sqlite3async_run();
        ++happened.runs;
        campaign::SleepFor(1000);
      }
    });
  }

  for (std::thread& thread : threads) thread.join();
  Set(SQLITEASYNC_DELAY, 0);
  Set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NEVER);
  Backend::Get().writer().Start();  // unless a runner is faster
  CheckWriterWakes(random);
  finished = true;
  Set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE);
  for (std::thread& thread : runners) thread.join();
  Drain();
}

// With plain SQLite, when everything is on disk.
void CheckFiles() {
  for (int number = 0; number < kBooks; ++number) {
    for (int second = -1; second < kBooks; ++second) {
      if (second == number) continue;
      const Pair pair{number, second};
      const auto db = Open(pair, kPlainVfs);
      CHECK(CheckBooks(*db, pair, true));
    }
    const auto db = Open({number}, kPlainVfs);
    CHECK_EQUAL(db->Execute("PRAGMA integrity_check"), "ok");
    CHECK_EQUAL(db->Execute("SELECT n FROM total"), std::to_string(books[number].committed));
  }
  for (const auto& entry : std::filesystem::directory_iterator(".")) {
    if (entry.path().string().find("-mj") != std::string::npos) {
      CAMPAIGN_FAIL("a super-journal is left behind: " + entry.path().string());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Random random(campaign::ChooseSeed(argc, argv));
  CHECK(sqlite3_config(SQLITE_CONFIG_LOG, CheckLog, nullptr) == SQLITE_OK);
  for (int round = 0; round < kRounds; ++round) {
    const bool lock_files = round % 3 != 2;
    Set(SQLITEASYNC_LOCKFILES, lock_files ? 1 : 0);
    CHECK(sqlite3async_initialize(nullptr, 0) == SQLITE_OK);
    if (round == 0) {
      for (int number = 0; number < kBooks; ++number) CreateBook(number);
      Drain();
    }
    RunRound(random, lock_files);
    sqlite3async_shutdown();
    CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) == nullptr);
    CheckFiles();
  }
  std::printf(
      "%d transactions committed (%d multi-file), %d rolled back, %d VACUUMs, %d times busy;\n"
      "%d checks through the VFS, %d below it (%d times busy), %d opens;\n"
      "%d settings, %d starts, %d steps, %d runs\n",
      happened.committed.load(), happened.multi_file.load(), happened.rolled_back.load(),
      happened.vacuumed.load(), happened.busy.load(), happened.checks.load(),
      happened.plain_checks.load(), happened.plain_busy.load(), happened.opens.load(),
      happened.controls.load(), happened.starts.load(), happened.steps.load(),
      happened.runs.load());
  return 0;
}
