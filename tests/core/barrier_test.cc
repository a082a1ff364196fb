// The durability barrier: what it waits for, what is synced by the time that it returns, and how it
// ends when it can't be kept.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "core/sqlite_support.h"
#include "sqlite3async.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;
using Outcome = BarrierResult::Outcome;

class BarrierTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    ASSERT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_ON), SQLITE_OK);
    MakePlain("/dir/a", kTable);
    MakePlain("/dir/b", kTable);
    fake.ClearRecords();
  }

  Outcome Barrier(const char* name = nullptr, int64_t milliseconds = -1) {
    return backend().Barrier(name, milliseconds).outcome;
  }
  // Returns when the barrier is in the queue. REQUIRES: the writer stands.
  std::thread WaitInThread(const char* name, Outcome outcome) {
    const int64_t before = backend().ReadStatus().operations.now;
    std::thread waiter([this, name, outcome] { EXPECT_EQ(Barrier(name), outcome); });
    while (backend().ReadStatus().operations.now == before) std::this_thread::yield();
    return waiter;
  }
  // Every change of the file was followed by a sync, or by its deletion.
  void ExpectSynced(const std::string& name) {
    bool synced = true;
    for (const FakeVfs::Record& record : fake.Records()) {
      if (record.name != name) continue;
      if (record.call == Call::kWrite || record.call == Call::kTruncate) synced = false;
      if (record.call == Call::kSync || record.call == Call::kDelete) synced = true;
    }
    EXPECT_TRUE(synced) << name << " has changes that were not synced";
  }
  // The last deletion in the directory was one that syncs it.
  void ExpectDirectorySynced() {
    const auto deletions = fake.Records(Call::kDelete);
    ASSERT_FALSE(deletions.empty());
    EXPECT_EQ(deletions.back().number, 1) << deletions.back().name;
  }

  static constexpr char kTable[] = "CREATE TABLE t(x); INSERT INTO t VALUES(0)";
};

// ----- What is on disk

TEST_F(BarrierTest, WhatWasCommittedBeforeItIsOnDisk) {
  Connection a(kAsync, "/dir/a");
  StartWriter();
  for (int i = 1; i <= 20; ++i) {
    a.Query("UPDATE t SET x = " + std::to_string(i));
    EXPECT_EQ(Barrier("/dir/a"), Outcome::kDone);
    fake.Block(Call::kOpen, "/dir/a-journal");  // the writer does no more than it has done
    FakeVfs disk("disk", "disk-plain");
    fake.CopyFilesTo(disk);
    fake.Unblock();
    Connection plain("disk-plain", "/dir/a");
    EXPECT_EQ(plain.TryQuery("SELECT x FROM t"), std::to_string(i));
  }
}

class BarrierSyncTest : public BarrierTest,
                        public testing::WithParamInterface<std::tuple<const char*, const char*>> {};

TEST_P(BarrierSyncTest, EverythingIsSyncedWhateverTheConnectionHasAskedFor) {
  const auto [mode, synchronous] = GetParam();
  for (const int grouping : {SQLITEASYNC_GROUPING_ON, SQLITEASYNC_GROUPING_OFF}) {
    backend().SetGrouping(grouping);
    for (const bool closed : {false, true}) {
      for (const char* name : {"/dir/a", ""}) {
        if (closed && *name != '\0') continue;  // it may be unknown by then
        Connection a(kAsync, "/dir/a");
        a.Query(std::string("PRAGMA journal_mode=") + mode + "; PRAGMA synchronous=" + synchronous);
        StartWriter();
        fake.ClearRecords();
        a.Query("UPDATE t SET x = 1; UPDATE t SET x = 2");
        if (closed) a.Close();
        EXPECT_EQ(Barrier(name), Outcome::kDone);
        ExpectSynced("/dir/a");
        ExpectSynced("/dir/a-journal");
        if (std::string(mode) == "DELETE") ExpectDirectorySynced();
        a.Close();
        StopWriter();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, BarrierSyncTest,
                         testing::Combine(testing::Values("DELETE", "TRUNCATE", "PERSIST", "MEMORY",
                                                          "OFF"),
                                          testing::Values("OFF", "NORMAL", "FULL", "EXTRA")));

TEST_F(BarrierTest, OfADatabaseThatWasClosedIsRememberedWhatWasNotSynced) {
  StartWriter();
  for (const char* name : {"/dir/a", "/dir/b"}) {
    Connection one(kAsync, name);
    one.Query("PRAGMA synchronous=OFF; UPDATE t SET x = 1");
  }
  backend().writer().WaitUntilEmpty();
  EXPECT_EQ(fake.Count(Call::kSync), 0);
  EXPECT_EQ(Barrier("/dir/a"), Outcome::kDone) << "it is known by what is to be synced";
  ExpectSynced("/dir/a");
  EXPECT_EQ(fake.Count(Call::kSync, "/dir/b"), 0);
  EXPECT_EQ(Barrier(), Outcome::kDone);
  ExpectSynced("/dir/b");
  const int syncs = fake.Count(Call::kSync);
  EXPECT_EQ(Barrier(), Outcome::kDone);
  EXPECT_EQ(fake.Count(Call::kSync), syncs) << "nothing was left to be synced";
}

// Open, write, close: when the writer meets the error there is no connection that could get it.
TEST_F(BarrierTest, AFailureThatNobodyWasToldOfIsTheErrorOfOneBarrier) {
  fake.FailAll(Call::kWrite, "/dir/a", SQLITE_FULL);
  for (const char* name : {"", "/dir/a"}) {
    Connection a(kAsync, "/dir/a");
    a.Query("UPDATE t SET x = 1");
    a.Close();
    StepAll();
    StartWriter();
    EXPECT_EQ(Barrier("/dir/b"), Outcome::kUnknown) << "another's";
    const BarrierResult result = backend().Barrier(name, -1);
    EXPECT_EQ(result.outcome, Outcome::kFailed);
    EXPECT_EQ(result.code, SQLITE_FULL);
    EXPECT_EQ(result.database, "/dir/a");
    EXPECT_EQ(Barrier(), Outcome::kDone) << "by now it has been told";
    StopWriter();
  }
}

TEST_F(BarrierTest, AFailureThatARequestHasGotIsNoBarriersErrorWhenAllIsClosed) {
  fake.FailAll(Call::kWrite, "/dir/a", SQLITE_FULL);
  Connection a(kAsync, "/dir/a");
  a.Query("UPDATE t SET x = 1");
  StepAll();
  EXPECT_EQ(a.Run("SELECT x FROM t") & 0xff, SQLITE_FULL);
  a.Close();
  StepAll();
  StartWriter();
  EXPECT_EQ(Barrier(), Outcome::kDone);
}

TEST_F(BarrierTest, ADatabaseOpenedAgainHasWhatItsPredecessorLeftUnsynced) {
  StartWriter();
  Connection a(kAsync, "/dir/a");
  a.Query("PRAGMA synchronous=OFF; UPDATE t SET x = 1");
  a.Close();
  backend().writer().WaitUntilEmpty();
  a = Connection(kAsync, "/dir/a");
  EXPECT_EQ(a.Query("SELECT x FROM t"), "1");
  EXPECT_EQ(Barrier("/dir/a"), Outcome::kDone);
  ExpectSynced("/dir/a");
  ExpectDirectorySynced();
}

TEST_F(BarrierTest, WhereNoFileCanBeCreatedADatabaseThatWasThereIsSyncedAllTheSame) {
  StartWriter();
  Connection a(kAsync, "/dir/a");
  a.Query("PRAGMA journal_mode=MEMORY; UPDATE t SET x = 1");
  backend().writer().WaitUntilEmpty();
  fake.FailAll(Call::kOpen, "", SQLITE_CANTOPEN);
  EXPECT_EQ(Barrier("/dir/a"), Outcome::kDone);
  ExpectSynced("/dir/a");
}

// ----- Whom it holds up

TEST_F(BarrierTest, WaitsForTheWriterAloneAndOthersGoOn) {
  Watchdog watchdog(fake);
  Connection a(kAsync, "/dir/a");
  StartWriter();
  fake.Block(Call::kSync, "/dir/a");
  a.Query("UPDATE t SET x = 1");
  fake.WaitUntilBlocked();
  std::atomic<bool> released{false};
  std::thread waiter([&] {
    EXPECT_EQ(Barrier("/dir/a"), Outcome::kDone);
    EXPECT_TRUE(released);
  });
  // Commits, opens and questions about the state while it waits.
  for (int i = 2; i < 20; ++i) a.Query("UPDATE t SET x = " + std::to_string(i));
  {
    Connection b(kAsync, "/dir/b");
    EXPECT_EQ(b.Query("UPDATE t SET x = 5; SELECT x FROM t"), "5");
  }
  EXPECT_GT(backend().ReadStatus().operations.now, 0);
  released = true;
  fake.Unblock();
  waiter.join();
}

TEST_F(BarrierTest, AWriterThatLingersHurries) {
  backend().writer().SetLinger(std::chrono::hours(1));
  {
    Connection a(kAsync, "/dir/a");
    StartWriter();
    for (int i = 1; i < 5; ++i) {
      a.Query("UPDATE t SET x = " + std::to_string(i));
      EXPECT_EQ(Barrier("/dir/a"), Outcome::kDone);
    }
  }
  StopWriter();
  backend().writer().SetLinger(Writer::kLinger);
}

TEST_F(BarrierTest, KeepsToTheDelayAndLeavesTheHaltAlone) {
  backend().SetDelay(3600 * 1000);
  Connection a(kAsync, "/dir/a");
  a.Query("PRAGMA synchronous=OFF; UPDATE t SET x = 1");
  StartWriter();
  // One operation is performed, then there is an hour to wait.
  EXPECT_EQ(Barrier("/dir/a", 20), Outcome::kTimedOut);
  EXPECT_EQ(backend().halt(), SQLITEASYNC_HALT_NEVER);
  backend().SetDelay(0);
  EXPECT_EQ(Barrier("/dir/a"), Outcome::kDone);
}

TEST_F(BarrierTest, ManyAtOnceAreAllKept) {
  Connection a(kAsync, "/dir/a");
  Connection b(kAsync, "/dir/b");
  for (Connection* connection : {&a, &b}) connection->Query("PRAGMA synchronous=OFF");
  StartWriter();
  std::atomic<bool> stop{false};
  std::thread first([&] {
    for (int i = 1; !stop; ++i) a.Query("UPDATE t SET x = " + std::to_string(i));
  });
  std::thread second([&] {
    for (int i = 1; !stop; ++i) {
      b.Query("UPDATE t SET x = " + std::to_string(i));
      EXPECT_EQ(Barrier("/dir/b"), Outcome::kDone);
    }
  });
  std::thread third([&] {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(Barrier(), Outcome::kDone);
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Barrier("/dir/a"), Outcome::kDone);
    Barrier("/dir/a", 0);
    backend().ReadStatus();
    backend().ReadStatus("/dir/b");
    backend().Databases();
  }
  third.join();
  stop = true;
  first.join();
  second.join();
}

// ----- How it can't be kept

TEST_F(BarrierTest, WithoutAWriterItSaysSo) {
  Connection a(kAsync, "/dir/a");
  const BarrierResult result = backend().Barrier(nullptr, -1);
  EXPECT_EQ(result.outcome, Outcome::kNoWriter);
  EXPECT_EQ(result.code, SQLITE_MISUSE);
}

TEST_F(BarrierTest, AWriterThatStopsNowLeavesNobodyWaiting) {
  Connection a(kAsync, "/dir/a");
  StartWriter();
  fake.Block(Call::kSync, "/dir/a-journal");
  a.Query("UPDATE t SET x = 1");
  fake.WaitUntilBlocked();
  std::thread waiter = WaitInThread("/dir/a", Outcome::kNoWriter);
  a.Query("UPDATE t SET x = 2");
  backend().SetHalt(SQLITEASYNC_HALT_NOW);
  fake.Unblock();
  waiter.join();
}

TEST_F(BarrierTest, AWriterThatStopsWhenItIsIdleKeepsIt) {
  Connection a(kAsync, "/dir/a");
  StartWriter();
  fake.Block(Call::kSync, "/dir/a-journal");
  a.Query("UPDATE t SET x = 1");
  fake.WaitUntilBlocked();
  backend().SetHalt(SQLITEASYNC_HALT_IDLE);
  std::thread waiter = WaitInThread("/dir/a", Outcome::kDone);
  fake.Unblock();
  waiter.join();
}

TEST_F(BarrierTest, TimesOutWhileTheWriterStands) {
  Connection a(kAsync, "/dir/a");
  StartWriter();
  fake.Block(Call::kSync, "/dir/a");
  a.Query("UPDATE t SET x = 1");
  fake.WaitUntilBlocked();
  const BarrierResult result = backend().Barrier("/dir/a", 1);
  EXPECT_EQ(result.outcome, Outcome::kTimedOut);
  EXPECT_EQ(result.code, SQLITE_BUSY);
  fake.Unblock();
  EXPECT_EQ(Barrier("/dir/a", 3600 * 1000), Outcome::kDone);
}

TEST_F(BarrierTest, ANameThatIsNotKnownIsNamed) {
  StartWriter();
  const BarrierResult result = backend().Barrier("/dir/../other//x", -1);
  EXPECT_EQ(result.outcome, Outcome::kUnknown);
  EXPECT_EQ(result.code, SQLITE_NOTFOUND);
#ifdef _WIN32  // where the names of FakeVfs are no absolute paths
  EXPECT_EQ(result.database, "/dir/../other//x");
#else
  EXPECT_EQ(result.database, "/other/x");
#endif
}

TEST_F(BarrierTest, TheErrorOfADatabaseIsItsBarriersAndThatOfAll) {
  Connection a(kAsync, "/dir/a");
  Connection b(kAsync, "/dir/b");
  StartWriter();
  fake.FailNth(Call::kWrite, "/dir/a", 1, SQLITE_FULL);
  a.Query("UPDATE t SET x = 1");
  b.Query("UPDATE t SET x = 1");
  for (const char* name : {"/dir/a", ""}) {
    const BarrierResult result = backend().Barrier(name, -1);
    EXPECT_EQ(result.outcome, Outcome::kFailed);
    EXPECT_EQ(result.code, SQLITE_FULL);
    EXPECT_EQ(result.database, "/dir/a");
  }
  EXPECT_EQ(Barrier("/dir/b"), Outcome::kDone);
  a.Close();
  b.Close();
  EXPECT_EQ(Barrier(), Outcome::kDone) << "the failed one has been closed";
}

TEST_F(BarrierTest, AnErrorIsTheirsWhoWaitedWhenTheDatabaseWasClosed) {
  Connection a(kAsync, "/dir/a");
  StartWriter();
  fake.FailNth(Call::kWrite, "/dir/a", 1, SQLITE_FULL);
  fake.Block(Call::kSync, "/dir/a-journal");
  a.Query("UPDATE t SET x = 1");
  fake.WaitUntilBlocked();
  std::thread waiter = WaitInThread("/dir/a", Outcome::kFailed);
  a.Close();
  fake.Unblock();
  waiter.join();
}

TEST_F(BarrierTest, ASyncThatFailsIsAnErrorOfTheDatabase) {
  Connection a(kAsync, "/dir/a");
  a.Query("PRAGMA synchronous=OFF");
  StartWriter();
  a.Query("UPDATE t SET x = 1");
  fake.FailNth(Call::kSync, "/dir/a", 1, SQLITE_IOERR_FSYNC);
  const BarrierResult result = backend().Barrier("/dir/a", -1);
  EXPECT_EQ(result.outcome, Outcome::kFailed);
  EXPECT_EQ(result.code, SQLITE_IOERR_FSYNC);
  EXPECT_EQ(a.TryQuery("SELECT x FROM t"), "error " + std::to_string(SQLITE_IOERR_FSYNC));
  const std::optional<Failure> failure = backend().LastFailure("/dir/a");
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->operation, OperationKind::kSync);
  EXPECT_EQ(failure->code, SQLITE_IOERR_FSYNC);
}

TEST_F(BarrierTest, AnAbandonedOneIsNoChangeThatIsLost) {
  Connection a(kAsync, "/dir/a");
  a.Query("PRAGMA synchronous=OFF");
  StartWriter();
  fake.Block(Call::kWrite, "/dir/a");
  a.Query("UPDATE t SET x = 1");
  fake.WaitUntilBlocked();
  EXPECT_EQ(Barrier("/dir/a", 0), Outcome::kTimedOut);
  backend().SetHalt(SQLITEASYNC_HALT_NOW);
  fake.Unblock();
  backend().writer().Wait();
  a.Close();
  EXPECT_EQ(fake.Count(Call::kSync), 0);
  EXPECT_FALSE(backend().Unregister().refused());
  EXPECT_EQ(fake.Count(Call::kSync), 0) << "nobody waited for it any more";
  EXPECT_EQ(backend().Register(kParent, nullptr), SQLITE_OK);
  StartWriter();
  EXPECT_EQ(Barrier(), Outcome::kDone);
  ExpectSynced("/dir/a");
}

TEST_F(BarrierTest, FromTheWritersOwnThreadItIsRefused) {
  Connection a(kAsync, "/dir/a");
  StartWriter();
  std::atomic<int> code{SQLITE_OK};
  const Failures::ListenerId id = backend().failures().Listen(
      [&](const Failure&) { code = backend().Barrier(nullptr, -1).code; });
  fake.FailNth(Call::kWrite, "/dir/a", 1, SQLITE_FULL);
  a.Query("UPDATE t SET x = 1");
  while (code == SQLITE_OK) std::this_thread::yield();
  EXPECT_EQ(code, SQLITE_MISUSE);
  backend().failures().StopListening(id);
}

}  // namespace
}  // namespace sqliteasync::test
