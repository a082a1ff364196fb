// Foreground, the transactions that are folded: folding.h.

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

bool Foreground::Folds(Database& database) {
  MutexLock lock(database.mutex);
  Folding& folding = database.folding();
  if (folding.mode() == Folding::Mode::kUndecided && folding.reserved()) {
    if (GroupingInForce() && !database.detached()) {
      folding.Begin();
    } else {
      folding.Queue();
    }
  }
  return folding.mode() == Folding::Mode::kFolded;
}

bool Foreground::FitsInGroup(OpenFile& file, int size, int64_t offset) {
  Database& database = *file.database;
  const int64_t limit = queue_.limit();
  MutexLock lock(database.mutex);
  const Folding& folding = database.folding();
  // A transaction that took more would leave too little room for others.
  if (limit != 0 && folding.open().changes.bytes + size > limit / 2) return false;
  return folding.Fits(database.image(file.file), size, offset);
}

bool Foreground::FitsInGroup(OpenFile& file, int64_t size) {
  Database& database = *file.database;
  MutexLock lock(database.mutex);
  return database.folding().Fits(database.image(file.file), size);
}

void Foreground::WriteFolded(OpenFile& file, const void* bytes, int size, int64_t offset) {
  Database& database = *file.database;
  int64_t replaced;
  {
    Reservation reservation(writer_, queue_, size);
    OperationPtr operation = NewWrite(&file.file, &file, bytes, size, offset);
    MutexLock lock(database.mutex);
    replaced = database.folding().Write(std::move(operation));
    database.folding().open().main_file = &file;
    reservation.Use();
  }
  if (replaced > 0) queue_.GiveBack(replaced);
  if (Broken(Variant::kOpenPageInGroup)) Commit(file);
}

void Foreground::TruncateFolded(OpenFile& file, int64_t size) {
  Database& database = *file.database;
  OperationPtr operation = NewOperation(OperationKind::kTruncate, &file.file, &file);
  operation->offset = size;
  int64_t dropped;
  {
    MutexLock lock(database.mutex);
    dropped = database.folding().Truncate(database.image(file.file), std::move(operation));
    database.folding().open().main_file = &file;
  }
  if (dropped > 0) queue_.GiveBack(dropped);
}

void Foreground::OpenVirtual(NewFile file, NewFile* opened) {
  Database& database = *file->database;
  MutexLock lock(database.mutex);
  Folding& folding = database.folding();
  folding.CreateJournal();
  folding.open().journal_file = file.get();
  file->deferred = true;
  *opened = std::move(file);
}

void Foreground::OpenDeferred(OpenFile& file) {
  std::vector<OperationPtr> operations;
  operations.push_back(NewOperation(OperationKind::kOpen, &file.file, &file));
  operations.back()->flags = file.flags;
  operations.push_back(NewOperation(OperationKind::kTruncate, &file.file, &file));
  Database& database = *file.database;
  MutexLock lock(database.mutex);
  ApplyToJournal(database, operations);
  database.folding().journal().Deactivate();
  file.deferred = false;
  for (OperationPtr& operation : operations) Push(database, std::move(operation));
}

void Foreground::Commit(OpenFile& file) {
  Database& database = *file.database;
  int64_t replaced = 0;
  {
    MutexLock lock(database.mutex);
    Folding& folding = database.folding();
    if (folding.mode() == Folding::Mode::kFolded) {
      GroupPtr group = folding.Commit(file.file, database.image(file.file), &replaced);
      if (group != nullptr) Push(database, std::move(group));
    } else {
      folding.End();
      // Also one that has rolled back a hot journal, and never asked for RESERVED: from here on its
      // changes are transactions.
      folding.Reserve();
    }
  }
  if (replaced > 0) queue_.GiveBack(replaced);
}

void Foreground::EndTransaction(Database& database) noexcept {
  int64_t dropped;
  {
    MutexLock lock(database.mutex);
    dropped = database.folding().Release();
  }
  if (dropped > 0) queue_.GiveBack(dropped);
}

void Foreground::Unfold(Database& database) {
  int64_t journal_size;
  {
    MutexLock lock(database.mutex);
    if (database.folding().mode() != Folding::Mode::kFolded) return;
    journal_size = database.folding().journal().size();
  }
  // All that can fail comes before the first change. The open layer is this thread's. What makes
  // the journal valid may have to be written twice.
  Reservation reservation(writer_, queue_, journal_size + kJournalMarkSize);
  MutexLock lock(database.mutex);
  Folding& folding = database.folding();
  PendingImage& image = database.image(database.main);
  std::vector<OperationPtr> operations = JournalOperations(database);
  const size_t of_journal = operations.size();
  int64_t journal_cost = 0;
  for (const OperationPtr& operation : operations) journal_cost += operation->cost();
  const FoldedTransaction& open = folding.open();
  OperationPtr sync;
  if (open.durability.sync_flags != 0 && !open.Empty()) {
    sync = NewOperation(OperationKind::kSync, &database.main, open.main_file);
    sync->flags = open.durability.sync_flags;
  }
  // The file was cut and has grown again, and was cut to where nothing has been written.
  OperationPtr last_cut;
  if (open.changes.cut != nullptr && open.image.SizeFloor() != open.changes.cut->offset) {
    last_cut = NewOperation(OperationKind::kTruncate, &database.main, open.main_file);
    last_cut->offset = open.image.SizeFloor();
  }
  operations.reserve(of_journal + open.changes.pages.size() + 3);
  image.ReserveTruncates(2);
  ApplyToJournal(database, operations);

  Unfolded unfolded = folding.Unfold(image);
  if (unfolded.journal_file != nullptr) unfolded.journal_file->deferred = false;
  if (unfolded.changes.cut != nullptr) operations.push_back(std::move(unfolded.changes.cut));
  for (auto& [offset, write] : unfolded.changes.pages) operations.push_back(std::move(write));
  if (last_cut != nullptr) {
    image.Truncate(*last_cut);
    operations.push_back(std::move(last_cut));
  }
  if (sync != nullptr) operations.push_back(std::move(sync));
  for (OperationPtr& operation : operations) Push(database, std::move(operation));
  reservation.Use(journal_cost);
}

std::vector<OperationPtr> Foreground::JournalOperations(Database& database) {
  std::vector<OperationPtr> operations;
  const Folding& folding = database.folding();
  const VirtualJournal& journal = folding.journal();
  OpenFile* const file = folding.open().journal_file;
  if (file == nullptr || !journal.exists()) return operations;
  const auto add = [&](OperationKind kind, int flags) {
    operations.push_back(NewOperation(kind, &database.journal, file));
    operations.back()->flags = flags;
  };
  const auto add_write = [&](const uint8_t* bytes, size_t size) {
    for (size_t at = 0; at < size; at += kLargestWrite) {
      const size_t piece = std::min(kLargestWrite, size - at);
      operations.push_back(NewWrite(&database.journal, file, bytes + at, static_cast<int>(piece),
                                    static_cast<int64_t>(at)));
    }
  };
  if (file->deferred) add(OperationKind::kOpen, file->flags);
  // A persistent journal may lie there, finalised and longer than what is written now. At its end
  // SQLite would look for the name of a super-journal.
  add(OperationKind::kTruncate, 0);
  if (journal.size() == 0) return operations;
  // As SQLite has it, what makes the journal valid is written when the rest has been synced.
  const bool mark_last = folding.open().journal_synced && !journal.Finalised();
  std::vector<uint8_t> bytes = journal.bytes();
  if (mark_last) std::memset(bytes.data(), 0, kJournalMarkSize);
  add_write(bytes.data(), bytes.size());
  if (mark_last) {
    const int flags = std::max(folding.open().durability.sync_flags, SQLITE_SYNC_NORMAL);
    add(OperationKind::kSync, flags);
    add_write(journal.bytes().data(), kJournalMarkSize);
    add(OperationKind::kSync, flags);
  }
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
