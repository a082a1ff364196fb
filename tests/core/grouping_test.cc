// Groups through the whole backend: settings that change in the middle of transactions, readers
// while a group is carried to disk, errors at each of its steps, and when the writer stops.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "core/sqlite_support.h"
#include "sqlite3async.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

constexpr char kTable[] =
    "PRAGMA page_size = 1024;"
    "CREATE TABLE t(a INTEGER PRIMARY KEY, b);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
    " INSERT INTO t SELECT i, zeroblob(900) FROM n";

class GroupingTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    Group(SQLITEASYNC_GROUPING_AUTO);
    fake.device_characteristics = SQLITE_IOCAP_POWERSAFE_OVERWRITE;
    MakePlain("/db", kTable);
    fake.ClearRecords();
  }

  void Group(int grouping) { ASSERT_EQ(backend().SetGrouping(grouping), SQLITE_OK); }

  // While a file is open and no writer runs this is refused, and says how much is queued.
  int64_t QueuedChanges() { return backend().Unregister().queued_changes; }
};

// ----- Settings that change in the middle

// The journal of locking_mode=EXCLUSIVE stays open from one transaction to the next.
TEST_F(GroupingTest, AJournalThatStaysOpenIsReadAsItWasWritten) {
  for (const char* mode : {"delete", "truncate", "persist"}) {
    for (const int first : {SQLITEASYNC_GROUPING_OFF, SQLITEASYNC_GROUPING_ON}) {
      SCOPED_TRACE(std::string(mode) + " " + std::to_string(first));
      Connection app(kAsync, "/db");
      app.Query(std::string("PRAGMA locking_mode = exclusive; PRAGMA cache_size = 1;"
                            "PRAGMA journal_mode = ") +
                mode);
      Group(first);
      app.Query("UPDATE t SET b = 1 WHERE a = 3");
      Group(SQLITEASYNC_GROUPING_OFF);
      app.Query("UPDATE t SET b = 2 WHERE a = 3");
      Group(SQLITEASYNC_GROUPING_ON);
      app.Query("UPDATE t SET b = 3 WHERE a = 3");
      Group(SQLITEASYNC_GROUPING_OFF);
      app.Query("BEGIN; UPDATE t SET b = randomblob(900); ROLLBACK");
      const std::string state =
          "PRAGMA integrity_check; SELECT count(*) FROM t WHERE b = zeroblob(900);"
          "SELECT b FROM t WHERE a = 3";
      EXPECT_EQ(app.Query(state), "ok 29 3");
      app.Close();
      StepAll();
      EXPECT_EQ(Plain("/db", state), "ok 29 3");
    }
  }
}

// A rollback under locking_mode=EXCLUSIVE is no end of anything that the VFS sees.
TEST_F(GroupingTest, ATransactionBehindARollbackIsQueuedBehindItsSyncedJournal) {
  Connection app(kAsync, "/db");
  app.Query("PRAGMA journal_mode = truncate; PRAGMA locking_mode = exclusive");
  app.Query("BEGIN; UPDATE t SET b = 1 WHERE a = 3; ROLLBACK; PRAGMA cache_size = 1");
  ASSERT_EQ(backend().SetQueueLimit(20 * 1024), SQLITE_OK);
  app.Query("UPDATE t SET b = randomblob(901)");
  StepAll();
  const std::string calls = Changes(fake.Records());
  const size_t page = calls.find("WRITE /db\n");
  const size_t sync = calls.find("SYNC /db-journal\n");
  EXPECT_LT(sync, page) << calls;
  app.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT count(*) FROM t WHERE length(b) = 901"),
            "ok 30");
}

TEST_F(GroupingTest, WhatARollbackHasLeftIsNotQueuedWithTheNextTransaction) {
  Connection app(kAsync, "/db");
  app.Query("PRAGMA locking_mode = exclusive; PRAGMA cache_size = 1");
  app.Query("BEGIN; UPDATE t SET b = randomblob(900) WHERE a < 29; ROLLBACK");
  Group(SQLITEASYNC_GROUPING_OFF);
  ASSERT_EQ(backend().SetQueueLimit(1024), SQLITE_OK);
  app.Query("UPDATE t SET b = 1 WHERE a = 29");
  StepAll();
  EXPECT_LE(fake.Records(Call::kWrite, "/db").size(), 2U) << "page 1 and the row's";
  app.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT b FROM t WHERE a = 29"), "ok 1");
}

}  // namespace
}  // namespace sqliteasync::test
