// The C functions of sqlite3device.h.

#include <gtest/gtest.h>

#include <string>

#include "core/sim_support.h"
#include "sim/sqlite3device.h"

namespace sqliteasync::test {
namespace {

// The message, freed.
std::string Taken(char* message) {
  std::string text = message == nullptr ? "" : message;
  sqlite3_free(message);
  return text;
}

TEST(SimCApiTest, ADeviceIsMadeSetReadAndDeleted) {
  const Directory directory;
  char* error = nullptr;
  ASSERT_EQ(sqlite3device_create("c-disk", "faults", nullptr, 0,
                                 "persist=yes  operations=\"write sync\"\n files=*.db", &error),
            SQLITE_OK);
  EXPECT_EQ(error, nullptr);
  EXPECT_EQ(Taken(sqlite3device_setting("c-disk", "operations")), "write sync");
  EXPECT_EQ(Taken(sqlite3device_setting("c-disk", "files")), "*.db");
  EXPECT_EQ(sqlite3device_setting("c-disk", "colour"), nullptr);
  EXPECT_EQ(sqlite3device_configure("c-disk", "fail=1", &error), SQLITE_OK);
  {
    RawFile file("c-disk", directory.Path("x.db"), kDatabaseFlags);
    EXPECT_EQ(file.Write(0, "a"), SQLITE_IOERR_WRITE);
    EXPECT_EQ(sqlite3device_counter("c-disk", "failures"), 1);
    EXPECT_EQ(sqlite3device_counter("c-disk", "bytes"), -1);
    EXPECT_EQ(sqlite3device_delete("c-disk", &error), SQLITE_BUSY);
    EXPECT_NE(Taken(error).find("1 file open"), std::string::npos);
  }
  EXPECT_EQ(sqlite3device_delete("c-disk", nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3device_delete("c-disk", &error), SQLITE_ERROR);
  EXPECT_EQ(Taken(error), "no device \"c-disk\", there is none");
  EXPECT_EQ(sqlite3_vfs_find("c-disk"), nullptr);
}

TEST(SimCApiTest, BadSettingsAreNamed) {
  char* error = nullptr;
  EXPECT_EQ(sqlite3device_create("c-disk", "faults", nullptr, 0, "fail", &error), SQLITE_ERROR);
  EXPECT_EQ(Taken(error), "bad setting \"fail\": should be name=value");
  EXPECT_EQ(sqlite3device_create("c-disk", "faults", nullptr, 0, "files=\"a b", &error),
            SQLITE_ERROR);
  EXPECT_EQ(Taken(error), "bad setting \"files\": no quote at the end of its value");
  EXPECT_EQ(sqlite3device_create("c-disk", "faults", nullptr, 0, "fail=x", &error), SQLITE_ERROR);
  EXPECT_EQ(Taken(error), "bad value \"x\" for fail: should be an integer from 0 up");
  EXPECT_EQ(sqlite3_vfs_find("c-disk"), nullptr);
}

TEST(SimCApiTest, ACrashCallsTheHookAndTheDeviceComesBack) {
  ASSERT_EQ(sqlite3device_create("c-disk", "power", nullptr, 0, nullptr, nullptr), SQLITE_OK);
  int calls = 0;
  const auto hook = [](void* argument) { ++*static_cast<int*>(argument); };
  EXPECT_EQ(sqlite3device_hook("c-disk", hook, &calls, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3device_crash("c-disk", nullptr), SQLITE_OK);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(sqlite3device_restart("c-disk", nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3device_delete("c-disk", nullptr), SQLITE_OK);

  char* error = nullptr;
  ASSERT_EQ(sqlite3device_create("c-disk", "slow", nullptr, 0, "preset=nfs", nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3device_crash("c-disk", &error), SQLITE_ERROR);
  EXPECT_EQ(Taken(error), "device \"c-disk\" is not of the kind \"power\"");
  EXPECT_EQ(sqlite3device_delete("c-disk", nullptr), SQLITE_OK);
}

TEST(SimCApiTest, TheVariablesAreInts) {
  const Directory directory;
  int* pending = sqlite3device_variable("sqlite_io_error_pending");
  int* hit = sqlite3device_variable("sqlite_io_error_hit");
  ASSERT_NE(pending, nullptr);
  EXPECT_EQ(sqlite3device_variable("sqlite_search_count"), nullptr);
  const SimDevice device("c-disk", "faults");
  RawFile file("c-disk", directory.Path("f"), kDatabaseFlags);
  *pending = 1;
  EXPECT_EQ(file.Sync(), SQLITE_IOERR_FSYNC);
  EXPECT_EQ(*hit, 1);
  *hit = 0;
  *pending = 0;
}

TEST(SimCApiTest, MemoryFailsWhenInstalled) {
  char* error = nullptr;
  ASSERT_EQ(sqlite3device_memory_install(1, &error), SQLITE_OK) << Taken(error);
  sqlite3device_memory_fail(0, 1, nullptr);
  EXPECT_EQ(sqlite3device_memory_pending(), 0);
  EXPECT_EQ(sqlite3_malloc(10), nullptr);
  int benign = -1;
  EXPECT_EQ(sqlite3device_memory_fail(-1, 0, &benign), 1);
  EXPECT_EQ(benign, 0);
  EXPECT_EQ(sqlite3device_memory_pending(), -1);
  EXPECT_EQ(sqlite3device_memory_install(0, nullptr), SQLITE_OK);
}

}  // namespace
}  // namespace sqliteasync::test
