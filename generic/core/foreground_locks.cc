// Foreground, locks and file controls.

#include <algorithm>
#include <utility>

#include "broken.h"
#include "foreground.h"
#include "trace.h"

namespace sqliteasync {

namespace {

// A write transaction begins when so much of the byte limit is free. One that takes no more does
// not wait in its middle, where readers of the process would wait with it.
constexpr int64_t kRoomInLimit = 32;

}  // namespace

int Foreground::Lock(OpenFile& file, int level) {
  Database& database = *file.database;
  int rc;
  if (level == SQLITE_LOCK_RESERVED && file.main) WaitForRoom(database);
  {
    MutexLock lock(database.lock_mutex);
    if (level == SQLITE_LOCK_SHARED && file.main && lock_files()) LetOthersIn(database, file);
    if (file.unlock == nullptr) {
      file.unlock = NewOperation(OperationKind::kUnlock, &file.file, &file);
    }
    rc = database.Lock(file.file, file.lock, level, file.main && lock_files());
    if (rc == SQLITE_OK && level == SQLITE_LOCK_RESERVED && file.main) {
      file.transaction->Reserve();
      MutexLock state(database.mutex);
      database.folding().SetOwner(file.transaction.get());
    }
  }
  if (Tracing()) Trace("LOCK %d (%s) rc=%d", level, file.file.path.c_str(), rc);
  return rc;
}

void Foreground::WaitForRoom(Database& database) {
  // Without a writer it is the transaction itself that makes room, when it needs it. Who would be
  // refused the lock is told so at once.
  const int64_t needed = queue_.limit() / kRoomInLimit;
  if (queue_.HasRoom(needed) || !writer_.Running() || IsReserved(database)) return;
  writer_.WaitForRoom(needed, database.waits);
}

void Foreground::LetOthersIn(Database& database, OpenFile& file) {
  const int hold = lock_hold_.load(std::memory_order_relaxed);
  if (hold == 0) return;
  if (file.lock.level() != SQLITE_LOCK_NONE ||
      !database.HeldTooLong(std::chrono::milliseconds(hold))) {
    return;
  }
  // Without a writer the lock would not become free, and where each operation is delayed a queue
  // takes as long as that is meant to be.
  if (!writer_.Running() || writer_.Delays()) return;
  // The disk can't keep up: the lock would not be free for long, and whoever is made to wait for
  // room need not be made to wait for that.
  if (queue_.TimeToWrite() > std::chrono::milliseconds(hold)) return;
  // A writer that is halted meanwhile is seen a moment later.
  constexpr std::chrono::milliseconds kLook{50};
  const auto end = Database::Clock::now() + lock_patience_.load();
  waiting_for_lock_.fetch_add(1);
  while (
      !database.WaitUntilFree(lock_pause_.load(), std::min(end, Database::Clock::now() + kLook))) {
    if (Database::Clock::now() < end && writer_.Running()) continue;
    database.StopWaiting();
    break;
  }
  waiting_for_lock_.fetch_sub(1);
}

int Foreground::Unlock(OpenFile& file, int level) noexcept {
  Database& database = *file.database;
  MutexLock lock(database.lock_mutex);
  if (file.main && file.lock.level() >= SQLITE_LOCK_RESERVED && level < SQLITE_LOCK_RESERVED) {
    EndTransaction(file);
  }
  if (!database.Unlock(file.file, file.lock, level, file.unlock != nullptr)) return SQLITE_OK;
  MutexLock counters(database.mutex);
  Push(database, std::move(file.unlock));
  return SQLITE_OK;
}

int Foreground::CheckReservedLock(OpenFile& file, int* reserved) {
  Database& database = *file.database;
  int rc;
  {
    MutexLock lock(database.lock_mutex);
    rc = database.CheckReservedLock(file.file, file.main && lock_files(), reserved);
  }
  if (Tracing()) Trace("CHECK-LOCK %d (%s)", *reserved, file.file.path.c_str());
  return rc;
}

int Foreground::Control(OpenFile& file, int verb, void* argument) {
  switch (verb) {
    case SQLITE_FCNTL_LOCKSTATE: {
      MutexLock lock(file.database->lock_mutex);
      *static_cast<int*>(argument) = file.lock.level();
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_VFSNAME: {
      // SQLite's convention for a VFS on top of another: both names, the upper first.
      char* below = nullptr;
      if (file.at_once) file.handle.Control(verb, &below);
      char* name = sqlite3_mprintf("sqlite3async/%s", below == nullptr ? parent_->zName : below);
      sqlite3_free(below);
      *static_cast<char**>(argument) = name;
      return name == nullptr ? SQLITE_NOMEM : SQLITE_OK;
    }

    // Comes before the xSync of a commit, or in its place. For a multi-file transaction the
    // argument is the super-journal's name.
    case SQLITE_FCNTL_SYNC:
      return BeforeSync(file, static_cast<const char*>(argument));

    // The queue keeps what these ask for, or must not pass it on: a hint of the size would grow the
    // file ahead of its journal.
    case SQLITE_FCNTL_SIZE_HINT:
      return SQLITE_OK;

    // The commit is done: the journal finalised, the file truncated.
    case SQLITE_FCNTL_COMMIT_PHASETWO:
      if (file.main) Commit(file);
      return SQLITE_OK;

    case SQLITE_FCNTL_POWERSAFE_OVERWRITE:
    case SQLITE_FCNTL_CHUNK_SIZE:
      return ControlAllHandles(file, verb, argument);

    case SQLITE_FCNTL_HAS_MOVED:
      return HasMoved(file, static_cast<int*>(argument));

    // Safe whatever is queued: they read the handle's state or settings, or name something.
    case SQLITE_FCNTL_LAST_ERRNO:
    case SQLITE_FCNTL_WIN32_AV_RETRY:
    case SQLITE_FCNTL_WIN32_GET_HANDLE:
    case SQLITE_FCNTL_TEMPFILENAME:
    case SQLITE_FCNTL_TRACE:
    case SQLITE_FCNTL_PRAGMA:
    case SQLITE_FCNTL_SIZE_LIMIT:
      return file.at_once ? file.handle.Control(verb, argument) : SQLITE_NOTFOUND;

    default:
      return SQLITE_NOTFOUND;
  }
}

int Foreground::BeforeSync(OpenFile& file, const char* super_journal) {
  if (super_journal == nullptr) return SQLITE_OK;
  if (file.main && !Broken(Variant::kMultiFileFolded)) Unfold(*file.database, *file.transaction);
  const FileReference place = registry_.Find(super_journal);
  if (place.database != nullptr && transactions_.Knows(*place.database)) return SQLITE_OK;
  // Another VFS keeps the super-journal, and will delete it when all files are synced.
  file.sync_waits = true;
  return WaitUntilWritten(*file.database);
}

int Foreground::ControlAllHandles(OpenFile& file, int verb, void* argument) {
  if (!file.at_once) return SQLITE_NOTFOUND;
  Database& database = *file.database;
  MutexLock lock(database.lock_mutex);
  const int setting = *static_cast<const int*>(argument);
  const int rc = file.handle.Control(verb, argument);
  if (rc != SQLITE_OK || !file.main || setting < 0) return rc;  // negative: a question
  auto apply = [verb, setting](ParentFile& handle) {
    int value = setting;
    handle.Control(verb, &value);
  };
  for (ParentFile* connection : database.connections()) {
    if (connection != &file.handle) apply(*connection);
  }
  apply(*database.write_handle());
  return rc;
}

int Foreground::HasMoved(OpenFile& file, int* moved) {
  Database& database = *file.database;
  *moved = 0;
  if (!file.at_once) return SQLITE_OK;
  if (database.detached()) {
    *moved = 1;
    return SQLITE_OK;
  }
  {
    MutexLock lock(database.mutex);
    if (database.HasChanges()) return SQLITE_OK;
  }
  return file.handle.Control(SQLITE_FCNTL_HAS_MOVED, moved);
}

int Foreground::SectorSize(OpenFile& file) {
  constexpr int kSectorSizeOfUnopened = 512;
  return file.at_once ? file.handle.SectorSize() : kSectorSizeOfUnopened;
}

int Foreground::DeviceCharacteristics(OpenFile& file) {
  // What a queue can't promise: that several writes reach the disk as one, or that one write does
  // (which a later one, or a read in between, may see in parts). Nor need SQLite keep a journal
  // open in the modes PERSIST and TRUNCATE because the system can't delete what is open (Windows):
  // here a deletion comes after the CLOSE, and would fail because of a connection that kept it.
  constexpr int kNotHonoured =
      SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_ATOMIC512 | SQLITE_IOCAP_ATOMIC1K | SQLITE_IOCAP_ATOMIC2K |
      SQLITE_IOCAP_ATOMIC4K | SQLITE_IOCAP_ATOMIC8K | SQLITE_IOCAP_ATOMIC16K |
      SQLITE_IOCAP_ATOMIC32K | SQLITE_IOCAP_ATOMIC64K | SQLITE_IOCAP_BATCH_ATOMIC |
      SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN;
  return file.at_once ? file.handle.DeviceCharacteristics() & ~kNotHonoured : 0;
}

}  // namespace sqliteasync
