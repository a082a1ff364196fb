#include "page_index.h"

#include <algorithm>
#include <utility>

namespace sqliteasync {

namespace {

constexpr size_t kFewest = 32;

// Slots for so many extents.
size_t SlotsFor(size_t count) { return std::max(kFewest, count + count / 3 + 1); }

}  // namespace

size_t PageIndex::Home(int64_t offset) const {
  // Fibonacci hashing spreads pages that follow each other; the upper half of the product with the
  // number of slots brings it into their range.
  constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;
  const uint64_t hash = static_cast<uint64_t>(offset / page_size_) * kGolden;
  return static_cast<size_t>((hash >> 32) * slots_.size() >> 32);
}

size_t PageIndex::Search(int64_t offset) const {
  size_t at = Home(offset);
  while (slots_[at] != nullptr && slots_[at]->offset != offset) at = Next(at);
  return at;
}

const Extent* PageIndex::Find(int64_t offset) const {
  return size_ == 0 ? nullptr : slots_[Search(offset)];
}

void PageIndex::Reserve(size_t count) {
  if (SlotsFor(count) <= slots_.size()) return;
  std::vector<const Extent*> former(std::max(SlotsFor(count), slots_.size() + slots_.size() / 2));
  std::swap(former, slots_);
  for (const Extent* extent : former) {
    if (extent != nullptr) slots_[Search(extent->offset)] = extent;
  }
}

const Extent* PageIndex::Put(const Extent& extent) noexcept {
  if (size_ == 0) page_size_ = extent.size;
  const Extent*& slot = slots_[Search(extent.offset)];
  if (slot == nullptr) ++size_;
  return std::exchange(slot, &extent);
}

void PageIndex::Erase(int64_t offset) noexcept {
  if (size_ == 0) return;
  size_t hole = Search(offset);
  if (slots_[hole] == nullptr) return;
  slots_[hole] = nullptr;
  --size_;
  for (size_t at = Next(hole); slots_[at] != nullptr; at = Next(at)) {
    // It moves up if its home isn't behind the hole, going round.
    const size_t home = Home(slots_[at]->offset);
    const size_t slots = slots_.size();
    if ((at + slots - home) % slots < (at + slots - hole) % slots) continue;
    slots_[hole] = std::exchange(slots_[at], nullptr);
    hole = at;
  }
}

void PageIndex::EraseFrom(int64_t offset, int64_t end) noexcept {
  if (size_ == 0) return;
  const int64_t first = (offset + page_size_ - 1) / page_size_ * page_size_;
  if ((end - first) / page_size_ < static_cast<int64_t>(size_)) {
    for (int64_t at = first; at < end; at += page_size_) Erase(at);
    return;
  }
  // An Erase moves others to slots that may have been looked at; what it has moved into the slot in
  // hand is looked at again.
  bool erased = true;
  while (erased) {
    erased = false;
    for (const Extent*& slot : slots_) {
      while (slot != nullptr && slot->offset >= first) {
        Erase(slot->offset);
        erased = true;
      }
    }
  }
}

void PageIndex::Clear(bool keep_room) noexcept {
  constexpr size_t kKept = 1024;
  if (!keep_room && slots_.size() > kKept) {
    std::vector<const Extent*>().swap(slots_);
  } else if (size_ > 0) {
    std::fill(slots_.begin(), slots_.end(), nullptr);
  }
  size_ = 0;
}

}  // namespace sqliteasync
