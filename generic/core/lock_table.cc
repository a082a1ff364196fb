#include "lock_table.h"

#include <cassert>

namespace sqliteasync {

int LockTable::Raise(LockHolder& holder, int level) {
  if (holder.level_ >= level) return SQLITE_OK;
  const LockHolder* other_writer = writer_ == &holder ? nullptr : writer_;
  if (level == SQLITE_LOCK_SHARED) {
    if (other_writer != nullptr && other_writer->level_ >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
    Set(holder, level);
    return SQLITE_OK;
  }
  if (other_writer != nullptr) return SQLITE_BUSY;
  if (level == SQLITE_LOCK_EXCLUSIVE) {
    const int others = holders_ - (holder.level_ >= SQLITE_LOCK_SHARED ? 1 : 0);
    if (others > 0) {
      Set(holder, SQLITE_LOCK_PENDING);
      return SQLITE_BUSY;
    }
  }
  Set(holder, level);
  return SQLITE_OK;
}

void LockTable::Lower(LockHolder& holder, int level) {
  if (holder.level_ > level) Set(holder, level);
}

int LockTable::Highest() const {
  if (writer_ != nullptr) return writer_->level();
  return holders_ > 0 ? SQLITE_LOCK_SHARED : SQLITE_LOCK_NONE;
}

void LockTable::Set(LockHolder& holder, int level) {
  holders_ += (level >= SQLITE_LOCK_SHARED) - (holder.level_ >= SQLITE_LOCK_SHARED);
  if (level >= SQLITE_LOCK_RESERVED) {
    assert(writer_ == nullptr || writer_ == &holder);
    writer_ = &holder;
  } else if (writer_ == &holder) {
    writer_ = nullptr;
  }
  holder.level_ = level;
}

}  // namespace sqliteasync
