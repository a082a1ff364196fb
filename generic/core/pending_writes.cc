#include "pending_writes.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>
#include <utility>

namespace sqliteasync {

void PendingWrites::Write(const Extent& write) {
  assert(write.size > 0);
  if (page_size_ >= 0) {
    if ((page_size_ == 0 || page_size_ == write.size) && write.offset % write.size == 0) {
      Reserve(1);
      Put(write);
      return;
    }
    TurnIntoRanges();
  }
  WriteRange(write);
}

const Extent* PendingWrites::Put(const Extent& page) noexcept {
  page_size_ = page.size;
  return pages_.Put(page);
}

void PendingWrites::TurnIntoRanges() {
  Ranges ranges;
  pages_.ForEach([&](const Extent& page) {
    ranges.emplace(page.offset, Range{page.end(), &page});
  });
  ranges_ = std::move(ranges);
  pages_.Clear(false);
  page_size_ = -1;
}

void PendingWrites::WriteRange(const Extent& write) {
  const int64_t begin = write.offset;
  const int64_t end = write.end();
  auto next = ranges_.lower_bound(begin);  // the first range that starts at or after begin
  if (next != ranges_.end() && next->first == begin && next->second.end <= end) {
    // The same place again: the node is used again.
    next->second = Range{end, &write};
    ++next;
  } else {
    // Everything that can fail comes before the first change.
    Ranges fresh;
    auto before = next;
    const bool has_before = next != ranges_.begin() && (--before)->second.end > begin;
    const bool splits_before = has_before && before->second.end > end;
    const bool splits_same = next != ranges_.end() && next->first == begin;  // ends behind `end`
    fresh.emplace(begin, Range{end, &write});
    if (splits_before) fresh.emplace(end, before->second);
    if (splits_same) fresh.emplace(end, next->second);

    if (has_before) before->second.end = begin;
    if (splits_same) next = ranges_.erase(next);
    for (auto node = fresh.begin(); node != fresh.end();) {
      auto at = node++;
      ranges_.insert(next, fresh.extract(at));
    }
    // `next` still is the first range behind what was inserted.
  }
  while (next != ranges_.end() && next->first < end) {
    if (next->second.end <= end) {
      next = ranges_.erase(next);
      continue;
    }
    // Its tail stays; a node whose key changes keeps its memory.
    auto node = ranges_.extract(next);
    node.key() = end;
    ranges_.insert(std::move(node));
    break;
  }
}

void PendingWrites::ReserveErase(int64_t offset) {
  if (page_size_ > 0 && offset % page_size_ != 0) TurnIntoRanges();
}

void PendingWrites::EraseFrom(int64_t offset, int64_t end) noexcept {
  if (page_size_ >= 0) {
    pages_.EraseFrom(offset, end);
    return;
  }
  auto first = ranges_.lower_bound(offset);
  if (first != ranges_.begin()) {
    auto before = std::prev(first);
    before->second.end = std::min(before->second.end, offset);
  }
  ranges_.erase(first, ranges_.end());
}

void PendingWrites::Retire(const Extent& write) noexcept {
  if (page_size_ >= 0) {
    if (pages_.Find(write.offset) == &write) pages_.Erase(write.offset);
    return;
  }
  // What is left of the write lies between its ends, among newer ranges. The range in front may be
  // a remnant of it only if it starts inside it.
  auto at = ranges_.lower_bound(write.offset);
  while (at != ranges_.end() && at->first < write.end()) {
    if (at->second.write == &write) {
      at = ranges_.erase(at);
    } else {
      ++at;
    }
  }
}

PendingWrites::Found PendingWrites::Look(int64_t offset) const {
  if (page_size_ > 0) {
    const int64_t begin = offset - offset % page_size_;
    return {pages_.Find(begin), begin + page_size_};
  }
  constexpr int64_t kEverywhere = std::numeric_limits<int64_t>::max();
  auto next = ranges_.upper_bound(offset);
  if (next != ranges_.begin()) {
    const Range& range = std::prev(next)->second;
    if (offset < range.end) return {range.write, range.end};
  }
  return {nullptr, next == ranges_.end() ? kEverywhere : next->first};
}

void PendingWrites::Clear(bool keep_room) noexcept {
  pages_.Clear(keep_room);
  ranges_.clear();
  page_size_ = 0;
}

}  // namespace sqliteasync
