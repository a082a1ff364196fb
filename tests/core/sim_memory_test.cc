// SQLite's allocations fail where they are told to.

#include <gtest/gtest.h>

#include <string>

#include "core/sim_support.h"
#include "sim/memory_faults.h"

namespace sqliteasync::test {
namespace {

class SimMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    ASSERT_TRUE(sim::InstallMemoryFaults(&why)) << why;
  }
  void TearDown() override {
    sim::FailAllocation(-1, 0);
    std::string why;
    EXPECT_TRUE(sim::UninstallMemoryFaults(&why)) << why;
    EXPECT_FALSE(sim::MemoryFaultsInstalled());
  }
};

TEST_F(SimMemoryTest, TheNthAllocationFailsOnceOrRepeatedly) {
  sim::FailAllocation(2, 0);
  EXPECT_EQ(sim::PendingAllocationFailure(), 2);
  const auto allocate = [] {
    void* memory = sqlite3_malloc(10);
    sqlite3_free(memory);
    return memory != nullptr;
  };
  EXPECT_TRUE(allocate());
  EXPECT_TRUE(allocate());
  EXPECT_EQ(sim::PendingAllocationFailure(), 0);
  EXPECT_FALSE(allocate());
  EXPECT_EQ(sim::PendingAllocationFailure(), -1);
  EXPECT_TRUE(allocate());
  EXPECT_EQ(sim::FailAllocation(0, 3).all, 1);
  EXPECT_FALSE(allocate());
  EXPECT_FALSE(allocate());
  EXPECT_FALSE(allocate());
  EXPECT_TRUE(allocate());
  EXPECT_EQ(sim::FailAllocation(-1, 0).all, 3);
  EXPECT_EQ(sim::FailAllocation(-1, 0).all, 0);
}

TEST_F(SimMemoryTest, EveryIndexOfAWorkloadIsACleanError) {
  const Directory directory;
  int benign = 0;
  for (int index = 0;; ++index) {
    ASSERT_LT(index, 10000);
    directory.Clear();
    sim::FailAllocation(index, 0);
    int rc;
    {
      SimDatabase database("", directory.Path("db"));
      rc = database.open_code();
      if (rc == SQLITE_OK) {
        rc = database.Run("CREATE TABLE t(x); INSERT INTO t VALUES(randomblob(5000))");
      }
    }
    const sim::MemoryFailures failures = sim::FailAllocation(-1, 0);
    if (failures.all == 0) {
      EXPECT_EQ(rc, SQLITE_OK);
      EXPECT_GT(index, 50);
      break;
    }
    benign += failures.benign;
    EXPECT_TRUE(rc == SQLITE_OK || (rc & 0xff) == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM) << rc;
    if (failures.benign == failures.all) {
      EXPECT_EQ(rc, SQLITE_OK) << index;
    }
  }
  EXPECT_GT(benign, 0);
}

TEST_F(SimMemoryTest, WhatSqliteForgetsInAShutdownIsSetAgain) {
  std::string why;
  ASSERT_TRUE(sim::UninstallMemoryFaults(&why)) << why;
  SimDevice device("test-1", "plain");
  sqlite3_vfs* const before = sqlite3_vfs_find(nullptr);
  sqlite3_vfs_register(device.vfs().vfs(), 1);
  sqlite3_soft_heap_limit64(123'000'000);
  ASSERT_TRUE(sim::InstallMemoryFaults(&why)) << why;
  EXPECT_EQ(sqlite3_vfs_find(nullptr), device.vfs().vfs());
  EXPECT_EQ(sqlite3_soft_heap_limit64(0), 123'000'000);
  sqlite3_vfs_register(before, 1);
}

TEST_F(SimMemoryTest, ItIsRefusedWhileADatabaseIsOpen) {
  std::string why;
  const SimDatabase database("", ":memory:");
  EXPECT_FALSE(sim::UninstallMemoryFaults(&why));
  EXPECT_EQ(why.substr(0, 19), "a database is open:") << why;
  EXPECT_TRUE(sim::MemoryFaultsInstalled());
}

}  // namespace
}  // namespace sqliteasync::test
