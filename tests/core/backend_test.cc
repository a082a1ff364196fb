// Registering, unregistering, settings, and the byte limit with real databases.

#include "core/backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "core/sqlite_support.h"
#include "sqlite3async.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

// A backend that is not registered at the beginning and the end of a test.
class RegistrationTest : public testing::Test {
 protected:
  void SetUp() override { default_ = sqlite3_vfs_find(nullptr); }
  void TearDown() override {
    EXPECT_FALSE(backend().Unregister().refused());
    EXPECT_EQ(sqlite3_vfs_find(nullptr), default_);
  }
  Backend& backend() { return Backend::Get(); }

  sqlite3_vfs* default_ = nullptr;
};

TEST_F(RegistrationTest, BothNamesReachItOnceItIsRegistered) {
  EXPECT_FALSE(backend().Registered());
  EXPECT_EQ(sqlite3_vfs_find("async"), nullptr);
  ASSERT_EQ(backend().Register(nullptr, nullptr), SQLITE_OK);
  EXPECT_TRUE(backend().Registered());
  EXPECT_NE(sqlite3_vfs_find("async"), nullptr);
  EXPECT_NE(sqlite3_vfs_find("sqlite3async"), nullptr);
  EXPECT_FALSE(backend().Unregister().refused());
  EXPECT_EQ(sqlite3_vfs_find("async"), nullptr);
  EXPECT_EQ(sqlite3_vfs_find("sqlite3async"), nullptr);
  EXPECT_FALSE(backend().Unregister().refused()) << "a second time does nothing";
}

TEST_F(RegistrationTest, RegisteringAgainChangesNothing) {
  ASSERT_EQ(backend().Register(nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(backend().Register("no such VFS", "async"), SQLITE_OK);
  EXPECT_EQ(sqlite3_vfs_find(nullptr), default_);
}

TEST_F(RegistrationTest, AParentThatDoesNotExistIsAnError) {
  EXPECT_EQ(backend().Register("no such VFS", nullptr), SQLITE_ERROR);
  EXPECT_FALSE(backend().Registered());
  EXPECT_EQ(sqlite3_vfs_find("async"), nullptr);
}

TEST_F(RegistrationTest, AnotherCopysVfsIsNotHidden) {
  FakeVfs other("sqlite3async", "plain");
  EXPECT_EQ(backend().Register(nullptr, "sqlite3async"), SQLITE_ERROR);
  EXPECT_FALSE(backend().Registered());
  EXPECT_EQ(sqlite3_vfs_find("sqlite3async"), other.vfs());
  EXPECT_EQ(sqlite3_vfs_find("async"), nullptr);
}

TEST_F(RegistrationTest, OneOfTheNamesCanBeTheDefault) {
  for (const char* name : {"async", "sqlite3async"}) {
    ASSERT_EQ(backend().Register("", name), SQLITE_OK);
    EXPECT_STREQ(sqlite3_vfs_find(nullptr)->zName, name);
    EXPECT_EQ(backend().MakeDefault("async"), SQLITE_OK);
    EXPECT_STREQ(sqlite3_vfs_find(nullptr)->zName, name) << "one of the two is it already";
    EXPECT_FALSE(backend().Unregister().refused());
    EXPECT_EQ(sqlite3_vfs_find(nullptr), default_);
  }
  ASSERT_EQ(backend().Register(nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(backend().MakeDefault("async"), SQLITE_OK);
  EXPECT_STREQ(sqlite3_vfs_find(nullptr)->zName, "async");
}

TEST_F(RegistrationTest, TheVfsIsOfTheParentsVersionWithItsAbsentMethodsAbsent) {
  FakeVfs fake("fake", "plain");
  ASSERT_EQ(backend().Register("fake", nullptr), SQLITE_OK);
  const sqlite3_vfs* vfs = sqlite3_vfs_find("async");
  EXPECT_EQ(vfs->iVersion, 2);
  EXPECT_EQ(vfs->mxPathname, fake.vfs()->mxPathname);
  EXPECT_EQ(vfs->xDlOpen, nullptr);
  EXPECT_EQ(vfs->xDlSym, nullptr);
  EXPECT_NE(vfs->xCurrentTimeInt64, nullptr);
  EXPECT_EQ(vfs->xSetSystemCall, nullptr);
  sqlite3_vfs* async = sqlite3_vfs_find("async");
  sqlite3_int64 now = 0;
  EXPECT_EQ(async->xCurrentTimeInt64(async, &now), SQLITE_OK);
  EXPECT_EQ(now, 212000000000000);
  EXPECT_EQ(async->xGetLastError(async, 0, nullptr), 4711);
  EXPECT_EQ(async->xSleep(async, 3), 3);
  EXPECT_FALSE(backend().Unregister().refused());

  ASSERT_EQ(backend().Register(nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_vfs_find("async")->iVersion, std::min(default_->iVersion, 3));
  EXPECT_NE(sqlite3_vfs_find("async")->xDlOpen, nullptr);
}

TEST_F(RegistrationTest, AParentWhoseSecondOpenYieldsAnotherFileIsRefused) {
  ASSERT_EQ(backend().Register("memdb", nullptr), SQLITE_OK);
  Connection connection("async", "file:private?cache=private");
  EXPECT_NE(
      connection.code() == SQLITE_OK ? connection.Run("CREATE TABLE t(a)") : connection.code(),
      SQLITE_OK);
  connection.Close();
}

TEST_F(RegistrationTest, AFileInMemoryThatHasANameCanBeTheParents) {
  for (const int grouping : {SQLITEASYNC_GROUPING_OFF, SQLITEASYNC_GROUPING_ON}) {
    ASSERT_EQ(backend().Register("memdb", nullptr), SQLITE_OK);
    ASSERT_EQ(backend().SetGrouping(grouping), SQLITE_OK);
    for (const char* mode : {"delete", "truncate", "persist"}) {
      const std::string path = "/shared-" + std::to_string(grouping) + mode;
      Connection first("async", path);
      Connection second("async", path);
      first.Query(std::string("PRAGMA journal_mode = ") + mode +
                  "; CREATE TABLE t(a); INSERT INTO t VALUES(1)");
      EXPECT_EQ(second.Query("SELECT a FROM t"), "1");
      backend().writer().Step(1000);
      EXPECT_EQ(second.Query("SELECT a FROM t"), "1");
      EXPECT_EQ(Connection("memdb", path).Query("SELECT a FROM t"), "1");
      first.Close();
      second.Close();
    }
    EXPECT_FALSE(backend().Unregister().refused());
  }
  ASSERT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_AUTO), SQLITE_OK);
}

class BackendSettingsTest : public BackendTest {};

TEST_F(BackendSettingsTest, ValuesOutOfRangeAreMisuseAndChangeNothing) {
  EXPECT_EQ(backend().SetHalt(-1), SQLITE_MISUSE);
  EXPECT_EQ(backend().SetHalt(3), SQLITE_MISUSE);
  EXPECT_EQ(backend().halt(), SQLITEASYNC_HALT_NEVER);
  EXPECT_EQ(backend().SetDelay(-1), SQLITE_MISUSE);
  EXPECT_EQ(backend().delay(), 0);
  EXPECT_EQ(backend().SetQueueLimit(-1), SQLITE_MISUSE);
  EXPECT_EQ(backend().queue_limit(), WriteQueue::kDefaultLimit);
}

TEST_F(BackendSettingsTest, SurviveUnregistering) {
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_IDLE), SQLITE_OK);
  ASSERT_EQ(backend().SetDelay(3), SQLITE_OK);
  ASSERT_EQ(backend().SetLockFiles(7), SQLITE_OK);
  ASSERT_EQ(backend().SetQueueLimit(12345), SQLITE_OK);
  ASSERT_FALSE(backend().Unregister().refused());
  EXPECT_EQ(backend().halt(), SQLITEASYNC_HALT_IDLE);
  EXPECT_EQ(backend().delay(), 3);
  EXPECT_EQ(backend().lock_files(), 1);
  EXPECT_EQ(backend().queue_limit(), 12345);
}

TEST_F(BackendSettingsTest, TheCInterfaceSetsAndGetsThem) {
  const struct {
    int set;
    int get;
    int value;
    int wrong;
  } settings[] = {{SQLITEASYNC_HALT, SQLITEASYNC_GET_HALT, SQLITEASYNC_HALT_IDLE, 7},
                  {SQLITEASYNC_DELAY, SQLITEASYNC_GET_DELAY, 5, -5}};
  for (const auto& [set, get, value, wrong] : settings) {
    int out = -1;
    EXPECT_EQ(sqlite3async_control(set, value), SQLITE_OK);
    EXPECT_EQ(sqlite3async_control(set, wrong), SQLITE_MISUSE);
    EXPECT_EQ(sqlite3async_control(get, &out), SQLITE_OK);
    EXPECT_EQ(out, value);
  }
  sqlite3_int64 limit = 0;
  EXPECT_EQ(sqlite3async_control(SQLITEASYNC_QUEUELIMIT, sqlite3_int64{1} << 40), SQLITE_OK);
  EXPECT_EQ(sqlite3async_control(SQLITEASYNC_GET_QUEUELIMIT, &limit), SQLITE_OK);
  EXPECT_EQ(limit, sqlite3_int64{1} << 40);
  EXPECT_EQ(sqlite3async_control(99), SQLITE_ERROR);
}

// ----- Unregistering

TEST_F(BackendSettingsTest, UnregisteringIsRefusedWhileAFileIsOpen) {
  Connection connection(kAsync, "/db");
  connection.Query("SELECT * FROM sqlite_schema");
  const Backend::Refusal refusal = backend().Unregister();
  EXPECT_TRUE(refusal.refused());
  EXPECT_EQ(refusal.open_files, 1);
  EXPECT_TRUE(backend().Registered());
  connection.Query("CREATE TABLE t(a)");
}

TEST_F(BackendSettingsTest, UnregisteringIsRefusedWhileChangesAreQueuedThatNobodyPerforms) {
  Connection(kAsync, "/db").Query("CREATE TABLE t(a)");
  const Backend::Refusal refusal = backend().Unregister();
  EXPECT_EQ(refusal.open_files, 0);
  EXPECT_GT(refusal.queued_changes, 0);
  EXPECT_TRUE(backend().Registered());
  sqlite3async_shutdown();  // the same, and says so in the log
  EXPECT_TRUE(backend().Registered());
  EXPECT_NE(TakeLog().find("refused"), std::string::npos);
  EXPECT_EQ(fake.bytes_written(), 0);
}

TEST_F(BackendSettingsTest, UnregisteringPerformsClosesAndUnlocksThatAreLeft) {
  Connection(kAsync, "/db").Query("SELECT * FROM sqlite_schema");
  EXPECT_EQ(backend().SetLockFiles(1), SQLITE_MISUSE) << "the CLOSE is queued";
  EXPECT_FALSE(backend().Unregister().refused());
  EXPECT_EQ(backend().SetLockFiles(1), SQLITE_OK);
  EXPECT_EQ(fake.open_handles(), 0);
}

TEST_F(BackendSettingsTest, UnregisteringWaitsForARunningWriter) {
  Connection(kAsync, "/db").Query("CREATE TABLE t(a); INSERT INTO t VALUES(1)");
  StartWriter();
  EXPECT_FALSE(backend().Unregister().refused());
  EXPECT_EQ(Plain("/db", "SELECT a FROM t"), "1");
}

TEST_F(BackendSettingsTest, OpenFilesAreCountedUpAndDown) {
  MakePlain("/db", "CREATE TABLE t(a)");
  {
    Connection one(kAsync, "/db");
    Connection two(kAsync, "/db");
    one.Query("SELECT * FROM t");
    two.Query("SELECT * FROM t");
    EXPECT_EQ(backend().Unregister().open_files, 2);
    one.Query("BEGIN IMMEDIATE; INSERT INTO t VALUES(1)");
    EXPECT_EQ(backend().Unregister().open_files, 3) << "the journal";
    one.Query("ROLLBACK");
  }
  EXPECT_EQ(Connection(kAsync, "/absent/", SQLITE_OPEN_READWRITE).code(), SQLITE_CANTOPEN);
  EXPECT_EQ(backend().Unregister().open_files, 0);
}

// ----- The byte limit

class QueueLimitTest : public BackendTest {
 protected:
  // A file that writes are counted on: how many bytes have been written through the backend, less
  // what has reached the parent, is what is pending.
  struct Counted : VfsFile {
    Counted() : VfsFile(kAsync, "/db", FileRole::kJournal, kJournalFlags) {}
  };
};

TEST_F(QueueLimitTest, PendingBytesNeverPassTheLimitWithoutAWriter) {
  ASSERT_EQ(backend().SetQueueLimit(1000), SQLITE_OK);
  Counted file;
  int64_t written = 0;
  for (int i = 0; i < 500; ++i) {
    const int size = 1 + (i * 37) % 400;
    ASSERT_EQ(file.Write(i * 10, std::string(static_cast<size_t>(size), 'x')), SQLITE_OK);
    written += size;
    ASSERT_LE(written - fake.bytes_written(), 1000);
  }
  StepAll();
  EXPECT_EQ(fake.bytes_written(), written);
}

TEST_F(QueueLimitTest, ALargerWriteIsAdmittedAloneAndNothingElseBesideIt) {
  ASSERT_EQ(backend().SetQueueLimit(1000), SQLITE_OK);
  Counted file;
  ASSERT_EQ(file.Write(0, std::string(500, 'a')), SQLITE_OK);
  ASSERT_EQ(file.Write(500, std::string(5000, 'b')), SQLITE_OK);
  EXPECT_EQ(fake.bytes_written(), 500) << "it waited until it was alone";
  ASSERT_EQ(file.Write(5500, "c"), SQLITE_OK);
  EXPECT_EQ(fake.bytes_written(), 5500);
  EXPECT_EQ(file.Size(), 5501);
}

TEST_F(QueueLimitTest, PendingBytesNeverPassTheLimitWithAWriterAndManyThreads) {
  constexpr int64_t kLimit = 4000;
  constexpr int64_t kSize = 100;
  constexpr int kThreads = 4;
  ASSERT_EQ(backend().SetQueueLimit(kLimit), SQLITE_OK);
  // Counted after a write has been admitted: so it is never more than what has been admitted.
  std::atomic<int64_t> admitted{0};
  std::atomic<int64_t> highest{0};
  fake.SetObserver([&](const FakeVfs::Record& record) {
    if (record.call != Call::kWrite) return;
    const int64_t pending = admitted - fake.bytes_written();
    if (pending > highest) highest = pending;
  });
  StartWriter();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&admitted, thread] {
      VfsFile file(kAsync, "/db" + std::to_string(thread), FileRole::kJournal, kJournalFlags);
      for (int i = 0; i < 2000; ++i) {
        EXPECT_EQ(file.Write(i, std::string(kSize, 'x')), SQLITE_OK);
        admitted += kSize;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  StopWriter();
  fake.SetObserver(nullptr);
  EXPECT_LE(highest, kLimit);
  EXPECT_EQ(fake.bytes_written(), 2000 * kSize * kThreads);
}

TEST_F(QueueLimitTest, WhatAFailedOrDroppedWriteHeldIsGivenBack) {
  ASSERT_EQ(backend().SetQueueLimit(1000), SQLITE_OK);
  for (int round = 0; round < 20; ++round) {
    VfsFile temporary(kAsync, kTemporaryFlags);
    ASSERT_EQ(temporary.Write(0, std::string(900, 'x')), SQLITE_OK);
    temporary.Close();
    StepAll();
    Counted file;
    ASSERT_EQ(file.Write(0, std::string(500, 'x')), SQLITE_OK);
    ASSERT_EQ(file.Write(0, std::string(500, 'x')), SQLITE_OK);
    fake.FailNth(Call::kWrite, "/db-journal", 1, SQLITE_FULL);
    StepAll();
    EXPECT_EQ(file.Write(0, "x"), SQLITE_FULL);
  }
  EXPECT_EQ(fake.bytes_written(), 0);
  StepAll();
  Counted file;
  ASSERT_EQ(file.code(), SQLITE_OK);
  ASSERT_EQ(file.Write(0, std::string(1000, 'x')), SQLITE_OK);
  EXPECT_EQ(fake.bytes_written(), 0) << "there was room for all of it";
}

TEST_F(QueueLimitTest, ATransactionLargerThanTheLimitGoesThrough) {
  for (const bool writer : {false, true}) {
    ASSERT_EQ(backend().SetQueueLimit(10000), SQLITE_OK);
    if (writer) StartWriter();
    Connection connection(kAsync, "/db");
    connection.Query("CREATE TABLE IF NOT EXISTS t(a); INSERT INTO t VALUES(zeroblob(500000))");
    connection.Query("UPDATE t SET a = zeroblob(400000)");
    EXPECT_EQ(connection.Query("PRAGMA integrity_check; SELECT max(length(a)) FROM t"),
              "ok 400000");
    connection.Close();
    StopWriter();
    EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT max(length(a)) FROM t"), "ok 400000");
  }
}

}  // namespace
}  // namespace sqliteasync::test
