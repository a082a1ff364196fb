// Locks: between the connections of the process, and in the file system, where a plain connection
// on the fake stands for another process (spec section 5).

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "core/sqlite_support.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

constexpr int kNone = SQLITE_LOCK_NONE;
constexpr int kShared = SQLITE_LOCK_SHARED;
constexpr int kReserved = SQLITE_LOCK_RESERVED;
constexpr int kPending = SQLITE_LOCK_PENDING;
constexpr int kExclusive = SQLITE_LOCK_EXCLUSIVE;

class LocksTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    MakePlain("/db", "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
  }

  struct Main : VfsFile {
    explicit Main(const char* vfs, int flags = kMainFlags)
        : VfsFile(vfs, "/db", FileRole::kMain, flags) {}
  };

  // Levels as SQLite asks for them.
  static void Reserve(VfsFile& file) {
    ASSERT_EQ(file.Lock(kShared), SQLITE_OK);
    ASSERT_EQ(file.Lock(kReserved), SQLITE_OK);
  }
};

// ----- The real lock trails the queue

TEST_F(LocksTest, AnotherProcessGetsInOnlyWhenTheWholeTransactionIsOnDisk) {
  for (const char* mode : {"delete", "truncate", "persist", "memory", "off"}) {
    SCOPED_TRACE(mode);
    Connection writer(kAsync, "/db");
    writer.Query(std::string("PRAGMA journal_mode = ") + mode);
    Connection other(kPlain, "/db");
    const std::string before = other.Query("SELECT sum(a) FROM t");
    StepAll();
    writer.Query("BEGIN; INSERT INTO t VALUES(10); UPDATE t SET a = a + 1; COMMIT");
    int refused = 0;
    while (fake.LockLevel("/db") > kNone) {
      ASSERT_EQ(other.TryQuery("SELECT sum(a) FROM t"), "error 5");
      ++refused;
      ASSERT_EQ(Step(), 1);
    }
    EXPECT_GT(refused, 1);
    EXPECT_EQ(other.Query("SELECT sum(a) FROM t"), writer.Query("SELECT sum(a) FROM t"));
    EXPECT_NE(other.Query("SELECT sum(a) FROM t"), before);
    writer.Close();
    StepAll();
  }
}

TEST_F(LocksTest, TheRealLockIsLetGoOnlyBehindWhatWasQueuedBeforeTheUnlock) {
  Main file(kAsync);
  Reserve(file);
  ASSERT_EQ(file.Lock(kExclusive), SQLITE_OK);
  file.Write(0, "abc");
  file.Sync();
  ASSERT_EQ(file.Unlock(kNone), SQLITE_OK);
  EXPECT_EQ(file.Level(), kNone);
  EXPECT_EQ(fake.LockLevel("/db"), kExclusive);
  fake.ClearRecords();
  StepAll();
  EXPECT_EQ(fake.LockLevel("/db"), kNone);
  EXPECT_EQ(Changes(fake.Records()), "WRITE /db\nSYNC /db\nUNLOCK /db\n");
}

TEST_F(LocksTest, TheRealLockIsLetGoAtOnceWhenNothingIsQueued) {
  Main file(kAsync);
  Reserve(file);
  EXPECT_EQ(fake.LockLevel("/db"), kReserved);
  file.Unlock(kShared);
  EXPECT_EQ(fake.LockLevel("/db"), kShared);
  file.Unlock(kNone);
  EXPECT_EQ(fake.LockLevel("/db"), kNone);
}

TEST_F(LocksTest, TheRealLockDoesNotFallBelowWhatConnectionsHoldByThen) {
  Main writer(kAsync);
  Main reader(kAsync);
  Reserve(writer);
  writer.Lock(kExclusive);
  writer.Write(0, "abc");
  writer.Unlock(kNone);
  ASSERT_EQ(reader.Lock(kShared), SQLITE_OK);
  StepAll();
  EXPECT_EQ(fake.LockLevel("/db"), kShared);
  reader.Unlock(kNone);
  EXPECT_EQ(fake.LockLevel("/db"), kNone);
}

TEST_F(LocksTest, ATransactionThatBeginsBeforeTheUnlockIsPerformedKeepsTheRealLock) {
  Main first(kAsync);
  Main second(kAsync);
  Reserve(first);
  first.Lock(kExclusive);
  first.Write(0, "abc");
  first.Unlock(kNone);
  Reserve(second);
  ASSERT_EQ(second.Lock(kExclusive), SQLITE_OK);
  second.Write(0, "def");
  StepAll();
  EXPECT_EQ(fake.LockLevel("/db"), kExclusive);
  second.Write(3, "ghi");
  second.Unlock(kShared);
  second.Unlock(kNone);
  EXPECT_EQ(fake.LockLevel("/db"), kExclusive);
  StepAll();
  EXPECT_EQ(fake.LockLevel("/db"), kNone);
}

TEST_F(LocksTest, AChangeThatIsQueuedBetweenTheTwoUnlocksOfACommitDoesNotFreeTheRealLock) {
  Main file(kAsync);
  Reserve(file);
  file.Lock(kExclusive);
  file.Write(0, "abc");
  file.Unlock(kShared);  // here the UNLOCK is queued
  ASSERT_EQ(DeleteFile(kAsync, "/db", FileRole::kJournal), SQLITE_OK);
  file.Unlock(kNone);
  EXPECT_EQ(fake.LockLevel("/db"), kExclusive);
  StepAll();
  EXPECT_EQ(fake.LockLevel("/db"), kNone);
}

TEST_F(LocksTest, AHandleThatIsClosedWithoutUnlockLeavesNothingBehind) {
  Main file(kAsync);
  Main other(kAsync);
  Reserve(file);
  file.Lock(kExclusive);
  file.Write(0, "abc");
  file.Close();
  EXPECT_EQ(other.Lock(kShared), SQLITE_OK);
  other.Unlock(kNone);
  StepAll();
  EXPECT_EQ(fake.LockLevel("/db"), kNone);
}

// ----- Another process is in the way

TEST_F(LocksTest, ARefusedReadGainsNothingHoweverOftenItIsTried) {
  Connection other(kPlain, "/db");
  other.Query("BEGIN EXCLUSIVE");
  Main file(kAsync);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(file.Lock(kShared), SQLITE_BUSY);
    EXPECT_EQ(file.Level(), kNone);
  }
  other.Query("COMMIT");
  EXPECT_EQ(file.Lock(kShared), SQLITE_OK);
}

TEST_F(LocksTest, ARefusedReserveStaysAtSharedHoweverOftenItIsTried) {
  Connection other(kPlain, "/db");
  other.Query("BEGIN IMMEDIATE");
  Main file(kAsync);
  ASSERT_EQ(file.Lock(kShared), SQLITE_OK);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(file.Lock(kReserved), SQLITE_BUSY);
    EXPECT_EQ(file.Level(), kShared);
  }
  EXPECT_EQ(file.Reserved(), 1);
  Main second(kAsync);
  EXPECT_EQ(second.Lock(kShared), SQLITE_OK) << "nothing is left in the way of other connections";
  other.Query("ROLLBACK");
  EXPECT_EQ(file.Reserved(), 0);
  EXPECT_EQ(file.Lock(kReserved), SQLITE_OK);
}

TEST_F(LocksTest, AWriterThatOtherProcessesReadersHoldUpStaysAtPendingAndKeepsNewReadersOut) {
  for (const bool parent_tells : {true, false}) {
    fake.locks_known = parent_tells;
    Connection other(kPlain, "/db");
    other.Query("BEGIN; SELECT * FROM t");
    Main file(kAsync);
    Reserve(file);
    EXPECT_EQ(file.Lock(kExclusive), SQLITE_BUSY);
    EXPECT_EQ(file.Level(), kPending);
    EXPECT_EQ(fake.LockLevel("/db"), kPending);
    EXPECT_EQ(Main(kAsync).Lock(kShared), SQLITE_BUSY);
    EXPECT_EQ(Plain("/db", "SELECT * FROM t"), "error 5");
    EXPECT_EQ(file.Lock(kExclusive), SQLITE_BUSY);
    other.Query("COMMIT");
    EXPECT_EQ(file.Lock(kExclusive), SQLITE_OK);
    EXPECT_EQ(fake.LockLevel("/db"), kExclusive);
    file.Unlock(kNone);
    EXPECT_EQ(fake.LockLevel("/db"), kNone);
  }
}

TEST_F(LocksTest, AWriterThatReadersOfItsProcessHoldUpKeepsOtherProcessesOut) {
  Main reader(kAsync);
  Main writer(kAsync);
  ASSERT_EQ(reader.Lock(kShared), SQLITE_OK);
  Reserve(writer);
  EXPECT_EQ(writer.Lock(kExclusive), SQLITE_BUSY);
  EXPECT_EQ(writer.Level(), kPending);
  EXPECT_EQ(Plain("/db", "SELECT * FROM t"), "error 5");
  reader.Unlock(kNone);
  EXPECT_EQ(writer.Lock(kExclusive), SQLITE_OK);
  EXPECT_EQ(fake.LockLevel("/db"), kExclusive);
}

TEST_F(LocksTest, PendingThatIsGivenUpLetsOthersInAgain) {
  Connection other(kPlain, "/db");
  other.Query("BEGIN; SELECT * FROM t");
  Main file(kAsync);
  Reserve(file);
  ASSERT_EQ(file.Lock(kExclusive), SQLITE_BUSY);
  file.Unlock(kNone);
  EXPECT_EQ(Plain("/db", "SELECT a FROM t"), "1");
  EXPECT_EQ(Main(kAsync).Lock(kShared), SQLITE_OK);
}

TEST_F(LocksTest, AnErrorOfTheParentsLockIsReturnedAndGainsNothing) {
  Main file(kAsync);
  const struct {
    int level;
    int before;
  } requests[] = {{kShared, kNone}, {kReserved, kShared}, {kExclusive, kReserved}};
  for (const auto& [level, before] : requests) {
    for (const int code : {SQLITE_BUSY, SQLITE_IOERR_LOCK}) {
      fake.FailNth(Call::kLock, "/db", 1, code);
      EXPECT_EQ(file.Lock(level), code);
      EXPECT_EQ(file.Level(), before) << "the parent says that it has not even PENDING";
    }
    EXPECT_EQ(file.Lock(level), SQLITE_OK);
  }
}

TEST_F(LocksTest, AnUnlockIsPassedOnAfterARefusal) {
  Main file(kAsync);
  fake.FailNth(Call::kLock, "/db", 1, SQLITE_BUSY);
  ASSERT_EQ(file.Lock(kShared), SQLITE_BUSY);
  fake.ClearRecords();
  file.Unlock(kNone);
  EXPECT_EQ(fake.Count(Call::kUnlock, "/db"), 1) << "only the parent knows what is left there";
}

// ----- Is it reserved?

TEST_F(LocksTest, WhetherItIsReservedIsAskedOfTheParentWhileOurLockIsLow) {
  Main file(kAsync);
  file.Lock(kShared);
  EXPECT_EQ(file.Reserved(), 0);
  EXPECT_EQ(fake.Count(Call::kCheckReserved), 1);
  Connection other(kPlain, "/db");
  other.Query("BEGIN IMMEDIATE");
  EXPECT_EQ(file.Reserved(), 1);
  other.Query("ROLLBACK");
  fake.FailNth(Call::kCheckReserved, "/db", 1, SQLITE_IOERR_CHECKRESERVEDLOCK);
  EXPECT_EQ(file.Reserved(), -1);
}

TEST_F(LocksTest, ALockThatTrailsTheQueueIsNotTakenForAReservation) {
  Main writer(kAsync);
  Main other(kAsync);
  Reserve(writer);
  EXPECT_EQ(other.Reserved(), 1);
  writer.Lock(kExclusive);
  writer.Write(0, "abc");
  writer.Unlock(kNone);
  EXPECT_EQ(other.Reserved(), 0) << "nobody holds it any more, although the real lock does";
}

// ----- Without locks in the file system

TEST_F(LocksTest, WithLockFilesOffNoLockIsTakenAndConnectionsAreStillKeptApart) {
  ASSERT_EQ(backend().SetLockFiles(0), SQLITE_OK);
  fake.requires_exclusive = false;
  fake.ClearRecords();
  Connection one(kAsync, "/db");
  Connection two(kAsync, "/db");
  one.Query("BEGIN IMMEDIATE; INSERT INTO t VALUES(2)");
  EXPECT_EQ(two.Run("INSERT INTO t VALUES(3)"), SQLITE_BUSY);
  EXPECT_EQ(two.Query("SELECT a FROM t"), "1");
  one.Query("COMMIT");
  two.Query("INSERT INTO t VALUES(3)");
  one.Close();
  two.Close();
  StepAll();
  for (const Call call : {Call::kLock, Call::kUnlock, Call::kCheckReserved}) {
    EXPECT_EQ(fake.Count(call), 0) << CallName(call);
  }
  EXPECT_EQ(Plain("/db", "SELECT a FROM t"), "1 2 3");
}

TEST_F(LocksTest, LockFilesCanChangeOnlyWhileNothingIsOpenOrQueued) {
  Connection connection(kAsync, "/db");
  EXPECT_EQ(backend().SetLockFiles(0), SQLITE_MISUSE);
  connection.Close();
  EXPECT_EQ(backend().SetLockFiles(0), SQLITE_MISUSE) << "a queued close counts";
  EXPECT_EQ(backend().lock_files(), 1);
  StepAll();
  EXPECT_EQ(backend().SetLockFiles(0), SQLITE_OK);
  EXPECT_EQ(backend().lock_files(), 0);
}

// ----- Several connections and another process at once

// Transfers between two rows that keep their sum, by three connections of this process and one of
// another, with operations performed at random in between. Whoever gets in sees the sum.
TEST_F(LocksTest, NobodySeesHalfATransactionAndNoneIsLost) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(HowToRepeat(seed));
  MakePlain("/db", "DELETE FROM t; INSERT INTO t VALUES(1000), (1000), (0)");
  for (const char* mode : {"delete", "truncate", "persist"}) {
    SCOPED_TRACE(mode);
    Random random(seed);
    std::vector<Connection> connections;
    for (int i = 0; i < 4; ++i) {
      connections.emplace_back(i == 3 ? kPlain : kAsync, "/db");
      connections.back().TryQuery(std::string("PRAGMA journal_mode = ") + mode);
    }
    int64_t committed = 0;
    int seen_by_other = 0;
    for (int64_t step = 0; step < Scaled(2000); ++step) {
      const int at = random.Below(4);
      Connection& connection = connections[static_cast<size_t>(at)];
      if (random.Percent(40)) {
        // Rows 1 and 2 exchange, row 3 counts.
        connection.TryQuery(
            "UPDATE t SET a = a + CASE rowid WHEN 1 THEN -1 WHEN 2 THEN 1 ELSE 1 END"
            " WHERE (SELECT count(*) FROM t) = 3");
        if (connection.code() == SQLITE_OK) ++committed;
      } else if (random.Percent(20)) {
        connection.TryQuery("BEGIN IMMEDIATE; UPDATE t SET a = 77; ROLLBACK");
        if (sqlite3_get_autocommit(connection.get()) == 0) connection.TryQuery("ROLLBACK");
      } else {
        const std::string seen = connection.TryQuery(
            "SELECT sum(a) FROM t WHERE rowid < 3; SELECT max(a) FROM t "
            "WHERE rowid = (SELECT max(rowid) FROM t)");
        if (connection.code() == SQLITE_OK) {
          ASSERT_EQ(seen.substr(0, 5), "2000 ") << step;
          ASSERT_EQ(seen, "2000 " + std::to_string(committed)) << step;
          seen_by_other += at == 3 ? 1 : 0;
        } else {
          ASSERT_EQ(connection.code() & 0xff, SQLITE_BUSY) << step;
        }
      }
      if (random.Percent(50)) Step(1 + random.Below(20));
      if (random.Percent(4)) StepAll();
      if (step % 256 == 0) fake.ClearRecords();
    }
    EXPECT_GT(seen_by_other, 0) << "the other process never got in";
    connections.clear();
    StepAll();
    MakePlain("/db", "UPDATE t SET a = 0 WHERE rowid = (SELECT max(rowid) FROM t)");
  }
}

// ----- To connections of one process it is indistinguishable from plain SQLite

// The same random requests on the backend and on the fake itself, whose handles follow the rules;
// writes are queued and performed at random in between.
TEST_F(LocksTest, RandomRequestsAreAnsweredAsWithoutTheBackend) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(HowToRepeat(seed));
  for (const int lock_files : {1, 0}) {
    SCOPED_TRACE(lock_files);
    ASSERT_EQ(backend().SetLockFiles(lock_files), SQLITE_OK);
    fake.requires_exclusive = lock_files == 1;
    Random random(seed);
    constexpr int kConnections = 4;
    std::vector<std::unique_ptr<VfsFile>> async;
    std::vector<std::unique_ptr<VfsFile>> plain;
    for (int i = 0; i < kConnections; ++i) {
      async.push_back(std::make_unique<VfsFile>(kAsync, "/a", FileRole::kMain, kMainFlags));
      plain.push_back(std::make_unique<VfsFile>(kPlain, "/p", FileRole::kMain, kMainFlags));
    }
    for (int64_t step = 0; step < Scaled(50000); ++step) {
      const auto at = static_cast<size_t>(random.Below(kConnections));
      const int level = plain[at]->Level();
      if (random.Percent(55)) {
        static constexpr int kNext[] = {kShared, kReserved, kExclusive, kExclusive, kExclusive};
        ASSERT_EQ(async[at]->Lock(kNext[level]), plain[at]->Lock(kNext[level])) << step;
      } else if (random.Percent(50)) {
        const int to = random.Percent(50) ? kShared : kNone;
        ASSERT_EQ(async[at]->Unlock(to), plain[at]->Unlock(to)) << step;
      } else if (level == kExclusive) {
        ASSERT_EQ(async[at]->Write(random.Below(100), "bytes"), SQLITE_OK) << step;
      } else {
        ASSERT_EQ(async[at]->Reserved(), plain[at]->Reserved()) << step;
      }
      if (random.Percent(40)) Step(1 + random.Below(3));
      int highest = kNone;
      for (size_t i = 0; i < kConnections; ++i) {
        ASSERT_EQ(async[i]->Level(), plain[i]->Level()) << step;
        highest = std::max(highest, plain[i]->Level());
      }
      ASSERT_GE(fake.LockLevel("/a"), lock_files == 1 ? highest : kNone) << step;
      if (step % 256 == 0) fake.ClearRecords();
    }
    async.clear();
    StepAll();
    EXPECT_EQ(fake.LockLevel("/a"), kNone);
    fake.requires_exclusive = true;
  }
}

}  // namespace
}  // namespace sqliteasync::test
