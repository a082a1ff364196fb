// What the workload of the campaign of settings works with: the record of what was committed, the
// databases' tables, the queue, and a connection.

#ifndef SQLITEASYNC_CAMPAIGNS_SETTINGS_PARTS_H_
#define SQLITEASYNC_CAMPAIGNS_SETTINGS_PARTS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "campaigns/crashing.h"
#include "campaigns/support.h"
#include "core/backend.h"
#include "sqlite3async.h"

namespace campaign {

inline constexpr int kFiles = 2;
inline constexpr int kSteps = 45;  // of a run

// ------------------------------------------------------------------------- what was committed

// The committed states of one database.
struct History {
  struct State {
    int64_t checksum;
    int transaction;  // number of a transaction that is promised to be in all databases or in none
  };
  std::atomic<int> last;     // the newest; its COMMIT may have only begun
  std::atomic<int> durable;  // the newest that is known to be on the disk
  std::array<State, kSteps + 1> states;

  // As the workload finds the database.
  void Begin(int64_t checksum) {
    last = 0;
    durable = 0;
    states[0] = {checksum, 0};
  }
  // A COMMIT begins, or turns out to have failed.
  void Add(const State& state) {
    states[static_cast<size_t>(last) + 1] = state;
    ++last;
  }
  void TakeBack() { --last; }

  const State& At(int number) const { return states[static_cast<size_t>(number)]; }
};

// What a process has done, in memory that it shares with the one that started it.
struct Progress {
  std::array<History, kFiles> histories;
  std::atomic<int> step;         // that is being done
  std::atomic<int64_t> changes;  // of the disk, in a run to its end
  // Of all runs, to show that things happen.
  std::atomic<int64_t> commits;
  std::atomic<int64_t> multi_file;
  std::atomic<int64_t> rollbacks;
  std::atomic<int64_t> backups;
  std::atomic<int64_t> looks;
  std::atomic<int64_t> groups;
};

// ------------------------------------------------------------------------------ the databases

inline std::string FileName(int file) { return std::to_string(file) + ".db"; }

inline constexpr char kSchema[] =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER, pad BLOB); CREATE INDEX tv ON t(v);"
    "CREATE TABLE u(id INTEGER PRIMARY KEY, pad BLOB); CREATE INDEX up ON u(pad);";

// SQL: a checksum of all content of a database; ":" stands for the schema.
inline constexpr char kContent[] =
    "SELECT content(kind, id, v, pad) FROM (SELECT 't' AS kind, id, v, pad FROM :t "
    "UNION ALL SELECT 'u', id, 0, pad FROM :u ORDER BY kind, id)";

// The SQL functions of the workload: content(...), and noise(SEED, SIZE), a blob that differs
// everywhere.
inline void AddFunctions(Connection& connection) {
  AddChecksum(connection.handle());
  connection.AddFunction("noise", 2, [](sqlite3_context* context, int, sqlite3_value** values) {
    Random random(static_cast<uint64_t>(sqlite3_value_int64(values[0])));
    std::string bytes(static_cast<size_t>(sqlite3_value_int(values[1])), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Next());
    sqlite3_result_blob(context, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
  });
}

// One change of the tables, in a transaction; ":" stands for the schema.
inline std::string RandomChange(Random& random) {
  const int id = random.Below(60);
  const int size = random.OneIn(8) ? random.Below(9000) : random.Below(700);
  const int seed = random.Below(1 << 30);
  switch (random.Below(8)) {
    case 0:
      return Format("DELETE FROM :t WHERE id=%d", id);
    case 1:
      return Format("DELETE FROM :t WHERE id %% 7 = %d", id % 7);
    case 2:
      return Format("UPDATE :t SET v=%d WHERE v > %d", seed % 60, id);
    case 3:
      return "SAVEPOINT s; UPDATE :t SET pad=x'00'; DELETE FROM :u; ROLLBACK TO s; RELEASE s";
    case 4:
      return Format("DELETE FROM :u WHERE id > %d", id);
    case 5:
      return Format(
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
          "INSERT INTO :u(pad) SELECT noise(%d + i, %d) FROM n",
          1 + random.Below(10), seed, size / 2);
    default:
      return Format("REPLACE INTO :t VALUES(%d, %d, noise(%d, %d))", id, seed % 60, seed, size);
  }
}

// Creates a database with some content, on plain SQLite, and returns its checksum.
inline int64_t Prepare(Connection& connection, Random& random, int page_size, int auto_vacuum) {
  AddFunctions(connection);
  connection.Execute(Format("PRAGMA page_size=%d; PRAGMA auto_vacuum=%d; PRAGMA synchronous=OFF;",
                            page_size, auto_vacuum) +
                     kSchema + "BEGIN");
  for (int i = 0; i < 25; ++i) connection.Execute(InSchema(RandomChange(random), "main"));
  const std::string checksum = connection.Execute(InSchema(kContent, "main"));
  connection.Execute("COMMIT");
  return std::stoll(checksum);
}

// --------------------------------------------------------------------------------- the queue

// The backend's, or that of plain SQLite, which has none.
class Queue {
 public:
  Queue(bool async, bool writer) : async_(async), writer_(writer) {
    if (!async_) return;
    Backend& backend = Backend::Get();
    CHECK(backend.SetLockHold(0) == SQLITE_OK);  // which waits by the clock
    CHECK(backend.Register(nullptr, SQLITEASYNC_VFSNAME) == SQLITE_OK);
    if (writer_) StartWriter();
  }

  const char* vfs() const { return async_ ? SQLITEASYNC_VFSNAME : kDisk; }

  void WorkOffSome(Random& random) {
    if (!async_) return;
    if (Backend::Get().writer().Running()) {
      SleepFor(random.Below(3000));
    } else {
      Backend::Get().writer().Step(1 + random.Below(5));
    }
  }

  void WorkOff() {
    if (async_) Backend::Get().writer().Complete();
  }

  void StartOrStopWriter() {
    if (!async_ || !writer_) return;
    sqliteasync::Writer& writer = Backend::Get().writer();
    if (!writer.Running()) return StartWriter();
    writer.SetHalt(sqliteasync::Halt::kNow);
    CHECK(writer.Wait());
    writer.SetHalt(sqliteasync::Halt::kNever);
  }

  void SetGrouping(int grouping) {
    if (async_) CHECK(Backend::Get().SetGrouping(grouping) == SQLITE_OK);
  }
  void SetLimit(int64_t bytes) {
    if (async_) CHECK(Backend::Get().SetQueueLimit(bytes) == SQLITE_OK);
  }

  int64_t groups() const { return async_ ? Backend::Get().performer().groups() : 0; }

 private:
  using Backend = sqliteasync::Backend;

  void StartWriter() {
    CHECK(Backend::Get().writer().Start() == sqliteasync::Writer::StartResult::kStarted);
  }

  const bool async_;
  const bool writer_;
};

// -------------------------------------------------------------------------------- a connection

// A connection with the databases that it has.
struct Session {
  struct Member {
    std::string schema;
    int file;
    bool synchronous;  // not OFF
  };

  Session(const std::string& path, const char* vfs, bool on_disk)
      : connection(path, vfs, 0), plain(on_disk) {
    AddFunctions(connection);
  }

  bool Try(const std::string& sql, std::string* last = nullptr) {
    return connection.Try(sql, last);
  }
  bool TryIn(const Member& member, const std::string& sql, std::string* last = nullptr) {
    return connection.Try(InSchema(sql, member.schema), last);
  }

  Connection connection;
  const bool plain;    // what it commits is on the disk at once
  bool reads = false;  // in a transaction that stays open
  std::vector<Member> members;
};

}  // namespace campaign

#endif  // SQLITEASYNC_CAMPAIGNS_SETTINGS_PARTS_H_
