// Foreground, the files as such: open and close, delete, existence, names.

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "../platform.h"
#include "broken.h"
#include "foreground.h"
#include "trace.h"

namespace sqliteasync {

namespace {

constexpr int kFileTypes = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_TRANSIENT_DB |
                           SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_TEMP_JOURNAL |
                           SQLITE_OPEN_SUBJOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;

// The URI parameters of the name, where SQLite promises that there may be some to ask for.
UriParameters ParametersFor(const char* name, int flags) {
  const bool promised = (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  return promised ? UriParametersOf(name) : UriParameters();
}

// The memdb VFS keeps a file that others can open only under a name that begins with "/"; any other
// name is a new, private file at each open. The handles of one path would not see each other's
// bytes.
bool CannotBeOpenedTwice(const sqlite3_vfs* parent, const char* name) {
  return std::strcmp(parent->zName, "memdb") == 0 && name[0] != '/';
}

// SQLite's URI parameters for a database that others don't change meanwhile, so that it need not be
// locked: a boolean, as sqlite3_uri_boolean takes it.
bool TakesNoLocks(const UriParameters& parameters) {
  for (const auto& [key, value] : parameters) {
    const bool off = value == "0" || sqlite3_stricmp(value.c_str(), "no") == 0 ||
                     sqlite3_stricmp(value.c_str(), "off") == 0 ||
                     sqlite3_stricmp(value.c_str(), "false") == 0;
    if (key == "nolock" && !off) return true;
  }
  return false;
}

// A super-journal is a list of journal names, each ended by a zero byte.
template <typename Action>
void ForEachName(std::string_view names, Action action) {
  while (!names.empty()) {
    const std::string name(names.substr(0, names.find('\0')));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    if (!name.empty()) action(name);
  }
}

}  // namespace

void Foreground::Push(Database& database, OperationPtr operation) {
  if (Tracing()) {
    Trace("PUSH %p (%s %s %lld)", static_cast<void*>(operation.get()),
          OperationName(operation->kind), operation->file->path.c_str(),
          static_cast<long long>(operation->offset));
  }
  if (operation->kind != OperationKind::kGroup && IsChange(operation->kind)) {
    database.folding().CloseGroup();
  }
  database.CountIn(*operation);
  queue_.Push(std::move(operation));
}

int Foreground::Open(const char* name, int flags, OpenFile** file, int* out_flags) {
  if ((flags & SQLITE_OPEN_WAL) != 0) return SQLITE_CANTOPEN;  // not supported so far

  constexpr int kQueuedTypes =
      SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_DELETEONCLOSE;
  const bool queued =
      name == nullptr || ((flags & SQLITE_OPEN_CREATE) != 0 && (flags & kQueuedTypes) != 0);
  const std::string path = name == nullptr ? "" : name;
  NewFile opened;
  int rc;
  if (queued) {
    FileReference place;
    if (name == nullptr) {
      place.database = registry_.MakeNameless();
      place.file = &place.database->main;
    } else {
      place = registry_.FindOrCreate(path);
    }
    if (const int failed = place.database->Answer(); failed != SQLITE_OK) return failed;
    auto made = std::make_unique<OpenFile>(place.database, *place.file, flags);
    if (name != nullptr) {
      made->name =
          FileName(place.database->main.path, place.file->role, ParametersFor(name, flags));
    }
    if (made->file.role == FileRole::kJournal && FoldedIn(*made) != nullptr) {
      rc = OpenVirtual(std::move(made), &opened);
    } else {
      const bool fresh = IsFresh(*made);
      rc = OpenQueued(std::move(made), fresh, &opened);
    }
  } else if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
    rc = OpenMain(path, name, flags, &opened);
  } else {
    rc = OpenAtOnce(path, name, flags, &opened);
  }
  if (rc != SQLITE_OK) return rc;
  if (out_flags != nullptr) *out_flags = opened->at_once ? opened->handle.open_flags() : flags;
  // A journal of a transaction that is folded comes and goes with each, and its connection counts.
  opened->counted = opened->journal_of == nullptr;
  if (opened->counted) open_files_.fetch_add(1);
  *file = opened.release();
  return SQLITE_OK;
}

int Foreground::OpenMain(const std::string& path, const char* name, int flags, NewFile* file) {
  if (CannotBeOpenedTwice(parent_, name)) {
    sqlite3_log(SQLITE_CANTOPEN,
                "sqliteasync: a file of the VFS \"memdb\" needs a name that begins with \"/\": %s",
                name);
    return SQLITE_CANTOPEN;
  }
  if (const FileReference place = registry_.Find(path); place.database != nullptr) {
    // A name that the queue is about to create or to delete can be any file's, a journal's for one.
    PendingImage::Existence existence;
    {
      MutexLock lock(place.database->mutex);
      existence = place.database->image(*place.file).existence();
    }
    if (existence != PendingImage::Existence::kAsParent) {
      return OpenAtOnce(path, name, flags, file);
    }
  }
  for (;;) {
    const std::shared_ptr<Database> database = registry_.DatabaseAt(path);
    if (database->error() != SQLITE_OK) {
      if (!StartClean(*database)) return database->Answer();
      continue;
    }
    const UriParameters parameters = ParametersFor(name, flags);
    auto opened = std::make_unique<OpenFile>(database, database->main, flags);
    opened->at_once = true;
    const int rc = opened->handle.Open(parent_, FileName(path, FileRole::kMain, parameters), flags);
    if (rc != SQLITE_OK) return rc;
    bool moved;
    {
      MutexLock lock(database->lock_mutex);
      if (database->detached()) continue;  // meanwhile: its successor is asked for
      moved = database->Moved();
      if (!moved) {
        if (!opened->single) {
          opened->transaction = std::make_unique<FoldedTransaction>(opened.get());
          const int connected = database->Connect(parent_, opened->handle, parameters);
          if (connected != SQLITE_OK) return connected;
          opened->main = true;
          opened->unlocked = TakesNoLocks(parameters);
          MutexLock state(database->mutex);
          database->folding().CountUnlocked(opened->unlocked ? 1 : 0);
        }
        *file = std::move(opened);
        return SQLITE_OK;
      }
    }
    Replace(*database);
  }
}

bool Foreground::StartClean(Database& database) {
  bool clean = false;
  // An operation in hand may be one of this database's, which needs the real lock.
  writer_.BetweenOperations([&] {
    MutexLock lock(database.lock_mutex);
    if (database.Connected() && !Broken(Variant::kCleanStartTooSoon)) return;
    clean = true;
    database.LowerRealLock();
    registry_.Detach(database);
  });
  if (!clean) return false;
  if (database.told()) failures_.Tell(database.main.path);
  // Recovery asks for the super-journals that lie on disk.
  while (const std::shared_ptr<Database> super_journal = transactions_.TakeFailed(database)) {
    registry_.Detach(*super_journal);
  }
  return true;
}

void Foreground::Replace(Database& database) {
  writer_.BetweenOperations([&] {
    MutexLock lock(database.lock_mutex);
    if (database.detached() || !database.Moved()) return;
    // A transaction that is open can't end well without a journal.
    if (database.Reserved()) database.Fail(SQLITE_READONLY_DBMOVED);
    // What is queued for the old file goes on to it, through the handle. But its journal would be
    // taken for the new file's.
    if (database.journal_on_disk) DeleteJournal(parent_, database.main.path, false);
    registry_.Detach(database);
  });
}

int Foreground::OpenAtOnce(const std::string& path, const char* name, int flags, NewFile* file) {
  const FileReference place = registry_.FindOrCreate(path);
  Database& database = *place.database;
  if (const int failed = database.Answer(); failed != SQLITE_OK) return failed;
  auto opened = std::make_unique<OpenFile>(place.database, *place.file, flags);
  FileName parent_name(database.main.path, place.file->role, ParametersFor(name, flags));
  PendingImage::Existence existence;
  {
    MutexLock lock(database.mutex);
    existence = database.image(*place.file).existence();
    if (IsHidden(database, *place.file)) {
      opened->deferred = database.folding().journal() == Folding::Journal::kEmpty;
      existence =
          opened->deferred ? PendingImage::Existence::kExists : PendingImage::Existence::kAbsent;
    }
  }
  switch (existence) {
    case PendingImage::Existence::kAbsent:
      return SQLITE_CANTOPEN;
    case PendingImage::Existence::kExists:
      // The parent may not have it yet, but will when the queue comes to a change through this
      // handle.
      opened->name = std::move(parent_name);
      *file = std::move(opened);
      return SQLITE_OK;
    case PendingImage::Existence::kAsParent:
      break;
  }
  opened->at_once = true;
  const int rc = opened->handle.Open(parent_, std::move(parent_name), flags);
  if (rc == SQLITE_OK) *file = std::move(opened);
  return rc;
}

bool Foreground::IsFresh(OpenFile& file) {
  if (file.single) return true;
  Database& database = *file.database;
  {
    MutexLock lock(database.mutex);
    // A group's own journal is finalised by the time that another is queued.
    if (IsHidden(database, file.file)) return true;
    const PendingImage& image = database.image(file.file);
    if (image.existence() != PendingImage::Existence::kAsParent) {
      return image.existence() == PendingImage::Existence::kAbsent;
    }
    // Another handle, whose OPEN has been performed, has bytes for it in the queue.
    if (image.SizeIsKnown() || image.SizeFloor() > 0) return false;
  }
  int exists = 0;
  const int rc = parent_->xAccess(parent_, file.name.get(), SQLITE_ACCESS_EXISTS, &exists);
  return rc == SQLITE_OK && exists == 0;
}

int Foreground::OpenQueued(NewFile file, bool fresh, NewFile* opened) {
  OperationPtr operation = NewOperation(OperationKind::kOpen, &file->file, file.get());
  operation->flags = file->flags;
  Database& database = *file->database;
  MutexLock lock(database.mutex);
  database.image(file->file).Create(*operation, fresh);
  if (file->file.role == FileRole::kJournal) database.folding().JournalIsQueued();
  *opened = std::move(file);
  Push(database, std::move(operation));
  return SQLITE_OK;
}

int Foreground::OpenVirtual(NewFile file, NewFile* opened) {
  DropRolledBack(*file->journal_of);
  file->journal_of->CreateJournal();
  file->deferred = true;
  *opened = std::move(file);
  return SQLITE_OK;
}

void Foreground::Close(OpenFile* file) noexcept {
  const std::shared_ptr<Database> keep = file->database;
  Database& database = *keep;
  file->closed.store(true, std::memory_order_release);
  if (file->main) {
    // SQLite has done so; a host that hasn't leaves nothing behind.
    Unlock(*file, SQLITE_LOCK_NONE);
    file->transaction.reset();  // the rest of it waits in the queue
    if (file->unlocked) {
      MutexLock state(database.mutex);
      database.folding().CountUnlocked(-1);
    }
    {
      MutexLock lock(database.lock_mutex);
      database.Disconnect(file->handle);
    }
    if (database.error() != SQLITE_OK) StartClean(database);
  } else if (file->at_once && !file->changed) {
    file->handle.Close();
  }
  file->reader.Close();
  if (file->counted) open_files_.fetch_sub(1);
  if (file->journal_of != nullptr) ForgetJournal(*file->journal_of);
  if (file->deferred) {
    delete file;  // nothing of it was queued
    return;
  }
  OperationPtr operation = std::move(file->close);
  MutexLock lock(database.mutex);
  Push(database, std::move(operation));  // from here on the file is the writer's
}

int Foreground::Delete(const char* name, bool sync_directory) {
  const FileReference place = registry_.FindOrCreate(name);
  Database& database = *place.database;
  if (const int failed = database.Answer(); failed != SQLITE_OK) return failed;
  if (place.file->role == FileRole::kJournal) {
    FoldedTransaction* const transaction = OwnerOfJournal(database);
    if (transaction != nullptr && transaction->folded()) {
      transaction->DeleteJournal(sync_directory);
      return SQLITE_OK;
    }
  }
  OperationPtr operation = NewOperation(OperationKind::kDelete, place.file, nullptr);
  operation->flags = sync_directory ? 1 : 0;
  const bool wait = place.file->role == FileRole::kMain && transactions_.HasForeign(database);
  {
    MutexLock lock(database.mutex);
    database.image(*place.file).Delete(*operation);
    if (place.file->role == FileRole::kJournal) database.folding().JournalIsQueued();
    Push(database, std::move(operation));
  }
  return wait ? WaitUntilWritten(database) : SQLITE_OK;
}

int Foreground::WaitUntilWritten(Database& database) {
  writer_.Complete();
  return database.Answer();
}

int Foreground::Access(const char* name, int flags, int* answer) {
  int rc = SQLITE_OK;
  bool known = false;
  *answer = 0;
  ParentFacts::Moment asked{};
  const FileReference place = registry_.Find(name);
  const bool log = place.file != nullptr && place.file->role == FileRole::kLog;
  if (place.database != nullptr && flags == SQLITE_ACCESS_EXISTS) {
    Database& database = *place.database;
    rc = database.Answer();
    MutexLock lock(database.mutex);
    const PendingImage& image = database.image(*place.file);
    known = IsHidden(database, *place.file) ||
            image.existence() == PendingImage::Existence::kAbsent ||
            (log && database.facts().no_log());
    // Like the unix VFS: an empty file counts as absent.
    if (!known && (image.SizeIsKnown() || image.SizeFloor() > 0)) {
      known = true;
      *answer = image.Size(0) > 0 ? 1 : 0;
    }
    asked = database.facts().Now();
    if (rc == SQLITE_OK) rc = database.Answer();
  }
  if (rc == SQLITE_OK && !known) {
    rc = parent_->xAccess(parent_, name, flags, answer);
    if (rc == SQLITE_OK && log && flags == SQLITE_ACCESS_EXISTS && *answer == 0) {
      MutexLock lock(place.database->mutex);
      place.database->facts().KeepNoLog(asked);
    }
  }
  if (Tracing()) {
    const char* mode = flags == SQLITE_ACCESS_EXISTS      ? "exists"
                       : flags == SQLITE_ACCESS_READWRITE ? "read-write"
                                                          : "read";
    Trace("ACCESS(%s): %s = %d", mode, name, *answer);
  }
  return rc;
}

int Foreground::FullPathname(const char* name, int size, char* out) {
  const int rc = parent_->xFullPathname(parent_, name, size, out);
  if (rc != SQLITE_OK && rc != SQLITE_OK_SYMLINK) return rc;
  const std::string canonical = platform::CanonicalPath(out);
  std::memcpy(out, canonical.c_str(), canonical.size() + 1);  // never longer than what it came from
  return rc;
}

ParentFile* Foreground::ReadHandle(OpenFile& file, int* code) {
  *code = SQLITE_OK;
  if (file.at_once) return &file.handle;
  if (file.single) {
    if (file.handle.opened()) return &file.handle;
    *code = file.database->Answer();
    return nullptr;
  }
  if (file.reader.opened()) return &file.reader;
  const SharedFile& place = file.file;
  int rc = file.reader.Open(parent_, FileName(place.database.main.path, place.role, {}),
                            (file.flags & kFileTypes) | SQLITE_OPEN_READONLY);
  if (rc == SQLITE_OK) return &file.reader;
  if (rc == SQLITE_CANTOPEN) {
    // Only a file that the parent does not have is empty. One that can't be opened is not: SQLite
    // would take a journal that is read so for one without pages to roll back.
    int exists = 0;
    const int asked = parent_->xAccess(parent_, place.path.c_str(), SQLITE_ACCESS_EXISTS, &exists);
    if (asked == SQLITE_OK && exists == 0) return nullptr;
  }
  // A code of xRead and xFileSize: SQLite's pager remembers no other error than these.
  if ((rc & 0xff) != SQLITE_IOERR) rc = rc == SQLITE_NOMEM ? SQLITE_IOERR_NOMEM : SQLITE_IOERR_READ;
  *code = rc;
  return nullptr;
}

void Foreground::JoinTransactions(Database& super_journal, std::string_view names) {
  ForEachName(names, [&](const std::string& name) {
    const FileReference member = registry_.Find(name);
    if (member.database != nullptr && IsReserved(*member.database)) {
      // The deletion of the super-journal is the end of them all.
      FoldedTransaction* transaction;
      {
        MutexLock lock(member.database->mutex);
        transaction = member.database->folding().owner();
      }
      if (transaction != nullptr && !Broken(Variant::kMultiFileFolded)) {
        Unfold(*member.database, *transaction);
      }
      transactions_.Join(super_journal, member.database);
    } else {
      // No connection to it through this VFS is about to commit.
      transactions_.JoinForeign(super_journal);
    }
  });
}

void Foreground::JoinRecovered(Database& super_journal, std::string_view names) {
  ForEachName(names, [&](const std::string& name) {
    const FileReference member = registry_.Find(name);
    if (member.database == nullptr) return;
    {
      MutexLock lock(member.database->mutex);
      if (!member.database->HasChanges()) return;
    }
    transactions_.Join(super_journal, member.database);
  });
}

bool Foreground::IsReserved(Database& database) {
  MutexLock lock(database.lock_mutex);
  return database.Reserved();
}

}  // namespace sqliteasync
