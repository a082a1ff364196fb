// Reads through the whole backend: what they see, and what they don't wait for.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <tuple>

#include "core/sqlite_support.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

class ReadsTest : public BackendTest {};

TEST_F(ReadsTest, AReaderSeesACommitOfWhichNothingHasBeenPerformed) {
  Connection writer(kAsync, "/db");
  writer.Query("CREATE TABLE t(a); INSERT INTO t VALUES(1)");
  EXPECT_EQ(Connection(kAsync, "/db").Query("SELECT a FROM t"), "1");
  EXPECT_EQ(fake.bytes_written(), 0);
}

TEST_F(ReadsTest, EveryReadIsTheSameAfterEachOperationThatIsPerformed) {
  MakePlain("/db", "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, zeroblob(20000))");
  Connection writer(kAsync, "/db");
  Connection reader(kAsync, "/db");
  writer.Query(
      "INSERT INTO t VALUES(2, zeroblob(9000)); UPDATE t SET b = zeroblob(30000) WHERE a = 1;"
      "DELETE FROM t WHERE a = 2; VACUUM");
  const std::string check = "PRAGMA integrity_check; SELECT a, length(b) FROM t";
  do {
    // A new connection has nothing in its cache.
    ASSERT_EQ(Connection(kAsync, "/db").Query(check), "ok 1|30000");
    ASSERT_EQ(reader.Query(check), "ok 1|30000");
  } while (Step(2) == 2);  // one of them makes up for the CLOSE of the new connection
}

TEST_F(ReadsTest, AShortReadOfTheParentIsOneForSqliteOnlyAtTheEndOfTheFile) {
  fake.SetBytes("/db", "0123456789");
  VfsFile file(kAsync, "/db", FileRole::kMain, kMainFlags);
  ASSERT_EQ(file.code(), SQLITE_OK);
  EXPECT_EQ(file.Read(5, 10), std::string("56789\0\0\0\0\0|", 11));
  ASSERT_EQ(file.Lock(SQLITE_LOCK_SHARED), SQLITE_OK);
  ASSERT_EQ(file.Lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_OK);
  ASSERT_EQ(file.Write(15, "abcde"), SQLITE_OK);
  EXPECT_EQ(file.Read(5, 10), std::string("56789\0\0\0\0\0", 10));
  EXPECT_EQ(file.Read(12, 8), std::string("\0\0\0abcde", 8));
  EXPECT_EQ(file.Read(12, 9), std::string("\0\0\0abcde\0|", 10));
  EXPECT_EQ(file.Size(), 20);
  ASSERT_EQ(file.Truncate(7), SQLITE_OK);
  EXPECT_EQ(file.Read(5, 4), std::string("56\0\0|", 5));
  EXPECT_EQ(file.Size(), 7);
  EXPECT_EQ(file.Read(100, 2), std::string("\0\0|", 3));
}

TEST_F(ReadsTest, APendingPageIsReadWithoutTheParent) {
  MakePlain("/db", "CREATE TABLE t(a)");
  Connection writer(kAsync, "/db");
  writer.Query("INSERT INTO t VALUES(1)");
  Connection reader(kAsync, "/db");
  fake.ClearRecords();
  reader.Query("SELECT * FROM sqlite_schema, t");
  EXPECT_EQ(fake.Count(Call::kRead, "/db"), 0) << "both pages are pending";
}

TEST_F(ReadsTest, InABurstACommitMakesNoCallOnTheParent) {
  MakePlain("/db", "CREATE TABLE t(a)");
  Connection writer(kAsync, "/db");
  writer.Query("INSERT INTO t VALUES(1); INSERT INTO t VALUES(2)");
  fake.ClearRecords();
  writer.Query("INSERT INTO t VALUES(3); SELECT * FROM t");
  for (const FakeVfs::Record& record : fake.Records()) {
    // Looking for a log, and at files that are open for reading, is no wait for the disk.
    EXPECT_TRUE(record.call == Call::kAccess || record.call == Call::kControl ||
                record.call == Call::kFileSize || record.call == Call::kRead)
        << CallName(record.call) << " " << record.name;
  }
}

// While the writer is held up in one call, everything goes on.
class HeldUpWriterTest : public BackendTest,
                         public testing::WithParamInterface<std::tuple<Call, const char*>> {};

TEST_P(HeldUpWriterTest, NobodyWaitsForTheWriter) {
  const auto [call, name] = GetParam();
  MakePlain("/db", "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, zeroblob(10000))");
  for (const char* mode : {"delete", "truncate", "persist"}) {
    SCOPED_TRACE(mode);
    Connection writer(kAsync, "/db");
    Connection reader(kAsync, "/db");
    writer.Query(std::string("PRAGMA journal_mode = ") + mode);
    const std::string before = reader.Query("SELECT max(a) FROM t");
    StopWriter();
    Watchdog watchdog(fake);
    fake.Block(call, name);
    StartWriter();
    // A file that grows and, by the vacuum, shrinks again: there is a call of every kind.
    writer.Query("INSERT INTO t SELECT max(a) + 1, zeroblob(20000) FROM t");
    writer.Query("UPDATE t SET b = NULL");
    writer.Query("VACUUM");
    writer.Query("UPDATE t SET b = zeroblob(5000)");
    fake.WaitUntilBlocked();

    const std::string now = std::to_string(std::stoi(before) + 1);
    EXPECT_EQ(reader.Query("SELECT max(a) FROM t"), now);
    EXPECT_EQ(Connection(kAsync, "/db").Query("SELECT max(a) FROM t"), now);
    EXPECT_EQ(Connection(kAsync, "/db", SQLITE_OPEN_READONLY).Query("SELECT max(a) FROM t"), now);
    reader.Query("INSERT INTO t SELECT max(a) + 1, zeroblob(20000) FROM t");
    writer.Query("BEGIN; DELETE FROM t WHERE a = 1; ROLLBACK");
    writer.Query("CREATE TEMP TABLE temporary AS SELECT * FROM t; DROP TABLE temporary");
    EXPECT_EQ(writer.Query("SELECT max(a) FROM t"), std::to_string(std::stoi(now) + 1));
    EXPECT_EQ(Connection(kAsync, "/other").Query("CREATE TABLE t(a); SELECT count(*) FROM t"), "0");
    reader.Close();
    writer.Close();
    EXPECT_EQ(Connection(kAsync, "/db").Query("PRAGMA integrity_check"), "ok");

    fake.Unblock();
    StopWriter();
    EXPECT_EQ(DeleteFile(kAsync, "/other"), SQLITE_OK);
    StepAll();
    if (HasFailure()) return;
  }
  EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT max(a) FROM t"), "ok 7");
}

INSTANTIATE_TEST_SUITE_P(
    EachCall, HeldUpWriterTest,
    testing::Values(std::tuple{Call::kSync, "/db"}, std::tuple{Call::kWrite, "/db"},
                    std::tuple{Call::kTruncate, "/db"}, std::tuple{Call::kSync, "/db-journal"},
                    std::tuple{Call::kWrite, "/db-journal"}),
    [](const auto& info) {
      return std::string(CallName(std::get<0>(info.param))) +
             (std::string(std::get<1>(info.param)) == "/db" ? "Database" : "Journal");
    });

// Readers, writers and the writer thread at once. The sanitizers see races, the readers torn
// states.
TEST_F(ReadsTest, ReadersSeeWholeTransactionsWhileTheWriterWorks) {
  MakePlain("/db", "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1,0),(2,0)");
  StartWriter();
  std::atomic<bool> done{false};
  std::atomic<int> reads{0};
  auto reader = [&] {
    Connection connection(kAsync, "/db");
    connection.WaitWhileBusy();
    while (!done || reads == 0) {
      const std::string both = connection.Query("SELECT min(b) = max(b) FROM t");
      EXPECT_EQ(both, "1");
      if (both != "1") break;
      ++reads;
      if (reads % 16 == 0) connection = Connection(kAsync, "/db");
      connection.WaitWhileBusy();
    }
  };
  std::thread first(reader);
  std::thread second(reader);
  {
    Connection writer(kAsync, "/db");
    writer.WaitWhileBusy();
    for (int i = 1; i <= 300; ++i) {
      writer.Query("UPDATE t SET b = b + 1");
      if (writer.code() != SQLITE_OK) break;
    }
    done = true;
  }
  first.join();
  second.join();
  StopWriter();
  EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT b FROM t"), "ok 300 300");
}

}  // namespace
}  // namespace sqliteasync::test
