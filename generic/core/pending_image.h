// PendingImage: what one path looks like with its queued operations applied.
//
// It holds no file: it knows where the newest queued byte of each place is, how far the parent's
// own bytes may still show, and which size and existence the queued operations add up to.
// Operations are applied in the order in which they are queued, and retired in the same order, each
// after the parent has performed it. What a look-up costs: pending_writes.h.
//
// Thread safety: none of its own; the mutex of the Database it belongs to guards it.
//
// Invariants:
//   - Whatever writes_ points at is pending.
//   - horizons_, behind its retired front, holds the pending operations that cut the file, oldest
//     first, with strictly growing sizes: the parent shows below the first, and as one retires the
//     next takes over.
//   - With nothing pending the image is as new: the parent alone is the truth.

#ifndef SQLITEASYNC_CORE_PENDING_IMAGE_H_
#define SQLITEASYNC_CORE_PENDING_IMAGE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "operation.h"
#include "pending_writes.h"

namespace sqliteasync {

class PendingImage {
 public:
  // Where the bytes from an offset on are to be had.
  struct Segment {
    enum class Source {
      kPending,  // at `bytes`
      kParent,   // in the parent's file; zeros where that ends
      kZeros,    // a hole below the size
      kEnd,      // at or past the end of the file
    };
    Source source;
    int64_t size;  // how many bytes the answer holds for, at least 1
    const uint8_t* bytes;
  };

  enum class Existence { kAsParent, kExists, kAbsent };

  PendingImage() = default;
  PendingImage(const PendingImage&) = delete;
  PendingImage& operator=(const PendingImage&) = delete;

  // Applies an operation that is about to be queued. The image keeps a pointer to it until Retire.
  // Throws std::bad_alloc, and then nothing has changed.
  // REQUIRES for Write: write.size > 0; for Truncate: operation.offset >= 0.
  void Write(const Extent& write);
  void Truncate(const Operation& operation);
  void Delete(const Operation& operation);
  // An OPEN with CREATE. `fresh`: the file is new, nothing that lies at the parent shows. Otherwise
  // it keeps its size and bytes.
  void Create(const Operation& operation, bool fresh);

  // --- Folding: the writes are pages, all of one size, at multiples of it ---

  // The size of the writes that are pending, if they are all so; 0 if there is none; else -1.
  int64_t PageSize() const { return writes_.PageSize(); }

  // What is pending of the page at `offset`; null: nothing. REQUIRES: PageSize() >= 0.
  const Extent* PageAt(int64_t offset) const { return writes_.PageAt(offset); }

  // A page of a transaction. Returns the one that it has replaced, which stays to be retired, or
  // null. REQUIRES: ReservePages; PageSize() is 0 or that of the page.
  const Extent* WritePage(const Extent& page) noexcept;
  void RetirePage(const Extent& page) noexcept;

  // Sees to it that so many WritePages more, or Truncates to `size`, can't fail. Throws
  // std::bad_alloc. The first holds until ReleasePages. REQUIRES for it: PageSize() >= 0.
  void ReservePages(size_t count);
  void ReleasePages() noexcept { pages_reserved_ = false; }
  void ReserveTruncates(int64_t size, size_t count);

  // REQUIRES: SizeIsKnown(), and no write ends behind `size`.
  void SetSize(int64_t size) noexcept;

  // All that was applied is taken back at once.
  void Reset() noexcept;

  // Takes back the oldest operation that was applied, after the parent has performed it or it has
  // been given up. Other kinds of operations (SYNC, CLOSE, UNLOCK) never enter the image.
  void Retire(const Operation& operation) noexcept;

  // The source of the bytes at `offset`, for at most `size` > 0 bytes.
  Segment Look(int64_t offset, int64_t size) const;

  // The size, given the parent's (which is not needed, and may be anything, if SizeIsKnown()).
  int64_t Size(int64_t parent_size) const;
  bool SizeIsKnown() const { return size_is_known_; }

  // The size is at least this, whatever the parent's is: the end of the furthest pending write.
  int64_t SizeFloor() const { return size_; }

  Existence existence() const { return existence_; }
  bool Empty() const { return pending_ == 0; }

 private:
  struct Horizon {
    int64_t size;
    const Operation* operation;
  };

  // From here on nothing of the parent shows.
  int64_t ParentHorizon() const;
  void CutTo(int64_t size, const Operation& operation);
  void CountOut() noexcept;

  PendingWrites writes_;
  std::vector<Horizon> horizons_;
  size_t retired_horizons_ = 0;  // so many at the front have been retired

  // The size is size_ if it is known, else the larger of size_ and the parent's.
  int64_t size_ = 0;
  bool size_is_known_ = false;

  Existence existence_ = Existence::kAsParent;
  int64_t pending_ = 0;  // operations applied and not yet retired
  bool pages_reserved_ = false;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_PENDING_IMAGE_H_
