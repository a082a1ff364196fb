// Opening, deleting, existence, names: the files as such (spec section 4).

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/sqlite_support.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

class FilesTest : public BackendTest {
 protected:
  // A journal of the database "/db", opened with CREATE.
  struct Journal : VfsFile {
    explicit Journal(int flags = kJournalFlags)
        : VfsFile(kAsync, "/db", FileRole::kJournal, flags) {}
  };
  static bool JournalExists() { return Exists(kAsync, "/db", FileRole::kJournal); }
  static int DeleteJournal() { return DeleteFile(kAsync, "/db", FileRole::kJournal); }
};

// ----- Creation, deletion, and their order

TEST_F(FilesTest, AJournalThatIsOnlyQueuedCanBeReadAndOpened) {
  Journal journal;
  ASSERT_EQ(journal.Write(0, "abc"), SQLITE_OK);
  EXPECT_FALSE(fake.Exists("/db-journal"));
  EXPECT_EQ(journal.Read(0, 3), "abc");
  EXPECT_EQ(Journal(kHotJournalFlags).Read(0, 3), "abc");
  EXPECT_EQ(Journal(SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_READONLY).Read(1, 1), "b");
  StepAll();
  EXPECT_EQ(fake.Bytes("/db-journal"), "abc");
  EXPECT_EQ(journal.Read(0, 3), "abc");
}

TEST_F(FilesTest, AnOpenOfTheSameNameBehindAQueuedDeleteIsANewFileAtEveryMoment) {
  fake.SetBytes("/db-journal", "old old old");
  ASSERT_EQ(DeleteJournal(), SQLITE_OK);
  Journal first;
  ASSERT_EQ(first.Write(0, "first"), SQLITE_OK);
  first.Close();
  ASSERT_EQ(DeleteJournal(), SQLITE_OK);
  Journal second;
  ASSERT_EQ(second.Write(2, "2nd"), SQLITE_OK);
  do {
    ASSERT_EQ(second.Read(0, 6), std::string("\0\0002nd\0|", 7));
    ASSERT_EQ(second.Size(), 5);
    ASSERT_TRUE(JournalExists());
  } while (Step() == 1);
  EXPECT_EQ(fake.Bytes("/db-journal"), std::string("\0\0002nd", 5));
  EXPECT_EQ(Changes(fake.Records()),
            "DELETE /db-journal\nWRITE /db-journal\nDELETE /db-journal\nWRITE /db-journal\n");
}

TEST_F(FilesTest, AFileWhoseDeletionIsQueuedCannotBeOpened) {
  fake.SetBytes("/db-journal", "old");
  ASSERT_EQ(DeleteJournal(), SQLITE_OK);
  EXPECT_EQ(Journal(kHotJournalFlags).code(), SQLITE_CANTOPEN);
  StepAll();
  EXPECT_EQ(Journal(kHotJournalFlags).code(), SQLITE_CANTOPEN);
}

TEST_F(FilesTest, ExistenceIsThatAfterAllPendingOperations) {
  EXPECT_FALSE(JournalExists());
  Journal journal;
  EXPECT_FALSE(JournalExists()) << "like the unix VFS: an empty file counts as absent";
  ASSERT_EQ(journal.Write(0, "x"), SQLITE_OK);
  EXPECT_TRUE(JournalExists());
  ASSERT_EQ(journal.Truncate(0), SQLITE_OK);
  EXPECT_FALSE(JournalExists());
  ASSERT_EQ(journal.Write(0, "y"), SQLITE_OK);
  ASSERT_EQ(DeleteJournal(), SQLITE_OK);
  EXPECT_FALSE(JournalExists());
  journal.Close();
  StepAll();
  EXPECT_FALSE(JournalExists());
  fake.SetBytes("/db-journal", "by another process");
  EXPECT_TRUE(JournalExists());
}

TEST_F(FilesTest, OtherAccessModesAreTheParents) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(kAsync);
  const FileName name("/db", FileRole::kMain, {});
  int answer = -1;
  fake.SetBytes("/db", "");
  EXPECT_EQ(vfs->xAccess(vfs, name.get(), SQLITE_ACCESS_READWRITE, &answer), SQLITE_OK);
  EXPECT_EQ(answer, 1);
  EXPECT_EQ(fake.Records(Call::kAccess).at(0).number, SQLITE_ACCESS_READWRITE);
}

TEST_F(FilesTest, AFileThatTheParentNoLongerHasIsDeletedWithSuccess) {
  Journal other;  // keeps the database, and the error that it might get
  ASSERT_EQ(DeleteJournal(), SQLITE_OK);
  ASSERT_EQ(DeleteJournal(), SQLITE_OK);
  StepAll();
  EXPECT_EQ(fake.Count(Call::kDelete), 2);
  EXPECT_EQ(DeleteJournal(), SQLITE_OK) << "an error has stuck to the database";
  StepAll();
}

TEST_F(FilesTest, AJournalThatCannotBeDeletedWhileItIsOpenIsTruncated) {
  fake.device_characteristics = SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN;
  fake.SetBytes("/db-journal", "old");
  Journal other;  // keeps the database, and the error that it might get
  VfsFile elsewhere(kPlain, "/db", FileRole::kJournal,
                    SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_READWRITE);
  ASSERT_EQ(elsewhere.code(), SQLITE_OK);
  ASSERT_EQ(DeleteJournal(), SQLITE_OK);
  StepAll();
  EXPECT_EQ(fake.Bytes("/db-journal"), "");
  EXPECT_FALSE(JournalExists());
  elsewhere.Close();
  other.Close();
  ASSERT_EQ(DeleteJournal(), SQLITE_OK) << "an error has stuck to the database";
  StepAll();
  EXPECT_FALSE(fake.Exists("/db-journal"));
}

TEST_F(FilesTest, TheSyncDirectoryFlagOfADeleteGoesDown) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(kAsync);
  const FileName name("/db", FileRole::kJournal, {});
  vfs->xDelete(vfs, name.get(), 1);
  vfs->xDelete(vfs, name.get(), 0);
  StepAll();
  EXPECT_EQ(fake.Records(Call::kDelete).at(0).number, 1);
  EXPECT_EQ(fake.Records(Call::kDelete).at(1).number, 0);
}

// ----- An existing journal keeps its bytes: PERSIST and TRUNCATE read them before they write

TEST_F(FilesTest, AnExistingJournalIsReadBeforeItIsWritten) {
  fake.SetBytes("/db-journal", "0123456789");
  Journal journal;
  EXPECT_EQ(journal.Size(), 10);
  EXPECT_EQ(journal.Read(8, 4), std::string("89\0\0|", 5));
  ASSERT_EQ(journal.Write(0, "ab"), SQLITE_OK);
  do {
    ASSERT_EQ(journal.Read(0, 10), "ab23456789");
    ASSERT_EQ(journal.Size(), 10);
  } while (Step() == 1);
  EXPECT_EQ(fake.Bytes("/db-journal"), "ab23456789");
}

TEST_F(FilesTest, BytesThatAreStillPendingSurviveTheNextOpenOfTheJournal) {
  Journal first;
  StepAll();  // the creation has been performed: at the parent the file is empty
  ASSERT_EQ(fake.Bytes("/db-journal"), "");
  ASSERT_EQ(first.Write(0, "0123456789"), SQLITE_OK);
  Journal second;
  do {
    ASSERT_EQ(second.Size(), 10);
    ASSERT_EQ(second.Read(8, 2), "89");
  } while (Step() == 1);
}

TEST_F(FilesTest, AJournalThatHasBeenTruncatedIsEmptyForTheNextOpen) {
  fake.SetBytes("/db-journal", "0123456789");
  Journal first;
  ASSERT_EQ(first.Truncate(0), SQLITE_OK);
  Journal second;
  ASSERT_EQ(second.Write(3, "x"), SQLITE_OK);
  do {
    ASSERT_EQ(second.Read(0, 4), std::string("\0\0\0x", 4));
  } while (Step() == 1);
}

TEST_F(FilesTest, APersistentJournalHasTheBytesThatPlainSqliteLeavesInIt) {
  const std::string script =
      "PRAGMA journal_mode = persist; CREATE TABLE t(a, b);"
      "INSERT INTO t VALUES(1, zeroblob(20000)); UPDATE t SET b = 'x'; INSERT INTO t VALUES(2, 3);"
      "BEGIN; DELETE FROM t; ROLLBACK; UPDATE t SET a = a + 1";
  MakePlain("/plain", script);
  Connection connection(kAsync, "/db");
  connection.Query(script);
  connection.Close();
  StepAll();
  EXPECT_EQ(fake.Bytes("/db").size(), fake.Bytes("/plain").size());
  EXPECT_EQ(fake.Bytes("/db-journal").size(), fake.Bytes("/plain-journal").size());
  EXPECT_EQ(fake.Bytes("/db-journal").substr(0, 28), std::string(28, '\0')) << "not hot";
}

// ----- Temporary files

TEST_F(FilesTest, ATemporaryFileReadsBackAtEveryMoment) {
  VfsFile file(kAsync, kTemporaryFlags);
  ASSERT_EQ(file.Write(0, "hello"), SQLITE_OK);
  ASSERT_EQ(file.Write(8, "world"), SQLITE_OK);
  ASSERT_EQ(file.Truncate(10), SQLITE_OK);
  do {
    ASSERT_EQ(file.Read(0, 10), std::string("hello\0\0\0wo", 10));
    ASSERT_EQ(file.Size(), 10);
  } while (Step() == 1);
  EXPECT_EQ(fake.Opens("").size(), 1u) << "the parent can have it open only once";
}

TEST_F(FilesTest, WhatIsQueuedForATemporaryFileIsDroppedWhenItIsClosed) {
  VfsFile file(kAsync, kTemporaryFlags);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(file.Write(i, "x"), SQLITE_OK);
  ASSERT_EQ(Step(4), 4);  // OPEN and three writes
  file.Close();
  EXPECT_EQ(StepAll(), 1) << "the CLOSE";
  EXPECT_EQ(fake.Count(Call::kWrite), 3);
  EXPECT_EQ(fake.open_handles(), 0);
}

TEST_F(FilesTest, ATemporaryFileThatIsClosedBeforeItIsOpenedNeverReachesTheParent) {
  VfsFile(kAsync, kTemporaryFlags).Write(0, "x");
  StepAll();
  EXPECT_TRUE(fake.Records().empty());
}

TEST_F(FilesTest, FilesWithoutANameAreApart) {
  VfsFile one(kAsync, kTemporaryFlags);
  VfsFile two(kAsync, kTemporaryFlags);
  ASSERT_EQ(one.Write(0, "one"), SQLITE_OK);
  ASSERT_EQ(two.Write(0, "two"), SQLITE_OK);
  EXPECT_EQ(one.Read(0, 3), "one");
  StepAll();
  EXPECT_EQ(one.Read(0, 3), "one");
  EXPECT_EQ(two.Read(0, 3), "two");
}

// ----- Handles, flags and names at the parent

TEST_F(FilesTest, ErrorsOfAnOpenReachTheCaller) {
  EXPECT_EQ(VfsFile(kAsync, "/absent", FileRole::kMain, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE)
                .code(),
            SQLITE_CANTOPEN);
  fake.FailNth(Call::kOpen, "/db", 1, SQLITE_PERM);
  EXPECT_EQ(VfsFile(kAsync, "/db", FileRole::kMain, kMainFlags).code(), SQLITE_PERM);
  fake.FailNth(Call::kOpen, "/db", 2, SQLITE_PERM);  // of the handle that is to write
  EXPECT_EQ(VfsFile(kAsync, "/db", FileRole::kMain, kMainFlags).code(), SQLITE_PERM);
  StepAll();
  EXPECT_EQ(fake.open_handles(), 0);
  EXPECT_EQ(VfsFile(kAsync, "/db", FileRole::kMain, kMainFlags).code(), SQLITE_OK);
}

TEST_F(FilesTest, FlagsGoDownAsTheyCame) {
  VfsFile main(kAsync, "/db", FileRole::kMain, kMainFlags);
  Journal journal;
  VfsFile super_journal(kAsync, "/db-mj0123456789", FileRole::kMain,
                        SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                            SQLITE_OPEN_EXCLUSIVE);
  VfsFile temporary(kAsync, kTemporaryFlags);
  StepAll();
  EXPECT_EQ(fake.Opens("/db").at(0).flags, kMainFlags);
  EXPECT_EQ(fake.Opens("/db-journal").at(0).flags, kJournalFlags);
  EXPECT_EQ(fake.Opens("/db-mj0123456789").at(0).flags,
            SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                SQLITE_OPEN_EXCLUSIVE);
  EXPECT_EQ(fake.Opens("").at(0).flags, kTemporaryFlags);
}

TEST_F(FilesTest, ASyncGoesWithItsFlagsToTheHandleThatWasOpenedForWriting) {
  Journal journal;
  journal.Write(0, "x");
  journal.Sync(SQLITE_SYNC_FULL | SQLITE_SYNC_DATAONLY);
  StepAll();
  const FakeVfs::Record sync = fake.Records(Call::kSync).at(0);
  EXPECT_EQ(sync.handle, fake.Opens("/db-journal").at(0).handle);
  EXPECT_EQ(sync.number, SQLITE_SYNC_FULL | SQLITE_SYNC_DATAONLY);
  EXPECT_NE(fake.Opens("/db-journal").at(0).flags & SQLITE_OPEN_CREATE, 0);
}

TEST_F(FilesTest, AllConnectionsWriteAndLockThroughOneHandleAndReadThroughTheirOwn) {
  MakePlain("/db", "CREATE TABLE t(a)");
  Connection one(kAsync, "/db");
  Connection two(kAsync, "/db");
  fake.ClearRecords();
  one.Query("INSERT INTO t VALUES(1)");
  StepAll();
  two.Query("INSERT INTO t VALUES(2)");
  StepAll();
  const auto writes = fake.Records(Call::kWrite, "/db");
  ASSERT_FALSE(writes.empty());
  for (const auto& write : writes) EXPECT_EQ(write.handle, writes[0].handle);
  for (const auto& lock : fake.Records(Call::kLock)) EXPECT_EQ(lock.handle, writes[0].handle);
  for (const auto& read : fake.Records(Call::kRead, "/db"))
    EXPECT_NE(read.handle, writes[0].handle);
}

TEST_F(FilesTest, TheHandleThatWritesIsWritableAsSoonAsOneConnectionIs) {
  MakePlain("/db", "CREATE TABLE t(a)");
  Connection reader(kAsync, "/db", SQLITE_OPEN_READONLY);
  EXPECT_EQ(reader.Query("BEGIN; SELECT count(*) FROM t"), "0");  // the real lock is moved as well
  Connection writer(kAsync, "/db");
  writer.Query("BEGIN IMMEDIATE; INSERT INTO t VALUES(1)");
  reader.Query("COMMIT");
  writer.Query("COMMIT");
  StepAll();
  EXPECT_EQ(Plain("/db", "SELECT a FROM t"), "1");
  const int handle = fake.Records(Call::kWrite, "/db").back().handle;
  bool writable = false;
  for (const auto& opened : fake.Opens("/db")) {
    if (opened.handle == handle) writable = (opened.flags & SQLITE_OPEN_READWRITE) != 0;
  }
  EXPECT_TRUE(writable);
  EXPECT_NE(reader.Run("INSERT INTO t VALUES(2)"), SQLITE_OK);
}

TEST_F(FilesTest, UriParametersReachTheParentWithEveryFileOfTheDatabase) {
  Connection connection(kAsync, "file:/db?color=red&size=7");
  connection.Query("CREATE TABLE t(a)");
  StepAll();
  for (const char* name : {"/db", "/db-journal"}) {
    ASSERT_FALSE(fake.Opens(name).empty());
    for (const auto& opened : fake.Opens(name)) {
      if ((opened.flags & SQLITE_OPEN_READONLY) != 0) continue;
      const std::map<std::string, std::string> expected = {{"color", "red"}, {"size", "7"}};
      EXPECT_EQ(opened.parameters, expected) << name;
    }
  }
}

TEST_F(FilesTest, TheHandleThatLocksDoesNotInheritThatOneConnectionDoesWithoutLocks) {
  MakePlain("/db", "CREATE TABLE t(a)");
  fake.ClearRecords();
  Connection first(kAsync, "file:/db?nolock=1&immutable=1&color=red");
  const auto opens = fake.Opens("/db");
  ASSERT_EQ(opens.size(), 2u);
  EXPECT_EQ(opens[0].parameters.count("immutable"), 1u);
  EXPECT_EQ(opens[1].parameters.count("immutable"), 0u);
  EXPECT_EQ(opens[1].parameters.count("nolock"), 0u);
  EXPECT_EQ(opens[1].parameters.count("color"), 1u);
}

TEST_F(FilesTest, TwoSpellingsOfAPathAreOneDatabase) {
#ifdef _WIN32
  GTEST_SKIP() << "the names of FakeVfs are no absolute paths of Windows; see platform_test.cc";
#endif
  Connection one(kAsync, "/dir/db");
  Connection two(kAsync, "//dir/./x/..//db");
  one.Query("CREATE TABLE t(a)");
  EXPECT_EQ(two.Query("SELECT count(*) FROM t"), "0") << "the overlay is shared";
  one.Query("BEGIN IMMEDIATE");
  EXPECT_EQ(two.Run("BEGIN IMMEDIATE"), SQLITE_BUSY) << "the locks are shared";
  one.Query("COMMIT");
  StepAll();
  EXPECT_EQ(fake.Names(), std::vector<std::string>{"/dir/db"});
}

TEST_F(FilesTest, ADatabaseIsClosedAtTheParentByTheQueue) {
  Connection connection(kAsync, "/db");
  connection.Query("CREATE TABLE t(a)");
  connection.Close();
  EXPECT_GT(fake.open_handles(), 0);
  StepAll();
  EXPECT_EQ(fake.open_handles(), 0);
}

TEST_F(FilesTest, ADatabaseThatIsReopenedBeforeItsCloseGoesOn) {
  Connection(kAsync, "/db").Query("CREATE TABLE t(a); INSERT INTO t VALUES(1)");
  Connection again(kAsync, "/db");
  EXPECT_EQ(again.Query("INSERT INTO t VALUES(2); SELECT a FROM t"), "1 2");
  StepAll();
  EXPECT_EQ(again.Query("INSERT INTO t VALUES(3); SELECT a FROM t"), "1 2 3");
  again.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "SELECT a FROM t"), "1 2 3");
}

// ----- A path's file is replaced by someone else

TEST_F(FilesTest, AFileThatReplacesAnotherStartsAfreshAndPendingChangesStayWithTheOld) {
  MakePlain("/db", "CREATE TABLE old(a)");
  Connection old(kAsync, "/db");
  old.Query("INSERT INTO old VALUES(1)");
  fake.Remove("/db");
  MakePlain("/db", "CREATE TABLE new(a)");
  const std::string bytes = fake.Bytes("/db");
  Connection fresh(kAsync, "/db");
  EXPECT_EQ(fresh.Query("SELECT name FROM sqlite_schema"), "new");
  EXPECT_EQ(old.Query("SELECT a FROM old"), "1") << "it still has the file it had";
  StepAll();
  EXPECT_EQ(fake.Bytes("/db"), bytes) << "what was queued went to the old file";
  EXPECT_FALSE(fake.Exists("/db-journal"));
  fresh.Query("INSERT INTO new VALUES(2)");
  old.Close();
  fresh.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "SELECT a FROM new"), "2");
}

TEST_F(FilesTest, ADeletedDatabaseThatIsOpenedAgainIsEmpty) {
  MakePlain("/db", "CREATE TABLE t(a)");
  Connection(kAsync, "/db").Query("INSERT INTO t VALUES(1)");  // queued, and closed
  fake.Remove("/db");
  Connection fresh(kAsync, "/db");
  EXPECT_EQ(fresh.Query("SELECT count(*) FROM sqlite_schema"), "0");
  StepAll();
  EXPECT_EQ(fresh.Query("CREATE TABLE u(a); SELECT name FROM sqlite_schema"), "u");
  fresh.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "SELECT name FROM sqlite_schema"), "u");
}

TEST_F(FilesTest, AJournalOnDiskDoesNotPassToTheFileThatReplacesItsDatabase) {
  MakePlain("/db", "CREATE TABLE old(a, b); INSERT INTO old VALUES(1, zeroblob(9000))");
  Connection old(kAsync, "/db");
  old.Query("UPDATE old SET a = 2, b = 3");
  fake.ClearRecords();
  while (fake.Count(Call::kWrite, "/db") == 0) ASSERT_EQ(Step(), 1);
  ASSERT_TRUE(fake.Exists("/db-journal"));
  fake.Remove("/db");
  Connection fresh(kAsync, "/db");
  EXPECT_EQ(fresh.Query("CREATE TABLE new(a); SELECT name FROM sqlite_schema"), "new");
  StepAll();
  old.Close();
  fresh.Close();
  StepAll();
  EXPECT_EQ(Plain("/db", "PRAGMA integrity_check; SELECT name FROM sqlite_schema"), "ok new");
}

// ----- Write-ahead logs are refused

TEST_F(FilesTest, AWriteAheadLogCannotBeOpened) {
  EXPECT_EQ(VfsFile(kAsync, "/db", FileRole::kLog,
                    SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
                .code(),
            SQLITE_CANTOPEN);
}

TEST_F(FilesTest, ADatabaseInLogModeIsRefused) {
  MakePlain("/db", "PRAGMA locking_mode = exclusive; PRAGMA journal_mode = wal; CREATE TABLE t(a)");
  Connection connection(kAsync, "/db");
  EXPECT_EQ(connection.Run("SELECT * FROM t") & 0xff, SQLITE_CANTOPEN);
  connection.Close();
  Connection exclusive(kAsync, "/db");
  EXPECT_NE(exclusive.Run("PRAGMA locking_mode = exclusive; SELECT * FROM t"), SQLITE_OK);
}

TEST_F(FilesTest, LogModeCannotBeEnteredAndLeavesTheDatabaseUsable) {
  for (const char* locking : {"normal", "exclusive"}) {
    SCOPED_TRACE(locking);
    Connection connection(kAsync, "/db");
    connection.Query(std::string("PRAGMA locking_mode = ") + locking);
    connection.Query("CREATE TABLE IF NOT EXISTS t(a); INSERT INTO t VALUES(1)");
    EXPECT_NE(connection.TryQuery("PRAGMA journal_mode = wal"), "wal");
    connection.Close();
    Connection again(kAsync, "/db");
    again.Query("INSERT INTO t VALUES(2); PRAGMA integrity_check");
    again.Close();
    StepAll();
    EXPECT_EQ(Plain("/db", "PRAGMA journal_mode"), "delete");
  }
}

// ----- Path names

TEST_F(FilesTest, FullPathnamesAreCanonical) {
#ifdef _WIN32
  GTEST_SKIP() << "the names of FakeVfs are no absolute paths of Windows; see platform_test.cc";
#endif
  sqlite3_vfs* vfs = sqlite3_vfs_find(kAsync);
  std::string out(600, '\0');
  ASSERT_EQ(vfs->xFullPathname(vfs, "a/.//b/../c/", 600, out.data()), SQLITE_OK);
  EXPECT_STREQ(out.c_str(), "/a/c");
}

}  // namespace
}  // namespace sqliteasync::test
