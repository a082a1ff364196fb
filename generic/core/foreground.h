// Foreground: what SQLite asks of the VFS, done on the thread on which it asks.
//
// The methods are those of sqlite3_vfs and sqlite3_io_methods, with their parameters, codes and
// thread rules. They change nothing on the parent: a change is entered in the image of its file and
// queued, in one step under the database's mutex. Reads ask the image first and the parent for what
// is left: in the other order, bytes that are written and retired in between would be missed. What
// the image leaves to the parent can't change under a reader, SQLite's locks see to that.
//
// Thread safety: all methods may be called from any thread; those of one OpenFile by one thread at
// a time, as SQLite does. Any may throw std::bad_alloc unless it says otherwise, and then nothing
// has changed.

#ifndef SQLITEASYNC_CORE_FOREGROUND_H_
#define SQLITEASYNC_CORE_FOREGROUND_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "failures.h"
#include "multi_file_transactions.h"
#include "open_file.h"
#include "registry.h"
#include "sqlite.h"
#include "write_queue.h"
#include "writer.h"

namespace sqliteasync {

// Which write transactions are folded. The values are those of the C API.
enum class Grouping : int {
  kAuto = 0,  // all while the writer has no delay
  kOn = 1,
  kOff = 2,
};

// Bytes that have been reserved, and are given back unless they are used: by an operation that is
// queued, or a transaction that is folded.
class Reservation {
 public:
  Reservation(WriteQueue& queue, int64_t bytes) : queue_(queue), bytes_(bytes) {}
  ~Reservation() {
    if (bytes_ > 0) queue_.GiveBack(bytes_);
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  void Use() { bytes_ = 0; }

 private:
  WriteQueue& queue_;
  int64_t bytes_;
};

class Foreground {
 public:
  Foreground(Registry& registry, MultiFileTransactions& transactions, Failures& failures,
             WriteQueue& queue, Writer& writer)
      : registry_(registry),
        transactions_(transactions),
        failures_(failures),
        queue_(queue),
        writer_(writer) {}
  Foreground(const Foreground&) = delete;
  Foreground& operator=(const Foreground&) = delete;

  // REQUIRES: no file is open.
  void SetParent(sqlite3_vfs* parent) { parent_ = parent; }

  // Are main databases locked in the file system? Changed only while no file is open.
  void SetLockFiles(bool lock_files) { lock_files_.store(lock_files); }
  bool lock_files() const { return lock_files_.load(); }

  // A change holds for transactions that begin after it.
  void SetGrouping(Grouping grouping) { grouping_.store(grouping); }
  Grouping grouping() const { return grouping_.load(); }

  // How long the real lock of a database may be held, in milliseconds, without a moment in which
  // other processes can get it, before new transactions wait for that. 0: for ever.
  void SetLockHold(int milliseconds) { lock_hold_.store(milliseconds); }
  int lock_hold() const { return lock_hold_.load(); }

  // A process with SQLite's own busy handler and a timeout of one second asks at least every 100
  // ms, and the last time at its end: with these it finds the lock free once in that second, also
  // if what holds the lock takes somewhat longer than the last time.
  static constexpr int kDefaultLockHold = 750;
  static constexpr std::chrono::milliseconds kLockPause{110};
  // What is queued may take longer than anyone can wait.
  static constexpr std::chrono::milliseconds kLockPatience{2000};
  // For tests, to which it matters whether there is a wait, not for how long.
  void SetLockPatience(std::chrono::milliseconds patience) { lock_patience_.store(patience); }
  void SetLockPause(std::chrono::milliseconds pause) { lock_pause_.store(pause); }
  // How many wait like that now.
  int waiting_for_lock() const { return waiting_for_lock_.load(); }

  // Files that SQLite has open.
  int64_t open_files() const { return open_files_.load(); }

  // --- sqlite3_vfs ---

  // `name` may be null. SQLITE_OK: `file` is the open file, `out_flags` how it was opened.
  int Open(const char* name, int flags, OpenFile** file, int* out_flags);
  int Delete(const char* name, bool sync_directory);
  int Access(const char* name, int flags, int* answer);
  int FullPathname(const char* name, int size, char* out);

  // --- sqlite3_io_methods ---

  void Close(OpenFile* file) noexcept;
  int Read(OpenFile& file, void* out, int size, int64_t offset);
  int Write(OpenFile& file, const void* bytes, int size, int64_t offset);
  int Truncate(OpenFile& file, int64_t size);
  int Sync(OpenFile& file, int flags);
  int FileSize(OpenFile& file, int64_t* size);
  int Lock(OpenFile& file, int level);
  int Unlock(OpenFile& file, int level) noexcept;
  int CheckReservedLock(OpenFile& file, int* reserved);
  int Control(OpenFile& file, int verb, void* argument);
  int SectorSize(OpenFile& file);
  int DeviceCharacteristics(OpenFile& file);

 private:
  using NewFile = std::unique_ptr<OpenFile>;

  // The three ways in which a file is opened (spec section 4).
  int OpenMain(const std::string& path, const char* name, int flags, NewFile* file);
  int OpenAtOnce(const std::string& path, const char* name, int flags, NewFile* file);
  int OpenQueued(NewFile file, bool fresh, NewFile* opened);
  // And the journal of a transaction that is folded.
  int OpenVirtual(NewFile file, NewFile* opened);

  // If the last connection of a database that has failed is gone: its path leads to a new Database
  // from now on, and a new open looks for a hot journal without our own lock in its way. Otherwise
  // false.
  bool StartClean(Database& database);

  // Makes way for the file that someone has put at the path of `database`.
  void Replace(Database& database);

  // Must a file that is opened with CREATE be taken for a new one, whatever lies at the parent?
  bool IsFresh(OpenFile& file);

  // Is it a journal that lies at the parent, but only while a group is on its way to disk?
  static bool IsHidden(Database& database, const SharedFile& file) REQUIRES(database.mutex) {
    return file.role == FileRole::kJournal &&
           database.folding().journal() != Folding::Journal::kAtParent;
  }

  int ReadBytes(OpenFile& file, void* out, int size, int64_t offset);
  int FindSize(OpenFile& file, int64_t* size);

  // The handle for what the image leaves to the parent. Null: the parent has no such file, or
  // `code` is not SQLITE_OK.
  ParentFile* ReadHandle(OpenFile& file, int* code);

  // A transaction may span databases of this VFS and of another; SQLite has the VFS of the
  // connection's main database keep the super-journal. What the other VFS does is on disk at once,
  // so what this one does has to be as well, wherever the order matters: the super-journal before
  // any page of the others is written, and with all pages before it is deleted, which is the
  // commit. Waits for the queue and returns the error that the database has got by then.
  int WaitUntilWritten(Database& database);

  // Does a connection through this VFS hold RESERVED or more?
  bool IsReserved(Database& database);

  // Notes which databases a super-journal names. The first is for one that is written by the commit
  // in hand, the second for one that is read in a recovery: rolling back what it names is queued,
  // and SQLite deletes it when no journal names it any more, so that has to fail if one of these
  // does.
  void JoinTransactions(Database& super_journal, std::string_view names);
  void JoinRecovered(Database& super_journal, std::string_view names);

  // --- Folding (folding.h) ---

  bool GroupingInForce();

  // Whose the journal is that SQLite works on: of the connection that has RESERVED. Null: there is
  // none, or no telling, since others take no locks.
  FoldedTransaction* OwnerOfJournal(Database& database);
  // May a transaction that begins be folded?
  bool MayFold(Database& database);

  // The transaction that a change through `file` is part of, if it is folded: else null. Decides
  // that at its first change.
  FoldedTransaction* FoldedIn(OpenFile& file);

  // Changes of the main file in a transaction that is folded. `file`: the connection. False: it
  // doesn't go in, and nothing has happened.
  bool WriteFolded(OpenFile& file, const void* bytes, int size, int64_t offset);
  bool TruncateFolded(OpenFile& file, int64_t size);
  // And of its journal.
  bool WriteVirtual(FoldedTransaction& transaction, const void* bytes, int size, int64_t offset);
  // Reserves bytes for it, unless it would hold too many of them.
  bool Charge(FoldedTransaction& transaction, int64_t bytes);
  // A new transaction begins, with a journal or with others. If the journal has ended before, that
  // was a rollback in locking_mode=EXCLUSIVE, which no unlock follows: what is left of it is what
  // lies below it, and no journal covers it any more. Dropped.
  void DropRolledBack(FoldedTransaction& transaction);

  // From here on the transaction, if it is folded, is queued operation by operation, and what it
  // has done so far as well. Called by its thread.
  void Unfold(Database& database, FoldedTransaction& transaction);
  // The operations that do what it has done: for the journal, if it has one, and for the main file.
  static std::vector<OperationPtr> JournalOperations(Database& database,
                                                     const FoldedTransaction& transaction);
  static std::vector<OperationPtr> MainOperations(Database& database,
                                                  const FoldedTransaction& transaction);
  // Enters them in its image; all or, with std::bad_alloc, none.
  void ApplyToJournal(Database& database, const std::vector<OperationPtr>& operations)
      REQUIRES(database.mutex);

  // A journal is about to be changed operation by operation, while nothing of it is queued so far,
  // but perhaps a group that has a journal of its own: queues what makes it empty.
  void StartQueuedJournal(OpenFile& file);

  // SQLite has committed; the connection gives up RESERVED. `file`: the connection.
  void Commit(OpenFile& file);
  void EndTransaction(OpenFile& file) noexcept;
  static void ForgetJournal(FoldedTransaction& transaction) noexcept;

  // A write transaction is about to begin: waits, if there is little room left in the queue.
  void WaitForRoom(Database& database);

  // A connection that holds no lock asks for one: waits, if the lock in the file system has been
  // held too long.
  void LetOthersIn(Database& database, OpenFile& file) REQUIRES(database.lock_mutex);

  // Counts the operation in and queues it.
  void Push(Database& database, OperationPtr operation) REQUIRES(database.mutex);

  int BeforeSync(OpenFile& file, const char* super_journal);
  int ControlAllHandles(OpenFile& file, int verb, void* argument);
  int HasMoved(OpenFile& file, int* moved);

  Registry& registry_;
  MultiFileTransactions& transactions_;
  Failures& failures_;
  WriteQueue& queue_;
  Writer& writer_;
  sqlite3_vfs* parent_ = nullptr;
  std::atomic<bool> lock_files_{true};
  std::atomic<Grouping> grouping_{Grouping::kAuto};
  std::atomic<int> lock_hold_{kDefaultLockHold};
  std::atomic<std::chrono::milliseconds> lock_patience_{kLockPatience};
  std::atomic<std::chrono::milliseconds> lock_pause_{kLockPause};
  std::atomic<int> waiting_for_lock_{0};
  std::atomic<int64_t> open_files_{0};
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_FOREGROUND_H_
