#include "performer.h"

#include <ctime>
#include <new>
#include <utility>

#include "broken.h"
#include "group_writer.h"
#include "syncer.h"
#include "trace.h"

namespace sqliteasync {

namespace {

const char* NameOf(const SharedFile& file) {
  return file.path.empty() ? "(temporary file)" : file.path.c_str();
}

void NoteChange(const SharedFile& file) {
  Unsynced& unsynced = file.database.unsynced;
  if (file.role == FileRole::kMain) unsynced.MainChanged();
  if (file.role == FileRole::kJournal) unsynced.journal = true;
}

}  // namespace

bool Performer::Perform(Operation& operation) {
  // CountOut may release the last other reference.
  const std::shared_ptr<Database> database = operation.file->database.shared_from_this();
  const bool performed = PerformKind(operation);
  if (performed) database->performed.Add();
  return performed;
}

bool Performer::PerformKind(Operation& operation) {
  Database& database = operation.file->database;
  if (operation.kind == OperationKind::kClose) {
    Close(operation);
    database.CountOut(operation);
    return true;
  }
  if (operation.kind == OperationKind::kGroup) {
    return PerformGroup(static_cast<Group&>(operation));
  }
  if (operation.kind == OperationKind::kUnlock) {
    database.PerformUnlock();
    database.CountOut(operation);
    return true;
  }

  const bool given_up = GivenUp(operation);
  if (!given_up) {
    int rc = SQLITE_OK;
    try {
      switch (operation.kind) {
        case OperationKind::kWrite:
          rc = Write(operation);
          break;
        case OperationKind::kSync:
          rc = Sync(operation);
          break;
        case OperationKind::kTruncate:
          rc = Truncate(operation);
          break;
        case OperationKind::kDelete:
          rc = Delete(operation);
          break;
        case OperationKind::kOpen:
          rc = Open(operation);
          break;
        case OperationKind::kClose:
        case OperationKind::kUnlock:
        case OperationKind::kGroup:
        case OperationKind::kBarrier:
          break;
      }
    } catch (const std::bad_alloc&) {
      rc = SQLITE_IOERR_NOMEM;
    }
    if (rc != SQLITE_OK) Fail(*operation.file, operation.kind, rc);
  }
  if (operation.kind != OperationKind::kSync) {
    MutexLock lock(database.mutex);
    database.image(*operation.file).Retire(operation);
    if (operation.file == &database.main) database.facts().MainChanged();
  }
  database.CountOut(operation);
  return !given_up;
}

bool Performer::PerformGroup(Group& group) {
  SharedFile& main = *group.file;
  Database& database = main.database;
  {
    MutexLock lock(database.mutex);
    database.folding().Seal(group);
  }
  // From here on it is the writer's.
  group.changes.pages.Sort();
  const bool given_up = database.error() != SQLITE_OK;
  if (!given_up) {
    if (Tracing()) {
      Trace("GROUP %s %lld transactions, %lld pages", NameOf(main),
            static_cast<long long>(group.transactions),
            static_cast<long long>(group.changes.pages.size()));
    }
    int rc;
    try {
      rc = GroupWriter(parent_, database).Write(group);
    } catch (const std::bad_alloc&) {
      rc = SQLITE_IOERR_NOMEM;
    }
    if (rc == SQLITE_OK) {
      groups_.fetch_add(1, std::memory_order_relaxed);
    } else {
      Fail(main, group.kind, rc);
    }
  }
  // The truncation first: without it the parent shows what the pages have become. Not all at once,
  // so that nobody waits long for the mutex.
  constexpr int kAtOnce = 64;
  auto page = group.changes.pages.begin();
  for (bool first = true; first || page != group.changes.pages.end(); first = false) {
    MutexLock lock(database.mutex);
    PendingImage& image = database.image(main);
    if (first && group.changes.cut != nullptr) image.Retire(*group.changes.cut);
    database.facts().MainChanged();
    for (int i = 0; i < kAtOnce && page != group.changes.pages.end(); ++i, ++page) {
      image.RetirePage(**page);
    }
    if (page == group.changes.pages.end()) {
      database.folding().Retired();
      break;
    }
  }
  database.CountOut(group);
  return !given_up;
}

void Performer::PerformBarrier(BarrierState& barrier) {
  if (Tracing()) Trace("BARRIER %lld databases", static_cast<long long>(barrier.targets.size()));
  Syncer syncer(parent_);
  for (const BarrierTarget& target : barrier.targets) {
    Database& database = *target.database;
    database.unsynced.Add(target.found);
    if (barrier.abandoned.load()) continue;
    int rc = database.error();
    // A path that leads to another file now is not to be synced for this one.
    if (rc == SQLITE_OK && !database.detached() && !Broken(Variant::kBarrierNotSynced)) {
      SharedFile* failed = nullptr;
      try {
        rc = syncer.Sync(database, &failed);
      } catch (const std::bad_alloc&) {
        rc = SQLITE_IOERR_NOMEM;
      }
      if (failed != nullptr) Fail(*failed, OperationKind::kSync, rc);
    }
    // The databases of a super-journal that has failed, have; its name is nothing to anybody.
    if (rc != SQLITE_OK && barrier.code == SQLITE_OK && !transactions_.Knows(database)) {
      barrier.code = rc;
      barrier.failed = target.database;
    }
  }
}

int Performer::Target(OpenFile& file, ParentFile** handle) {
  if (file.main) {
    // The handle that all connections share; it carries the lock.
    MutexLock lock(file.database->lock_mutex);
    *handle = file.database->write_handle();
    return SQLITE_OK;
  }
  *handle = &file.handle;
  if (file.handle.opened()) return SQLITE_OK;
  return file.handle.Open(parent_, std::move(file.name), file.flags);
}

bool Performer::GivenUp(const Operation& operation) {
  const Database& database = operation.file->database;
  if (database.error() != SQLITE_OK) return true;
  if (Broken(Variant::kSuperJournalSkipped) && operation.handle != nullptr &&
      (operation.handle->flags & SQLITE_OPEN_SUPER_JOURNAL) != 0) {
    return true;
  }
  if (operation.handle != nullptr && operation.handle->temporary &&
      operation.handle->closed.load(std::memory_order_acquire)) {
    return true;
  }
  // The path belongs to another file now, and so do the journal and the log of that name.
  return database.detached() && operation.file->role != FileRole::kMain;
}

int Performer::Write(const Operation& operation) {
  if (Tracing()) {
    Trace("WRITE %s %d bytes at %lld", NameOf(*operation.file), operation.size,
          static_cast<long long>(operation.offset));
  }
  if (Broken(Variant::kJournalDeletedEarly) && operation.handle->main) {
    DeleteJournal(parent_, operation.file->path, false);
  }
  ParentFile* handle;
  int rc = Target(*operation.handle, &handle);
  NoteChange(*operation.file);
  if (rc == SQLITE_OK) rc = handle->Write(operation.bytes(), operation.size, operation.offset);
  if (rc == SQLITE_OK) operation.file->database.written.Add(operation.size);
  return rc;
}

int Performer::Sync(const Operation& operation) {
  if (Tracing()) Trace("SYNC %s", NameOf(*operation.file));
  if (Broken(Variant::kSyncSkipped)) return SQLITE_OK;
  ParentFile* handle;
  int rc = Target(*operation.handle, &handle);
  if (rc == SQLITE_OK) rc = handle->Sync(operation.flags);
  if (rc != SQLITE_OK) return rc;
  Database& database = operation.file->database;
  database.syncs.Add();
  if (operation.file == &database.main) database.unsynced.main = false;
  if (operation.file == &database.journal) database.unsynced.journal = false;
  return rc;
}

int Performer::Truncate(const Operation& operation) {
  if (Tracing()) {
    Trace("TRUNCATE %s to %lld bytes", NameOf(*operation.file),
          static_cast<long long>(operation.offset));
  }
  ParentFile* handle;
  const int rc = Target(*operation.handle, &handle);
  NoteChange(*operation.file);
  return rc == SQLITE_OK ? handle->Truncate(operation.offset) : rc;
}

int Performer::Delete(const Operation& operation) {
  const SharedFile& file = *operation.file;
  if (Tracing()) Trace("DELETE %s", NameOf(file));
  Database& database = file.database;
  const std::string& path = database.main.path;
  const bool sync_directory = operation.flags != 0;
  const bool journal = file.role == FileRole::kJournal;
  const int rc = journal ? DeleteJournal(parent_, path, sync_directory)
                         : DeletePath(parent_, FileName(path, file.role, {}), sync_directory);
  if (rc != SQLITE_OK) return rc;
  if (sync_directory) database.syncs.Add();
  (file.role == FileRole::kMain ? database.unsynced.main : database.unsynced.journal) = false;
  database.unsynced.DirectoryChanged(sync_directory);
  if (file.role == FileRole::kMain) transactions_.End(database);
  if (journal) database.journal_on_disk = false;
  return rc;
}

int Performer::Open(const Operation& operation) {
  OpenFile& file = *operation.handle;
  if (Tracing()) Trace("OPEN %s flags=%d", NameOf(*operation.file), operation.flags);
  const int rc = file.handle.Open(parent_, std::move(file.name), operation.flags);
  if (rc != SQLITE_OK) return rc;
  file.database->unsynced.DirectoryChanged(false);
  if (file.file.role == FileRole::kJournal) file.database->journal_on_disk = true;
  return rc;
}

void Performer::Close(const Operation& operation) {
  if (Tracing()) Trace("CLOSE %s", NameOf(*operation.file));
  const std::unique_ptr<OpenFile> file(operation.handle);
  if (file->main) file->database->PerformClose(file->handle);
  file->handle.Close();
  file->reader.Close();
}

void Performer::Fail(SharedFile& file, OperationKind kind, int code) {
  Database& database = file.database;
  sqlite3_log(code,
              "sqliteasync: %s of %s failed; nothing further that is queued for it is written",
              OperationName(kind), NameOf(file));
  NoteFailure(database, file, kind, code);
  if (Broken(Variant::kErrorIgnored)) return;
  database.Fail(code);
  if (Broken(Variant::kErrorNotSpread)) return;
  for (const auto& other : transactions_.SpreadErrors()) NoteFailure(*other, file, kind, code);
  // What a super-journal belongs to has failed by that, and whoever uses it is told.
  if (transactions_.Knows(database)) failures_.Tell(database.main.path);
}

void Performer::NoteFailure(const Database& database, const SharedFile& file, OperationKind kind,
                            int code) {
  try {
    const Failure failure{database.main.path, file.path, kind, code, std::time(nullptr)};
    failures_.Add(failure);
    failed_.push_back(failure);
  } catch (const std::bad_alloc&) {
    // SQLite's error log has it.
  }
}

}  // namespace sqliteasync
