// Database: a main database with its journal and its log, the unit in which errors spread and in
// which the lock in the file system trails the queue. Whatever stands alone (a super-journal, a
// temporary file) is a Database of one file.
//
// Thread safety: all methods may be called from any thread; two mutexes guard the state, see the
// groups below. The lock mutex is held during calls for locks on the parent, `mutex` never during
// any call on the parent.
//
// Invariants:
//   - The real lock is at least SHARED while a connection of the process holds SHARED or more.
//   - While operations of a write transaction are queued, or being performed, the real lock is not
//     below what they were queued under: an UNLOCK behind them lets it go.
//   - While operations of it are queued a Database lives (it holds a reference to itself).

#ifndef SQLITEASYNC_CORE_DATABASE_H_
#define SQLITEASYNC_CORE_DATABASE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "file_name.h"
#include "folding.h"
#include "lock_table.h"
#include "mutex.h"
#include "operation.h"
#include "parent_facts.h"
#include "parent_file.h"
#include "pending_image.h"
#include "real_lock.h"
#include "sqlite.h"
#include "statistics.h"

namespace sqliteasync {

class Database;

// One canonical path, or one nameless temporary file.
class SharedFile {
 public:
  SharedFile(Database& database, FileRole role, std::string path)
      : database(database), role(role), path(std::move(path)) {}

  Database& database;
  const FileRole role;
  const std::string path;  // "" for a nameless file

 private:
  friend class Database;
  PendingImage image_;  // guarded by the database's mutex
  LockTable locks_;     // guarded by its lock mutex
};

// What has been performed, but a power cut could undo.
struct Unsynced {
  bool main = false;             // its bytes
  bool journal = false;          // likewise
  bool directory = false;        // that a journal, or a super-journal, was created or deleted
  bool name = false;             // that the main file exists, if it was created lately
  bool name_is_durable = false;  // it wasn't, or that is on the medium

  bool Any() const { return main || journal || directory || name; }
  void Add(const Unsynced& other) {
    main |= other.main;
    journal |= other.journal;
    directory |= other.directory;
    name |= other.name;
  }
  void MainChanged() {
    main = true;
    name = !name_is_durable;
  }
  void DirectoryChanged(bool synced) {
    directory = !synced;
    if (synced) DirectorySynced();
  }
  void DirectorySynced() {
    directory = false;
    name = false;
    name_is_durable = true;
  }
};

class Database : public std::enable_shared_from_this<Database> {
 public:
  // `path`: of the main database, canonical; "" for a nameless file. Throws std::bad_alloc.
  explicit Database(const std::string& path);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  SharedFile main;
  SharedFile journal;
  SharedFile log;

  SharedFile& File(FileRole role);

  // --- The queue's side ---

  Mutex mutex;

  PendingImage& image(SharedFile& file) REQUIRES(mutex) { return file.image_; }
  Folding& folding() REQUIRES(mutex) { return folding_; }
  ParentFacts& facts() REQUIRES(mutex) { return facts_; }

  // Counts an operation in (it is about to be pushed) and out (it has been performed or given up,
  // and has left its image). A CLOSE, which changes nothing, is counted for the statistics alone.
  void CountIn(Operation& operation) REQUIRES(mutex);
  void CountOut(const Operation& operation);

  // A transaction that isn't folded has been committed: its last operation, if that is still
  // queued, stands for it. Returns false if it isn't, or stands for another.
  bool CountCommit() REQUIRES(mutex);
  // A folded one has been committed. `grown`: by so many bytes the group that is queued has grown.
  void CountFolded(int64_t grown) REQUIRES(mutex);

  // Are changes queued or being performed? UNLOCK is no change.
  bool HasChanges() REQUIRES(mutex) { return changes_ > 0; }

  // --- Statistics ---

  Counter folded;  // the meaning of these: Totals
  Counter performed;
  Counter syncs;
  Counter written;
  Counter waits;
  void CountRead() REQUIRES(mutex) { ++reads_; }
  // Of the read that was counted last the parent is asked.
  void CountParentRead() REQUIRES(mutex) { ++parent_reads_; }

  Status ReadStatus() EXCLUDES(mutex);
  void ResetHighest(Level Status::*level) EXCLUDES(mutex);

  // Has there been a connection to it? Otherwise it is a super-journal, a temporary file.
  bool has_been_open() const { return has_been_open_.load(std::memory_order_relaxed); }

  // --- Errors ---

  // The error that every request on this database gets, or SQLITE_OK.
  int error() const { return error_.load(std::memory_order_acquire); }
  // The same, for a request of SQLite, to which it is answered.
  int Answer() {
    const int code = error();
    if (code != SQLITE_OK) told_.store(true, std::memory_order_release);
    return code;
  }
  // Has a request got it?
  bool told() const { return told_.load(std::memory_order_acquire); }
  // The first error stays. Returns true if this is it.
  bool Fail(int code);

  // --- Another file has taken its path ---

  bool detached() const { return detached_.load(std::memory_order_acquire); }
  // From now on new opens of the path know nothing of this Database, and its operations on
  // journals, which go by name, are given up.
  void Detach() { detached_.store(true, std::memory_order_release); }

  // --- Locks: SQLite's xLock, xUnlock and xCheckReservedLock ---

  Mutex lock_mutex ACQUIRED_BEFORE(mutex);

  // `lock_files`: in the file system as well. Only for the main file.
  int Lock(SharedFile& file, LockHolder& holder, int level, bool lock_files) REQUIRES(lock_mutex);

  // Lowers `holder`. Returns true if the real lock has to wait for what is queued and an UNLOCK is
  // to be queued for it, which the caller does before it lets go of the lock mutex. `can_queue`: it
  // has one at hand; a connection has, unless it has queued it since it last raised its lock.
  bool Unlock(SharedFile& file, LockHolder& holder, int level, bool can_queue) REQUIRES(lock_mutex);

  int CheckReservedLock(SharedFile& file, bool lock_files, int* reserved) REQUIRES(lock_mutex);

  // An UNLOCK has reached the head of the queue: lets the real lock go to what the process's
  // connections hold, unless another UNLOCK will.
  void PerformUnlock() EXCLUDES(lock_mutex);

  // --- Handles ---

  // A connection has opened its own handle of the main database (READWRITE or READONLY, as the
  // parent has it): sees to it that the handle which writes, and carries the real lock, is open,
  // and writable as soon as one connection's is. `parameters` are those of the connection's URI.
  // Returns the parent's code. Throws std::bad_alloc.
  int Connect(sqlite3_vfs* parent, ParentFile& connection, const UriParameters& parameters)
      REQUIRES(lock_mutex);

  // SQLite has closed the connection. Its handle is closed at once, and with the last connection
  // the handle that writes, unless changes are queued: then PerformClose does it.
  void Disconnect(ParentFile& connection) REQUIRES(lock_mutex);

  // The CLOSE of a connection has reached the head of the queue.
  void PerformClose(ParentFile& connection) EXCLUDES(lock_mutex);

  // Does SQLite have a connection open?
  bool Connected() REQUIRES(lock_mutex) { return connected_ > 0; }

  // The connections' handles that are open: those of connections that SQLite has open, and one at
  // most of a connection that it has closed.
  const std::vector<ParentFile*>& connections() REQUIRES(lock_mutex) { return connections_; }

  // The handle that writes; null while it isn't open.
  ParentFile* write_handle() REQUIRES(lock_mutex) { return write_handle_.get(); }
  // The URI parameters that it was opened with.
  const UriParameters& parameters() REQUIRES(lock_mutex) { return parameters_; }

  // --- Letting other processes in ---

  using Clock = std::chrono::steady_clock;

  // Will the real lock, without a moment in which it was free, have been held for longer than
  // `hold` by the time that it can be, and is it only for groups on their way to disk that it still
  // is? How long these take is judged by the last time, and counts for at most half of `hold`.
  // Also while it is free, and others wait that it has been for long enough.
  bool HeldTooLong(Clock::duration hold) REQUIRES(lock_mutex);

  // Returns true once the real lock has been free for the length of `pause`, or when there is a
  // connection of this process that keeps it; false at `end`.
  bool WaitUntilFree(Clock::duration pause, Clock::time_point end) REQUIRES(lock_mutex);
  // No more waits for it; the next is a whole hold away.
  void StopWaiting() REQUIRES(lock_mutex);

  // Lets the real lock go to what the process's connections hold, without waiting for the queue.
  void LowerRealLock() REQUIRES(lock_mutex);

  // Has someone put another file at the path since it was opened?
  bool Moved() REQUIRES(lock_mutex);

  // Does a connection hold RESERVED or more?
  bool Reserved() REQUIRES(lock_mutex) { return main.locks_.Reserved(); }

  // Has the writer opened a journal, and not deleted it since? The writer's to set, and read while
  // no operation is being performed.
  bool journal_on_disk = false;

  // The writer's, likewise.
  Unsynced unsynced;

 private:
  void CloseConnection(ParentFile& connection) REQUIRES(lock_mutex);
  void CloseWriteHandle() REQUIRES(lock_mutex);

  // The real lock has become free.
  void LockFreed() REQUIRES(lock_mutex);

  RealLock real_lock_ GUARDED_BY(lock_mutex);
  // While the lock is held: since when, without a break. While it is free: since when.
  Clock::time_point lock_since_ GUARDED_BY(lock_mutex) = Clock::now();
  // Since when someone waits for it to be free, and how long that took the last time.
  std::optional<Clock::time_point> waiting_since_ GUARDED_BY(lock_mutex);
  Clock::duration wait_ GUARDED_BY(lock_mutex){};
  int giving_way_ GUARDED_BY(lock_mutex) = 0;  // threads that wait
  CondVar lock_freed_;
  std::unique_ptr<ParentFile> write_handle_ GUARDED_BY(lock_mutex);
  UriParameters parameters_ GUARDED_BY(lock_mutex);
  std::vector<ParentFile*> connections_ GUARDED_BY(lock_mutex);
  ParentFile* witness_ GUARDED_BY(lock_mutex) = nullptr;  // the one of these that SQLite has closed
  int connected_ GUARDED_BY(lock_mutex) = 0;              // connections that SQLite has open
  int unclosed_ GUARDED_BY(lock_mutex) = 0;  // connections whose CLOSE has not been performed

  Folding folding_ GUARDED_BY(mutex);
  ParentFacts facts_ GUARDED_BY(mutex);
  int64_t queued_ GUARDED_BY(mutex) = 0;   // all that is counted
  int64_t changes_ GUARDED_BY(mutex) = 0;  // without the UNLOCKs
  int64_t unlocks_ GUARDED_BY(mutex) = 0;
  bool unlock_is_last_ GUARDED_BY(mutex) = false;     // no change is queued behind the last UNLOCK
  std::shared_ptr<Database> self_ GUARDED_BY(mutex);  // set while queued_ > 0

  // The levels; the rest of it is counted elsewhere.
  Status status_ GUARDED_BY(mutex);
  int64_t reads_ GUARDED_BY(mutex) = 0;
  int64_t parent_reads_ GUARDED_BY(mutex) = 0;
  // The operations that are queued or being performed, but for CLOSE; the newest.
  Operation* oldest_ GUARDED_BY(mutex) = nullptr;
  Operation* newest_ GUARDED_BY(mutex) = nullptr;

  std::atomic<bool> has_been_open_{false};
  std::atomic<int> error_{SQLITE_OK};
  std::atomic<bool> told_{false};
  std::atomic<bool> detached_{false};
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_DATABASE_H_
