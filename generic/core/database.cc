#include "database.h"

#include <algorithm>
#include <utility>

#include "broken.h"

namespace sqliteasync {

Database::Database(const std::string& path)
    : main(*this, FileRole::kMain, path),
      journal(*this, FileRole::kJournal, path + kJournalSuffix),
      log(*this, FileRole::kLog, path + kLogSuffix) {}

SharedFile& Database::File(FileRole role) {
  switch (role) {
    case FileRole::kJournal:
      return journal;
    case FileRole::kLog:
      return log;
    case FileRole::kMain:
      break;
  }
  return main;
}

namespace {

int64_t Milliseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

void Database::CountIn(Operation& operation) {
  status_.operations.Add(1);
  if (operation.kind == OperationKind::kClose) return;
  status_.bytes.Add(operation.cost());
  operation.queued_at = Milliseconds();
  (oldest_ == nullptr ? oldest_ : newest_->next_of_database) = &operation;
  newest_ = &operation;
  if (queued_++ == 0) self_ = shared_from_this();
  if (operation.kind == OperationKind::kUnlock) {
    ++unlocks_;
    unlock_is_last_ = true;
  } else {
    ++changes_;
    unlock_is_last_ = false;
  }
}

void Database::CountOut(const Operation& operation) {
  std::shared_ptr<Database> last;  // released after the mutex is
  MutexLock lock(mutex);
  status_.operations.Add(-1);
  if (operation.kind == OperationKind::kClose) return;
  status_.bytes.Add(-operation.cost());
  status_.transactions.Add(-operation.transactions());
  if (operation.kind == OperationKind::kGroup) status_.grouped -= operation.transactions();
  // The oldest it is, but where a broken variant has changed the order.
  Operation* before = nullptr;
  for (Operation** at = &oldest_; *at != nullptr; before = *at, at = &(*at)->next_of_database) {
    if (*at != &operation) continue;
    *at = operation.next_of_database;
    if (newest_ == &operation) newest_ = before;
    break;
  }
  if (operation.kind == OperationKind::kUnlock) {
    // PerformUnlock has counted it in unlocks_.
  } else {
    --changes_;
  }
  if (--queued_ == 0) last = std::move(self_);
}

bool Database::CountCommit() {
  if (newest_ == nullptr || newest_->kind == OperationKind::kGroup || newest_->commits)
    return false;
  newest_->commits = true;
  status_.transactions.Add(1);
  return true;
}

void Database::CountFolded(int64_t grown) {
  folded.Add();
  ++status_.grouped;
  status_.transactions.Add(1);
  status_.bytes.Add(grown);
}

Status Database::ReadStatus() {
  MutexLock lock(mutex);
  Status status = status_;
  if (oldest_ != nullptr) status.age = Milliseconds() - oldest_->queued_at;
  status.totals.performed = performed.value();
  status.totals.folded = folded.value();
  status.totals.syncs = syncs.value();
  status.totals.written = written.value();
  status.totals.reads = reads_;
  status.totals.memory_reads = reads_ - parent_reads_;
  status.totals.waits = waits.value();
  return status;
}

void Database::ResetHighest(Level Status::*level) {
  MutexLock lock(mutex);
  (status_.*level).ResetHighest();
}

bool Database::Fail(int code) {
  int none = SQLITE_OK;
  return error_.compare_exchange_strong(none, code, std::memory_order_acq_rel);
}

int Database::Lock(SharedFile& file, LockHolder& holder, int level, bool lock_files) {
  if (const int failed = Answer(); failed != SQLITE_OK) return failed;
  const int before = holder.level();
  const int rc = file.locks_.Raise(holder, level);
  if (!lock_files) return rc;
  if (rc != SQLITE_OK) {
    // Refused in the process. A writer that has to wait for readers keeps new ones out, those of
    // other processes too. What the parent says to it changes nothing for the caller, who will ask
    // again.
    if (holder.level() == SQLITE_LOCK_PENDING && real_lock_.level() < SQLITE_LOCK_PENDING) {
      real_lock_.Raise(SQLITE_LOCK_EXCLUSIVE);
    }
    return rc;
  }
  const bool was_free = real_lock_.level() == SQLITE_LOCK_NONE;
  const int refused = real_lock_.Raise(level);
  if (was_free && real_lock_.level() != SQLITE_LOCK_NONE) {
    lock_since_ = Clock::now();
    MutexLock state(mutex);
    facts_.LockTaken();
  }
  if (refused != SQLITE_OK) {
    const bool keeps_pending =
        level == SQLITE_LOCK_EXCLUSIVE && real_lock_.level() >= SQLITE_LOCK_PENDING;
    file.locks_.Lower(holder, keeps_pending ? SQLITE_LOCK_PENDING : before);
  }
  return refused;
}

bool Database::Unlock(SharedFile& file, LockHolder& holder, int level, bool can_queue) {
  file.locks_.Lower(holder, level);
  const int highest = main.locks_.Highest();
  if (highest > SQLITE_LOCK_SHARED || !real_lock_.MayLowerTo(highest)) return false;
  {
    MutexLock lock(mutex);
    // An UNLOCK that is queued holds the lock for all changes in front of it. Without one at hand
    // those behind it were made without a lock of this connection's, and need none now.
    if (Broken(Variant::kUnlockTooSoon)) can_queue = false;
    if (unlocks_ > 0 && !Broken(Variant::kUnlockTooSoon) && (unlock_is_last_ || !can_queue))
      return false;
    if (changes_ > 0 && can_queue) return true;
  }
  LowerRealLock();
  return false;
}

void Database::LowerRealLock() {
  const int highest = main.locks_.Highest();
  if (write_handle_ == nullptr || highest > SQLITE_LOCK_SHARED || !real_lock_.MayLowerTo(highest)) {
    return;
  }
  if (Broken(Variant::kLockKept)) return;
  const int rc = real_lock_.Lower(highest);
  if (rc != SQLITE_OK) {
    sqlite3_log(rc, "sqliteasync: could not unlock %s", main.path.c_str());
  }
  if (highest == SQLITE_LOCK_NONE) LockFreed();
}

void Database::LockFreed() {
  lock_since_ = Clock::now();
  if (waiting_since_.has_value()) wait_ = lock_since_ - *waiting_since_;
  waiting_since_.reset();
  lock_freed_.NotifyAll();
  MutexLock state(mutex);
  facts_.LockFreed();
}

bool Database::HeldTooLong(Clock::duration hold) {
  if (main.locks_.Highest() != SQLITE_LOCK_NONE) return false;
  // Others of the process are waiting: nobody breaks in.
  if (real_lock_.level() == SQLITE_LOCK_NONE) return giving_way_ > 0;
  if (Clock::now() - lock_since_ + std::min(wait_, hold / 2) <= hold) return false;
  MutexLock state(mutex);
  return folding_.HasGroups();
}

bool Database::WaitUntilFree(Clock::duration pause, Clock::time_point end) {
  for (;;) {
    const Clock::time_point now = Clock::now();
    const bool is_free = real_lock_.level() == SQLITE_LOCK_NONE;
    if (is_free && now - lock_since_ >= pause) return true;
    if (main.locks_.Highest() != SQLITE_LOCK_NONE) {
      StopWaiting();
      return true;
    }
    if (now >= end) return false;
    if (!is_free && !waiting_since_.has_value()) waiting_since_ = now;
    ++giving_way_;
    lock_freed_.WaitUntil(lock_mutex, is_free ? std::min(end, lock_since_ + pause) : end);
    --giving_way_;
  }
}

void Database::StopWaiting() {
  lock_since_ = Clock::now();
  waiting_since_.reset();
  lock_freed_.NotifyAll();  // who still waits does so for nothing
}

int Database::CheckReservedLock(SharedFile& file, bool lock_files, int* reserved) {
  if (const int failed = Answer(); failed != SQLITE_OK) return failed;
  *reserved = file.locks_.Reserved() ? 1 : 0;
  // A real lock above SHARED is this process's own, trailing behind the queue: no other process can
  // have reserved the file, and the parent's answer would speak of us.
  if (*reserved == 0 && lock_files && real_lock_.level() <= SQLITE_LOCK_SHARED) {
    return real_lock_.CheckReserved(reserved);
  }
  return SQLITE_OK;
}

void Database::PerformUnlock() {
  MutexLock lock(lock_mutex);
  {
    MutexLock counters(mutex);
    if (--unlocks_ > 0) return;
    unlock_is_last_ = false;
  }
  LowerRealLock();
}

int Database::Connect(sqlite3_vfs* parent, ParentFile& connection,
                      const UriParameters& parameters) {
  const bool writes = (connection.open_flags() & SQLITE_OPEN_READWRITE) != 0;
  const bool writable =
      write_handle_ != nullptr && (write_handle_->open_flags() & SQLITE_OPEN_READWRITE) != 0;
  if (write_handle_ == nullptr || (writes && !writable)) {
    UriParameters kept;
    for (const auto& parameter : parameters) {
      if (parameter.first != "nolock" && parameter.first != "immutable") kept.push_back(parameter);
    }
    auto handle = std::make_unique<ParentFile>();
    const int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                      (connection.open_flags() &
                       ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_READONLY | SQLITE_OPEN_CREATE));
    int rc = handle->Open(parent, FileName(main.path, FileRole::kMain, kept), flags);
    if (rc == SQLITE_OK) rc = real_lock_.MoveTo(*handle, write_handle_.get());
    if (rc != SQLITE_OK) return rc;
    write_handle_ = std::move(handle);
    parameters_ = std::move(kept);
  }
  connections_.push_back(&connection);
  has_been_open_.store(true, std::memory_order_relaxed);
  ++connected_;
  ++unclosed_;
  return SQLITE_OK;
}

void Database::Disconnect(ParentFile& connection) {
  --connected_;
  bool idle;
  {
    MutexLock lock(mutex);
    idle = changes_ == 0;
  }
  if (idle && connected_ == 0) {
    for (ParentFile* handle : connections_) handle->Close();
    connections_.clear();
    witness_ = nullptr;
    CloseWriteHandle();
    return;
  }
  // The CLOSE of this one will be behind all changes that are queued, those of the last witness
  // aren't.
  if (witness_ != nullptr) CloseConnection(*witness_);
  witness_ = &connection;
}

void Database::PerformClose(ParentFile& connection) {
  MutexLock lock(lock_mutex);
  CloseConnection(connection);
  if (--unclosed_ == 0) CloseWriteHandle();
}

void Database::CloseConnection(ParentFile& connection) {
  auto at = std::find(connections_.begin(), connections_.end(), &connection);
  if (at == connections_.end()) return;
  connections_.erase(at);
  if (witness_ == &connection) witness_ = nullptr;
  connection.Close();
}

void Database::CloseWriteHandle() {
  real_lock_.Forget();
  LockFreed();
  write_handle_.reset();
}

bool Database::Moved() {
  if (connections_.empty()) return false;
  // Not the handle that writes, on which the answer would wait for what the writer does through it.
  int moved = 0;
  return connections_.front()->Control(SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

}  // namespace sqliteasync
