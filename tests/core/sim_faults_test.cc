// Failing operations, by a device's own options and by the variables of SQLite's scripts.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/backend.h"
#include "core/random.h"
#include "core/sim_support.h"
#include "sim/benign.h"
#include "sim/fault_variables.h"
#include "sim/glob.h"

namespace sqliteasync::test {
namespace {

constexpr char kName[] = "test-faults";

class SimFaultsTest : public testing::Test {
 protected:
  SimFaultsTest() { ResetVariables(); }
  ~SimFaultsTest() override { ResetVariables(); }

  static void ResetVariables() {
    for (const sim::FaultVariable& variable : sim::FaultVariables()) *variable.variable = 0;
  }

  Directory directory;
  SimDevice device{kName, "faults"};
};

TEST_F(SimFaultsTest, EveryKindOfOperationFailsWithItsCode) {
  const std::string path = directory.Path("file");
  RawFile file(kName, path, kDatabaseFlags);
  ASSERT_EQ(file.Write(0, "x"), SQLITE_OK);
  sqlite3_vfs* vfs = device.vfs().vfs();
  const FileName name(path, FileRole::kMain, {});
  char buffer[1000] = "";
  int answer = 0;
  sqlite3_int64 size = 0;
  const auto& methods = file.methods();
  const std::map<std::string, std::pair<int, std::function<int()>>> operations = {
      {"read", {SQLITE_IOERR_READ, [&] { return methods.xRead(file.file(), buffer, 1, 0); }}},
      {"write", {SQLITE_IOERR_WRITE, [&] { return file.Write(0, "x"); }}},
      {"sync", {SQLITE_IOERR_FSYNC, [&] { return file.Sync(); }}},
      {"truncate", {SQLITE_IOERR_TRUNCATE, [&] { return file.Truncate(1); }}},
      {"size", {SQLITE_IOERR_FSTAT, [&] { return methods.xFileSize(file.file(), &size); }}},
      {"open", {SQLITE_CANTOPEN, [&] { return RawFile(kName, path, kDatabaseFlags).code(); }}},
      {"delete", {SQLITE_IOERR_DELETE, [&] { return vfs->xDelete(vfs, name.get(), 0); }}},
      {"access", {SQLITE_IOERR_ACCESS, [&] { return vfs->xAccess(vfs, name.get(), 0, &answer); }}},
      {"lock", {SQLITE_IOERR_LOCK, [&] { return methods.xLock(file.file(), 1); }}},
      {"unlock", {SQLITE_IOERR_UNLOCK, [&] { return methods.xUnlock(file.file(), 0); }}},
      {"reserved",
       {SQLITE_IOERR_CHECKRESERVEDLOCK,
        [&] { return methods.xCheckReservedLock(file.file(), &answer); }}},
      {"path",
       {SQLITE_ERROR, [&] { return vfs->xFullPathname(vfs, "f", sizeof(buffer), buffer); }}},
  };
  for (const auto& [kind, operation] : operations) {
    if (kind == "delete") continue;
    device.Set("operations", kind);
    EXPECT_EQ(operation.second(), SQLITE_OK) << kind;
  }
  for (const auto& [kind, operation] : operations) {
    device.Set("operations", kind);
    device.Set("fail", "1");
    // No other kind of operation is touched, and none counts.
    for (const auto& [other_kind, other] : operations) {
      if (other_kind != kind && other_kind != "delete") {
        EXPECT_EQ(other.second(), SQLITE_OK);
      }
    }
    EXPECT_EQ(operation.second(), operation.first) << kind;
    if (kind != "delete") {
      EXPECT_EQ(operation.second(), SQLITE_OK) << kind << ": once";
    }
  }
  EXPECT_TRUE(directory.Has("file")) << "what fails has not reached the parent";
}

TEST_F(SimFaultsTest, TheNthFailsOnceOrFromThenOn) {
  RawFile file(kName, directory.Path("file"), kDatabaseFlags);
  device.Set("operations", "write");
  device.Set("fail", "3");
  EXPECT_EQ(file.Write(0, "a"), SQLITE_OK);
  EXPECT_EQ(file.Write(0, "a"), SQLITE_OK);
  EXPECT_EQ(device.Get("fail"), "1");
  EXPECT_EQ(file.Write(0, "b"), SQLITE_IOERR_WRITE);
  EXPECT_EQ(file.Read(0, 1), "a");
  EXPECT_EQ(file.Write(0, "c"), SQLITE_OK);
  device.Set("persist", "yes");
  device.Set("fail", "1");
  EXPECT_EQ(file.Write(0, "d"), SQLITE_IOERR_WRITE);
  EXPECT_EQ(file.Write(0, "d"), SQLITE_IOERR_WRITE);
  EXPECT_EQ(device.Counter("failures"), 3);
  device.Set("fail", "0");
  EXPECT_EQ(file.Write(0, "d"), SQLITE_OK);
}

TEST_F(SimFaultsTest, OnlyFilesThatMatchFail) {
  RawFile database(kName, directory.Path("test.db"), kDatabaseFlags);
  RawFile journal(kName, directory.Path("test.db-journal"), kSuperJournalFlags);
  device.Set("files", "*-journal");
  device.Set("persist", "1");
  device.Set("fail", "1");
  device.Set("code", "full");
  EXPECT_EQ(database.Write(0, "a"), SQLITE_OK);
  EXPECT_EQ(journal.Write(0, "a"), SQLITE_FULL);
  device.Set("files", directory.Path("*.db"));
  device.Set("code", "auto");
  EXPECT_EQ(database.Write(0, "a"), SQLITE_IOERR_WRITE);
  EXPECT_EQ(journal.Write(0, "a"), SQLITE_OK);
}

TEST(SimGlobTest, PatternsMatchAsInAShell) {
  using sim::FileMatches;
  EXPECT_TRUE(FileMatches("", "/a/b"));
  EXPECT_TRUE(FileMatches("*.db", "/a/test.db"));
  EXPECT_FALSE(FileMatches("*.db", "/a/test.db-journal"));
  EXPECT_TRUE(FileMatches("t?st*", "/a/test.db"));
  EXPECT_TRUE(FileMatches("[a-t]est[.]db", "/x/test.db"));
  EXPECT_FALSE(FileMatches("[!a-t]est.db", "/x/test.db"));
  EXPECT_FALSE(FileMatches("[^t]est.db", "/x/test.db"));
  EXPECT_TRUE(FileMatches("[]]", "/x/]"));
  EXPECT_TRUE(FileMatches("[", "/x/["));
  EXPECT_TRUE(FileMatches("/a/*/c", "/a/b/b/c"));
  EXPECT_FALSE(FileMatches("/a/b", "b"));
  EXPECT_TRUE(FileMatches("*a*b*a", "aabbaba"));
  EXPECT_FALSE(FileMatches("a", ""));
  const std::string odd = "/x/[a]*?.db";
  EXPECT_TRUE(FileMatches(sim::LiteralPattern(odd), odd));
  EXPECT_FALSE(FileMatches(sim::LiteralPattern(odd), "/x/a__.db"));
}

// ----- The variables

TEST_F(SimFaultsTest, PendingCountsDownAndHitsAtOne) {
  RawFile file(kName, directory.Path("file"), kDatabaseFlags);
  sqliteasync_io_error_pending = 2;
  EXPECT_EQ(file.Write(0, "a"), SQLITE_OK);
  EXPECT_EQ(sqliteasync_io_error_pending, 1);
  EXPECT_EQ(file.Write(0, "b"), SQLITE_IOERR_WRITE);
  EXPECT_EQ(sqliteasync_io_error_pending, 0);
  EXPECT_EQ(sqliteasync_io_error_hit, 1);
  EXPECT_EQ(sqliteasync_io_error_hardhit, 1);
  EXPECT_EQ(file.Write(0, "c"), SQLITE_OK);
  EXPECT_EQ(sqliteasync_io_error_pending, -1);
}

TEST_F(SimFaultsTest, PersistFailsAsLongAsThereIsAHit) {
  RawFile file(kName, directory.Path("file"), kDatabaseFlags);
  sqliteasync_io_error_persist = 1;
  EXPECT_EQ(file.Sync(), SQLITE_OK);
  sqliteasync_io_error_pending = 1;
  EXPECT_EQ(file.Sync(), SQLITE_IOERR_FSYNC);
  EXPECT_EQ(file.Truncate(0), SQLITE_IOERR_TRUNCATE);
  EXPECT_EQ(sqliteasync_io_error_hit, 2);
  sqliteasync_io_error_hit = 0;
  EXPECT_EQ(file.Sync(), SQLITE_OK);
}

TEST_F(SimFaultsTest, ABenignFailureIsNoHardHit) {
  RawFile file(kName, directory.Path("file"), kDatabaseFlags);
  sqliteasync_io_error_benign = 1;
  sqliteasync_io_error_pending = 1;
  EXPECT_EQ(file.Write(0, "a"), SQLITE_IOERR_WRITE);
  EXPECT_EQ(sqliteasync_io_error_hit, 1);
  EXPECT_EQ(sqliteasync_io_error_hardhit, 0);
}

TEST_F(SimFaultsTest, TheDiskStaysFull) {
  RawFile file(kName, directory.Path("file"), kDatabaseFlags);
  sqliteasync_diskfull_pending = 2;
  EXPECT_EQ(file.Read(0, 1), "error 522");
  EXPECT_EQ(file.Write(0, "a"), SQLITE_OK);
  EXPECT_EQ(sqliteasync_diskfull_pending, 1);
  EXPECT_EQ(file.Write(0, "b"), SQLITE_FULL);
  EXPECT_EQ(file.Sync(), SQLITE_FULL);
  EXPECT_EQ(sqliteasync_diskfull, 1);
  EXPECT_EQ(sqliteasync_io_error_hit, 1);
  EXPECT_EQ(sqliteasync_diskfull_pending, 1);
  sqliteasync_diskfull_pending = 0;
  EXPECT_EQ(file.Write(0, "b"), SQLITE_OK);
}

TEST_F(SimFaultsTest, OpensAndLocksAreNotCounted) {
  RawFile file(kName, directory.Path("file"), kDatabaseFlags);
  sqliteasync_io_error_pending = 10;
  EXPECT_EQ(RawFile(kName, directory.Path("file"), kDatabaseFlags).code(), SQLITE_OK);
  EXPECT_EQ(file.methods().xLock(file.file(), 1), SQLITE_OK);
  EXPECT_EQ(file.methods().xUnlock(file.file(), 0), SQLITE_OK);
  EXPECT_EQ(sqliteasync_io_error_pending, 10);
}

TEST_F(SimFaultsTest, ADeviceMayIgnoreTheVariables) {
  device.Set("variables", "no");
  RawFile file(kName, directory.Path("file"), kDatabaseFlags);
  sqliteasync_io_error_pending = 1;
  sqliteasync_diskfull_pending = 1;
  EXPECT_EQ(file.Write(0, "a"), SQLITE_OK);
  EXPECT_EQ(file.Sync(), SQLITE_OK);
  EXPECT_EQ(sqliteasync_sync_count, 0);
  EXPECT_EQ(sqliteasync_open_file_count, 0);
}

TEST_F(SimFaultsTest, SyncsAndOpenFilesAreCounted) {
  // SQLite syncs no directory on Windows.
#ifdef _WIN32
  constexpr int kDirectorySyncs = 0;
#else
  constexpr int kDirectorySyncs = 1;
#endif
  const std::string journal = directory.Path("j");
  RawFile file(kName, directory.Path("file"), kDatabaseFlags);
  RawFile new_journal(kName, journal, kSuperJournalFlags);
  EXPECT_EQ(sqliteasync_open_file_count, 2);
  file.Sync(SQLITE_SYNC_NORMAL);
  file.Sync(SQLITE_SYNC_FULL | SQLITE_SYNC_DATAONLY);
  EXPECT_EQ(sqliteasync_sync_count, 2);
  EXPECT_EQ(sqliteasync_fullsync_count, 1);
  new_journal.Sync();
  EXPECT_EQ(sqliteasync_sync_count, 3 + kDirectorySyncs) << "its directory, too";
  new_journal.Sync();
  EXPECT_EQ(sqliteasync_sync_count, 4 + kDirectorySyncs);
  new_journal.Close();
  EXPECT_EQ(sqliteasync_open_file_count, 1);
  EXPECT_EQ(DeleteThrough(kName, journal, true), SQLITE_OK);
  EXPECT_EQ(sqliteasync_sync_count, 4 + 2 * kDirectorySyncs);
  EXPECT_EQ(sqliteasync_opentemp_count, 0);
  RawFile temporary(kName, directory.Path("t"),
                    SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                        SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_DELETEONCLOSE);
  EXPECT_EQ(sqliteasync_opentemp_count, 1);
}

// As in a test build, where a database is closed the errors are switched off.
TEST_F(SimFaultsTest, NothingFailsWhereSqliteSaysItWouldBeBenign) {
  SimDatabase database(kName, directory.Path("db"));
  ASSERT_EQ(database.Run("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1)"),
            SQLITE_OK);
  sqliteasync_io_error_pending = 1;
  database.Close();  // checkpoints
  EXPECT_EQ(sqliteasync_io_error_hit, 0);
  EXPECT_EQ(sqliteasync_io_error_pending, 1);
  EXPECT_FALSE(directory.Has("db-wal"));
}

// ----- Whole workloads

constexpr char kWorkload[] =
    "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, x);"
    "BEGIN; REPLACE INTO t VALUES(1,randomblob(3000)),(2,randomblob(2000));"
    "UPDATE n SET n=n+1; COMMIT;"
    "BEGIN; DELETE FROM t WHERE id=1; INSERT INTO t VALUES(NULL,randomblob(9000));"
    "UPDATE n SET n=n+1; COMMIT";

// Returns how many operations the workload has: the first index at which nothing fails.
int FailAtEveryIndex(SimDevice& device, const Directory& directory, const char* mode, bool persist,
                     const char* code) {
  for (int index = 1;; ++index) {
    directory.Clear();
    {
      SimDatabase plain("", directory.Path("db"));
      EXPECT_EQ(plain.Run("CREATE TABLE n(n); INSERT INTO n VALUES(0)"), SQLITE_OK);
    }
    const int64_t failures = device.Counter("failures");
    {
      SimDatabase database(kName, directory.Path("db"));
      database.Run("PRAGMA synchronous=FULL; PRAGMA cache_size=3");
      device.Set("code", code);
      device.Set("persist", persist ? "1" : "0");
      device.Set("fail", std::to_string(index));
      const int mode_code = database.Run(std::string("PRAGMA journal_mode=") + mode);
      const int rc = database.Run(kWorkload);
      const bool hit = device.Counter("failures") > failures;
      device.Set("fail", "0");
      // A failure is an error of SQLite's families for it, or was not needed for the result.
      for (const int answer : {mode_code & 0xff, rc & 0xff}) {
        EXPECT_TRUE(answer == SQLITE_OK || answer == SQLITE_IOERR || answer == SQLITE_FULL ||
                    answer == SQLITE_CANTOPEN)
            << answer << " at " << index << ", " << mode;
      }
      if (!hit) {
        EXPECT_EQ(rc, SQLITE_OK);
        return index;
      }
    }
    SimDatabase plain("", directory.Path("db"));
    plain.Run("PRAGMA synchronous=OFF");
    EXPECT_EQ(plain.Query("PRAGMA integrity_check"), "ok") << index << ", " << mode;
    const std::string n = plain.Query("SELECT n FROM n");
    EXPECT_TRUE(n == "0" || n == "1" || n == "2") << n;
  }
}

TEST_F(SimFaultsTest, AFailureAtAnyIndexIsACleanError) {
  for (const char* mode : {"DELETE", "TRUNCATE", "PERSIST", "WAL"}) {
    for (const bool persist : {false, true}) {
      EXPECT_GT(FailAtEveryIndex(device, directory, mode, persist, "auto"), 40) << mode;
    }
  }
  device.Set("operations", "write");
  EXPECT_GT(FailAtEveryIndex(device, directory, "DELETE", true, "full"), 10);
}

TEST_F(SimFaultsTest, AFailureAtAnyIndexBelowTheBackendIsACleanError) {
  Backend& backend = Backend::Get();
  ASSERT_EQ(backend.Register(kName, nullptr), SQLITE_OK);
  const auto drain = [&] {
    while (backend.writer().Step(1000) > 0) continue;
  };
  for (const bool persist : {false, true}) {
    device.Set("persist", persist ? "1" : "0");
    for (int index = 1;; ++index) {
      directory.Clear();
      {
        SimDatabase plain("", directory.Path("db"));
        plain.Run("CREATE TABLE n(n); INSERT INTO n VALUES(0)");
      }
      const int64_t failures = device.Counter("failures");
      {
        SimDatabase database("sqlite3async", directory.Path("db"));
        device.Set("fail", std::to_string(index));
        const int rc = database.Run(kWorkload) & 0xff;
        EXPECT_TRUE(rc == SQLITE_OK || rc == SQLITE_IOERR || rc == SQLITE_CANTOPEN) << rc;
        drain();
      }
      drain();
      const bool hit = device.Counter("failures") > failures;
      device.Set("fail", "0");
      SimDatabase plain("", directory.Path("db"));
      plain.Run("PRAGMA synchronous=OFF");
      EXPECT_EQ(plain.Query("PRAGMA integrity_check"), "ok") << index;
      if (!hit) {
        EXPECT_EQ(plain.Query("SELECT n FROM n"), "2");
        EXPECT_GT(index, 20);
        break;
      }
    }
  }
  EXPECT_FALSE(backend.Unregister().refused());
}

}  // namespace
}  // namespace sqliteasync::test
