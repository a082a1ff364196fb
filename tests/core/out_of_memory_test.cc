// Every allocation of the core fails once, and also from there on all: each call says so or
// succeeds, closing and unlocking never fail, and no database is damaged (spec section 6, last
// paragraph).

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "core/allocation.h"
#include "core/sqlite_support.h"

namespace sqliteasync::test {
namespace {

// What a run came to. Filled while allocations fail, so it must not allocate.
struct Outcome {
  int code = SQLITE_OK;  // the first error, extended
  const char* statement = "";
  int close_code = SQLITE_OK;
};

class OutOfMemoryTest : public BackendTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    MakePlain("/bystander", "CREATE TABLE t(a)");
  }

  // Files as they are before each run.
  void MakeFiles() {
    for (const char* path : {"/db", "/other"}) {
      fake.Remove(path);
      fake.Remove(std::string(path) + "-journal");
      MakePlain(path, "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, zeroblob(6000))");
    }
  }

  // Runs the statements on a connection of their own, up to the first error, with operations
  // performed in between; then closes it.
  template <size_t kCount>
  Outcome Run(const std::array<const char*, kCount>& statements) {
    Outcome outcome;
    sqlite3* connection = nullptr;
    outcome.code =
        sqlite3_open_v2("/db", &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, kAsync);
    outcome.statement = "open";
    if (outcome.code == SQLITE_OK) sqlite3_extended_result_codes(connection, 1);
    for (size_t i = 0; i < kCount && outcome.code == SQLITE_OK; ++i) {
      outcome.statement = statements[i];
      outcome.code = sqlite3_exec(connection, statements[i], nullptr, nullptr, nullptr);
      Step(3);
    }
    if (outcome.code != SQLITE_OK) {
      // What happens to a transaction that an error has interrupted.
      sqlite3_exec(connection, "ROLLBACK", nullptr, nullptr, nullptr);
    }
    outcome.close_code = sqlite3_close(connection);
    return outcome;
  }

  template <size_t kCount>
  void FailEachAllocation(const std::array<const char*, kCount>& statements) {
    Connection bystander(kAsync, "/bystander");
    int64_t failures = 0;
    for (int64_t number = 1;; ++number) {
      MakeFiles();
      const sqlite3_int64 memory_before = sqlite3_memory_used();
      bool failed;
      Outcome outcome;
      {
        const FailingAllocation failing(number, GetParam());
        outcome = Run(statements);
        failed = failing.failed();
      }
      SCOPED_TRACE("allocation " + std::to_string(number) + ", in: " + outcome.statement);
      if (outcome.code != SQLITE_OK) {
        ++failures;
        EXPECT_TRUE(outcome.code == SQLITE_NOMEM || outcome.code == SQLITE_IOERR_NOMEM)
            << outcome.code;
        EXPECT_TRUE(failed);
      }
      EXPECT_EQ(outcome.close_code, SQLITE_OK);
      StepAll();
      EXPECT_EQ(fake.LockLevel("/db"), SQLITE_LOCK_NONE);
      EXPECT_EQ(fake.LockLevel("/other"), SQLITE_LOCK_NONE);
      EXPECT_EQ(fake.open_handles(), 2) << "the bystander's two alone";
      EXPECT_EQ(sqlite3_memory_used(), memory_before) << "leaked";
      bystander.Query("INSERT INTO t VALUES(1)");
      for (const char* path : {"/db", "/other"}) {
        const std::string state = Plain(path, "PRAGMA integrity_check; SELECT a FROM t");
        EXPECT_TRUE(state == "ok 1" || state == "ok 2") << state;
        Connection again(kAsync, path);
        EXPECT_EQ(again.Query("UPDATE t SET a = 3; SELECT a FROM t"), "3");
      }
      StepAll();
      if (HasFailure() || !failed) break;
    }
    EXPECT_GT(failures, 20) << "the statements did not need the core's memory";
    bystander.Close();
    StepAll();
    EXPECT_EQ(Plain("/bystander", "PRAGMA integrity_check"), "ok");
  }
};

TEST_P(OutOfMemoryTest, ATransaction) {
  FailEachAllocation(std::array{
      "PRAGMA cache_size = 4", "BEGIN; UPDATE t SET a = 2; UPDATE t SET b = zeroblob(20000)",
      "SAVEPOINT s; UPDATE t SET b = zeroblob(30000); ROLLBACK TO s", "COMMIT"});
}

TEST_P(OutOfMemoryTest, APersistentJournal) {
  FailEachAllocation(std::array{"PRAGMA journal_mode = persist", "UPDATE t SET b = zeroblob(9000)",
                                "UPDATE t SET a = 2", "PRAGMA journal_mode = delete"});
}

TEST_P(OutOfMemoryTest, ATransactionOnTwoDatabases) {
  FailEachAllocation(std::array{"ATTACH '/other' AS other",
                                "BEGIN; UPDATE main.t SET a = 2; UPDATE other.t SET a = 2",
                                "COMMIT"});
}

TEST_P(OutOfMemoryTest, AVacuumAndTemporaryFiles) {
  FailEachAllocation(std::array{"PRAGMA temp_store = file; PRAGMA cache_size = 4",
                                "CREATE TEMP TABLE u(a); INSERT INTO u VALUES(zeroblob(100000))",
                                "DELETE FROM u", "VACUUM"});
}

TEST_P(OutOfMemoryTest, ItsPragmas) {
  FailEachAllocation(std::array{"UPDATE t SET a = 2", "PRAGMA sqlite3async_status",
                                "PRAGMA sqlite3async_lockhold = 500",
                                "PRAGMA sqlite3async_grouping = auto"});
}

INSTANTIATE_TEST_SUITE_P(OnceOrFromThenOn, OutOfMemoryTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "FromThenOn" : "Once"; });

// ----- The calls that must not fail

TEST_F(BackendTest, ClosingAndUnlockingNeedNoMemory) {
  MakePlain("/db", "CREATE TABLE t(a)");
  VfsFile file(kAsync, "/db", FileRole::kMain, kMainFlags);
  VfsFile journal(kAsync, "/db", FileRole::kJournal, kJournalFlags);
  for (const int level : {SQLITE_LOCK_SHARED, SQLITE_LOCK_RESERVED, SQLITE_LOCK_EXCLUSIVE}) {
    ASSERT_EQ(file.Lock(level), SQLITE_OK);
  }
  StepAll();
  ASSERT_EQ(file.Write(0, "x"), SQLITE_OK);
  int shared;
  int none;
  int64_t performed;
  bool failed;
  {
    const FailingAllocation failing(1, true);
    shared = file.Unlock(SQLITE_LOCK_SHARED);
    none = file.Unlock(SQLITE_LOCK_NONE);
    journal.Close();
    file.Close();
    performed = StepAll();
    failed = failing.failed();
  }
  EXPECT_FALSE(failed) << "memory was asked for";
  EXPECT_EQ(shared, SQLITE_OK);
  EXPECT_EQ(none, SQLITE_OK);
  EXPECT_EQ(performed, 4) << "WRITE, UNLOCK and two CLOSEs";
  EXPECT_EQ(fake.open_handles(), 0);
  EXPECT_EQ(fake.LockLevel("/db"), SQLITE_LOCK_NONE);
}

TEST_F(BackendTest, AWriteThatFindsNoMemoryLeavesItsRoomInTheQueueToOthers) {
  ASSERT_EQ(backend().SetQueueLimit(1000), SQLITE_OK);
  VfsFile file(kAsync, "/db", FileRole::kJournal, kJournalFlags);
  const std::string bytes(500, 'x');
  for (int i = 0; i < 10; ++i) {
    const FailingAllocation failing(1, true);
    file.methods().xWrite(file.file(), bytes.data(), 500, 0);
  }
  ASSERT_EQ(file.Write(0, bytes), SQLITE_OK);
  ASSERT_EQ(file.Write(500, bytes), SQLITE_OK);
  EXPECT_EQ(fake.bytes_written(), 0) << "something had to be performed to make room";
}

TEST_F(BackendTest, AWriteThatFindsNoMemoryIsThatWritesErrorAndNothingElse) {
  VfsFile file(kAsync, "/db", FileRole::kJournal, kJournalFlags);
  ASSERT_EQ(file.Write(0, "aaaaaa"), SQLITE_OK);
  const std::string bytes = "bb";
  bool failed = true;
  for (int64_t number = 1; failed; ++number) {
    int code;
    {
      const FailingAllocation failing(number, false);
      code = file.methods().xWrite(file.file(), bytes.data(), 2, 2);
      failed = failing.failed();
    }
    EXPECT_EQ(code, failed ? SQLITE_IOERR_NOMEM : SQLITE_OK);
    EXPECT_EQ(file.Read(0, 6), failed ? "aaaaaa" : "aabbaa");
  }
  StepAll();
  EXPECT_EQ(fake.Bytes("/db-journal"), "aabbaa");
}

}  // namespace
}  // namespace sqliteasync::test
