#include "pending_image.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>
#include <utility>

namespace sqliteasync {

int64_t PendingImage::ParentHorizon() const {
  return retired_horizons_ == horizons_.size() ? std::numeric_limits<int64_t>::max()
                                               : horizons_[retired_horizons_].size;
}

void PendingImage::Write(const Operation& operation) {
  assert(operation.size > 0);
  const int64_t begin = operation.offset;
  const int64_t end = operation.end();
  const bool uniform =
      (page_size_ == 0 || page_size_ == operation.size) && begin % operation.size == 0;

  auto next = ranges_.lower_bound(begin);  // the first range that starts at or after begin
  if (next != ranges_.end() && next->first == begin && next->second.end <= end) {
    // The usual case, the same page again: the node is used again.
    next->second = Range{end, &operation};
    ++next;
  } else {
    // Everything that can fail comes before the first change.
    Ranges fresh;
    auto before = next;
    const bool has_before = next != ranges_.begin() && (--before)->second.end > begin;
    const bool splits_before = has_before && before->second.end > end;
    const bool splits_same = next != ranges_.end() && next->first == begin;  // ends behind `end`
    fresh.emplace(begin, Range{end, &operation});
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
  size_ = std::max(size_, end);
  page_size_ = uniform ? operation.size : -1;
  ++pending_;
}

void PendingImage::Absorb(PendingImage& upper) noexcept {
  assert(page_size_ == 0 || upper.page_size_ == 0 || page_size_ == upper.page_size_);
  for (auto node = upper.ranges_.begin(); node != upper.ranges_.end();) {
    const auto from = node++;
    auto at = ranges_.lower_bound(from->first);
    if (at != ranges_.end() && at->first == from->first) {
      at->second = from->second;
    } else {
      ranges_.insert(at, upper.ranges_.extract(from));
    }
    ++pending_;
  }
  if (upper.page_size_ != 0) page_size_ = upper.page_size_;
  size_ = std::max(size_, upper.size_);
  upper.Reset();
}

void PendingImage::SetSize(int64_t size) noexcept {
  assert(size_is_known_);
  size_ = size;
}

void PendingImage::Reset() noexcept {
  ranges_.clear();
  horizons_.clear();
  retired_horizons_ = 0;
  size_ = 0;
  size_is_known_ = false;
  existence_ = Existence::kAsParent;
  pending_ = 0;
  page_size_ = 0;
}

void PendingImage::EraseFrom(int64_t offset) noexcept {
  auto first = ranges_.lower_bound(offset);
  if (first != ranges_.begin()) {
    auto before = std::prev(first);
    before->second.end = std::min(before->second.end, offset);
  }
  ranges_.erase(first, ranges_.end());
}

void PendingImage::CutTo(int64_t size, const Operation& operation) {
  // Older cuts to the same size or further out have no say any more: this one takes the place of
  // the first of them.
  const auto pending = horizons_.begin() + static_cast<std::ptrdiff_t>(retired_horizons_);
  auto at =
      std::lower_bound(pending, horizons_.end(), size,
                       [](const Horizon& horizon, int64_t value) { return horizon.size < value; });
  if (at == horizons_.end()) {
    horizons_.push_back(Horizon{size, &operation});  // may fail: before any other change
  } else {
    *at = Horizon{size, &operation};
    horizons_.erase(std::next(at), horizons_.end());
  }

  EraseFrom(size);
  size_ = size;
  size_is_known_ = true;
  ++pending_;
}

void PendingImage::Truncate(const Operation& operation) { CutTo(operation.offset, operation); }

void PendingImage::Delete(const Operation& operation) {
  CutTo(0, operation);
  existence_ = Existence::kAbsent;
}

void PendingImage::Create(const Operation& operation, bool fresh) {
  if (fresh) {
    CutTo(0, operation);
  } else {
    ++pending_;
  }
  existence_ = Existence::kExists;
}

void PendingImage::Retire(const Operation& operation) noexcept {
  assert(pending_ > 0);
  if (operation.kind == OperationKind::kWrite) {
    // What is left of the operation lies between its ends, among newer ranges. The range in front
    // may be a remnant of it only if it starts inside it.
    auto at = ranges_.lower_bound(operation.offset);
    while (at != ranges_.end() && at->first < operation.end()) {
      if (at->second.write == &operation) {
        at = ranges_.erase(at);
      } else {
        ++at;
      }
    }
  } else if (retired_horizons_ < horizons_.size() &&
             horizons_[retired_horizons_].operation == &operation) {
    // Cleared away when they are the half, so that each costs the same however many there are.
    if (++retired_horizons_ * 2 >= horizons_.size()) {
      horizons_.erase(horizons_.begin(),
                      horizons_.begin() + static_cast<std::ptrdiff_t>(retired_horizons_));
      retired_horizons_ = 0;
    }
  }
  if (--pending_ == 0) {
    assert(ranges_.empty() && horizons_.empty());
    Reset();
  }
}

PendingImage::Segment PendingImage::Look(int64_t offset, int64_t size) const {
  assert(size > 0);
  auto next = ranges_.upper_bound(offset);
  if (next != ranges_.begin()) {
    const auto& [begin, range] = *std::prev(next);
    if (offset < range.end) {
      const Operation& write = *range.write;
      return {Segment::Source::kPending, std::min(size, range.end - offset),
              write.bytes() + (offset - write.offset)};
    }
  }
  if (next != ranges_.end()) size = std::min(size, next->first - offset);

  const int64_t horizon = ParentHorizon();
  if (offset < horizon) {
    return {Segment::Source::kParent, std::min(size, horizon - offset), nullptr};
  }
  // Behind the horizon the size is known, for what set the horizon set the size.
  assert(size_is_known_);
  if (offset < size_) return {Segment::Source::kZeros, std::min(size, size_ - offset), nullptr};
  return {Segment::Source::kEnd, size, nullptr};
}

int64_t PendingImage::Size(int64_t parent_size) const {
  return size_is_known_ ? size_ : std::max(size_, parent_size);
}

}  // namespace sqliteasync
