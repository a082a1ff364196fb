// RealLock: the one lock in the file system that stands for all of this process's connections to a
// database, and the handle that carries it.
//
// Thread safety: none of its own; the lock mutex of the Database it belongs to guards it. The
// handle is also the one that the writer writes through.

#ifndef SQLITEASYNC_CORE_REAL_LOCK_H_
#define SQLITEASYNC_CORE_REAL_LOCK_H_

#include "parent_file.h"
#include "sqlite.h"

namespace sqliteasync {

class RealLock {
 public:
  // From now on `handle` carries the lock. What `former` (or null) holds, SHARED at most, is taken
  // on the new handle first. Returns the parent's code; not SQLITE_OK: nothing has changed.
  int MoveTo(ParentFile& handle, ParentFile* former);

  // The level that is held. SQLITE_LOCK_NONE without a handle.
  int level() const { return level_; }

  // Raises the lock to `level` unless it is that high. Returns the parent's code. An EXCLUSIVE that
  // is refused may leave PENDING, as the parent says.
  int Raise(int level);

  // Lowers it to SQLITE_LOCK_SHARED or SQLITE_LOCK_NONE. After a refused Raise the parent is told
  // even if the level seems low enough: only the parent knows what the attempt has left.
  int Lower(int level);
  bool MayLowerTo(int level) const { return level_ > level || unsure_; }

  // Does a process hold RESERVED or more, as the parent sees it?
  int CheckReserved(int* reserved);

  // The handle is being closed, which lets go of the lock.
  void Forget();

 private:
  ParentFile* handle_ = nullptr;
  int level_ = SQLITE_LOCK_NONE;
  bool unsure_ = false;  // a Raise has failed since the last Lower
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_REAL_LOCK_H_
