#include "real_lock.h"

namespace sqliteasync {

int RealLock::MoveTo(ParentFile& handle, ParentFile* former) {
  if (level_ != SQLITE_LOCK_NONE) {
    const int rc = handle.Lock(level_);
    if (rc != SQLITE_OK) return rc;
    former->Unlock(SQLITE_LOCK_NONE);
  }
  handle_ = &handle;
  return SQLITE_OK;
}

int RealLock::Raise(int level) {
  if (level_ >= level) return SQLITE_OK;
  const int rc = handle_->Lock(level);
  if (rc == SQLITE_OK) {
    level_ = level;
    return rc;
  }
  unsure_ = true;
  int state = level_;
  if (handle_->Control(SQLITE_FCNTL_LOCKSTATE, &state) == SQLITE_OK) {
    level_ = state;
  } else if (level == SQLITE_LOCK_EXCLUSIVE && rc == SQLITE_BUSY) {
    // A parent that doesn't tell is taken to do as SQLite's documentation of xLock has it.
    level_ = SQLITE_LOCK_PENDING;
  }
  return rc;
}

int RealLock::Lower(int level) {
  const int rc = handle_->Unlock(level);
  level_ = level;
  unsure_ = false;
  return rc;
}

int RealLock::CheckReserved(int* reserved) { return handle_->CheckReservedLock(reserved); }

void RealLock::Forget() {
  handle_ = nullptr;
  level_ = SQLITE_LOCK_NONE;
  unsure_ = false;
}

}  // namespace sqliteasync
