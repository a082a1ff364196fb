#include "core/page_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "core/page_set.h"
#include "core/random.h"

namespace sqliteasync {
namespace {

constexpr int kPage = 512;

TEST(PageIndexTest, AnEmptyOneFindsNothing) {
  PageIndex index;
  EXPECT_EQ(index.Find(0), nullptr);
  index.Erase(0);
  index.EraseFrom(0, int64_t{1} << 40);
  EXPECT_EQ(index.size(), 0U);
}

TEST(PageIndexTest, PutReturnsWhatItHasReplaced) {
  PageIndex index;
  index.Reserve(1);
  const PagePtr first = NewPage(kPage);
  const PagePtr second = NewPage(kPage);
  EXPECT_EQ(index.Put(*first), nullptr);
  EXPECT_EQ(index.Put(*second), first.get());
  EXPECT_EQ(index.size(), 1U);
  EXPECT_EQ(index.Find(0), second.get());
}

TEST(PageIndexTest, WhatWasReservedHoldsThroughAClear) {
  PageIndex index;
  constexpr int kMany = 5000;
  index.Reserve(kMany);
  index.Clear(true);
  std::deque<Extent> extents(kMany);
  for (int i = 0; i < kMany; ++i) {
    extents[static_cast<size_t>(i)].offset = int64_t{i} * kPage;
    extents[static_cast<size_t>(i)].size = kPage;
    index.Put(extents[static_cast<size_t>(i)]);  // would search for ever if there were no room
  }
  EXPECT_EQ(index.size(), static_cast<size_t>(kMany));
}

// Random changes, compared with a map.
TEST(PageIndexModelTest, EqualsAMap) {
  const uint64_t seed = test::Seed();
  for (int64_t run = 0; run < test::Scaled(100); ++run) {
    SCOPED_TRACE(test::HowToRepeat(seed) + ", run " + std::to_string(run));
    test::Random random(seed + static_cast<uint64_t>(run) * 7919);
    const int size = 1 << random.Below(17);
    // Few, that meet all the time, or many; next to each other, or far apart.
    const int pages = random.Percent(50) ? 40 : 3000;
    const int64_t apart = random.Percent(50) ? 1 : 1 + random.Below(1000000);
    PageIndex index;
    std::map<int64_t, const Extent*> model;
    std::deque<Extent> extents;
    for (int step = 0; step < 2000; ++step) {
      const int64_t offset = random.Below(pages) * apart * size;
      const int choice = random.Below(1000);
      if (choice < 600) {
        extents.emplace_back();
        extents.back().offset = offset;
        extents.back().size = size;
        index.Reserve(index.size() + 1);
        const auto at = model.find(offset);
        ASSERT_EQ(index.Put(extents.back()), at == model.end() ? nullptr : at->second);
        model[offset] = &extents.back();
      } else if (choice < 990) {
        index.Erase(offset);
        model.erase(offset);
      } else if (choice < 998) {
        const int64_t end = model.empty() ? 0 : model.rbegin()->first + size;
        const int64_t from = random.Percent(50) ? offset : std::max<int64_t>(0, end - 3 * size);
        index.EraseFrom(from, end);
        model.erase(model.lower_bound(from), model.end());
      } else {
        index.Clear(random.Percent(50));
        model.clear();
      }
      ASSERT_EQ(index.size(), model.size());
      const auto at = model.find(offset);
      ASSERT_EQ(index.Find(offset), at == model.end() ? nullptr : at->second);
    }
    std::map<int64_t, const Extent*> all;
    index.ForEach([&](const Extent& extent) { all[extent.offset] = &extent; });
    ASSERT_EQ(all, model);
    for (const auto& [offset, extent] : model) ASSERT_EQ(index.Find(offset), extent);
  }
}

TEST(PageSetTest, APageIsFoundByItsPlaceUntilItIsRemoved) {
  PageSet set;
  set.Reserve(3);
  std::vector<const Extent*> pages;
  for (const int64_t offset : {2, 0, 1}) {
    PagePtr page = NewPage(kPage);
    page->offset = offset * kPage;
    pages.push_back(page.get());
    set.Add(std::move(page));
  }
  const PagePtr stranger = NewPage(kPage);
  EXPECT_FALSE(set.Has(*stranger));
  const PagePtr removed = set.Remove(*pages[0]);
  EXPECT_EQ(removed.get(), pages[0]);
  EXPECT_FALSE(set.Has(*pages[0]));
  EXPECT_TRUE(set.Has(*pages[1]));
  EXPECT_TRUE(set.Has(*pages[2]));
  PagePtr fresh = NewPage(kPage);
  const Extent* const fresh_page = fresh.get();
  const PagePtr former = set.Replace(*pages[2], std::move(fresh));
  EXPECT_EQ(former.get(), pages[2]);
  EXPECT_FALSE(set.Has(*pages[2]));
  EXPECT_TRUE(set.Has(*fresh_page));
}

TEST(PageSetTest, SortedItIsInTheOrderOfOffsets) {
  PageSet set;
  set.Reserve(3);
  for (const int64_t offset : {2, 0, 5}) {
    PagePtr page = NewPage(kPage);
    page->offset = offset * kPage;
    set.Add(std::move(page));
  }
  set.Sort();
  EXPECT_EQ(set[0].offset, 0);
  EXPECT_EQ(set.Find(2 * kPage), &set[1]);
  EXPECT_EQ(set.Find(kPage), nullptr);
  EXPECT_EQ(set.Find(6 * kPage), nullptr);
}

}  // namespace
}  // namespace sqliteasync
