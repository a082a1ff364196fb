// What becomes of a database whose writer met an error, and of the others (spec section 6).

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <tuple>

#include "core/sqlite_support.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

constexpr char kTable[] = "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, zeroblob(9000))";
constexpr char kState[] = "PRAGMA integrity_check; SELECT a FROM t";

class ErrorsTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    MakePlain("/a", kTable);
    MakePlain("/b", kTable);
    MakePlain("/c", kTable);
    fake.ClearRecords();
  }

  // Whether the failed database can be opened anew: as it was, and writable.
  void ExpectCleanStart(const std::string& path, const std::string& state) {
    Connection fresh(kAsync, path);
    EXPECT_EQ(fresh.Query(kState), state) << path;
    EXPECT_EQ(fresh.Query("INSERT INTO t VALUES(7, 7); SELECT count(*) FROM t WHERE a = 7"), "1");
    fresh.Close();
    StepAll();
    EXPECT_EQ(Plain(path, kState), state + " 7") << path;
  }
};

// ----- Each kind of operation, on the database and on its journal

class FailingCallTest : public ErrorsTest,
                        public testing::WithParamInterface<std::tuple<Call, const char*>> {};

TEST_P(FailingCallTest, StopsItsDatabaseAloneUntilThatIsClosed) {
  const auto [call, name] = GetParam();
  Connection a(kAsync, "/a");
  Connection a2(kAsync, "/a");
  Connection b(kAsync, "/b");
  // The database shrinks, so that there is a truncation; its journal is created and deleted.
  const std::string change = "BEGIN; UPDATE t SET a = 2, b = 3; COMMIT; VACUUM";
  const int code = call == Call::kOpen ? SQLITE_CANTOPEN : SQLITE_FULL;
  fake.FailNth(call, name, 1, code);
  a.Query(change);
  b.Query(change);
  TakeLog();
  while (fake.Records(call, name).empty() || fake.Records(call, name).back().code == SQLITE_OK) {
    ASSERT_EQ(Step(), 1) << "the call never came";
  }
  const std::string log = TakeLog();
  EXPECT_NE(log.find(name), std::string::npos) << log;
  EXPECT_EQ(log.substr(0, log.find(' ')), std::to_string(code));

  fake.ClearRecords();
  StepAll();
  EXPECT_EQ(Changes(fake.Records()).find(" /a-"), std::string::npos) << "nothing more is performed";
  for (const Call change_of : {Call::kWrite, Call::kTruncate, Call::kSync}) {
    EXPECT_EQ(fake.Count(change_of, "/a"), 0);
  }
  EXPECT_EQ(b.Query(kState), "ok 2");
  EXPECT_EQ(Plain("/b", kState), "ok 2") << "other databases are not touched";

  for (Connection* connection : {&a, &a2}) {
    EXPECT_EQ(connection->Run("SELECT * FROM t") & 0xff, code);
    EXPECT_EQ(connection->Run("INSERT INTO t VALUES(1, 2)") & 0xff, code);
  }
  EXPECT_EQ(Connection(kAsync, "/a").code() & 0xff, code) << "still open";
  a.Close();
  EXPECT_EQ(a2.Run("SELECT * FROM t") & 0xff, code) << "one handle is still open";
  a2.Close();
  // Whatever the error has left, plain SQLite's recovery comes to a state that was committed.
  const std::string state = Plain("/a", kState);
  EXPECT_TRUE(state == "ok 1" || state == "ok 2") << state;
  ExpectCleanStart("/a", state);
  EXPECT_EQ(b.Query("INSERT INTO t VALUES(3, 3); SELECT a FROM t"), "2 3");
}

INSTANTIATE_TEST_SUITE_P(
    EachCall, FailingCallTest,
    testing::Values(std::tuple{Call::kWrite, "/a"}, std::tuple{Call::kSync, "/a"},
                    std::tuple{Call::kTruncate, "/a"}, std::tuple{Call::kOpen, "/a-journal"},
                    std::tuple{Call::kWrite, "/a-journal"}, std::tuple{Call::kSync, "/a-journal"},
                    std::tuple{Call::kDelete, "/a-journal"}),
    [](const auto& info) {
      return std::string(CallName(std::get<0>(info.param))) +
             (std::string(std::get<1>(info.param)) == "/a" ? "Database" : "Journal");
    });

// ----- In the foreground

TEST_F(ErrorsTest, AJournalThatCannotBeOpenedIsNotTakenForAnEmptyOne) {
  Connection a(kAsync, "/a");
  a.Query("BEGIN; UPDATE t SET a = 2");
  StepAll();  // from here on the journal is read from the parent
  fake.FailAll(Call::kOpen, "/a-journal", SQLITE_CANTOPEN);
  a.Run("ROLLBACK");
  fake.StopFailing();
  EXPECT_EQ(a.Query(kState), "ok 1") << "the rollback has left pages of the transaction";
}

// ----- Starting clean

// The second half of what it reads was queued when it began, and has left the overlay by then: the
// parent's bytes alone would be a mixture.
TEST_F(ErrorsTest, AReadDuringWhichTheWriterFailsGetsTheError) {
  VfsFile file(kAsync, "/a", FileRole::kMain, kMainFlags);
  for (const int level : {SQLITE_LOCK_SHARED, SQLITE_LOCK_RESERVED, SQLITE_LOCK_EXCLUSIVE}) {
    ASSERT_EQ(file.Lock(level), SQLITE_OK);
  }
  ASSERT_EQ(file.Write(512, std::string(512, 'n')), SQLITE_OK);
  fake.FailAll(Call::kWrite, "/a", SQLITE_FULL);
  fake.Block(Call::kRead, "/a");
  std::string read;
  std::thread reader([&] { read = file.Read(0, 1024); });
  fake.WaitUntilBlocked();
  StepAll();
  fake.Unblock();
  reader.join();
  EXPECT_EQ(read, "error " + std::to_string(SQLITE_FULL));
  file.Close();
  StepAll();
}

TEST_F(ErrorsTest, WhatFailedHasLeftTheOverlay) {
  Connection a(kAsync, "/a");
  a.Query("UPDATE t SET a = 2");
  fake.FailNth(Call::kWrite, "/a-journal", 1, SQLITE_FULL);
  StepAll();
  a.Close();
  EXPECT_EQ(Connection(kAsync, "/a").Query(kState), "ok 1");
  EXPECT_EQ(fake.Bytes("/a"), fake.Bytes("/c")) << "the database has not been written";
}

TEST_F(ErrorsTest, AHotJournalThatTheErrorLeftIsRolledBackByTheNextOpen) {
  Connection a(kAsync, "/a");
  a.Query("UPDATE t SET a = 2, b = 3");
  fake.FailNth(Call::kWrite, "/a", 2, SQLITE_IOERR_WRITE);
  StepAll();
  ASSERT_TRUE(fake.Exists("/a-journal"));
  a.Close();
  // Before the queue has come to the CLOSE: the lock has been let go already.
  EXPECT_EQ(fake.LockLevel("/a"), SQLITE_LOCK_NONE);
  ExpectCleanStart("/a", "ok 1");
  EXPECT_FALSE(fake.Exists("/a-journal"));
}

TEST_F(ErrorsTest, AnErrorThatComesAfterTheCloseIsNotTheNextOpensAffair) {
  Connection(kAsync, "/a").Query("UPDATE t SET a = 2, b = 3");
  fake.FailNth(Call::kWrite, "/a", 2, SQLITE_IOERR_WRITE);
  while (fake.Count(Call::kWrite, "/a") < 2) ASSERT_EQ(Step(), 1);
  Connection fresh(kAsync, "/a");
  EXPECT_EQ(fresh.Query(kState), "ok 1");
  fresh.Close();
  StepAll();
  ExpectCleanStart("/a", "ok 1");
}

TEST_F(ErrorsTest, AnErrorThatComesWhileAnotherConnectionReadsReachesThatOne) {
  Connection reader(kAsync, "/a");
  EXPECT_EQ(reader.Query("BEGIN; SELECT a FROM t"), "1");
  Connection writer(kAsync, "/a");
  writer.Query("BEGIN IMMEDIATE; CREATE TABLE u(a)");
  fake.FailNth(Call::kWrite, "/a-journal", 1, SQLITE_FULL);
  StepAll();
  EXPECT_EQ(reader.Run("SELECT hex(b) FROM t") & 0xff, SQLITE_FULL);
  EXPECT_EQ(writer.Run("COMMIT") & 0xff, SQLITE_FULL);
  reader.Close();
  writer.Close();
  ExpectCleanStart("/a", "ok 1");
}

TEST_F(ErrorsTest, ClosesAndUnlocksAreStillPerformed) {
  Connection a(kAsync, "/a");
  a.Query("UPDATE t SET a = 2");
  fake.FailNth(Call::kWrite, "/a", 1, SQLITE_FULL);
  a.Close();
  StepAll();
  EXPECT_EQ(fake.LockLevel("/a"), SQLITE_LOCK_NONE);
  EXPECT_EQ(fake.open_handles(), 0);
}

TEST_F(ErrorsTest, ErrorsOfReadsAreTheReadersOwn) {
  Connection a(kAsync, "/a");
  fake.FailNth(Call::kRead, "/a", 1, SQLITE_IOERR_READ);
  EXPECT_EQ(a.Run("SELECT * FROM t"), SQLITE_IOERR_READ);
  EXPECT_EQ(a.Query("SELECT a FROM t"), "1");
}

TEST_F(ErrorsTest, ATemporaryFilesErrorIsItsHandlesAlone) {
  VfsFile bad(kAsync, kTemporaryFlags);
  VfsFile good(kAsync, kTemporaryFlags);
  bad.Write(0, "bad");
  good.Write(0, "good");
  fake.FailNth(Call::kWrite, "", 1, SQLITE_FULL);
  StepAll();
  EXPECT_EQ(bad.Read(0, 3), "error " + std::to_string(SQLITE_FULL));
  EXPECT_EQ(bad.Write(0, "bad"), SQLITE_FULL);
  EXPECT_EQ(good.Read(0, 4), "good");
  EXPECT_EQ(Connection(kAsync, "/a").Query(kState), "ok 1");
}

// ----- Multi-file transactions

class PartnersTest : public ErrorsTest {
 protected:
  void SetUp() override {
    ErrorsTest::SetUp();
    both = Connection(kAsync, "/a");
    both.Query("ATTACH '/b' AS b");
    both.Query("BEGIN; UPDATE main.t SET a = 2, b = 3; UPDATE b.t SET a = 2, b = 3; COMMIT");
  }
  void TearDown() override {
    both.Close();
    ErrorsTest::TearDown();
  }

  std::string SuperJournal() {
    for (const std::string& name : fake.Names()) {
      if (name.find("-mj") != std::string::npos) return name;
    }
    return "";
  }

  Connection both;
};

TEST_F(PartnersTest, FailTogetherAndTheTransactionIsRolledBackInBoth) {
  for (const char* name : {"/a", "/b", "/a-journal", "/b-journal"}) {
    for (const Call call : {Call::kWrite, Call::kSync}) {
      SCOPED_TRACE(std::string(CallName(call)) + " " + name);
      StepAll();
      both.Close();
      StepAll();
      for (const char* path : {"/a", "/b"}) MakePlain(path, "UPDATE t SET a = 1");
      both = Connection(kAsync, "/a");
      both.Query("ATTACH '/b' AS b");
      both.Query("BEGIN; UPDATE main.t SET a = 2; UPDATE b.t SET a = 2; COMMIT");
      fake.FailNth(call, name, 1, SQLITE_FULL);
      fake.ClearRecords();
      StepAll();
      for (const FakeVfs::Record& deleted : fake.Records(Call::kDelete)) {
        ADD_FAILURE() << deleted.name << " must not be deleted any more";
      }
      EXPECT_EQ(both.Run("SELECT * FROM main.t") & 0xff, SQLITE_FULL);
      EXPECT_EQ(both.Run("SELECT * FROM b.t") & 0xff, SQLITE_FULL);
      EXPECT_EQ(Connection(kAsync, "/c").Query(kState), "ok 1");
      both.Close();
      ExpectCleanStart("/a", "ok 1");
      ExpectCleanStart("/b", "ok 1");
      for (const char* path : {"/a", "/b"}) MakePlain(path, "DELETE FROM t WHERE a = 7");
      both = Connection(kAsync, "/c");
    }
  }
}

TEST_F(PartnersTest, TheSuperJournalFailsWithThem) {
  fake.FailNth(Call::kWrite, "/b", 1, SQLITE_FULL);
  StepAll();
  const std::string name = SuperJournal();
  ASSERT_NE(name, "");
  EXPECT_EQ(DeleteFile(kAsync, name), SQLITE_FULL);
  EXPECT_EQ(fake.Count(Call::kDelete, name), 0);
}

TEST_F(PartnersTest, AnErrorOfTheSuperJournalIsThatOfAllMembers) {
  // Its name is known once it has been opened.
  while (SuperJournal().empty()) ASSERT_EQ(Step(), 1);
  fake.FailNth(Call::kWrite, SuperJournal(), 1, SQLITE_FULL);
  StepAll();
  EXPECT_EQ(both.Run("SELECT * FROM main.t") & 0xff, SQLITE_FULL);
  EXPECT_EQ(both.Run("SELECT * FROM b.t") & 0xff, SQLITE_FULL);
  both.Close();
  ExpectCleanStart("/a", "ok 1");
  ExpectCleanStart("/b", "ok 1");
}

TEST_F(PartnersTest, OnceTheSuperJournalHasBeenDeletedEachStandsAlone) {
  while (SuperJournal().empty()) ASSERT_EQ(Step(), 1);
  while (!SuperJournal().empty()) ASSERT_EQ(Step(), 1);
  fake.FailNth(Call::kDelete, "/a-journal", 1, SQLITE_IOERR_DELETE);
  StepAll();
  EXPECT_EQ(both.Run("SELECT * FROM main.t") & 0xff, SQLITE_IOERR);
  EXPECT_EQ(both.Query("SELECT a FROM b.t"), "2");
  both.Close();
  StepAll();
  EXPECT_EQ(Plain("/a", kState), "ok 2") << "its journal names a super-journal that is gone";
  EXPECT_EQ(Plain("/b", kState), "ok 2");
}

TEST_F(PartnersTest, AreFoundAlsoBehindAPartnerOfAPartnerThatIsStillQueued) {
  Connection other(kAsync, "/b");
  other.Query("ATTACH '/c' AS c");
  other.Query("BEGIN; UPDATE main.t SET a = 4; UPDATE c.t SET a = 4; COMMIT");
  fake.FailNth(Call::kWrite, "/a", 1, SQLITE_FULL);
  while (fake.Count(Call::kWrite, "/a") == 0) ASSERT_EQ(Step(), 1);
  EXPECT_EQ(Connection(kAsync, "/b").code() & 0xff, SQLITE_FULL);
  EXPECT_EQ(Connection(kAsync, "/c").code() & 0xff, SQLITE_FULL);
  both.Close();
  other.Close();
  StepAll();
  for (const char* path : {"/a", "/b", "/c"}) ExpectCleanStart(path, "ok 1");
}

}  // namespace
}  // namespace sqliteasync::test
