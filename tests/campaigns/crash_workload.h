// The workload of the crash campaign: transactions on one or several attached databases, each of
// which leaves in every database that it changes its number, and a checksum of all of the content.
//
// Everything is a function of the configuration's seed, so that the same transactions are run again
// and again, to be cut off somewhere else each time.

#ifndef SQLITEASYNC_CAMPAIGNS_CRASH_WORKLOAD_H_
#define SQLITEASYNC_CAMPAIGNS_CRASH_WORKLOAD_H_

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "campaigns/crash_configuration.h"
#include "campaigns/crashing.h"
#include "campaigns/support.h"

namespace campaign {

// What a process has done, in memory that it shares with the one that started it, and that outlives
// it.
struct Progress {
  std::atomic<int> attempted;  // the last transaction whose COMMIT was begun; 0: none
  std::atomic<int> committed;  // the last whose COMMIT has returned
  std::atomic<int> drained;    // the last that was known to be on disk
  std::atomic<int> performed;  // queued operations that were performed
  std::atomic<int64_t> syncs;  // of a run to its end, and other changes of the device
  std::atomic<int64_t> changes;
  // By transaction: the databases that it changes, a bit for each, and the checksums of them.
  // Transaction 0 is what the databases held to begin with.
  std::array<int, kTransactions + 1> databases;
  std::array<std::array<int64_t, kTransactions + 1>, kDatabases> checksums;
};

// SQL: a checksum of the content of table t of a schema, in the order of its keys.
inline std::string ContentOf(const std::string& schema) {
  return "SELECT content(id, v, pad) FROM (SELECT * FROM " + schema + ".t ORDER BY id)";
}

class Workload {
 public:
  Workload(const Configuration& configuration, Progress* progress)
      : configuration_(configuration), progress_(progress) {}

  // Creates the databases, on plain SQLite.
  void Prepare(const std::string& directory) {
    Random random(configuration_.seed);
    for (int database = 0; database < configuration_.databases; ++database) {
      Connection connection(directory + "/" + FileName(database), kPlainVfs, 0);
      AddChecksum(connection.handle());
      connection.Execute(Format(
          "PRAGMA page_size=%d; PRAGMA auto_vacuum=%d; PRAGMA synchronous=OFF; BEGIN;"
          "CREATE TABLE meta(n INTEGER, checksum INTEGER); INSERT INTO meta VALUES(0, 0);"
          "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER, pad BLOB); CREATE INDEX tv ON t(v);",
          configuration_.page_size, configuration_.auto_vacuum));
      for (int i = 0; i < 20; ++i) connection.Execute(InSchema(Change(random, 0), "main"));
      const std::string checksum = connection.Execute(ContentOf("main"));
      connection.Execute("UPDATE meta SET checksum=" + checksum + "; COMMIT");
      progress_->checksums[static_cast<size_t>(database)][0] = std::stoll(checksum);
    }
    progress_->databases[0] = (1 << configuration_.databases) - 1;
  }

  // Runs the transactions through the VFS. `pause` is called after each that was committed.
  void Run(const std::string& directory, const char* vfs, const std::function<void()>& pause) {
    Random random(configuration_.seed + 1);
    std::unique_ptr<Connection> connection;
    for (int number = 1; number <= kTransactions; ++number) {
      if (connection == nullptr || random.OneIn(5)) {
        connection.reset();
        connection = Open(directory, vfs);
      }
      if (random.OneIn(6)) Disturb(*connection, random);
      Transact(*connection, random, number);
      pause();
    }
  }

  static std::string FileName(int database) { return std::to_string(database) + ".db"; }
  static std::string SchemaName(int database) {
    return database == 0 ? "main" : "db" + std::to_string(database);
  }

 private:
  std::unique_ptr<Connection> Open(const std::string& directory, const char* vfs) {
    auto connection = std::make_unique<Connection>(directory + "/" + FileName(0), vfs, 0);
    AddChecksum(connection->handle());
    for (int database = 1; database < configuration_.databases; ++database) {
      connection->Execute(Format("ATTACH %Q AS %s", (directory + "/" + FileName(database)).c_str(),
                                 SchemaName(database).c_str()));
    }
    for (int database = 0; database < configuration_.databases; ++database) {
      connection->Execute(InSchema(
          Format("PRAGMA :journal_mode=%s; PRAGMA :synchronous=%s; PRAGMA :cache_size=%d;"
                 "PRAGMA :locking_mode=%s; PRAGMA :secure_delete=%d",
                 configuration_.journal_mode, configuration_.synchronous, configuration_.cache_size,
                 configuration_.exclusive ? "EXCLUSIVE" : "NORMAL", configuration_.secure_delete),
          SchemaName(database)));
    }
    return connection;
  }

  // One change of a table; ":" stands for the schema.
  std::string Change(Random& random, int number) {
    const int id = random.Below(60);
    // Blobs that differ everywhere, of some bytes to several pages.
    const int size = random.OneIn(8) ? random.Below(9000) : random.Below(700);
    const std::string pad = Blob(random, size);
    switch (random.Below(6)) {
      case 0:
        return Format("DELETE FROM :t WHERE id=%d;", id);
      case 1:
        return Format("DELETE FROM :t WHERE id %% 7 = %d;", id % 7);
      case 2:
        return Format("UPDATE :t SET v=%d WHERE v > %d;", number, id);
      case 3:
        if (!CanRollBack()) return "";
        return Format(
            "SAVEPOINT s; UPDATE :t SET pad=x'00'; DELETE FROM :t WHERE id > %d;"
            "ROLLBACK TO s; RELEASE s;",
            id);
      default:
        return Format("REPLACE INTO :t VALUES(%d, %d, x'%s');", id, random.Below(60), pad.c_str());
    }
  }

  bool CanRollBack() const { return !configuration_.Is("OFF"); }

  static std::string Blob(Random& random, int size) {
    const size_t length = 2 * static_cast<size_t>(size);
    std::string digits;
    while (digits.size() < length) digits += Format("%016llx", random.Next());
    digits.resize(length);
    return digits;
  }

  // What changes no content.
  void Disturb(Connection& connection, Random& random) {
    const std::string schema = SchemaName(random.Below(configuration_.databases));
    switch (random.Below(3)) {
      case 0:
        if (!CanRollBack()) return;
        connection.Execute("BEGIN;" + InSchema(Change(random, 0), schema) +
                           InSchema(Change(random, 0), schema) + "ROLLBACK");
        break;
      case 1:
        connection.Execute("PRAGMA " + schema + ".incremental_vacuum(3)");
        break;
      default:
        connection.Execute("VACUUM " + schema);
        break;
    }
  }

  void Transact(Connection& connection, Random& random, int number) {
    const int all = (1 << configuration_.databases) - 1;
    const int databases =
        random.OneIn(2) ? 1 << random.Below(configuration_.databases) : 1 + random.Below(all);
    progress_->databases[static_cast<size_t>(number)] = databases;
    connection.Execute("BEGIN");
    const int changes = 1 + random.Below(5);
    for (int database = 0; database < configuration_.databases; ++database) {
      if ((databases >> database & 1) == 0) continue;
      const std::string schema = SchemaName(database);
      for (int i = 0; i < changes; ++i) {
        connection.Execute(InSchema(Change(random, number), schema));
      }
      const std::string checksum = connection.Execute(ContentOf(schema));
      connection.Execute(
          Format("UPDATE %s.meta SET n=%d, checksum=%s", schema.c_str(), number, checksum.c_str()));
      progress_->checksums[static_cast<size_t>(database)][static_cast<size_t>(number)] =
          std::stoll(checksum);
    }
    progress_->attempted = number;
    connection.Execute("COMMIT");
    progress_->committed = number;
  }

  const Configuration& configuration_;
  Progress* const progress_;
};

}  // namespace campaign

#endif  // SQLITEASYNC_CAMPAIGNS_CRASH_WORKLOAD_H_
