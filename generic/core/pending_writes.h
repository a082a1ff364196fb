// PendingWrites: the newest queued byte of each place of a file.
//
// While all writes are of one size and lie at multiples of it, as those of a database are, they are
// in a PageIndex; from the first other one on in a map of ranges, until none is left.
//
// Thread safety: none of its own.
//
// Invariants:
//   - Each extent is one that is pending.
//   - ranges_ are disjoint, and each lies inside the extent it points at. They are empty while
//     page_size_ >= 0; pages_ is empty while page_size_ <= 0.

#ifndef SQLITEASYNC_CORE_PENDING_WRITES_H_
#define SQLITEASYNC_CORE_PENDING_WRITES_H_

#include <cstddef>
#include <cstdint>
#include <map>

#include "operation.h"
#include "page_index.h"

namespace sqliteasync {

class PendingWrites {
 public:
  struct Found {
    const Extent* extent;  // null: no write has this byte
    int64_t end;           // how far that holds, at least
  };

  // The size of the writes, if they are all of one and at multiples of it; 0 if there has been none
  // since Clear; else -1.
  int64_t PageSize() const { return page_size_; }

  bool Empty() const { return pages_.size() == 0 && ranges_.empty(); }

  // Keeps a pointer to the write until Retire. Throws std::bad_alloc, and then nothing has changed.
  // REQUIRES: write.size > 0.
  void Write(const Extent& write);

  // Sees to it that so many Puts more can't fail, until Clear. Throws std::bad_alloc.
  // REQUIRES: PageSize() >= 0.
  void Reserve(size_t more) { pages_.Reserve(pages_.size() + more); }

  // As Write. Returns what it has replaced, or null.
  // REQUIRES: room; PageSize() is 0 or that of the page.
  const Extent* Put(const Extent& page) noexcept;

  // What is there of the page at `offset`; null: nothing. REQUIRES: PageSize() >= 0.
  const Extent* PageAt(int64_t offset) const { return pages_.Find(offset); }

  // Sees to it that EraseFrom(offset) can't fail. Throws std::bad_alloc.
  void ReserveErase(int64_t offset);
  // All from there on, of a file that ends at `end` or before.
  void EraseFrom(int64_t offset, int64_t end) noexcept;

  // Takes out what is left of a write.
  void Retire(const Extent& write) noexcept;

  // What has the byte at `offset`.
  Found Look(int64_t offset) const;

  // As new. `keep_room`: what Reserve has promised holds on.
  void Clear(bool keep_room) noexcept;

 private:
  struct Range {
    int64_t end;
    const Extent* write;
  };
  using Ranges = std::map<int64_t, Range>;

  void WriteRange(const Extent& write);
  // From the one form to the other. Throws std::bad_alloc, and then nothing has changed.
  void TurnIntoRanges();

  int64_t page_size_ = 0;
  PageIndex pages_;
  Ranges ranges_;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_PENDING_WRITES_H_
