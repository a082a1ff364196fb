// LockTable: which connection of this process holds which of SQLite's five lock levels on one
// database file. Only the rules; the lock in the file system is RealLock's.
//
// Thread safety: none of its own; the lock mutex of the Database it belongs to guards it.
//
// Invariants:
//   - at most one holder is at RESERVED or above; writer_ is it.
//   - while a holder is at EXCLUSIVE nobody else is at SHARED or above.
//   - holders_ counts the holders at SHARED or above, writer_ included.

#ifndef SQLITEASYNC_CORE_LOCK_TABLE_H_
#define SQLITEASYNC_CORE_LOCK_TABLE_H_

#include "sqlite.h"

namespace sqliteasync {

// The level that one connection holds. SQLITE_LOCK_NONE to SQLITE_LOCK_EXCLUSIVE.
class LockHolder {
 public:
  int level() const { return level_; }

 private:
  friend class LockTable;
  int level_ = SQLITE_LOCK_NONE;
};

class LockTable {
 public:
  // Raises `holder` to `level`, or answers SQLITE_BUSY and leaves it as it was; an EXCLUSIVE that
  // is refused because others still read leaves it at PENDING. A level that the holder has or
  // exceeds is granted.
  int Raise(LockHolder& holder, int level);

  // Lowers `holder` to `level` if it is higher. Also how a level is given back that the file system
  // would not grant.
  void Lower(LockHolder& holder, int level);

  // Is somebody at RESERVED or above?
  bool Reserved() const { return writer_ != nullptr; }

  // The highest level that anyone holds.
  int Highest() const;

 private:
  void Set(LockHolder& holder, int level);

  int holders_ = 0;
  const LockHolder* writer_ = nullptr;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_LOCK_TABLE_H_
