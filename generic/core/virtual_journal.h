// VirtualJournal: the rollback journal of a transaction that is folded: a buffer in memory, which
// nothing is queued for.
//
// Between transactions it stands for the journal as the last of them has left it, finalised, for as
// long as a group is on its way to disk, whose own journal no connection of the process may see.
//
// Thread safety: none of its own; the mutex of the Database it belongs to guards it.

#ifndef SQLITEASYNC_CORE_VIRTUAL_JOURNAL_H_
#define SQLITEASYNC_CORE_VIRTUAL_JOURNAL_H_

#include <cstdint>
#include <vector>

namespace sqliteasync {

class VirtualJournal {
 public:
  // Is it this that answers for the journal's path, rather than the image and the parent?
  bool active() const { return active_; }
  // From now on it isn't.
  void Deactivate() noexcept;

  bool exists() const { return exists_; }
  int64_t size() const { return static_cast<int64_t>(bytes_.size()); }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

  // Each makes it active. Create and Write throw std::bad_alloc, and then nothing has changed.
  void Create();
  void Write(const void* bytes, int size, int64_t offset);
  void Truncate(int64_t size);  // REQUIRES: size <= size(), as SQLite does it
  void Delete() noexcept;

  // Returns false if the range isn't all there; what isn't is zeros.
  bool Read(void* out, int size, int64_t offset) const;

  // Is there nothing in it to be rolled back?
  bool Finalised() const;
  // The transaction has ended: what is left of a finalised journal can't be wanted any more.
  void Clear() noexcept;

 private:
  bool active_ = false;
  bool exists_ = false;
  std::vector<uint8_t> bytes_;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_VIRTUAL_JOURNAL_H_
