// VirtualJournal: the rollback journal of a transaction that is folded: a buffer in memory, which
// nothing is queued for.
//
// Thread safety: none; as the transaction's.

#ifndef SQLITEASYNC_CORE_VIRTUAL_JOURNAL_H_
#define SQLITEASYNC_CORE_VIRTUAL_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace sqliteasync {

class VirtualJournal {
 public:
  // In pieces, so that it grows without a copy. So many are kept from transaction to transaction,
  // enough for most: one that comes and goes leaves a hole among the pages of a group, of which
  // each transaction would waste some.
  static constexpr int64_t kPiece = 16384;
  static constexpr size_t kKept = 2;

  // Has the transaction done anything to its journal?
  bool used() const { return used_; }
  bool exists() const { return exists_; }
  int64_t size() const { return size_; }
  // The bytes from number * kPiece on, at most so many.
  const uint8_t* piece(size_t number) const { return pieces_[number].get(); }

  void Create() noexcept;
  // Throws std::bad_alloc, and then nothing has changed.
  void Write(const void* bytes, int size, int64_t offset);
  void Truncate(int64_t size) noexcept;  // REQUIRES: size <= size(), as SQLite does it
  void Delete() noexcept;

  // Returns false if the range isn't all there; what isn't is zeros.
  bool Read(void* out, int size, int64_t offset) const;

  // Is there nothing in it to be rolled back?
  bool Finalised() const;

  // The transaction has ended. As new.
  void Clear() noexcept;

 private:
  // Calls `action` with a pointer to each part of a range, and its size.
  template <typename Action>
  void ForEachPart(int64_t offset, int64_t size, Action action) const;

  bool used_ = false;
  bool exists_ = false;
  int64_t size_ = 0;
  std::vector<std::unique_ptr<uint8_t[]>> pieces_;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_VIRTUAL_JOURNAL_H_
