// File controls, sector size and device characteristics (spec section 4), one by one.

#include <gtest/gtest.h>

#include <string>

#include "core/sqlite_support.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

class ControlsTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    MakePlain("/db", "CREATE TABLE t(a)");
    fake.ClearRecords();
  }

  struct Main : VfsFile {
    explicit Main(const UriParameters& parameters = {})
        : VfsFile(kAsync, "/db", FileRole::kMain, kMainFlags, parameters) {}
  };

  // How often a control has reached the parent.
  int Passed(int verb) {
    int count = 0;
    for (const FakeVfs::Record& record : fake.Records(Call::kControl)) {
      count += record.number == verb ? 1 : 0;
    }
    return count;
  }

  // A write that stays queued.
  static void MakePending(VfsFile& file) {
    ASSERT_EQ(file.Lock(SQLITE_LOCK_SHARED), SQLITE_OK);
    ASSERT_EQ(file.Lock(SQLITE_LOCK_RESERVED), SQLITE_OK);
    ASSERT_EQ(file.Lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_OK);
    ASSERT_EQ(file.Write(4000, "abc"), SQLITE_OK);
  }
};

TEST_F(ControlsTest, LockStateIsTheConnectionsOwnNotThatOfTheRealLock) {
  Main file;
  Main other;
  MakePending(file);
  EXPECT_EQ(file.Level(), SQLITE_LOCK_EXCLUSIVE);
  EXPECT_EQ(other.Level(), SQLITE_LOCK_NONE);
  file.Unlock(SQLITE_LOCK_NONE);
  EXPECT_EQ(file.Level(), SQLITE_LOCK_NONE);
}

TEST_F(ControlsTest, VfsNameHasBothNamesTheUpperFirst) {
  Main file;
  char* name = nullptr;
  ASSERT_EQ(file.Control(SQLITE_FCNTL_VFSNAME, &name), SQLITE_OK);
  EXPECT_STREQ(name, "sqlite3async/fake");
  sqlite3_free(name);
}

TEST_F(ControlsTest, HintsAndNotesOfACommitAreConsumed) {
  Main file;
  EXPECT_EQ(file.Control(SQLITE_FCNTL_SYNC, nullptr), SQLITE_OK);
  EXPECT_EQ(file.Control(SQLITE_FCNTL_COMMIT_PHASETWO, nullptr), SQLITE_OK);
  sqlite3_int64 size = 1000000;
  EXPECT_EQ(file.Control(SQLITE_FCNTL_SIZE_HINT, &size), SQLITE_OK);
  StepAll();
  for (const int verb : {SQLITE_FCNTL_SYNC, SQLITE_FCNTL_COMMIT_PHASETWO, SQLITE_FCNTL_SIZE_HINT}) {
    EXPECT_EQ(Passed(verb), 0) << verb;
  }
}

TEST_F(ControlsTest, PowersafeOverwriteAndChunkSizeReachEveryHandleOfTheFile) {
  Main file;
  Main other;
  int setting = 0;
  EXPECT_EQ(file.Control(SQLITE_FCNTL_POWERSAFE_OVERWRITE, &setting), SQLITE_OK);
  EXPECT_EQ(Passed(SQLITE_FCNTL_POWERSAFE_OVERWRITE), 3) << "two that read and one that writes";
  setting = -1;
  EXPECT_EQ(other.Control(SQLITE_FCNTL_POWERSAFE_OVERWRITE, &setting), SQLITE_OK);
  EXPECT_EQ(setting, 0);
  int chunk = 65536;
  EXPECT_EQ(file.Control(SQLITE_FCNTL_CHUNK_SIZE, &chunk), SQLITE_OK);
  EXPECT_EQ(Passed(SQLITE_FCNTL_CHUNK_SIZE), 3);
}

TEST_F(ControlsTest, AskingForPowersafeOverwriteChangesNothing) {
  Main file;
  int setting = 0;
  ASSERT_EQ(file.Control(SQLITE_FCNTL_POWERSAFE_OVERWRITE, &setting), SQLITE_OK);
  Main later;  // the parent's default, 1
  setting = -1;
  EXPECT_EQ(later.Control(SQLITE_FCNTL_POWERSAFE_OVERWRITE, &setting), SQLITE_OK);
  setting = -1;
  EXPECT_EQ(file.Control(SQLITE_FCNTL_POWERSAFE_OVERWRITE, &setting), SQLITE_OK);
  EXPECT_EQ(setting, 0) << "the question of another connection has changed it";
}

TEST_F(ControlsTest, HasMovedIsTheParentsAnswerWhenNothingIsPendingElseNo) {
  Main file;
  int moved = -1;
  EXPECT_EQ(file.Control(SQLITE_FCNTL_HAS_MOVED, &moved), SQLITE_OK);
  EXPECT_EQ(moved, 0);
  MakePending(file);
  fake.Remove("/db");
  EXPECT_EQ(file.Control(SQLITE_FCNTL_HAS_MOVED, &moved), SQLITE_OK);
  EXPECT_EQ(moved, 0) << "a transaction that is queued goes on";
  file.Unlock(SQLITE_LOCK_NONE);
  StepAll();
  EXPECT_EQ(file.Control(SQLITE_FCNTL_HAS_MOVED, &moved), SQLITE_OK);
  EXPECT_EQ(moved, 1);
}

TEST_F(ControlsTest, WhatIsNotSafeWithOperationsPendingIsNeverPassed) {
  Main file;
  constexpr int kNullIo = 43;  // SQLITE_FCNTL_NULL_IO, of SQLite 3.48
  int64_t argument[4] = {0, 0, 0, 0};
  for (const int verb : {SQLITE_FCNTL_MMAP_SIZE, SQLITE_FCNTL_BUSYHANDLER, SQLITE_FCNTL_PDB,
                         SQLITE_FCNTL_LOCK_TIMEOUT, kNullIo, SQLITE_FCNTL_BEGIN_ATOMIC_WRITE,
                         SQLITE_FCNTL_COMMIT_ATOMIC_WRITE, SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE,
                         SQLITE_FCNTL_OVERWRITE, SQLITE_FCNTL_PERSIST_WAL, 123456}) {
    EXPECT_EQ(file.Control(verb, argument), SQLITE_NOTFOUND) << verb;
    EXPECT_EQ(Passed(verb), 0) << verb;
  }
}

TEST_F(ControlsTest, WhatIsSafeGoesDown) {
  Main file;
  MakePending(file);
  int error = 0;
  EXPECT_EQ(file.Control(SQLITE_FCNTL_LAST_ERRNO, &error), SQLITE_OK);
  EXPECT_EQ(error, 4711);
}

TEST_F(ControlsTest, AFileThatIsNotOpenAtTheParentAnswersForItself) {
  VfsFile journal(kAsync, "/db", FileRole::kJournal, kJournalFlags);
  int error = 0;
  EXPECT_EQ(journal.Control(SQLITE_FCNTL_LAST_ERRNO, &error), SQLITE_NOTFOUND);
  EXPECT_EQ(journal.Control(SQLITE_FCNTL_SYNC, nullptr), SQLITE_OK);
  char* name = nullptr;
  ASSERT_EQ(journal.Control(SQLITE_FCNTL_VFSNAME, &name), SQLITE_OK);
  EXPECT_STREQ(name, "sqlite3async/fake");
  sqlite3_free(name);
}

TEST_F(ControlsTest, SectorSizeIsThatOfTheOpenDatabase) {
  fake.sector_size = 8192;
  Main file;
  EXPECT_EQ(file.methods().xSectorSize(file.file()), 8192);
  VfsFile journal(kAsync, "/db", FileRole::kJournal, kJournalFlags);
  EXPECT_EQ(journal.methods().xSectorSize(journal.file()), 512);
}

TEST_F(ControlsTest, CharacteristicsAreTheParentsLessWhatAQueueCannotHonour) {
  fake.device_characteristics = -1;
  Main file;
  const int characteristics = file.methods().xDeviceCharacteristics(file.file());
  constexpr int kNotHonoured =
      SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_ATOMIC512 | SQLITE_IOCAP_ATOMIC1K | SQLITE_IOCAP_ATOMIC2K |
      SQLITE_IOCAP_ATOMIC4K | SQLITE_IOCAP_ATOMIC8K | SQLITE_IOCAP_ATOMIC16K |
      SQLITE_IOCAP_ATOMIC32K | SQLITE_IOCAP_ATOMIC64K | SQLITE_IOCAP_BATCH_ATOMIC |
      SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN;
  constexpr int kKept = SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL |
                        SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_IMMUTABLE;
  EXPECT_EQ(characteristics & kNotHonoured, 0);
  EXPECT_EQ(characteristics & kKept, kKept);
  VfsFile journal(kAsync, "/db", FileRole::kJournal, kJournalFlags);
  EXPECT_EQ(journal.methods().xDeviceCharacteristics(journal.file()), 0);
}

TEST_F(ControlsTest, FilesHaveNoMemoryMappingAndNoSharedMemory) {
  Main file;
  EXPECT_EQ(file.methods().iVersion, 1);
}

}  // namespace
}  // namespace sqliteasync::test
