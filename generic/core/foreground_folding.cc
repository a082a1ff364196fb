// Foreground, the transactions that are folded: folded_transaction.h, folding.h.

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "broken.h"
#include "foreground.h"
#include "journal_format.h"
#include "trace.h"

namespace sqliteasync {

namespace {

// Most transactions take no more: pages and journal of some rows. Or less, if the limit is small.
constexpr int64_t kReservedAhead = int64_t{32} * 1024;

}  // namespace

bool Foreground::GroupingInForce() {
  switch (grouping()) {
    case Grouping::kOn:
      return true;
    case Grouping::kOff:
      return false;
    case Grouping::kAuto:
      break;
  }
  return !writer_.Delays();
}

FoldedTransaction* Foreground::OwnerOfJournal(Database& database) {
  MutexLock lock(database.mutex);
  const Folding& folding = database.folding();
  return folding.HasUnlocked() ? nullptr : folding.owner();
}

bool Foreground::MayFold(Database& database) {
  if (!GroupingInForce() || database.detached()) return false;
  MutexLock lock(database.mutex);
  return !database.folding().HasUnlocked();
}

FoldedTransaction* Foreground::FoldedIn(OpenFile& file) {
  const bool journal = file.file.role == FileRole::kJournal;
  if (journal && file.journal_of != nullptr) return file.journal_of;
  Database& database = *file.database;
  FoldedTransaction* const transaction =
      journal ? OwnerOfJournal(database) : file.transaction.get();
  if (transaction == nullptr || !transaction->reserved()) return nullptr;
  if (transaction->mode() == FoldedTransaction::Mode::kUndecided) {
    if (MayFold(database)) {
      transaction->Begin();
    } else {
      transaction->Queue();
    }
  }
  if (!transaction->folded()) return nullptr;
  if (journal) {
    file.journal_of = transaction;
    transaction->SetJournalFile(&file);
  }
  return transaction;
}

bool Foreground::WriteFolded(OpenFile& file, const void* bytes, int size, int64_t offset) {
  FoldedTransaction& transaction = *file.transaction;
  // Without a journal (journal_mode MEMORY and OFF) this is where a transaction begins. A commit
  // writes no page behind the end of its journal.
  DropRolledBack(transaction);
  if (!transaction.Fits(size, offset)) return false;
  if (Extent* page = transaction.PageAt(offset); page != nullptr) {
    std::memcpy(page->bytes(), bytes, static_cast<size_t>(size));
    return true;
  }
  if (!Charge(transaction, size)) return false;
  Reservation reservation(queue_, size);
  if (transaction.NeedsRoom()) {
    Database& database = *file.database;
    MutexLock lock(database.mutex);
    PendingImage& image = database.image(file.file);
    if (image.PageSize() != 0 && image.PageSize() != size) return false;
    database.folding().MakeRoom(transaction, image);
  }
  transaction.Write(bytes, size, offset);
  reservation.Use();
  if (Broken(Variant::kOpenPageInGroup)) Commit(file);
  return true;
}

bool Foreground::TruncateFolded(OpenFile& file, int64_t size) {
  FoldedTransaction& transaction = *file.transaction;
  // The last step of a commit can't leave the transaction any more.
  const bool may_leave = !transaction.journal_ended();
  if (may_leave && !transaction.Fits(size)) return false;
  OperationPtr cut = NewOperation(OperationKind::kTruncate, &file.file, &file);
  cut->offset = size;
  {
    Database& database = *file.database;
    MutexLock lock(database.mutex);
    PendingImage& image = database.image(file.file);
    const int64_t page_size = image.PageSize();
    const bool fits = page_size == 0 || (page_size > 0 && size % page_size == 0);
    if (may_leave && !fits) return false;
    image.ReserveTruncates(size, 1);
  }
  const int64_t dropped = transaction.Truncate(std::move(cut));
  if (dropped > 0) queue_.GiveBack(dropped);
  return true;
}

bool Foreground::WriteVirtual(FoldedTransaction& transaction, const void* bytes, int size,
                              int64_t offset) {
  if (offset == 0) DropRolledBack(transaction);
  const int64_t charge = transaction.JournalCharge(size, offset);
  if (!Charge(transaction, charge)) return false;
  Reservation reservation(queue_, charge);
  transaction.WriteJournal(bytes, size, offset);
  reservation.Use();
  return true;
}

void Foreground::DropRolledBack(FoldedTransaction& transaction) {
  if (!transaction.journal_ended() || Broken(Variant::kRolledBackLayerKept)) return;
  OpenFile* const journal = transaction.journal_file();
  const int64_t dropped = transaction.End();
  if (dropped > 0) queue_.GiveBack(dropped);
  transaction.Begin();
  transaction.SetJournalFile(journal);
}

bool Foreground::Charge(FoldedTransaction& transaction, int64_t bytes) {
  if (bytes == 0) return true;
  // A transaction that took more would leave too little room for others.
  const int64_t limit = queue_.limit();
  if (limit != 0 && transaction.charge() + bytes > limit / 2) return false;
  if (transaction.TakeSpare(bytes)) return true;
  const int64_t ahead = limit == 0 ? kReservedAhead : std::min(kReservedAhead, limit / 64);
  if (bytes < ahead && queue_.TryReserve(ahead)) {
    transaction.AddSpare(ahead - bytes);
    return true;
  }
  return writer_.ReserveBehindQueue(bytes, transaction.connection()->database->waits);
}

void Foreground::StartQueuedJournal(OpenFile& file) {
  if (file.file.role != FileRole::kJournal) return;
  if (!file.deferred && Broken(Variant::kJournalNotRestarted)) return;
  Database& database = *file.database;
  std::vector<OperationPtr> operations;
  if (file.deferred) {
    operations.push_back(NewOperation(OperationKind::kOpen, &file.file, &file));
    operations.back()->flags = file.flags;
  }
  // What lies there, or is on its way there, is finalised by the time that this is performed.
  operations.push_back(NewOperation(OperationKind::kTruncate, &file.file, &file));
  MutexLock lock(database.mutex);
  if (!file.deferred && database.folding().journal() == Folding::Journal::kAtParent) return;
  ApplyToJournal(database, operations);
  database.folding().JournalIsQueued();
  file.deferred = false;
  for (OperationPtr& operation : operations) Push(database, std::move(operation));
}

void Foreground::Commit(OpenFile& file) {
  Database& database = *file.database;
  FoldedTransaction& transaction = *file.transaction;
  int64_t replaced = 0;
  ForgetJournal(transaction);
  if (transaction.folded()) {
    const bool empty = transaction.changes().Empty();
    MutexLock lock(database.mutex);
    const int64_t before = database.folding().ActiveBytes();
    GroupPtr group =
        database.folding().Commit(transaction, file.file, database.image(file.file), &replaced);
    if (!empty) {
      queue_.CountTransactions(1);
      database.CountFolded(group == nullptr ? database.folding().ActiveBytes() - before : 0);
    }
    if (group != nullptr) Push(database, std::move(group));
    database.folding().CloseGroupAt(queue_.GroupLimit());
  } else {
    if (file.unlocked || transaction.mode() == FoldedTransaction::Mode::kQueued) {
      MutexLock lock(database.mutex);
      if (database.CountCommit()) queue_.CountTransactions(1);
    }
    transaction.End();
    // Also one that has rolled back a hot journal, and never asked for RESERVED: from here on its
    // changes are transactions. One that takes no locks, of which there may be several at a time,
    // has nothing folded.
    MutexLock lock(database.lock_mutex);
    if (file.lock.level() < SQLITE_LOCK_RESERVED) return;
    transaction.Reserve();
    MutexLock state(database.mutex);
    database.folding().SetOwner(&transaction);
  }
  if (replaced > 0) queue_.GiveBack(replaced);
}

void Foreground::EndTransaction(OpenFile& file) noexcept {
  Database& database = *file.database;
  FoldedTransaction& transaction = *file.transaction;
  ForgetJournal(transaction);
  const int64_t dropped = transaction.Release();
  {
    MutexLock lock(database.mutex);
    database.folding().SetOwner(nullptr);
    database.image(file.file).ReleasePages();
  }
  if (dropped > 0) queue_.GiveBack(dropped);
}

void Foreground::ForgetJournal(FoldedTransaction& transaction) noexcept {
  if (transaction.journal_file() == nullptr) return;
  transaction.journal_file()->journal_of = nullptr;
  transaction.SetJournalFile(nullptr);
}

void Foreground::Unfold(Database& database, FoldedTransaction& transaction) {
  if (!transaction.folded()) return;
  DropRolledBack(transaction);
  // All that can fail comes before the first change.
  std::vector<OperationPtr> journal = JournalOperations(database, transaction);
  std::vector<OperationPtr> main = MainOperations(database, transaction);
  // A few bytes, if what makes the journal valid is twice.
  int64_t missing = -transaction.charge() - transaction.spare();
  for (const OperationPtr& operation : journal) missing += operation->cost();
  for (const OperationPtr& operation : main) missing += operation->cost();
  if (missing > 0) writer_.Reserve(missing, database.waits);
  Reservation reservation(queue_, std::max<int64_t>(missing, 0));
  MutexLock lock(database.mutex);
  Folding& folding = database.folding();
  PendingImage& image = database.image(database.main);
  for (const OperationPtr& operation : main) {
    if (operation->kind == OperationKind::kTruncate) image.ReserveTruncates(operation->offset, 2);
  }
  ApplyToJournal(database, journal);

  if (!journal.empty()) {
    transaction.journal_file()->deferred = false;
    folding.JournalIsQueued();
  }
  for (const OperationPtr& operation : main) {
    if (operation->kind == OperationKind::kTruncate) {
      image.Truncate(*operation);
    } else if (operation->kind == OperationKind::kWrite) {
      image.Write(*operation);  // there is room: Folding::MakeRoom
    }
  }
  image.ReleasePages();
  ForgetJournal(transaction);
  transaction.End();
  transaction.Queue();
  for (OperationPtr& operation : journal) Push(database, std::move(operation));
  for (OperationPtr& operation : main) Push(database, std::move(operation));
  reservation.Use();
  if (missing < 0) queue_.GiveBack(-missing);
}

std::vector<OperationPtr> Foreground::MainOperations(Database& database,
                                                     const FoldedTransaction& transaction) {
  std::vector<OperationPtr> operations;
  const auto add = [&](OperationKind kind) -> Operation& {
    operations.push_back(NewOperation(kind, &database.main, transaction.connection()));
    return *operations.back();
  };
  const PageChanges& changes = transaction.changes();
  if (changes.Empty()) return operations;
  if (changes.cut != nullptr) add(OperationKind::kTruncate).offset = changes.cut->offset;
  for (const PagePtr& page : changes.pages) {
    operations.push_back(NewWrite(&database.main, transaction.connection(), page->bytes(),
                                  page->size, page->offset));
  }
  // The file was cut and has grown again, and was cut to where nothing has been written.
  const int64_t size = transaction.image().SizeFloor();
  if (changes.cut != nullptr && size != changes.cut->offset) {
    add(OperationKind::kTruncate).offset = size;
  }
  if (transaction.durability().sync_flags != 0) {
    add(OperationKind::kSync).flags = transaction.durability().sync_flags;
  }
  return operations;
}

std::vector<OperationPtr> Foreground::JournalOperations(Database& database,
                                                        const FoldedTransaction& transaction) {
  std::vector<OperationPtr> operations;
  const VirtualJournal& journal = transaction.journal();
  OpenFile* const file = transaction.journal_file();
  if (file == nullptr || !journal.exists()) return operations;
  const auto add = [&](OperationKind kind, int flags) {
    operations.push_back(NewOperation(kind, &database.journal, file));
    operations.back()->flags = flags;
  };
  const auto add_write = [&](const uint8_t* bytes, int64_t size, int64_t offset) {
    operations.push_back(
        NewWrite(&database.journal, file, bytes, static_cast<int32_t>(size), offset));
  };
  if (file->deferred) add(OperationKind::kOpen, file->flags);
  // A persistent journal may lie there, finalised and longer than what is written now. At its end
  // SQLite would look for the name of a super-journal.
  add(OperationKind::kTruncate, 0);
  if (journal.size() == 0) return operations;
  // As SQLite has it, what makes the journal valid is written last, and when the rest has been
  // synced, if it asks for that (it doesn't on a device that keeps the order of writes).
  const bool mark_last = !journal.Finalised() && !Broken(Variant::kUnfoldedJournalValidFirst);
  for (int64_t at = 0; at < journal.size(); at += VirtualJournal::kPiece) {
    add_write(journal.piece(static_cast<size_t>(at / VirtualJournal::kPiece)),
              std::min(VirtualJournal::kPiece, journal.size() - at), at);
    if (at == 0 && mark_last) std::memset(operations.back()->bytes(), 0, kJournalMarkSize);
  }
  if (!mark_last) return operations;
  const int flags = std::max(transaction.durability().sync_flags, SQLITE_SYNC_NORMAL);
  if (transaction.journal_synced()) add(OperationKind::kSync, flags);
  add_write(journal.piece(0), kJournalMarkSize, 0);
  if (transaction.journal_synced()) add(OperationKind::kSync, flags);
  return operations;
}

void Foreground::ApplyToJournal(Database& database, const std::vector<OperationPtr>& operations) {
  PendingImage& image = database.image(database.journal);
  std::vector<const Operation*> applied;
  applied.reserve(operations.size());
  try {
    for (const OperationPtr& operation : operations) {
      if (operation->kind == OperationKind::kOpen) {
        // Whatever lies at the parent, or is on its way there, is finalised by then.
        image.Create(*operation, true);
      } else if (operation->kind == OperationKind::kTruncate) {
        image.Truncate(*operation);
      } else if (operation->kind == OperationKind::kWrite) {
        image.Write(*operation);
      } else {
        continue;
      }
      applied.push_back(operation.get());
    }
  } catch (const std::bad_alloc&) {
    for (const Operation* operation : applied) image.Retire(*operation);
    throw;
  }
}

}  // namespace sqliteasync
