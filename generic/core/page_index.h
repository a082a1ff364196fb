// PageIndex: finds extents of one size, which lie at multiples of it, by their offset. A hash table
// with open addressing: a look-up costs the same however many there are, and an extent between 11
// and 17 bytes.
//
// Thread safety: none of its own.
//
// Invariants:
//   - Between an extent's home and its slot no slot is empty (an Erase moves others up).
//   - At most three quarters of the slots are taken, so that a search ends soon.

#ifndef SQLITEASYNC_CORE_PAGE_INDEX_H_
#define SQLITEASYNC_CORE_PAGE_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "operation.h"

namespace sqliteasync {

class PageIndex {
 public:
  size_t size() const { return size_; }

  // The extent at that offset; null: there is none.
  const Extent* Find(int64_t offset) const;

  // Sees to it that there is room for so many in all. Throws std::bad_alloc.
  void Reserve(size_t count);

  // Returns what was there, or null. REQUIRES: room for it; of the size of the others.
  const Extent* Put(const Extent& extent) noexcept;

  // Takes out what is at that offset, if anything is.
  void Erase(int64_t offset) noexcept;

  // Takes out all from that offset on, of a file that ends at `end`.
  void EraseFrom(int64_t offset, int64_t end) noexcept;

  // Calls `action` with each, in no order.
  template <typename Action>
  void ForEach(Action action) const {
    for (const Extent* slot : slots_) {
      if (slot != nullptr) action(*slot);
    }
  }

  // Takes out all. `keep_room`: what Reserve has promised still holds.
  void Clear(bool keep_room) noexcept;

 private:
  size_t Home(int64_t offset) const;
  size_t Next(size_t slot) const { return slot + 1 == slots_.size() ? 0 : slot + 1; }
  // The slot of the extent at `offset`, or the empty one where it would be. REQUIRES: slots.
  size_t Search(int64_t offset) const;

  std::vector<const Extent*> slots_;
  size_t size_ = 0;
  int64_t page_size_ = 1;  // of all that are in it
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_PAGE_INDEX_H_
