// Folding: how the write transactions of one database are folded into groups: which of them are,
// the open layer, its journal, and the group that commits go into.
//
// Thread safety: none of its own; the mutex of the Database it belongs to guards it. While a write
// transaction is open it is changed by that connection's thread alone, but for Seal and Retired.
//
// A transaction is decided about at its first change: folded, or queued operation by operation.
// That holds until it ends, by a commit or by an unlock below RESERVED, but for Unfold: what must
// be queued after all (it takes part in a multi-file transaction, grows too large, writes something
// else than pages) is queued from then on, and what was folded so far ahead of it.

#ifndef SQLITEASYNC_CORE_FOLDING_H_
#define SQLITEASYNC_CORE_FOLDING_H_

#include <cstdint>

#include "group.h"
#include "virtual_journal.h"

namespace sqliteasync {

class SharedFile;

class Folding {
 public:
  enum class Mode {
    kUndecided,  // no write transaction, or one that has changed nothing
    kFolded,
    kQueued,
  };

  Mode mode() const { return mode_; }

  // A connection has RESERVED: what it changes is a transaction. Without (a hot journal is rolled
  // back) nothing is folded.
  void Reserve() { reserved_ = true; }
  bool reserved() const { return reserved_; }

  // Decides. Begin throws std::bad_alloc, and then nothing is decided.
  void Begin();
  void Queue() { mode_ = Mode::kQueued; }

  FoldedTransaction& open() { return open_; }
  const FoldedTransaction& open() const { return open_; }
  VirtualJournal& journal() { return journal_; }
  const VirtualJournal& journal() const { return journal_; }

  // May this write, or truncation, of the main file be folded, on top of `image`?
  bool Fits(const PendingImage& image, int size, int64_t offset) const;
  bool Fits(const PendingImage& image, int64_t size) const;

  // Each takes the operation into the open layer, and returns the bytes of versions that it has
  // replaced. Throws std::bad_alloc, and then nothing has changed.
  int64_t Write(OperationPtr write);
  int64_t Truncate(PendingImage& image, OperationPtr cut);

  void CreateJournal();
  void WriteJournal(const void* bytes, int size, int64_t offset);
  void TruncateJournal(int64_t size);
  void DeleteJournal(bool sync_directory) noexcept;
  void SyncJournal(int flags);
  void SyncMain(int flags);

  // The commit. `image`: of the main file. Returns a group to be queued, or null if the changes
  // went into one that is; adds the bytes of what was replaced to `freed`.
  GroupPtr Commit(SharedFile& main, PendingImage& image, int64_t* freed) noexcept;

  // The transaction is over, committed or not; what is left of it is dropped. Returns its bytes.
  int64_t End() noexcept;
  // As End, and the connection gives up RESERVED.
  int64_t Release() noexcept;

  // What has been folded enters `image`, that of the main file, and is for the caller to queue; so
  // is the journal, from now on. REQUIRES: image.ReserveTruncates(1).
  Unfolded Unfold(PendingImage& image) noexcept;

  // Something else was queued for the database: no commit may go in front of it.
  void CloseGroup() { active_ = nullptr; }

  // The writer begins, and has ended, a group.
  void Seal(const Group& group);
  void Retired();

 private:
  // Once nothing is on its way to disk, the parent answers for the journal.
  void Settle() noexcept;

  Mode mode_ = Mode::kUndecided;
  bool reserved_ = false;
  FoldedTransaction open_;
  VirtualJournal journal_;
  Group* active_ = nullptr;  // the group that commits go into: queued and not yet begun
  int64_t groups_ = 0;       // queued, or being carried to disk
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_FOLDING_H_
