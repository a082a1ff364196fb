// Folding: the groups of one database that committed transactions are folded into, and what the
// connections of the process see of the journal meanwhile.
//
// Thread safety: none of its own; the mutex of the Database it belongs to guards it.

#ifndef SQLITEASYNC_CORE_FOLDING_H_
#define SQLITEASYNC_CORE_FOLDING_H_

#include <cstdint>

#include "folded_transaction.h"
#include "group.h"

namespace sqliteasync {

class SharedFile;

class Folding {
 public:
  // What stands for the journal while a group is on its way to disk, whose own journal no
  // connection of the process may see: it is as the last transaction has left it, finalised.
  enum class Journal {
    kAtParent,  // the image and the parent answer for it
    kAbsent,
    kEmpty,
  };
  Journal journal() const { return journal_; }
  // A journal is queued, or deleted, operation by operation.
  void JournalIsQueued() { journal_ = Journal::kAtParent; }

  // Connections that take no locks (nolock=1) come and go. While there are any, no transaction
  // begins to be folded: theirs and others' may be open at the same time.
  void CountUnlocked(int connections) { unlocked_ += connections; }
  bool HasUnlocked() const { return unlocked_ > 0; }

  // The transaction of the connection that has RESERVED; null: none has.
  FoldedTransaction* owner() const { return owner_; }
  void SetOwner(FoldedTransaction* transaction) { owner_ = transaction; }

  // Sees to it that the transaction can be committed with some pages more. `image`: of the main
  // file. Throws std::bad_alloc.
  void MakeRoom(FoldedTransaction& transaction, PendingImage& image);

  // The commit. `image`: of the main file. Returns a group to be queued, or null if the changes
  // went into one that is; adds the bytes of what was replaced to `freed`.
  GroupPtr Commit(FoldedTransaction& transaction, SharedFile& main, PendingImage& image,
                  int64_t* freed) noexcept;

  // Of the group that commits go into; 0: there is none.
  int64_t ActiveBytes() const { return active_ == nullptr ? 0 : active_->changes.bytes(); }

  // Is any on its way to disk?
  bool HasGroups() const { return groups_ > 0; }

  // Something else was queued for the database: no commit may go in front of it.
  void CloseGroup() { active_ = nullptr; }
  // The next commit begins another group if this one has so many bytes.
  void CloseGroupAt(int64_t bytes) {
    if (active_ != nullptr && active_->changes.bytes() >= bytes) CloseGroup();
  }

  // The writer begins, and has ended, a group.
  void Seal(const Group& group);
  void Retired();

 private:
  Group* active_ = nullptr;  // the group that commits go into: queued and not yet begun
  int64_t groups_ = 0;       // queued, or being carried to disk
  Journal journal_ = Journal::kAtParent;
  FoldedTransaction* owner_ = nullptr;
  int unlocked_ = 0;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_FOLDING_H_
