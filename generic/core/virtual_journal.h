// VirtualJournal: the rollback journal of a transaction that is folded: a buffer in memory, which
// nothing is queued for.
//
// Thread safety: none; as the transaction's.

#ifndef SQLITEASYNC_CORE_VIRTUAL_JOURNAL_H_
#define SQLITEASYNC_CORE_VIRTUAL_JOURNAL_H_

#include <cstdint>
#include <vector>

namespace sqliteasync {

class VirtualJournal {
 public:
  // Has the transaction done anything to its journal?
  bool used() const { return used_; }
  bool exists() const { return exists_; }
  int64_t size() const { return static_cast<int64_t>(bytes_.size()); }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

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
  bool used_ = false;
  bool exists_ = false;
  std::vector<uint8_t> bytes_;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_VIRTUAL_JOURNAL_H_
