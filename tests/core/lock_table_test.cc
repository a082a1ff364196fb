#include "core/lock_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/random.h"

namespace sqliteasync {
namespace {

constexpr int kNone = SQLITE_LOCK_NONE;
constexpr int kShared = SQLITE_LOCK_SHARED;
constexpr int kReserved = SQLITE_LOCK_RESERVED;
constexpr int kPending = SQLITE_LOCK_PENDING;
constexpr int kExclusive = SQLITE_LOCK_EXCLUSIVE;
constexpr int kLevels = kExclusive + 1;

// SQLite's rules as a table: the highest level that another connection may hold for a level to be
// granted.
constexpr std::array<int, kLevels> kTolerated = {kExclusive, kReserved, kShared, kShared, kNone};

// The reference: the levels of all connections, and the table.
struct Reference {
  std::vector<int> levels;

  int HighestOther(size_t holder) const {
    int highest = kNone;
    for (size_t i = 0; i < levels.size(); ++i) {
      if (i != holder) highest = std::max(highest, levels[i]);
    }
    return highest;
  }

  int Raise(size_t holder, int level) {
    if (level <= levels[holder]) return SQLITE_OK;
    const int other = HighestOther(holder);
    if (other <= kTolerated[static_cast<size_t>(level)]) {
      levels[holder] = level;
      return SQLITE_OK;
    }
    // Only readers are in the way of EXCLUSIVE: no new ones from now on.
    if (level == kExclusive && other == kShared) levels[holder] = kPending;
    return SQLITE_BUSY;
  }

  void Lower(size_t holder, int level) { levels[holder] = std::min(levels[holder], level); }
};

// Table and reference side by side.
class Compared {
 public:
  explicit Compared(size_t holders) : holders_(holders) { reference_.levels.resize(holders); }

  bool Raise(size_t holder, int level) {
    const int expected = reference_.Raise(holder, level);
    EXPECT_EQ(table_.Raise(holders_[holder], level), expected)
        << "connection " << holder << " asked for " << level;
    return Same();
  }
  bool Lower(size_t holder, int level) {
    reference_.Lower(holder, level);
    table_.Lower(holders_[holder], level);
    return Same();
  }
  const std::vector<int>& levels() const { return reference_.levels; }

 private:
  bool Same() {
    bool same = true;
    int highest = kNone;
    for (size_t i = 0; i < holders_.size(); ++i) {
      same = same && holders_[i].level() == reference_.levels[i];
      highest = std::max(highest, reference_.levels[i]);
    }
    same = same && table_.Highest() == highest && table_.Reserved() == (highest >= kReserved);
    EXPECT_TRUE(same) << "highest " << table_.Highest() << " for " << highest;
    return same && !testing::Test::HasFailure();
  }

  LockTable table_;
  std::vector<LockHolder> holders_;
  Reference reference_;
};

TEST(LockTableTest, ReadersShare) {
  LockTable table;
  LockHolder a, b;
  EXPECT_EQ(table.Raise(a, kShared), SQLITE_OK);
  EXPECT_EQ(table.Raise(b, kShared), SQLITE_OK);
  EXPECT_EQ(table.Highest(), kShared);
  EXPECT_FALSE(table.Reserved());
}

TEST(LockTableTest, RefusedExclusiveKeepsPendingAndNewReadersOut) {
  LockTable table;
  LockHolder writer, reader, late;
  ASSERT_EQ(table.Raise(reader, kShared), SQLITE_OK);
  ASSERT_EQ(table.Raise(writer, kShared), SQLITE_OK);
  ASSERT_EQ(table.Raise(writer, kReserved), SQLITE_OK);
  EXPECT_EQ(table.Raise(writer, kExclusive), SQLITE_BUSY);
  EXPECT_EQ(writer.level(), kPending);
  EXPECT_EQ(table.Raise(late, kShared), SQLITE_BUSY);
  table.Lower(reader, kNone);
  EXPECT_EQ(table.Raise(writer, kExclusive), SQLITE_OK);
  EXPECT_EQ(writer.level(), kExclusive);
}

TEST(LockTableTest, ReadersMayComeWhileAnotherHoldsReserved) {
  LockTable table;
  LockHolder writer, reader;
  ASSERT_EQ(table.Raise(writer, kShared), SQLITE_OK);
  ASSERT_EQ(table.Raise(writer, kReserved), SQLITE_OK);
  EXPECT_EQ(table.Raise(reader, kShared), SQLITE_OK);
  EXPECT_EQ(table.Raise(reader, kReserved), SQLITE_BUSY);
  EXPECT_EQ(reader.level(), kShared);
}

TEST(LockTableTest, LoweringNeverRaises) {
  LockTable table;
  LockHolder a;
  table.Lower(a, kShared);
  EXPECT_EQ(a.level(), kNone);
  EXPECT_EQ(table.Highest(), kNone);
}

// Every state that two and three connections can be in, and from each every request. A state is
// reached again by lowering everyone and raising them, the strongest last.
TEST(LockTableTest, EveryRequestInEverySmallStateFollowsTheRules) {
  for (const size_t holders : {size_t{2}, size_t{3}}) {
    std::vector<std::vector<int>> states{std::vector<int>(holders, kNone)};
    for (size_t next = 0; next < states.size(); ++next) {
      for (size_t holder = 0; holder < holders; ++holder) {
        for (int request = 0; request < 2 * kLevels; ++request) {
          const std::vector<int> state = states[next];
          Compared compared(holders);
          for (int level = kShared; level <= kExclusive; ++level) {
            for (size_t i = 0; i < holders; ++i) {
              const bool on_the_way = level == kPending ? state[i] == level : state[i] >= level;
              if (on_the_way) {
                ASSERT_TRUE(compared.Raise(i, level));
              }
            }
          }
          ASSERT_EQ(compared.levels(), state);
          const int level = request % kLevels;
          ASSERT_TRUE(request < kLevels ? compared.Raise(holder, level)
                                        : compared.Lower(holder, level));
          if (std::find(states.begin(), states.end(), compared.levels()) == states.end()) {
            states.push_back(compared.levels());
          }
        }
      }
    }
    // All of NONE and SHARED, at most one above; EXCLUSIVE only alone.
    EXPECT_EQ(states.size(), holders == 2 ? 4 + 2 * (2 + 2 + 1) : 8 + 3 * (4 + 4 + 1));
  }
}

TEST(LockTableTest, LongRandomSequencesFollowTheRules) {
  const uint64_t seed = test::Seed();
  SCOPED_TRACE(test::HowToRepeat(seed));
  test::Random random(seed);
  Compared compared(6);
  for (int64_t step = 0; step < test::Scaled(1000000); ++step) {
    const auto holder = static_cast<size_t>(random.Below(6));
    // More often up than down, and in SQLite's order, so that the high levels are reached.
    bool same;
    const int now = compared.levels()[holder];
    if (random.Percent(45)) {
      same = compared.Raise(holder, std::min(now + 1, kExclusive));
    } else if (random.Percent(30)) {
      same = compared.Raise(holder, random.Below(kLevels));
    } else {
      same = compared.Lower(holder, random.Below(kLevels));
    }
    ASSERT_TRUE(same) << "at step " << step;
  }
}

}  // namespace
}  // namespace sqliteasync
