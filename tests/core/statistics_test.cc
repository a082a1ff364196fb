// What is counted, and that failures are kept and reported.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "core/sqlite_support.h"
#include "sqlite3async.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

class StatisticsTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    MakePlain("/a", kTable);
    MakePlain("/b", kTable);
    fake.ClearRecords();
    backend().failures().Clear();
    before = backend().ReadStatus().totals;
  }
  Status Of(const char* name) {
    const std::optional<Status> status = backend().ReadStatus(name);
    EXPECT_TRUE(status.has_value()) << name;
    return status.value_or(Status());
  }
  Totals Since() {
    Totals totals = backend().ReadStatus().totals;
    totals.performed -= before.performed;
    totals.folded -= before.folded;
    totals.syncs -= before.syncs;
    totals.written -= before.written;
    totals.waits -= before.waits;
    return totals;
  }

  static constexpr char kTable[] = "CREATE TABLE t(x); INSERT INTO t VALUES(0)";
  Totals before;
};

TEST_F(StatisticsTest, TransactionsThatAreQueuedSinglyCountUntilTheirLastOperationIsDone) {
  Connection a(kAsync, "/a");
  for (int i = 1; i <= 3; ++i) {
    a.Query("UPDATE t SET x = x + 1");
    EXPECT_EQ(Of("/a").transactions.now, i);
    EXPECT_EQ(backend().ReadStatus().transactions.now, i);
  }
  a.Query("BEGIN IMMEDIATE; COMMIT; BEGIN; UPDATE t SET x = 9; ROLLBACK");
  EXPECT_EQ(Of("/a").transactions.now, 3) << "nothing was committed by these";
  int64_t left = 3;
  while (Step() == 1) {
    const int64_t now = Of("/a").transactions.now;
    EXPECT_TRUE(now == left || now == left - 1);
    if (now < left) {
      left = now;
      FakeVfs disk("disk", "disk-plain");
      fake.CopyFilesTo(disk);
      Connection plain("disk-plain", "/a");
      EXPECT_EQ(plain.TryQuery("SELECT x FROM t"), std::to_string(3 - now));
    }
  }
  EXPECT_EQ(left, 0);
  EXPECT_EQ(Of("/a").transactions.highest, 3);
  EXPECT_EQ(Since().folded, 0);
}

TEST_F(StatisticsTest, AFoldedTransactionCountsAndItsGroupIsOneOperation) {
  backend().SetGrouping(SQLITEASYNC_GROUPING_ON);
  Connection a(kAsync, "/a");
  a.Query("UPDATE t SET x = 1");
  const int64_t operations = Of("/a").operations.now;
  const int64_t bytes = Of("/a").bytes.now;
  for (int i = 2; i <= 10; ++i) a.Query("UPDATE t SET x = " + std::to_string(i));
  const Status status = Of("/a");
  EXPECT_EQ(status.operations.now, operations);
  EXPECT_EQ(status.bytes.now, bytes) << "the same pages again";
  EXPECT_GT(bytes, 0);
  EXPECT_EQ(status.transactions.now, 10);
  EXPECT_EQ(status.grouped, 10);
  EXPECT_EQ(status.totals.folded, 10);
  EXPECT_EQ(backend().ReadStatus().bytes.now, bytes);
  StepAll();
  const Status after = Of("/a");
  EXPECT_EQ(after.operations.now, 0);
  EXPECT_EQ(after.bytes.now, 0);
  EXPECT_EQ(after.transactions.now, 0);
  EXPECT_EQ(after.grouped, 0);
  EXPECT_EQ(after.transactions.highest, 10);
}

TEST_F(StatisticsTest, BytesFollowAGroupThatGrowsAndShrinks) {
  backend().SetGrouping(SQLITEASYNC_GROUPING_ON);
  Connection a(kAsync, "/a");
  a.Query("PRAGMA auto_vacuum");
  int64_t most = 0;
  for (int i = 0; i < 5; ++i) {
    a.Query("INSERT INTO t VALUES(zeroblob(20000))");
    EXPECT_EQ(Of("/a").bytes.now, backend().ReadStatus().bytes.now);
    most = Of("/a").bytes.now;
  }
  a.Query("DELETE FROM t; VACUUM");
  EXPECT_EQ(Of("/a").bytes.now, backend().ReadStatus().bytes.now);
  EXPECT_LT(Of("/a").bytes.now, most);
  EXPECT_GE(Of("/a").bytes.highest, most);
}

TEST_F(StatisticsTest, WhatReachesTheParentIsCounted) {
  for (const int grouping : {SQLITEASYNC_GROUPING_ON, SQLITEASYNC_GROUPING_OFF}) {
    backend().SetGrouping(grouping);
    Connection a(kAsync, "/a");
    a.Query("PRAGMA synchronous=FULL");
    StepAll();
    before = backend().ReadStatus().totals;
    fake.ClearRecords();
    const int64_t bytes = fake.bytes_written();
    a.Query("UPDATE t SET x = 1; INSERT INTO t VALUES(zeroblob(20000))");
    const int64_t steps = StepAll();
    EXPECT_EQ(Since().performed, steps);
    EXPECT_EQ(Since().written, fake.bytes_written() - bytes);
    EXPECT_EQ(Since().syncs, fake.Count(Call::kSync));
  }
}

TEST_F(StatisticsTest, WhatADatabaseHasCountedStaysInTheTotalsWhenItIsGone) {
  {
    Connection a(kAsync, "/a");
    a.Query("UPDATE t SET x = 1");
    StepAll();
  }
  StepAll();
  EXPECT_FALSE(backend().ReadStatus("/a").has_value());
  EXPECT_GT(Since().written, 0);
  EXPECT_GT(Since().performed, 0);
}

TEST_F(StatisticsTest, ReadsFromMemoryAreThoseThatDoNotAskTheParent) {
  Connection a(kAsync, "/a");
  a.Query("PRAGMA cache_size=0; UPDATE t SET x = 1");
  const Totals first = Of("/a").totals;
  fake.ClearRecords();
  Connection other(kAsync, "/a");
  EXPECT_EQ(other.Query("SELECT x FROM t"), "1");
  const Totals second = Of("/a").totals;
  EXPECT_GT(second.memory_reads, first.memory_reads);
  EXPECT_EQ((second.reads - first.reads) - (second.memory_reads - first.memory_reads),
            fake.Count(Call::kRead));
}

TEST_F(StatisticsTest, AThreadThatWaitsForRoomIsCounted) {
  backend().SetQueueLimit(60000);
  Connection a(kAsync, "/a");
  a.Query("INSERT INTO t VALUES(zeroblob(9000))");
  EXPECT_EQ(Since().waits, 0);
  for (int i = 0; i < 20; ++i) a.Query("INSERT INTO t VALUES(zeroblob(9000))");
  EXPECT_GT(Since().waits, 0);
  EXPECT_EQ(Of("/a").totals.waits, Since().waits);
}

TEST_F(StatisticsTest, TheAgeIsThatOfTheOldestOperation) {
  Connection a(kAsync, "/a");
  Connection b(kAsync, "/b");
  EXPECT_EQ(backend().ReadStatus().age, 0);
  a.Query("UPDATE t SET x = 1");
  while (Of("/a").age < 5) std::this_thread::yield();
  b.Query("UPDATE t SET x = 1");
  EXPECT_LT(Of("/b").age, Of("/a").age);
  const int64_t least = Of("/a").age;
  EXPECT_GE(backend().ReadStatus().age, least);
  while (Of("/a").operations.now > 0) ASSERT_EQ(Step(), 1);
  EXPECT_EQ(Of("/a").age, 0);
}

TEST_F(StatisticsTest, HighWaterMarksCanBeResetOneByOne) {
  Connection a(kAsync, "/a");
  a.Query("UPDATE t SET x = 1");
  StepAll();
  backend().ResetHighest(&Status::bytes);
  EXPECT_TRUE(backend().ResetHighest("/a", &Status::operations));
  EXPECT_EQ(backend().ReadStatus().bytes.highest, 0);
  EXPECT_GT(backend().ReadStatus().operations.highest, 0);
  EXPECT_EQ(Of("/a").operations.highest, 0);
  EXPECT_GT(Of("/a").bytes.highest, 0);
  EXPECT_FALSE(backend().ResetHighest("/none", &Status::bytes));
}

TEST_F(StatisticsTest, KnowsWhatIsOpenAndNothingElse) {
  Connection a(kAsync, "/a");
  Connection b(kAsync, "/b");
  b.Query("ATTACH '/a' AS other; UPDATE t SET x = 1; UPDATE other.t SET x = 1");
  b.Query("CREATE TEMP TABLE u(x)");
  EXPECT_EQ(backend().Databases(), (std::vector<std::string>{"/a", "/b"}));
  b.Close();
  EXPECT_EQ(backend().Databases(), (std::vector<std::string>{"/a", "/b"})) << "it has queued";
  StepAll();
  EXPECT_EQ(backend().Databases(), (std::vector<std::string>{"/a"}));
}

TEST_F(StatisticsTest, TheWritersStateIsWhatItDoes) {
  Writer& writer = backend().writer();
  EXPECT_EQ(writer.State(), WriterState::kNone);
  StartWriter();
  while (writer.State() != WriterState::kIdle) std::this_thread::yield();
  Connection a(kAsync, "/a");
  fake.Block(Call::kSync, "/a");
  a.Query("UPDATE t SET x = 1");
  fake.WaitUntilBlocked();
  EXPECT_EQ(writer.State(), WriterState::kWorking);
  backend().SetDelay(3600 * 1000);
  fake.Unblock();
  while (writer.State() != WriterState::kPaused) std::this_thread::yield();
  backend().SetDelay(0);
  while (writer.State() != WriterState::kIdle) std::this_thread::yield();
  backend().SetGrouping(SQLITEASYNC_GROUPING_ON);
  writer.SetLinger(std::chrono::hours(1));
  fake.Block(Call::kSync, "/a");
  a.Query("UPDATE t SET x = 2");
  fake.WaitUntilBlocked();
  a.Query("UPDATE t SET x = 3");
  fake.Unblock();
  while (writer.State() != WriterState::kLingering) std::this_thread::yield();
  StopWriter();
  writer.SetLinger(Writer::kLinger);
  EXPECT_EQ(writer.State(), WriterState::kNone);
}

// ----- Failures

TEST_F(StatisticsTest, AFailureIsKeptWithItsOperationWhenTheDatabaseIsClosed) {
  Connection a(kAsync, "/a");
  fake.FailNth(Call::kSync, "/a-journal", 1, SQLITE_IOERR_FSYNC);
  a.Query("UPDATE t SET x = 1");
  StepAll();
  a.Close();
  StepAll();
  const std::vector<Failure> all = backend().failures().All();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].database, "/a");
  EXPECT_EQ(all[0].file, "/a-journal");
  EXPECT_EQ(all[0].operation, OperationKind::kSync);
  EXPECT_EQ(all[0].code, SQLITE_IOERR_FSYNC);
  EXPECT_GT(all[0].time, 0);
#ifndef _WIN32  // where the names of FakeVfs are no absolute paths
  EXPECT_TRUE(backend().LastFailure("/./a").has_value());
#endif
  EXPECT_FALSE(backend().LastFailure("/b").has_value());
  backend().failures().Clear();
  EXPECT_TRUE(backend().failures().All().empty());
}

TEST_F(StatisticsTest, NoMoreFailuresAreKeptThanTheBound) {
  Failures failures;
  for (int i = 0; i < 250; ++i) failures.Add({"/a", "/a", OperationKind::kWrite, i, 0});
  const std::vector<Failure> all = failures.All();
  ASSERT_EQ(all.size(), Failures::kMost);
  EXPECT_EQ(all.back().code, 249);
  EXPECT_EQ(failures.Last("/a")->code, 249);
}

TEST_F(StatisticsTest, AListenerMayCloseTheDatabaseAndAskForAnything) {
  Connection a(kAsync, "/a");
  fake.FailNth(Call::kWrite, "/a", 1, SQLITE_FULL);
  a.Query("UPDATE t SET x = 1");
  std::vector<std::string> heard;
  Failures::ListenerId id = 0;
  id = backend().failures().Listen([&](const Failure& failure) {
    heard.push_back(failure.database);
    a.Close();
    backend().SetHalt(backend().halt());
    backend().ReadStatus();
    backend().Databases();
    backend().failures().StopListening(id);
  });
  StepAll();
  EXPECT_EQ(heard, (std::vector<std::string>{"/a"}));
  a = Connection(kAsync, "/a");
  fake.FailNth(Call::kWrite, "/a", 1, SQLITE_FULL);
  a.Query("UPDATE t SET x = 1");
  StepAll();
  EXPECT_EQ(heard.size(), 1U);
}

TEST_F(StatisticsTest, AListenerThatIsRemovedIsNotBeingCalledAnyMore) {
  Failures failures;
  std::atomic<bool> inside{false};
  std::atomic<bool> leave{false};
  std::atomic<bool> left{false};
  const Failures::ListenerId id = failures.Listen([&](const Failure&) {
    inside = true;
    while (!leave) std::this_thread::yield();
    left = true;
  });
  std::thread reporter([&] {
    failures.Report({"/a", "/a", OperationKind::kWrite, SQLITE_FULL, 0});
  });
  while (!inside) std::this_thread::yield();
  std::thread remover([&] {
    failures.StopListening(id);
    EXPECT_TRUE(left);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  leave = true;
  reporter.join();
  remover.join();
}

}  // namespace
}  // namespace sqliteasync::test
