// Slow devices: that each request takes the time that the figures say.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "core/sim_support.h"
#include "sim/latency.h"

namespace sqliteasync::test {
namespace {

using sim::Latency;

// A slow device whose time is only counted.
class SimLatencyTest : public testing::Test {
 protected:
  SimLatencyTest() {
    auto latency = std::make_unique<Latency>([this](int64_t microseconds) {
      slept += microseconds;
      return microseconds;
    });
    vfs = std::make_unique<sim::DeviceVfs>("test-slow", std::move(latency),
                                           sqlite3_vfs_find(nullptr));
    vfs->Register(false);
  }
  ~SimLatencyTest() override { vfs->Unregister(); }

  void Set(const std::string& option, const std::string& value) {
    sim::Configure(vfs->device(), {{option, value}});
  }

  // The microseconds that an action takes.
  template <typename Action>
  int64_t Cost(Action action) {
    const int64_t before = slept;
    action();
    return slept - before;
  }

  Directory directory;
  int64_t slept = 0;
  std::unique_ptr<sim::DeviceVfs> vfs;
};

TEST_F(SimLatencyTest, WithoutFiguresItTakesNoTime) {
  EXPECT_EQ(Cost([&] {
              SimDatabase database("test-slow", directory.Path("db"));
              database.Run("CREATE TABLE t(x); INSERT INTO t VALUES(1)");
            }),
            0);
}

TEST_F(SimLatencyTest, WithoutAHostCacheEveryRequestCosts) {
  Set("hostcache", "no");
  Set("readtime", "100");
  Set("writetime", "200");
  Set("othertime", "300");
  Set("synctime", "400");
  Set("readrate", "1000000");
  Set("writerate", "2000000");
  RawFile file("test-slow", directory.Path("f"), kDatabaseFlags);
  EXPECT_EQ(slept, 300);
  const std::string bytes(1000, 'x');
  EXPECT_EQ(Cost([&] { file.Write(0, bytes); }), 200 + 500);
  EXPECT_EQ(Cost([&] { file.Read(0, 1000); }), 100 + 1000);
  EXPECT_EQ(Cost([&] { file.Read(0, 1000); }), 100 + 1000);
  EXPECT_EQ(Cost([&] { file.Sync(); }), 400);
  EXPECT_EQ(Cost([&] { file.Truncate(0); }), 300);
  EXPECT_EQ(Cost([&] { file.Size(); }), 300);
  EXPECT_EQ(Cost([&] { file.Close(); }), 300);
}

TEST_F(SimLatencyTest, WithAHostCacheWritesArePaidAtTheSync) {
  Set("hostcache", "yes");
  Set("readtime", "100");
  Set("writetime", "200");
  Set("synctime", "1000");
  directory.SetBytes("f", std::string(100'000, 'x'));
  RawFile file("test-slow", directory.Path("f"), kDatabaseFlags);
  const std::string page(4096, 'y');
  EXPECT_EQ(Cost([&] { file.Read(4096, 4096); }), 100);
  EXPECT_EQ(Cost([&] { file.Read(4096, 4096); }), 0);
  EXPECT_EQ(Cost([&] { file.Read(5000, 100); }), 0);
  EXPECT_EQ(Cost([&] { file.Write(8192, page); }), 0);
  EXPECT_EQ(Cost([&] { file.Read(8192, 4096); }), 0);
  file.Write(4096, page);
  file.Write(40960, page);
  EXPECT_EQ(Cost([&] { file.Sync(); }), 1000 + 2 * 200) << "two contiguous pieces";
  EXPECT_EQ(Cost([&] { file.Sync(); }), 1000);
}

TEST_F(SimLatencyTest, ASeekCostsByItsDistance) {
  Set("hostcache", "no");
  Set("seektime", "10000");
  directory.SetBytes("f", std::string(100'000, 'x'));
  RawFile file("test-slow", directory.Path("f"), kDatabaseFlags);
  RawFile other("test-slow", directory.Path("g"), kDatabaseFlags);
  EXPECT_EQ(Cost([&] { file.Read(0, 1000); }), 10000);
  EXPECT_EQ(Cost([&] { file.Read(1000, 1000); }), 0);
  const int64_t near = Cost([&] { file.Read(0, 1000); });
  EXPECT_NEAR(static_cast<double>(near), 2500, 50);
  const int64_t far = Cost([&] { file.Read(90'000, 1000); });
  EXPECT_GT(far, near);
  EXPECT_LT(far, 10000);
  EXPECT_EQ(Cost([&] { other.Write(0, "x"); }), 10000);
}

TEST_F(SimLatencyTest, JitterIsWithinItsBoundsAndComesFromTheSeed) {
  Set("hostcache", "no");
  Set("readtime", "1000");
  Set("jitter", "0.5");
  RawFile file("test-slow", directory.Path("f"), kDatabaseFlags);
  const auto run = [&] {
    std::vector<int64_t> costs;
    for (int i = 0; i < 200; ++i) costs.push_back(Cost([&] { file.Read(0, 1); }));
    return costs;
  };
  Set("seed", "7");
  const auto first = run();
  EXPECT_LT(*std::min_element(first.begin(), first.end()), 600);
  EXPECT_GT(*std::max_element(first.begin(), first.end()), 1400);
  for (const int64_t cost : first) {
    EXPECT_GE(cost, 499);
    EXPECT_LE(cost, 1501);
  }
}

TEST_F(SimLatencyTest, EveryPresetCanBeHadAndChanged) {
  for (const sim::LatencyPreset& preset : sim::LatencyPresets()) {
    Set("preset", preset.name);
    EXPECT_EQ(sim::FindOption(vfs->device(), "preset").get(), preset.name);
    EXPECT_EQ(sim::FindOption(vfs->device(), "synctime").get(),
              std::to_string(preset.figures.synctime));
  }
  Set("synctime", "1");
  EXPECT_EQ(sim::FindOption(vfs->device(), "preset").get(), "none");
  EXPECT_THROW(Set("preset", "floppy"), sim::BadOption);
}

TEST(SimLatencyRealTest, ShortDelaysAreRightOnAverage) {
  const Directory directory;
  SimDevice device("test-slow", "slow", {{"hostcache", "no"}, {"writetime", "10"}});
  RawFile file("test-slow", directory.Path("f"), kDatabaseFlags);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 5000; ++i) file.Write(0, "x");
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  EXPECT_GE(time.count(), 49);
}

}  // namespace
}  // namespace sqliteasync::test
