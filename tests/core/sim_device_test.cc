// Devices as VFSes: that they pass everything on, can be stacked, and that those in use stay.

#include <gtest/gtest.h>

#include <string>

#include "core/backend.h"
#include "core/sim_support.h"

namespace sqliteasync::test {
namespace {

using sim::BadOption;
using sim::DeviceError;

template <typename Exception, typename Action>
std::string MessageOf(Action action) {
  try {
    action();
  } catch (const Exception& exception) {
    return exception.what();
  }
  return "no exception";
}

std::string VfsName(const SimDatabase& database) {
  char* name = nullptr;
  sqlite3_file_control(database.get(), "main", SQLITE_FCNTL_VFSNAME, &name);
  std::string text = name == nullptr ? "" : name;
  sqlite3_free(name);
  return text;
}

TEST(SimDeviceTest, DatabasesWorkThroughAnyStackInEveryJournalMode) {
  const Directory directory;
  sqlite3_vfs* const platform = sqlite3_vfs_find(nullptr);
  SimDevice power("test-1", "power", {{"realsync", "no"}, {"action", "halt"}});
  SimDevice slow("test-2", "slow", {{"preset", "ssd-nvme"}, {"synctime", "1"}}, "test-1");
  SimDevice faults("test-3", "faults", {}, "test-2");
  SimDevice plain("test-4", "plain", {}, "test-3");
  EXPECT_EQ(plain.vfs().vfs()->iVersion, platform->iVersion);
  for (const char* mode : {"delete", "truncate", "persist", "memory", "off", "wal"}) {
    directory.Clear();
    SimDatabase database("test-4", directory.Path("db"));
    EXPECT_EQ(VfsName(database), std::string("test-4/test-3/test-2/test-1/") + platform->zName);
    EXPECT_EQ(database.Query(std::string("PRAGMA journal_mode=") + mode), mode);
    EXPECT_EQ(database.Query("PRAGMA mmap_size=1000000"), "1000000");
    database.Run("CREATE TABLE t(x); INSERT INTO t VALUES(1),(2)");
    SimDatabase second("test-4", directory.Path("db"));
    EXPECT_EQ(second.Query("SELECT x FROM t"), "1 2") << mode;
    EXPECT_EQ(second.Run("INSERT INTO t VALUES(3)"), SQLITE_OK) << mode;
    EXPECT_EQ(database.Query("SELECT sum(x) FROM t"), "6") << mode;
    EXPECT_EQ(SimDatabase("", directory.Path("db")).Query("SELECT sum(x) FROM t"), "6") << mode;
  }
  EXPECT_GT(plain.Counter("write"), 0);
  EXPECT_EQ(plain.Counter("write"), power.Counter("write"));
}

TEST(SimDeviceTest, TheAsynchronousBackendWorksOnAStack) {
  const Directory directory;
  SimDevice power("test-1", "power", {{"realsync", "no"}});
  SimDevice faults("test-2", "faults", {}, "test-1");
  Backend& backend = Backend::Get();
  ASSERT_EQ(backend.Register("test-2", nullptr), SQLITE_OK);
  {
    SimDatabase database("sqlite3async", directory.Path("db"));
    database.Run("CREATE TABLE t(x); INSERT INTO t VALUES(1),(2)");
    EXPECT_EQ(database.Query("SELECT sum(x) FROM t"), "3");
  }
  while (backend.writer().Step(1000) > 0) continue;
  EXPECT_FALSE(backend.Unregister().refused());
  EXPECT_EQ(SimDatabase("", directory.Path("db")).Query("SELECT sum(x) FROM t"), "3");
}

TEST(SimDeviceTest, NamesArePassedOnAsTheyAre) {
  // A URI parameter lies behind the name, and reaches the VFS below: "immutable" is the unix VFS's.
  const Directory directory;
  SimDevice device("test-1", "plain");
  SimDatabase("", directory.Path("db")).Run("CREATE TABLE t(x)");
  sqlite3* db = nullptr;
  const std::string uri = "file:" + directory.Path("db") + "?psow=0&vfs=test-1";
  ASSERT_EQ(sqlite3_open_v2(uri.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, nullptr),
            SQLITE_OK);
  sqlite3_file* file = nullptr;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  EXPECT_EQ(file->pMethods->xDeviceCharacteristics(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE, 0);
  sqlite3_close(db);
}

TEST(SimDeviceTest, DeclarationsReplaceTheParents) {
  const Directory directory;
  SimDevice device("test-1", "plain");
  RawFile file("test-1", directory.Path("f"), kDatabaseFlags);
  const int parents = file.methods().xDeviceCharacteristics(file.file());
  device.Set("characteristics", "Atomic4K,sequential");
  device.Set("sectorsize", "2048");
  EXPECT_EQ(file.methods().xDeviceCharacteristics(file.file()),
            SQLITE_IOCAP_ATOMIC4K | SQLITE_IOCAP_SEQUENTIAL);
  EXPECT_EQ(device.Get("characteristics"), "atomic4k sequential");
  EXPECT_EQ(file.methods().xSectorSize(file.file()), 2048);
  device.Set("characteristics", "parent");
  EXPECT_EQ(file.methods().xDeviceCharacteristics(file.file()), parents);
}

TEST(SimDeviceTest, ADeviceInUseIsNotDeleted) {
  const Directory directory;
  SimDevice device("test-1", "plain");
  {
    SimDevice above("test-2", "plain", {}, "test-1");
    EXPECT_EQ(MessageOf<DeviceError>([] { sim::DeleteDevice("test-1"); }),
              "can't delete device \"test-1\": device \"test-2\" stands on it; delete that first");
  }
  const RawFile file("test-1", directory.Path("f"), kDatabaseFlags);
  EXPECT_EQ(MessageOf<DeviceError>([] { sim::DeleteDevice("test-1"); }),
            "can't delete device \"test-1\": 1 file open through it; close the databases first");
}

TEST(SimDeviceTest, TheParentIsTheDefaultAgain) {
  sqlite3_vfs* const before = sqlite3_vfs_find(nullptr);
  sim::CreateDevice("test-1", "plain", "", true, {});
  sim::CreateDevice("test-2", "plain", "", true, {});
  EXPECT_STREQ(sqlite3_vfs_find(nullptr)->zName, "test-2");
  sim::DeleteDevice("test-2");
  EXPECT_STREQ(sqlite3_vfs_find(nullptr)->zName, "test-1");
  sim::DeleteDevice("test-1");
  EXPECT_EQ(sqlite3_vfs_find(nullptr), before);
}

TEST(SimDeviceTest, RefusalsNameWhatIsWrongAndTheWayOut) {
  SimDevice device("test-1", "faults");
  const auto create = [](const char* name, const char* kind, const char* over) {
    return MessageOf<DeviceError>([&] { sim::CreateDevice(name, kind, over, false, {}); });
  };
  EXPECT_EQ(create("test-1", "plain", ""),
            "there is already a VFS \"test-1\": delete it first, or choose another name");
  EXPECT_EQ(create("x", "disk", ""),
            "bad kind of device \"disk\": should be plain, faults, power or slow");
  EXPECT_EQ(create("x", "plain", "nowhere"), "no VFS \"nowhere\" to put the device on");
  EXPECT_EQ(create("", "plain", ""), "a device needs a name");
  EXPECT_EQ(MessageOf<DeviceError>([] { sim::FindDevice("x"); }),
            "no device \"x\": should be test-1");

  const auto set = [&](const char* option, const char* value) {
    return MessageOf<BadOption>([&] { device.Set(option, value); });
  };
  EXPECT_EQ(set("fail", "-1"), "bad value \"-1\" for fail: should be an integer from 0 up");
  EXPECT_EQ(set("fail", "3x"), "bad value \"3x\" for fail: should be an integer from 0 up");
  EXPECT_EQ(
      set("persist", "perhaps"),
      "bad value \"perhaps\" for persist: should be a boolean: 1, 0, yes, no, true, false, on "
      "or off");
  EXPECT_EQ(
      set("operations", "read wirte"),
      "bad value \"wirte\" for operations: should be read, write, sync, truncate, size, open, "
      "delete, access, lock, unlock, reserved, path, shm, map, close or all");
  EXPECT_EQ(set("code", "IOERR_WRTE"),
            "bad value \"IOERR_WRTE\" for code: should be a result code of SQLite, such as "
            "SQLITE_IOERR_WRITE, or its number");
  EXPECT_EQ(set("sectorsize", "1000"),
            "bad value \"1000\" for sectorsize: should be a power of two from 32 to 65536");
  EXPECT_EQ(set("fial", "1"),
            "bad option \"fial\" of a faults device: should be sectorsize, characteristics, fail, "
            "persist, operations, files, code, variables or syncs");
  device.Set("pers", "yes");
  EXPECT_EQ(device.Get("persist"), "1");
  EXPECT_EQ(set("", "1").substr(0, 13), "bad option \"\"");
}

}  // namespace
}  // namespace sqliteasync::test
