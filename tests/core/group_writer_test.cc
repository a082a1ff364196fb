// How a group is carried to disk: the calls at the parent and their order, what is in the journal,
// and that plain SQLite recovers from a death at each of them.

#include "core/group_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/journal_format.h"
#include "core/sqlite_support.h"
#include "sqlite3async.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

constexpr int kPage = 1024;
constexpr char kTable[] =
    "PRAGMA page_size = 1024;"
    "CREATE TABLE t(a INTEGER PRIMARY KEY, b);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
    " INSERT INTO t SELECT i, zeroblob(900) FROM n";

uint32_t Number(const std::string& bytes, size_t at) {
  return GetBigEndian(reinterpret_cast<const unsigned char*>(bytes.data()) + at);
}

// What a rollback journal says.
struct Journal {
  explicit Journal(const std::string& bytes) {
    if (bytes.size() < kJournalHeaderSize) return;
    valid = bytes.compare(0, sizeof(kJournalMagic),
                          std::string(std::begin(kJournalMagic), std::end(kJournalMagic))) == 0;
    const uint32_t count = Number(bytes, 8);
    nonce = Number(bytes, 12);
    initial_pages = Number(bytes, 16);
    sector_size = Number(bytes, kJournalSectorSizeOffset);
    page_size = Number(bytes, kJournalPageSizeOffset);
    const size_t record = page_size + 8;
    for (size_t i = 0; i < count; ++i) {
      const size_t at = sector_size + i * record;
      if (at + record > bytes.size()) {
        ADD_FAILURE() << "the journal is too short for its records";
        return;
      }
      pages.push_back(Number(bytes, at));
      images.push_back(bytes.substr(at + 4, page_size));
      const auto* image = reinterpret_cast<const unsigned char*>(images.back().data());
      EXPECT_EQ(Number(bytes, at + 4 + page_size),
                JournalChecksum(nonce, image, static_cast<int>(page_size)));
    }
  }

  bool Has(uint32_t page) const {
    return std::find(pages.begin(), pages.end(), page) != pages.end();
  }

  bool valid = false;
  uint32_t nonce = 0;
  uint32_t initial_pages = 0;
  uint32_t sector_size = 0;
  uint32_t page_size = 0;
  std::vector<uint32_t> pages;
  std::vector<std::string> images;
};

class GroupWriterTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    ASSERT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_AUTO), SQLITE_OK);
    fake.device_characteristics = SQLITE_IOCAP_POWERSAFE_OVERWRITE;
  }

  // Carries the group to disk that is all that is queued of a transaction: one step. Notes the
  // calls, the journal as it was when the database was first written, and the pages before.
  void Carry() {
    before_ = fake.Bytes("/db");
    journal_.clear();
    bool written = false;
    fake.ClearRecords();
    fake.SetObserver([&](const FakeVfs::Record& record) {
      if (record.call != Call::kWrite || record.name != "/db" || written) return;
      written = true;
      if (fake.Exists("/db-journal")) journal_ = fake.Bytes("/db-journal");
    });
    EXPECT_EQ(Step(), 1);
    fake.SetObserver(nullptr);
  }

  // What has been called since, one line for each kind of call on a file that comes several times
  // in a row: "READ main".
  std::string Calls() {
    std::string text;
    std::string last;
    for (const FakeVfs::Record& record : fake.Records()) {
      const bool counts = record.call == Call::kOpen || record.call == Call::kRead ||
                          record.call == Call::kWrite || record.call == Call::kSync ||
                          record.call == Call::kTruncate || record.call == Call::kDelete;
      if (!counts) continue;
      const std::string line =
          std::string(CallName(record.call)) + (record.name == "/db" ? " main\n" : " journal\n");
      if (line != last) text += line;
      last = line;
    }
    return text;
  }

  // While a file is open and no writer runs this is refused, and says how much is queued.
  int64_t QueuedChanges() { return backend().Unregister().queued_changes; }

  void ExpectPreImages(const Journal& journal) {
    EXPECT_TRUE(journal.valid);
    EXPECT_TRUE(std::is_sorted(journal.pages.begin(), journal.pages.end()));
    EXPECT_EQ(journal.initial_pages, before_.size() / journal.page_size);
    for (size_t i = 0; i < journal.pages.size(); ++i) {
      const size_t at = (journal.pages[i] - 1) * size_t{journal.page_size};
      EXPECT_EQ(journal.images[i], before_.substr(at, journal.page_size))
          << "page " << journal.pages[i];
    }
  }

  // The offsets at which the main file was written.
  std::vector<int64_t> Written() {
    std::vector<int64_t> offsets;
    for (const FakeVfs::Record& record : fake.Records(Call::kWrite, "/db")) {
      offsets.push_back(record.number);
    }
    return offsets;
  }

  std::string before_;
  std::string journal_;
};

TEST_F(GroupWriterTest, TheJournalIsSyncedThenTheMarkThenThePagesThenItIsDeleted) {
  MakePlain("/db", kTable);
  Connection app(kAsync, "/db");
  app.Query("UPDATE t SET b = 1 WHERE a = 3");
  app.Query("UPDATE t SET b = 2 WHERE a = 20");
  Carry();
  EXPECT_EQ(Calls(),
            "OPEN journal\nREAD main\nWRITE journal\nSYNC journal\nWRITE journal\nSYNC journal\n"
            "WRITE main\nSYNC main\nDELETE journal\n");
  ExpectPreImages(Journal(journal_));
  const std::vector<FakeVfs::Record> writes = fake.Records(Call::kWrite, "/db-journal");
  EXPECT_EQ(writes.front().number, 0);
  EXPECT_EQ(writes.back().number, 0);
  EXPECT_EQ(writes.back().size, kJournalMarkSize) << "what makes it valid comes last";
  EXPECT_FALSE(fake.Exists("/db-journal"));
  app.Close();
  StepAll();
}

TEST_F(GroupWriterTest, AJournalThatStaysIsTruncatedToNothing) {
  for (const std::string mode : {"truncate", "persist"}) {
    SCOPED_TRACE(mode);
    MakePlain("/db", std::string("DROP TABLE IF EXISTS t;") + kTable);
    Connection app(kAsync, "/db");
    app.Query("PRAGMA journal_mode = " + mode);
    app.Query("UPDATE t SET b = 1 WHERE a = 3");
    app.Query("UPDATE t SET b = 2 WHERE a = 20");
    Carry();
    const std::string calls = Calls();
    EXPECT_NE(calls.find("SYNC main\nTRUNCATE journal\n"), std::string::npos) << calls;
    EXPECT_EQ(fake.Bytes("/db-journal"), "");
    app.Close();
    StepAll();
  }
}

TEST_F(GroupWriterTest, EachPageIsWrittenOnceInAscendingOrderAndNeighboursTogether) {
  MakePlain("/db", kTable);
  Connection app(kAsync, "/db");
  for (const char* a : {"25", "3", "4", "25", "3"}) {
    app.Query(std::string("UPDATE t SET b = randomblob(900) WHERE a = ") + a);
  }
  Carry();
  int64_t end = -1;
  for (const FakeVfs::Record& record : fake.Records(Call::kWrite, "/db")) {
    EXPECT_GT(record.number, end) << "neighbours in two calls, or not ascending";
    end = record.number + record.size;
  }
  EXPECT_EQ(Written().size(), 3U) << "page 1 with the change counter; 3 and 4; 25";
  app.Close();
  StepAll();
}

TEST_F(GroupWriterTest, WithoutSyncsThereAreNone) {
  MakePlain("/db", kTable);
  Connection app(kAsync, "/db");
  app.Query("PRAGMA synchronous = off; UPDATE t SET b = 1 WHERE a = 3");
  Carry();
  EXPECT_EQ(fake.Count(Call::kSync), 0);
  EXPECT_NE(Calls().find("WRITE journal\nWRITE main\nDELETE journal\n"), std::string::npos)
      << Calls();
  ExpectPreImages(Journal(journal_));
  app.Close();
  StepAll();
}

TEST_F(GroupWriterTest, OneTransactionThatAskedForASyncIsEnough) {
  MakePlain("/db", kTable);
  Connection app(kAsync, "/db");
  app.Query("PRAGMA synchronous = off; UPDATE t SET b = 1 WHERE a = 3");
  app.Query("PRAGMA synchronous = full; UPDATE t SET b = 1 WHERE a = 4");
  app.Query("PRAGMA synchronous = off; UPDATE t SET b = 1 WHERE a = 5");
  Carry();
  EXPECT_EQ(fake.Count(Call::kSync, "/db-journal"), 2);
  EXPECT_EQ(fake.Count(Call::kSync, "/db"), 1);
  app.Close();
  StepAll();
}

TEST_F(GroupWriterTest, AJournalInMemoryGivesNoneOnDisk) {
  MakePlain("/db", kTable);
  Connection app(kAsync, "/db");
  app.Query("PRAGMA journal_mode = memory");
  app.Query("UPDATE t SET b = 1 WHERE a = 3");
  Carry();
  EXPECT_EQ(Calls(), "WRITE main\nSYNC main\n");
  app.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "SELECT b FROM t WHERE a = 3"), "1");
}

TEST_F(GroupWriterTest, TransactionsWithAndWithoutAJournalAreCarriedOneAfterTheOther) {
  MakePlain("/db", kTable);
  Connection app(kAsync, "/db");
  Connection memory(kAsync, "/db");
  memory.Query("PRAGMA journal_mode = memory");
  app.Query("UPDATE t SET b = 1 WHERE a = 3");
  memory.Query("UPDATE t SET b = 2 WHERE a = 4");
  app.Query("UPDATE t SET b = 3 WHERE a = 5");
  std::vector<std::string> calls;
  for (int i = 0; i < 20; ++i) {
    fake.ClearRecords();
    if (Step() == 0) break;
    if (fake.Count(Call::kWrite, "/db") > 0) {
      calls.push_back(fake.Count(Call::kWrite, "/db-journal") > 0 ? "journal" : "none");
    }
  }
  EXPECT_EQ(calls, (std::vector<std::string>{"journal", "none", "journal"}));
  app.Close();
  memory.Close();
  StepAll();
}

TEST_F(GroupWriterTest, TheFileIsShortenedOnlyWhenTheJournalIsGone) {
  MakePlain("/db", std::string("PRAGMA page_size = 1024; PRAGMA auto_vacuum = full;") + kTable);
  Connection app(kAsync, "/db");
  app.Query("DELETE FROM t WHERE a > 5");
  app.Query("UPDATE t SET b = 1 WHERE a = 3");
  Carry();
  EXPECT_NE(Calls().find("WRITE main\nSYNC main\nDELETE journal\nTRUNCATE main\n"),
            std::string::npos)
      << Calls();
  const Journal journal(journal_);
  ExpectPreImages(journal);
  const size_t pages_after = fake.Bytes("/db").size() / kPage;
  ASSERT_LT(pages_after, before_.size() / kPage);
  for (size_t page = pages_after + 1; page <= before_.size() / kPage; ++page) {
    EXPECT_TRUE(journal.Has(static_cast<uint32_t>(page))) << "page " << page << " is cut off";
  }
  app.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT count(*) FROM t"), "ok 5");
}

TEST_F(GroupWriterTest, PagesThatWereCutAndHaveGrownAgainUnwrittenAreZeros) {
  fake.SetBytes("/db", std::string(8 * kPage, 'x'));
  VfsFile file(kAsync, "/db", FileRole::kMain, kMainFlags);
  for (const int level : {SQLITE_LOCK_SHARED, SQLITE_LOCK_RESERVED, SQLITE_LOCK_EXCLUSIVE}) {
    ASSERT_EQ(file.Lock(level), SQLITE_OK);
  }
  ASSERT_EQ(file.Truncate(2 * kPage), SQLITE_OK);
  ASSERT_EQ(file.Control(SQLITE_FCNTL_COMMIT_PHASETWO, nullptr), SQLITE_OK);
  ASSERT_EQ(file.Write(5 * kPage, std::string(kPage, 'y')), SQLITE_OK);
  ASSERT_EQ(file.Control(SQLITE_FCNTL_COMMIT_PHASETWO, nullptr), SQLITE_OK);
  ASSERT_EQ(file.Unlock(SQLITE_LOCK_NONE), SQLITE_OK);
  const std::string expected =
      std::string(2 * kPage, 'x') + std::string(3 * kPage, '\0') + std::string(kPage, 'y');
  EXPECT_EQ(file.Read(0, 6 * kPage), expected);
  ASSERT_EQ(Step(), 1);
  EXPECT_EQ(fake.Bytes("/db"), expected);
  file.Close();
  StepAll();
}

TEST_F(GroupWriterTest, AFileThatEndsInAHoleIsAsLongAsItShouldBe) {
  fake.SetBytes("/db", std::string(2 * kPage, 'x'));
  VfsFile file(kAsync, "/db", FileRole::kMain, kMainFlags);
  for (const int level : {SQLITE_LOCK_SHARED, SQLITE_LOCK_RESERVED, SQLITE_LOCK_EXCLUSIVE}) {
    ASSERT_EQ(file.Lock(level), SQLITE_OK);
  }
  ASSERT_EQ(file.Write(9 * kPage, std::string(kPage, 'y')), SQLITE_OK);
  ASSERT_EQ(file.Control(SQLITE_FCNTL_COMMIT_PHASETWO, nullptr), SQLITE_OK);
  ASSERT_EQ(file.Truncate(6 * kPage), SQLITE_OK);
  ASSERT_EQ(file.Control(SQLITE_FCNTL_COMMIT_PHASETWO, nullptr), SQLITE_OK);
  ASSERT_EQ(file.Unlock(SQLITE_LOCK_NONE), SQLITE_OK);
  EXPECT_EQ(file.Size(), 6 * kPage);
  ASSERT_EQ(Step(), 1);
  EXPECT_EQ(fake.Bytes("/db").size(), 6U * kPage);
  file.Close();
  StepAll();
}

TEST_F(GroupWriterTest, AFileThatWasCutInTheMiddleOfAPageIsNoLonger) {
  VfsFile file(kAsync, "/db", FileRole::kMain, kMainFlags);
  for (const int level : {SQLITE_LOCK_SHARED, SQLITE_LOCK_RESERVED, SQLITE_LOCK_EXCLUSIVE}) {
    ASSERT_EQ(file.Lock(level), SQLITE_OK);
  }
  // As VACUUM does it where the new pages are smaller than those of an empty file. It need not be
  // a group.
  ASSERT_EQ(file.Write(0, std::string(4096, 'y')), SQLITE_OK);
  ASSERT_EQ(file.Truncate(kPage), SQLITE_OK);
  ASSERT_EQ(file.Control(SQLITE_FCNTL_COMMIT_PHASETWO, nullptr), SQLITE_OK);
  ASSERT_EQ(file.Unlock(SQLITE_LOCK_NONE), SQLITE_OK);
  EXPECT_EQ(file.Size(), kPage);
  StepAll();
  EXPECT_EQ(fake.Bytes("/db"), std::string(kPage, 'y'));
  file.Close();
  StepAll();
}

TEST_F(GroupWriterTest, NeighboursInASectorAreSavedUnlessTheDeviceIsPowerSafe) {
  for (const bool powersafe : {true, false}) {
    SCOPED_TRACE(powersafe);
    fake.device_characteristics = powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
    fake.sector_size = 4096;
    MakePlain("/db", std::string("DROP TABLE IF EXISTS t;") + kTable);
    Connection app(kAsync, "/db");
    app.Query("UPDATE t SET b = randomblob(900) WHERE a = 15");
    Carry();
    const Journal journal(journal_);
    ExpectPreImages(journal);
    constexpr uint32_t kPerSector = 4;
    bool all = true;
    for (const uint32_t page : journal.pages) {
      const uint32_t first = (page - 1) / kPerSector * kPerSector + 1;
      for (uint32_t other = first; other < first + kPerSector; ++other) {
        if (other <= journal.initial_pages && !journal.Has(other)) all = false;
      }
    }
    EXPECT_EQ(all, !powersafe);
    EXPECT_EQ(journal.sector_size, powersafe ? 512U : 4096U);
    app.Close();
    StepAll();
  }
}

// A database that reaches across the page with the locks, which has no record and is not written,
// and a death at each call at the parent.
class LockPageTest : public GroupWriterTest {
 protected:
  static constexpr unsigned kPendingByte = 0x4000;
  static constexpr uint32_t kLockPage = kPendingByte / kPage + 1;

  void SetUp() override {
    GroupWriterTest::SetUp();
    sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, kPendingByte);
  }
  void TearDown() override {
    GroupWriterTest::TearDown();
    sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0x40000000U);
  }

  FakeVfs grave_{"grave's parent", "grave"};
};

TEST_F(LockPageTest, HasNoRecordAndEveryDeathIsRecoveredFrom) {
  fake.device_characteristics = 0;  // its neighbours are saved, it isn't
  MakePlain("/db", kTable);
  Connection app(kAsync, "/db");
  const std::string state = "PRAGMA integrity_check; SELECT count(*), max(length(b)) FROM t";
  const std::string old_state = app.Query(state);
  app.Query("UPDATE t SET b = randomblob(901)");
  app.Query("INSERT INTO t(b) SELECT randomblob(901) FROM t");
  const std::string new_state = app.Query(state);
  ASSERT_NE(old_state, new_state);

  int recovered = 0;
  int carried = 0;
  fake.ClearRecords();
  before_ = fake.Bytes("/db");
  fake.SetObserver([&](const FakeVfs::Record& record) {
    if (record.call != Call::kWrite && record.call != Call::kTruncate &&
        record.call != Call::kSync && record.call != Call::kDelete) {
      return;
    }
    if (record.call == Call::kWrite && record.name == "/db" && journal_.empty()) {
      journal_ = fake.Bytes("/db-journal");
    }
    fake.CopyFilesTo(grave_);
    Connection dead("grave", "/db");
    const std::string seen = dead.TryQuery(state);
    EXPECT_TRUE(seen == old_state || seen == new_state)
        << seen << " at " << CallName(record.call) << " " << record.name;
    ++(seen == old_state ? recovered : carried);
  });
  EXPECT_EQ(Step(), 1);
  fake.SetObserver(nullptr);
  EXPECT_GT(recovered, 5);
  EXPECT_EQ(carried, 0) << "the deletion of the journal is the last call, and the commit";

  const Journal journal(journal_);
  EXPECT_GT(journal.pages.size(), 20U);
  EXPECT_FALSE(journal.Has(kLockPage));
  EXPECT_TRUE(journal.Has(kLockPage + 1));
  for (const FakeVfs::Record& record : fake.Records(Call::kWrite, "/db")) {
    EXPECT_FALSE(record.number <= kPendingByte && record.number + record.size > kPendingByte)
        << "the page with the locks is written";
  }
  app.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", state), new_state);
}

// ----- What is not in a group

TEST_F(GroupWriterTest, PagesOfTwoSizesAreNeverInOneGroup) {
  MakePlain("/db", kTable);
  Connection app(kAsync, "/db");
  app.Query("UPDATE t SET b = 1 WHERE a = 3");
  app.Query("PRAGMA page_size = 4096; VACUUM");
  app.Query("UPDATE t SET b = 2 WHERE a = 4");
  fake.SetObserver([&](const FakeVfs::Record& record) {
    if (record.call == Call::kWrite && record.name == "/db-journal") {
      EXPECT_EQ(fake.Bytes("/db").size() % kPage, 0U);
    }
  });
  StepAll();
  fake.SetObserver(nullptr);
  app.Close();
  StepAll();
  EXPECT_EQ(Plain("/db",
                  "PRAGMA integrity_check; PRAGMA page_size; SELECT b FROM t"
                  " WHERE a IN (3, 4)"),
            "ok 4096 1 2");
}

TEST_F(GroupWriterTest, ATransactionOverHalfOfTheLimitIsQueuedOperationByOperation) {
  MakePlain("/db", kTable);
  ASSERT_EQ(backend().SetQueueLimit(20 * kPage), SQLITE_OK);
  Connection app(kAsync, "/db");
  app.Query("PRAGMA cache_size = 1000; UPDATE t SET b = 1 WHERE a = 3");
  EXPECT_EQ(QueuedChanges(), 1) << "a group";
  app.Query("UPDATE t SET b = randomblob(900)");
  EXPECT_GT(QueuedChanges(), 3);
  StepAll();
  app.Query("UPDATE t SET b = 2 WHERE a = 3");
  EXPECT_EQ(QueuedChanges(), 1) << "in groups again";
  app.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT b FROM t WHERE a = 3"), "ok 2");
}

// What counts as queued is gone when nothing is: two writes have room that take all of the limit.
TEST_F(GroupWriterTest, ATransactionThatIsUnfoldedWithoutAJournalLeavesNoBytesBehind) {
  VfsFile file(kAsync, "/db", FileRole::kMain, kMainFlags);
  for (const int level : {SQLITE_LOCK_SHARED, SQLITE_LOCK_RESERVED, SQLITE_LOCK_EXCLUSIVE}) {
    ASSERT_EQ(file.Lock(level), SQLITE_OK);
  }
  ASSERT_EQ(file.Write(0, std::string(kPage, 'a')), SQLITE_OK);
  ASSERT_EQ(file.Write(10, "no page"), SQLITE_OK);
  ASSERT_EQ(file.Control(SQLITE_FCNTL_COMMIT_PHASETWO, nullptr), SQLITE_OK);
  StepAll();
  const int64_t written = fake.bytes_written();
  ASSERT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_OFF), SQLITE_OK);
  ASSERT_EQ(backend().SetQueueLimit(1000), SQLITE_OK);
  ASSERT_EQ(file.Write(0, std::string(500, 'b')), SQLITE_OK);
  ASSERT_EQ(file.Write(500, std::string(500, 'b')), SQLITE_OK);
  EXPECT_EQ(fake.bytes_written(), written) << "something had to be performed to make room";
  ASSERT_EQ(file.Unlock(SQLITE_LOCK_NONE), SQLITE_OK);
  file.Close();
  StepAll();
}

// Its operations are behind the groups', and each database is there with it or without it.
class GroupAndSuperJournalTest : public GroupWriterTest,
                                 public testing::WithParamInterface<const char*> {
 protected:
  void ExpectBothOrNeither(Connection& app) {
    const std::string both = "UPDATE t SET b = 2 WHERE a = 3; UPDATE other.t SET b = 2 WHERE a = 3";
    app.Query("UPDATE t SET b = 1 WHERE a = 3");
    app.Query("UPDATE other.t SET b = 1 WHERE a = 3");
    app.Query("BEGIN;" + both + "; COMMIT");
    FakeVfs grave("grave's parent", "grave");
    grave.device_characteristics = fake.device_characteristics;
    std::vector<std::string> seen;
    fake.SetObserver([&](const FakeVfs::Record& record) {
      if (record.call != Call::kWrite && record.call != Call::kTruncate &&
          record.call != Call::kOpen && record.call != Call::kDelete) {
        return;
      }
      fake.CopyFilesTo(grave);
      Connection dead("grave", "/db");
      dead.Query("ATTACH '/other' AS other");
      seen.push_back(
          dead.TryQuery("SELECT (SELECT b FROM main.t WHERE a = 3),"
                        " (SELECT b FROM other.t WHERE a = 3)"));
    });
    StepAll();
    fake.SetObserver(nullptr);
    for (const std::string& state : seen) {
      EXPECT_TRUE((state.find('2') == std::string::npos) || state == "2|2") << state;
    }
    EXPECT_EQ(seen.back(), "2|2");
    EXPECT_NE(std::find(seen.begin(), seen.end(), "1|1"), seen.end());
  }
};

TEST_P(GroupAndSuperJournalTest, IsAtomic) {
  MakePlain("/db", kTable);
  MakePlain("/other", kTable);
  Connection app(kAsync, "/db");
  app.Query(
      "ATTACH '/other' AS other; UPDATE t SET b = 0 WHERE a = 3;"
      "UPDATE other.t SET b = 0 WHERE a = 3");
  const std::string mode = GetParam();
  app.Query("PRAGMA main.journal_mode = " + mode + "; PRAGMA other.journal_mode = " + mode);
  ExpectBothOrNeither(app);
  app.Close();
  StepAll();
}

TEST_P(GroupAndSuperJournalTest, IsAtomicWhereALongJournalHasBeenLeft) {
  MakePlain("/db", kTable);
  MakePlain("/other", kTable);
  Connection app(kAsync, "/db");
  const std::string mode = GetParam();
  app.Query("ATTACH '/other' AS other");
  app.Query("PRAGMA main.journal_mode = " + mode + "; PRAGMA other.journal_mode = " + mode);
  // Longer than the next ones, whose super-journal's name has to be at their end.
  ASSERT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_OFF), SQLITE_OK);
  app.Query("UPDATE t SET b = 0; UPDATE other.t SET b = 0");
  ASSERT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_AUTO), SQLITE_OK);
  const std::string both = "UPDATE t SET b = 1 WHERE a = 3; UPDATE other.t SET b = 1 WHERE a = 3";
  app.Query("BEGIN;" + both + "; COMMIT");
  StepAll();
  // And with groups in between.
  ASSERT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_OFF), SQLITE_OK);
  app.Query("UPDATE t SET b = 0; UPDATE other.t SET b = 0");
  StepAll();
  ASSERT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_AUTO), SQLITE_OK);
  FakeVfs grave("grave's parent", "grave");
  grave.device_characteristics = fake.device_characteristics;
  app.Query("BEGIN;" + both + "; COMMIT");
  fake.SetObserver([&](const FakeVfs::Record&) {
    fake.CopyFilesTo(grave);
    Connection dead("grave", "/db");
    dead.Query("ATTACH '/other' AS other");
    const std::string seen = dead.TryQuery(
        "SELECT (SELECT b FROM main.t WHERE a = 3),"
        " (SELECT b FROM other.t WHERE a = 3)");
    EXPECT_TRUE(seen == "0|0" || seen == "1|1") << seen;
  });
  StepAll();
  fake.SetObserver(nullptr);
  ExpectBothOrNeither(app);
  app.Close();
  StepAll();
}

INSTANTIATE_TEST_SUITE_P(EachJournalMode, GroupAndSuperJournalTest,
                         testing::Values("delete", "truncate", "persist"));

TEST_F(GroupWriterTest, AHotJournalThatSomeoneElseHasMadeIsNotOverwritten) {
  MakePlain("/db", kTable);
  ASSERT_EQ(backend().SetLockFiles(0), SQLITE_OK);
  Connection app(kAsync, "/db");
  app.Query("UPDATE t SET b = 1 WHERE a = 3");
  const std::string hot =
      std::string(std::begin(kJournalMagic), std::end(kJournalMagic)) + std::string(1000, 'j');
  fake.requires_exclusive = false;
  fake.SetBytes("/db-journal", hot);
  const std::string database = fake.Bytes("/db");
  EXPECT_EQ(Step(), 1);
  EXPECT_EQ(fake.Bytes("/db-journal"), hot);
  EXPECT_EQ(fake.Bytes("/db"), database);
  EXPECT_NE(TakeLog().find("hot journal"), std::string::npos);
  EXPECT_EQ(app.TryQuery("SELECT b FROM t"), "error " + std::to_string(SQLITE_IOERR));
  app.Close();
  StepAll();
  fake.Remove("/db-journal");
}

}  // namespace
}  // namespace sqliteasync::test
