// FoldedTransaction: what a connection has changed in a write transaction that is folded: its
// pages, which are the open layer and seen by this connection alone (SQLite holds EXCLUSIVE while
// there are any), and its journal, a buffer in memory. Nothing of it is queued; the commit hands it
// to the Folding of the database.
//
// A transaction is decided about at its first change: folded, or queued operation by operation.
// That holds until it ends, by a commit or by an unlock below RESERVED, but for Unfold: what must
// be queued after all (it takes part in a multi-file transaction, grows too large, writes something
// else than pages) is queued from then on, and what was folded so far ahead of it.
//
// Thread safety: none, and no mutex: it is used by the connection's thread alone. That is why a
// commit costs what memory costs.

#ifndef SQLITEASYNC_CORE_FOLDED_TRANSACTION_H_
#define SQLITEASYNC_CORE_FOLDED_TRANSACTION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "group.h"
#include "page_set.h"
#include "pending_image.h"
#include "virtual_journal.h"

namespace sqliteasync {

class FoldedTransaction {
 public:
  enum class Mode {
    kUndecided,  // no write transaction, or one that has changed nothing
    kFolded,
    kQueued,
  };

  // `connection`: whose it is.
  explicit FoldedTransaction(OpenFile* connection) : connection_(connection) {}

  OpenFile* connection() const { return connection_; }
  Mode mode() const { return mode_; }
  bool folded() const { return mode_ == Mode::kFolded; }

  // The connection has RESERVED: what it changes is a transaction. Without (a hot journal is rolled
  // back) nothing is folded.
  void Reserve() { reserved_ = true; }
  bool reserved() const { return reserved_; }

  // Decides. Begin throws std::bad_alloc, and then nothing is decided.
  void Begin();
  void Queue() { mode_ = Mode::kQueued; }

  const PageChanges& changes() const { return changes_; }
  const PendingImage& image() const { return image_; }  // of these changes
  const Durability& durability() const { return durability_; }
  const VirtualJournal& journal() const { return journal_; }
  const JournalUse& journal_use() const { return journal_use_; }
  // Has what makes the journal valid been written behind a sync?
  bool journal_synced() const { return journal_synced_; }
  // Has it been deleted, truncated or overwritten, which is the commit?
  bool journal_ended() const { return journal_ended_; }

  // May this write, or truncation, of the main file be folded, as far as this transaction goes?
  bool Fits(int size, int64_t offset) const;
  bool Fits(int64_t size) const;

  // The page at `offset`, to be overwritten; null: it has not been written yet.
  Extent* PageAt(int64_t offset);
  // Is there no room left, in Folding and here, for one more?
  bool NeedsRoom() const { return changes_.pages.size() == room_; }
  // Folding has seen to it that so many in all can be committed.
  void SetRoom(size_t pages) { room_ = pages; }
  static constexpr size_t kFirstRoom = 16;
  size_t NextRoom() const { return room_ == 0 ? kFirstRoom : 2 * room_; }

  // What it holds of the queue's byte limit; whoever calls has reserved it.
  int64_t charge() const { return charge_; }
  // Bytes that were reserved for it ahead, so that a transaction goes to the counter that all
  // threads share once and not at every page.
  int64_t spare() const { return spare_; }
  void AddSpare(int64_t bytes) { spare_ += bytes; }
  // Returns false, and takes nothing, if there are not so many.
  bool TakeSpare(int64_t bytes) {
    if (spare_ < bytes) return false;
    spare_ -= bytes;
    return true;
  }
  // What it would hold more of it for a write to the journal.
  int64_t JournalCharge(int size, int64_t offset) const;

  // Adds a page, which is charged. Throws std::bad_alloc, and then nothing has changed.
  // REQUIRES: !NeedsRoom().
  void Write(const void* bytes, int size, int64_t offset);
  // Returns the charge of pages that are dropped. Throws as Write.
  int64_t Truncate(OperationPtr cut);

  void CreateJournal() noexcept;
  // Charged as JournalCharge says. Throws std::bad_alloc, and then nothing has changed.
  void WriteJournal(const void* bytes, int size, int64_t offset);
  void TruncateJournal(int64_t size) noexcept;
  void DeleteJournal(bool sync_directory) noexcept;
  void SyncJournal(int flags) noexcept;
  void SyncMain(int flags) noexcept;

  // The journal, while SQLite has it open and has changed it in this transaction.
  OpenFile* journal_file() const { return journal_file_; }
  void SetJournalFile(OpenFile* file) { journal_file_ = file; }

  // The transaction is over, committed or not; what is left of it is dropped. Returns its charge,
  // and the spare.
  int64_t End() noexcept;
  // As End, and the connection gives up RESERVED.
  int64_t Release() noexcept;

 private:
  friend class Folding;  // which the changes move to

  // Keeps the memory of a page, unless there is enough.
  void Recycle(PagePtr page) noexcept;
  int64_t DropFrom(int64_t offset) noexcept;

  OpenFile* const connection_;
  Mode mode_ = Mode::kUndecided;
  bool reserved_ = false;
  PageChanges changes_;
  PendingImage image_;
  Durability durability_;
  VirtualJournal journal_;
  int64_t charged_journal_ = 0;  // so many bytes of it
  int64_t charge_ = 0;           // in all
  int64_t spare_ = 0;
  JournalUse journal_use_;
  bool journal_synced_ = false;
  bool journal_ended_ = false;
  OpenFile* journal_file_ = nullptr;
  GroupPtr next_group_;  // kept ready, so that a commit can't fail
  size_t room_ = 0;
  std::vector<PagePtr> spares_;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_FOLDED_TRANSACTION_H_
