// Groups through the whole backend: settings that change in the middle of transactions, readers
// while a group is carried to disk, errors at each of its steps, and when the writer stops.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
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

  // What a process that dies now leaves is another device's, for plain SQLite to recover.
  void CopyToGrave() {
    grave.device_characteristics = fake.device_characteristics;
    fake.CopyFilesTo(grave);
  }

  // Takes all of the byte limit but less than a thirty-second part, with a writer running that the
  // device holds up. `filler`: the file /filler, as yet without a lock.
  void LeaveLittleRoom(VfsFile& filler) {
    constexpr int kLimit = 64 * 1024;
    constexpr int kLeft = 1500;
    Group(SQLITEASYNC_GROUPING_OFF);
    ASSERT_EQ(backend().SetQueueLimit(kLimit), SQLITE_OK);
    backend().writer().SetRoomPatience(std::chrono::hours(1));
    for (const int level : {SQLITE_LOCK_SHARED, SQLITE_LOCK_RESERVED, SQLITE_LOCK_EXCLUSIVE}) {
      ASSERT_EQ(filler.Lock(level), SQLITE_OK);
    }
    fake.Block(Call::kWrite, "/filler");
    ASSERT_EQ(filler.Write(0, std::string(kLimit - kLeft, 'f')), SQLITE_OK);
    StartWriter();
    fake.WaitUntilBlocked();
  }

  // While a file is open and no writer runs this is refused, and says how much is queued.
  int64_t QueuedChanges() { return backend().Unregister().queued_changes; }

  FakeVfs grave{"grave's parent", "grave"};
};

// ----- The byte limit

// What an open transaction keeps in memory counts, its journal as well. Past half of the limit it
// is queued, and by the end of it the writer has performed most of that.
TEST_F(GroupingTest, ALargeTransactionStaysWithinTheByteLimitWithItsJournal) {
  constexpr int64_t kLimit = 80000;
  ASSERT_EQ(backend().SetQueueLimit(kLimit), SQLITE_OK);
  Connection app(kAsync, "/db");
  app.Query("PRAGMA cache_size = 1000; BEGIN; UPDATE t SET b = randomblob(900)");
  EXPECT_EQ(QueuedChanges(), 0) << "the journal of so many pages is not more than half";
  app.Query("COMMIT");
  EXPECT_GT(QueuedChanges(), 1) << "with the pages it is";
  StepAll();

  ASSERT_EQ(backend().SetQueueLimit(kLimit / 2), SQLITE_OK);
  app.Query("BEGIN; UPDATE t SET b = randomblob(900)");
  EXPECT_GT(QueuedChanges(), 1) << "the journal alone is too much";
  app.Query("COMMIT");
  app.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT count(*) FROM t"), "ok 30");
  ASSERT_EQ(backend().SetQueueLimit(64 << 20), SQLITE_OK);
}

// Transactions that are open at the same time could take all of the limit among them, with nothing
// that a writer could perform: whoever needs more is queued.
TEST_F(GroupingTest, OpenTransactionsDontPassTheByteLimitTogether) {
  constexpr int64_t kLimit = 100000;
  ASSERT_EQ(backend().SetQueueLimit(kLimit), SQLITE_OK);
  std::vector<Connection> apps;
  for (int i = 0; i < 8; ++i) {
    const std::string path = "/open" + std::to_string(i);
    MakePlain(path, kTable);
    apps.emplace_back(kAsync, path);
    // Each alone has its pages and journal in less than half.
    apps.back().Query(
        "PRAGMA cache_size = 1; BEGIN; UPDATE t SET b = randomblob(900) WHERE a < 12");
  }
  EXPECT_GT(QueuedChanges(), 8);
  for (Connection& app : apps) app.Query("COMMIT");
  apps.clear();
  StepAll();
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(Plain("/open" + std::to_string(i),
                    "PRAGMA integrity_check; SELECT count(*) FROM t WHERE b = zeroblob(900)"),
              "ok 19");
  }
  ASSERT_EQ(backend().SetQueueLimit(64 << 20), SQLITE_OK);
}

// A transaction that begins when there is little room waits before it has RESERVED: readers of the
// process go on, where in its middle they would meet BUSY.
TEST_F(GroupingTest, AWriteTransactionWaitsForRoomBeforeItBegins) {
  Connection app(kAsync, "/db");
  Connection reader(kAsync, "/db");
  VfsFile filler(kAsync, "/filler", FileRole::kMain, kMainFlags);
  LeaveLittleRoom(filler);
  std::atomic<bool> begun{false};
  std::thread thread([&] {
    app.Query("BEGIN IMMEDIATE");
    begun = true;
    app.Query("UPDATE t SET b = 1 WHERE a = 3; COMMIT");
  });
  // Nothing depends on what it, which must wait, would have done by then.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(begun);
  EXPECT_EQ(reader.Query("SELECT count(*) FROM t"), "30");
  fake.Unblock();
  thread.join();
  filler.Close();
  StopWriter();
  EXPECT_EQ(Plain("/db", "SELECT b FROM t WHERE a = 3"), "1");
  ASSERT_EQ(backend().SetQueueLimit(64 << 20), SQLITE_OK);
}

TEST_F(GroupingTest, TheWaitForRoomHasAnEnd) {
  Connection app(kAsync, "/db");
  VfsFile filler(kAsync, "/filler", FileRole::kMain, kMainFlags);
  LeaveLittleRoom(filler);
  backend().writer().SetRoomPatience(std::chrono::milliseconds(1));
  app.Query("BEGIN IMMEDIATE; ROLLBACK");
  fake.Unblock();
  filler.Close();
  StopWriter();
}

// Whoever waits for room, and writes nothing so far, performs nothing itself.
TEST_F(GroupingTest, AWriterThatIsHaltedEndsTheWaitForRoom) {
  Connection app(kAsync, "/db");
  VfsFile filler(kAsync, "/filler", FileRole::kMain, kMainFlags);
  LeaveLittleRoom(filler);
  ASSERT_EQ(filler.Write(0, "more"), SQLITE_OK);
  std::thread thread([&] { app.Query("BEGIN IMMEDIATE; ROLLBACK"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_NOW), SQLITE_OK);
  fake.Unblock();
  thread.join();
  ASSERT_TRUE(backend().writer().Wait());
  EXPECT_EQ(fake.Count(Call::kWrite, "/filler"), 1);
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_NEVER), SQLITE_OK);
  filler.Close();
  StepAll();
}

// Who would be refused the lock is told so, and doesn't wait for room.
TEST_F(GroupingTest, NobodyWaitsForRoomBehindAnotherWriter) {
  Connection app(kAsync, "/db");
  Connection second(kAsync, "/db");
  app.Query("BEGIN IMMEDIATE");
  VfsFile filler(kAsync, "/filler", FileRole::kMain, kMainFlags);
  LeaveLittleRoom(filler);
  EXPECT_EQ(second.Run("BEGIN IMMEDIATE"), SQLITE_BUSY);
  fake.Unblock();
  app.Query("COMMIT");
  filler.Close();
  StopWriter();
  ASSERT_EQ(backend().SetQueueLimit(64 << 20), SQLITE_OK);
}

// Connections that take no locks may both have a transaction open: nothing of them is folded.
TEST_F(GroupingTest, AJournalThatIsOpenElsewhereAndCannotBeDeletedIsTruncated) {
  fake.device_characteristics |= SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN;
  VfsFile elsewhere(kPlain, "/db", FileRole::kJournal, kJournalFlags);
  ASSERT_EQ(elsewhere.code(), SQLITE_OK);
  Connection db(kAsync, "/db");
  db.Query("UPDATE t SET b = 1");
  fake.ClearRecords();
  StepAll();
  EXPECT_EQ(fake.Bytes("/db-journal"), "");
  EXPECT_EQ(fake.Count(Call::kDelete), 1);
  elsewhere.Close();
  EXPECT_EQ(db.Query("PRAGMA integrity_check; SELECT sum(b) FROM t"), "ok 30");
  EXPECT_EQ(Connection(kPlain, "/db").Query("SELECT sum(b) FROM t"), "30");
}

TEST_F(GroupingTest, ConnectionsWithoutLocksAreNotFolded) {
  fake.requires_exclusive = false;
  Connection first(kAsync, "file:/db?nolock=1");
  Connection second(kAsync, "file:/db?nolock=1");
  first.Query("PRAGMA journal_mode = truncate; UPDATE t SET b = 1 WHERE a = 1");
  second.Query("PRAGMA journal_mode = truncate; UPDATE t SET b = 2 WHERE a = 2");
  const int64_t queued = QueuedChanges();
  first.Query("UPDATE t SET b = 3 WHERE a = 3");
  EXPECT_GT(QueuedChanges(), queued + 1);
  first.Close();
  second.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT b FROM t WHERE a < 4"), "ok 1 2 3");
}

TEST_F(GroupingTest, NothingIsFoldedWhileAConnectionTakesNoLocks) {
  fake.requires_exclusive = false;
  Connection locking(kAsync, "/db");
  locking.Query("UPDATE t SET b = 1 WHERE a = 1");
  EXPECT_EQ(QueuedChanges(), 1);
  {
    Connection unlocked(kAsync, "file:/db?nolock=yes");
    locking.Query("BEGIN; UPDATE t SET b = 2 WHERE a = 2");
    unlocked.Query("SELECT count(*) FROM t");
    locking.Query("COMMIT");
    EXPECT_GT(QueuedChanges(), 5);
  }
  Connection named(kAsync, "file:/db?nolock=off");
  const int64_t queued = QueuedChanges();
  locking.Query("UPDATE t SET b = 3 WHERE a = 3");
  EXPECT_EQ(QueuedChanges(), queued + 1);
  locking.Close();
  named.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT b FROM t WHERE a < 4"), "ok 1 2 3");
}

// ----- Settings that change in the middle

// In locking_mode=EXCLUSIVE nothing says that a rollback is over. The next transaction may have no
// journal that says that it begins, and be one that is queued after all.
TEST_F(GroupingTest, ARollbackIsNotTakenForTheBeginningOfATransactionWithoutAJournal) {
  for (const char* mode : {"memory", "off"}) {
    SCOPED_TRACE(mode);
    ASSERT_EQ(backend().SetQueueLimit(64 << 20), SQLITE_OK);
    Connection app(kAsync, "/db");
    app.Query(
        "PRAGMA locking_mode = exclusive; PRAGMA journal_mode = truncate; PRAGMA cache_size = 1;"
        "BEGIN; UPDATE t SET b = randomblob(900); ROLLBACK");
    app.Query(std::string("PRAGMA journal_mode = ") + mode);
    ASSERT_EQ(backend().SetQueueLimit(40000), SQLITE_OK);
    app.Query("UPDATE t SET b = printf('%0900d', a)");
    const std::string state =
        "PRAGMA integrity_check; SELECT count(*) FROM t WHERE b = printf('%0900d', a)";
    EXPECT_EQ(app.Query(state), "ok 30");
    app.Close();
    StepAll();
    EXPECT_EQ(Plain("/db", state), "ok 30");
    MakePlain("/db", "UPDATE t SET b = 1");
  }
  ASSERT_EQ(backend().SetQueueLimit(64 << 20), SQLITE_OK);
}

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

// ----- Reading, while a group is on its way to disk

class ReadingMeanwhileTest : public GroupingTest,
                             public testing::WithParamInterface<std::tuple<Call, const char*>> {};

TEST_P(ReadingMeanwhileTest, SeesWhatIsCommittedAndNeverTheGroupsJournal) {
  const auto [call, name] = GetParam();
  const std::string mode = call == Call::kTruncate ? "truncate" : "delete";
  const std::string state =
      "PRAGMA integrity_check; SELECT count(*) FROM t WHERE b = zeroblob(900); SELECT max(b) FROM t"
      " WHERE typeof(b) = 'integer'";
  MakePlain("/db", "PRAGMA journal_mode = truncate; UPDATE t SET b = b");  // leaves an empty one
  Watchdog watchdog(fake);
  Connection app(kAsync, "/db");
  app.Query("PRAGMA journal_mode = " + mode);
  Connection reader(kAsync, "/db");
  reader.Query("PRAGMA cache_size = 0");
  app.Query("UPDATE t SET b = 1 WHERE a IN (2, 12, 22)");
  app.Query("UPDATE t SET b = 2 WHERE a IN (3, 22)");
  fake.Block(call, name);
  fake.ClearRecords();
  StartWriter();
  fake.WaitUntilBlocked();
  const size_t before = fake.Records(Call::kDelete).size();
  EXPECT_EQ(reader.Query(state), "ok 26 2");
  EXPECT_EQ(Connection(kAsync, "/db").Query(state), "ok 26 2") << "opened at this moment";
  EXPECT_FALSE(Exists(kAsync, "/db", FileRole::kJournal));

  reader.Query("BEGIN; SELECT b FROM t WHERE a = 3");
  app.Query("BEGIN IMMEDIATE; UPDATE t SET b = 3 WHERE a = 4");
  EXPECT_EQ(app.Query(state), "ok 25 3");
  EXPECT_EQ(reader.Query(state), "ok 26 2");
  reader.Query("COMMIT");
  app.Query("COMMIT");
  EXPECT_EQ(reader.Query(state), "ok 25 3") << "the next group";
  EXPECT_EQ(Connection(kAsync, "/db").Query(state), "ok 25 3");
  EXPECT_EQ(fake.Records(Call::kDelete).size(), before) << "nobody has rolled anything back";
  EXPECT_EQ(fake.LockLevel("/db"), SQLITE_LOCK_EXCLUSIVE);

  fake.Unblock();
  StopWriter();
  EXPECT_EQ(reader.Query(state), "ok 25 3");
  EXPECT_EQ(Plain("/db", state), "ok 25 3");
  reader.Close();
  app.Close();
}

INSTANTIATE_TEST_SUITE_P(
    EachStep, ReadingMeanwhileTest,
    testing::Values(std::tuple{Call::kWrite, "/db-journal"}, std::tuple{Call::kSync, "/db-journal"},
                    std::tuple{Call::kWrite, "/db"}, std::tuple{Call::kSync, "/db"},
                    std::tuple{Call::kDelete, "/db-journal"},
                    std::tuple{Call::kTruncate, "/db-journal"}),
    [](const auto& info) {
      return std::string(CallName(std::get<0>(info.param))) +
             (std::string(std::get<1>(info.param)) == "/db" ? "Database" : "Journal");
    });

// ----- When the writer stops

class HaltTest : public GroupingTest {
 protected:
  // Two groups are queued, and the writer is in the middle of the first: its journal is valid, and
  // some of its pages are written.
  void BeginFirstOfTwo() {
    app = Connection(kAsync, "/db");
    app.Query("UPDATE t SET b = 1 WHERE a IN (3, 20)");
    fake.Block(Call::kWrite, "/db");
    StartWriter();
    fake.WaitUntilBlocked();
    fake.ReleaseOne();
    fake.WaitUntilBlocked();
    app.Query("UPDATE t SET b = 2 WHERE a = 3");
    app.Query("UPDATE t SET b = 3 WHERE a = 20");
    ASSERT_TRUE(fake.Exists("/db-journal"));
  }

  static constexpr char kState[] = "PRAGMA integrity_check; SELECT b FROM t WHERE a IN (3, 20)";

  Connection app;
};

TEST_F(HaltTest, NowStopsWhenTheGroupInHandIsOnDiskAndKeepsTheRest) {
  BeginFirstOfTwo();
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_NOW), SQLITE_OK);
  fake.Unblock();
  ASSERT_TRUE(backend().writer().Wait());
  EXPECT_FALSE(fake.Exists("/db-journal"));
  EXPECT_EQ(QueuedChanges(), 1);
  CopyToGrave();
  EXPECT_EQ(Connection("grave", "/db").Query(kState), "ok 1 1");
  EXPECT_EQ(app.Query(kState), "ok 2 3");

  fake.ClearRecords();
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_NEVER), SQLITE_OK);
  while (QueuedChanges() > 0) {
    EXPECT_EQ(fake.Count(Call::kWrite, "/db"), 0) << "the group is more than one step";
    ASSERT_EQ(Step(), 1);
  }
  EXPECT_GT(fake.Count(Call::kWrite, "/db"), 0);
  CopyToGrave();
  EXPECT_EQ(Connection("grave", "/db").Query(kState), "ok 2 3");
  app.Close();
  StepAll();
}

TEST_F(HaltTest, IdleStopsWhenAllGroupsAreOnDisk) {
  BeginFirstOfTwo();
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_IDLE), SQLITE_OK);
  fake.Unblock();
  ASSERT_TRUE(backend().writer().Wait());
  EXPECT_EQ(QueuedChanges(), 0);
  EXPECT_EQ(Plain("/db", kState), "ok 2 3");
  app.Close();
}

// ----- Lingering

// Here the writer lingers for an hour: a test in which it does so and must not doesn't end by
// itself.
class LingerTest : public GroupingTest {
 protected:
  void SetUp() override {
    GroupingTest::SetUp();
    backend().writer().SetLinger(std::chrono::hours(1));
    ASSERT_EQ(backend().SetLockHold(0), SQLITE_OK);
    app = Connection(kAsync, "/db");
    StartWriter();
  }
  void TearDown() override {
    backend().writer().SetLinger(std::chrono::milliseconds(0));
    app.Close();
    GroupingTest::TearDown();
    backend().writer().SetLinger(Writer::kLinger);
    EXPECT_EQ(backend().SetLockHold(Foreground::kDefaultLockHold), SQLITE_OK);
  }

  // Groups that are on disk, or almost.
  int Groups() { return fake.Count(Call::kDelete, "/db-journal"); }
  // To wait in the core for them would keep the writer from lingering.
  void AwaitGroups(int number) {
    while (Groups() < number) std::this_thread::yield();
  }
  void AwaitIdle() {
    while (!backend().writer().Idle()) std::this_thread::yield();
  }

  // Queues a group while another is in hand, and sees the writer linger before it.
  void Linger() {
    fake.Block(Call::kSync, "/db");
    app.Query("UPDATE t SET b = 1 WHERE a = 3");
    fake.WaitUntilBlocked();
    app.Query("UPDATE t SET b = 2 WHERE a = 3");
    fake.Unblock();
    AwaitGroups(1);
  }
  // No test depends on what the writer, which must not go on, would have done by then.
  void ExpectLingering() {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(fake.Count(Call::kOpen, "/db-journal"), 1);
  }

  Connection app;
};

TEST_F(LingerTest, GroupsThatFollowEachOtherTakeInWhatComesMeanwhile) {
  Linger();
  for (int i = 3; i < 10; ++i) {
    ExpectLingering();
    app.Query("UPDATE t SET b = " + std::to_string(i) + " WHERE a = 3");
  }
  StopWriter();
  EXPECT_EQ(Groups(), 2);
  EXPECT_EQ(Plain("/db", "SELECT b FROM t WHERE a = 3"), "9");
}

TEST_F(LingerTest, AnIdleWriterCarriesAGroupToDiskAtOnce) {
  for (int i = 1; i <= 20; ++i) {
    AwaitIdle();
    app.Query("UPDATE t SET b = " + std::to_string(i) + " WHERE a = 3");
    AwaitGroups(i);
  }
}

TEST_F(LingerTest, AWriterThatBeginsIsIdleFirst) {
  Linger();
  StopWriter();
  app.Query("UPDATE t SET b = 3 WHERE a = 3");
  std::thread second([this] { backend().writer().Run(); });
  AwaitGroups(3);
  EXPECT_EQ(backend().SetHalt(SQLITEASYNC_HALT_IDLE), SQLITE_OK);
  second.join();
}

TEST_F(LingerTest, EndsWhenTheWriterIsToStopNow) {
  Linger();
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_NOW), SQLITE_OK);
  while (backend().writer().Running()) std::this_thread::yield();
  EXPECT_EQ(Groups(), 1);
  EXPECT_EQ(QueuedChanges(), 1);
}

TEST_F(LingerTest, EndsWhenTheWriterIsToEmptyTheQueue) {
  Linger();
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_IDLE), SQLITE_OK);
  while (backend().writer().Running()) std::this_thread::yield();
  EXPECT_EQ(Groups(), 2);
}

TEST_F(LingerTest, EndsWhenTheQueueIsDrained) {
  Linger();
  EXPECT_EQ(backend().writer().Drain(), 0);
  EXPECT_EQ(Groups(), 2);
}

TEST_F(LingerTest, EndsWhenSomeoneWaitsForWhatIsQueued) {
  Linger();
  backend().writer().Complete();
  EXPECT_EQ(Groups(), 2);
}

TEST_F(LingerTest, EndsWhenSomeoneNeedsRoom) {
  constexpr int kLimit = 1 << 20;
  ASSERT_EQ(backend().SetQueueLimit(kLimit), SQLITE_OK);
  Linger();
  ExpectLingering();
  VfsFile other(kAsync, kTemporaryFlags);
  ASSERT_EQ(other.Write(0, std::string(kLimit, 'x')), SQLITE_OK);
  EXPECT_GE(Groups(), 2);
}

TEST_F(LingerTest, EndsWhenAQuarterOfTheLimitIsTaken) {
  constexpr int kLimit = 80 * 1024;
  ASSERT_EQ(backend().SetQueueLimit(kLimit), SQLITE_OK);
  Linger();
  ExpectLingering();
  app.Query("UPDATE t SET b = randomblob(900) WHERE a BETWEEN 4 AND 24");
  AwaitGroups(2);
}

// ----- Letting other processes in

// Here new transactions wait for an hour: a test in which one waits that must not doesn't end by
// itself.
class LockHoldTest : public GroupingTest {
 protected:
  void SetUp() override {
    GroupingTest::SetUp();
    backend().foreground().SetLockPatience(std::chrono::hours(1));
    HoldFor(1);
    app = Connection(kAsync, "/db");
    second = Connection(kAsync, "/db");
  }
  void TearDown() override {
    app.Close();
    second.Close();
    GroupingTest::TearDown();
    backend().foreground().SetLockPatience(Foreground::kLockPatience);
    HoldFor(Foreground::kDefaultLockHold);
  }

  void HoldFor(int milliseconds) { ASSERT_EQ(backend().SetLockHold(milliseconds), SQLITE_OK); }
  // Longer than others have to bear.
  static void PassTime() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }

  // The writer is in the middle of a group, which holds the lock, and has for too long.
  void HoldTheLock() {
    fake.Block(Call::kSync, "/db");
    app.Query("UPDATE t SET b = 1 WHERE a = 3");
    StartWriter();
    fake.WaitUntilBlocked();
    PassTime();
  }
  // A transaction on another thread waits for the lock.
  void AwaitOneThatWaits() {
    while (backend().foreground().waiting_for_lock() == 0) std::this_thread::yield();
  }
  // Transactions of both that begin meanwhile.
  void ExpectNoWait() {
    for (int i = 2; i < 6; ++i) {
      for (Connection* connection : {&app, &second}) {
        connection->Query("SELECT b FROM t WHERE a = 3");
        connection->Query("UPDATE t SET b = " + std::to_string(i) + " WHERE a = 3");
        PassTime();
      }
    }
    EXPECT_EQ(fake.LockLevel("/db"), SQLITE_LOCK_EXCLUSIVE);
  }

  Connection app;
  Connection second;
};

TEST_F(LockHoldTest, ANewTransactionWaitsUntilTheLockHasBeenFree) {
  HoldTheLock();
  fake.ClearRecords();
  std::atomic<bool> done{false};
  std::thread thread([&] {
    second.Query("UPDATE t SET b = 2 WHERE a = 3");
    done = true;
  });
  AwaitOneThatWaits();
  EXPECT_FALSE(done);
  fake.Unblock();
  thread.join();
  std::string locks;
  for (const FakeVfs::Record& record : fake.Records()) {
    if (record.name != "/db") continue;
    if (record.call == Call::kLock || record.call == Call::kUnlock) {
      locks += CallName(record.call) + std::to_string(record.number) + " ";
    }
  }
  EXPECT_EQ(locks.substr(0, 14), "UNLOCK0 LOCK1 ") << locks;
  StopWriter();
  EXPECT_EQ(Plain("/db", "SELECT b FROM t WHERE a = 3"), "2");
}

// While one gives way to others outside of the process, others inside don't break in.
TEST_F(LockHoldTest, TransactionsThatBeginInThePauseWaitForItsEnd) {
  backend().foreground().SetLockPause(std::chrono::hours(1));
  HoldTheLock();
  app.WaitWhileBusy();
  second.WaitWhileBusy();
  std::thread first([&] { app.Query("UPDATE t SET b = 2 WHERE a = 3"); });
  AwaitOneThatWaits();
  fake.Unblock();
  while (fake.LockLevel("/db") != SQLITE_LOCK_NONE) std::this_thread::yield();
  std::atomic<bool> done{false};
  std::thread other([&] {
    second.Query("UPDATE t SET b = 3 WHERE a = 4");
    done = true;
  });
  // Nothing depends on what it, which must wait, would have done by then.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(done);
  EXPECT_EQ(fake.LockLevel("/db"), SQLITE_LOCK_NONE);
  backend().foreground().SetLockPause(Foreground::kLockPause);
  first.join();
  other.join();
  StopWriter();
  EXPECT_EQ(Plain("/db", "SELECT b FROM t WHERE a IN (3, 4)"), "2 3");
}

TEST_F(LockHoldTest, AWriterThatIsHaltedEndsTheWait) {
  HoldTheLock();
  std::thread thread([&] { second.Query("UPDATE t SET b = 2 WHERE a = 3"); });
  AwaitOneThatWaits();
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_NOW), SQLITE_OK);
  fake.Unblock();
  thread.join();
  ASSERT_TRUE(backend().writer().Wait());
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_NEVER), SQLITE_OK);
  StepAll();
  EXPECT_EQ(Plain("/db", "SELECT b FROM t WHERE a = 3"), "2");
}

TEST_F(LockHoldTest, ZeroLetsNoTransactionWait) {
  HoldFor(0);
  HoldTheLock();
  ExpectNoWait();
}

TEST_F(LockHoldTest, NobodyWaitsWhileNoWriterRuns) {
  app.Query("UPDATE t SET b = 1 WHERE a = 3");
  PassTime();
  ExpectNoWait();
  StepAll();
}

TEST_F(LockHoldTest, NobodyWaitsForAQueueThatIsDelayed) {
  HoldTheLock();
  ASSERT_EQ(backend().SetDelay(1), SQLITE_OK);
  ExpectNoWait();
}

TEST_F(LockHoldTest, AConnectionInExclusiveModeNeverWaits) {
  second.Close();
  app.Query("PRAGMA locking_mode = exclusive");
  HoldTheLock();
  for (int i = 2; i < 6; ++i) {
    app.Query("UPDATE t SET b = " + std::to_string(i) + " WHERE a = 3");
    PassTime();
  }
  EXPECT_EQ(fake.LockLevel("/db"), SQLITE_LOCK_EXCLUSIVE);
}

TEST_F(LockHoldTest, ATransactionThatHasBegunNeverWaits) {
  constexpr int kNever = 1000 * 1000 * 1000;
  HoldFor(kNever);
  HoldTheLock();
  second.Query("BEGIN; SELECT b FROM t WHERE a = 3");
  HoldFor(1);
  PassTime();
  second.Query("UPDATE t SET b = 2 WHERE a = 3; COMMIT");
  EXPECT_EQ(fake.LockLevel("/db"), SQLITE_LOCK_EXCLUSIVE);
}

// One that reads may be the very thread that would wait.
TEST_F(LockHoldTest, NobodyWaitsForReadersOfThisProcess) {
  StartWriter();
  second.Query("BEGIN; SELECT b FROM t WHERE a = 3");
  for (int i = 0; i < 5; ++i) {
    PassTime();
    app.Query("SELECT b FROM t WHERE a = 3");
  }
  second.Query("COMMIT; BEGIN IMMEDIATE");
  for (int i = 0; i < 5; ++i) {
    PassTime();
    app.Query("SELECT b FROM t WHERE a = 3");
  }
  second.Query("COMMIT");
}

// ----- Errors, at each step of a group

struct Failure {
  const char* step;
  const char* journal_mode;
  Call call;
  const char* name;
  int nth;
  bool journal_stays;
  const char* state;  // after recovery; the group is 2, what is in front of it 1
};

class GroupErrorTest : public GroupingTest, public testing::WithParamInterface<Failure> {};

TEST_P(GroupErrorTest, FailsTheDatabaseAndLeavesAPrefix) {
  const Failure& failure = GetParam();
  const bool shrinks = failure.call == Call::kTruncate && std::string(failure.name) == "/db";
  const std::string state = "PRAGMA integrity_check; SELECT b FROM t WHERE a = 3";
  MakePlain("/db", "PRAGMA auto_vacuum = full; VACUUM");
  MakePlain("/other", kTable);
  Connection app(kAsync, "/db");
  Connection second(kAsync, "/db");
  Connection other(kAsync, "/other");
  app.Query(std::string("PRAGMA journal_mode = ") + failure.journal_mode);
  app.Query("UPDATE t SET b = 1 WHERE a = 3");
  StepAll();
  // Pages that are no neighbours: several writes.
  app.Query("UPDATE t SET b = 2 WHERE a IN (3, 20)");
  if (shrinks) app.Query("DELETE FROM t WHERE a > 25");
  other.Query("UPDATE t SET b = 2 WHERE a = 3");
  fake.FailNth(failure.call, failure.name, failure.nth, SQLITE_FULL);
  TakeLog();
  ASSERT_EQ(Step(), 1);
  EXPECT_NE(TakeLog().find("GROUP of /db failed"), std::string::npos);
  fake.StopFailing();

  EXPECT_EQ(fake.Exists("/db-journal") && !fake.Bytes("/db-journal").empty(),
            failure.journal_stays);
  CopyToGrave();
  EXPECT_EQ(Connection("grave", "/db").Query(state), failure.state);

  for (Connection* connection : {&app, &second}) {
    EXPECT_EQ(connection->Run("SELECT * FROM t"), SQLITE_FULL);
    EXPECT_EQ(connection->Run("UPDATE t SET b = 3"), SQLITE_FULL);
  }
  EXPECT_EQ(Connection(kAsync, "/db").code(), SQLITE_FULL) << "it is still open";
  fake.ClearRecords();
  StepAll();
  EXPECT_EQ(fake.Count(Call::kWrite, "/db") + fake.Count(Call::kWrite, "/db-journal"), 0);
  EXPECT_EQ(other.Query(state), "ok 2");
  EXPECT_EQ(Plain("/other", state), "ok 2");

  app.Close();
  EXPECT_EQ(second.Run("SELECT * FROM t"), SQLITE_FULL) << "not all handles are closed";
  second.Close();
  Connection fresh(kAsync, "/db");
  EXPECT_EQ(fresh.Query(state), failure.state);
  fresh.Query("UPDATE t SET b = 4 WHERE a = 3");
  fresh.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", state), "ok 4");
}

INSTANTIATE_TEST_SUITE_P(
    EachStep, GroupErrorTest,
    testing::Values(
        Failure{"OpenJournal", "delete", Call::kOpen, "/db-journal", 1, false, "ok 1"},
        Failure{"EmptyJournal", "persist", Call::kFileSize, "/db-journal", 1, false, "ok 1"},
        Failure{"ReadPreImage", "delete", Call::kRead, "/db", 2, false, "ok 1"},
        Failure{"WriteJournal", "delete", Call::kWrite, "/db-journal", 1, false, "ok 1"},
        Failure{"SyncJournal", "delete", Call::kSync, "/db-journal", 1, true, "ok 1"},
        Failure{"WriteMark", "delete", Call::kWrite, "/db-journal", 2, true, "ok 1"},
        Failure{"SyncMark", "delete", Call::kSync, "/db-journal", 2, true, "ok 1"},
        Failure{"WriteFirstPage", "delete", Call::kWrite, "/db", 1, true, "ok 1"},
        Failure{"WriteLastPage", "delete", Call::kWrite, "/db", 3, true, "ok 1"},
        Failure{"WriteLastPageTruncate", "truncate", Call::kWrite, "/db", 3, true, "ok 1"},
        Failure{"SyncPages", "delete", Call::kSync, "/db", 1, true, "ok 1"},
        Failure{"DeleteJournal", "delete", Call::kDelete, "/db-journal", 1, true, "ok 1"},
        Failure{"TruncateJournal", "truncate", Call::kTruncate, "/db-journal", 1, true, "ok 1"},
        Failure{"Shorten", "delete", Call::kTruncate, "/db", 1, false, "ok 2"}),
    [](const auto& info) { return std::string(info.param.step); });

}  // namespace
}  // namespace sqliteasync::test
