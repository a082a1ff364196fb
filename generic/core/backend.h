// Backend: the one asynchronous backend of the process. It owns all parts of the core, registers
// the VFSes, and carries out what the control interfaces (Tcl, C, the loadable extension) ask.
//
// Thread safety: all methods may be called from any thread. Registering and unregistering while
// another thread opens a database is for the caller to prevent, as sqlite3_vfs_register() has it.

#ifndef SQLITEASYNC_CORE_BACKEND_H_
#define SQLITEASYNC_CORE_BACKEND_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "barrier.h"
#include "failures.h"
#include "foreground.h"
#include "multi_file_transactions.h"
#include "mutex.h"
#include "performer.h"
#include "registry.h"
#include "sqlite.h"
#include "statistics.h"
#include "write_queue.h"
#include "writer.h"

namespace sqliteasync {

class Backend {
 public:
  // Never destroyed: a writer may run until the process ends.
  static Backend& Get();

  // Registers both VFSes on top of the VFS `parent_name` (null or "": the current default).
  // `default_name`: which of the two becomes the default, null for none.
  // Already registered: SQLITE_OK, nothing changes. No such parent, or another copy of this library
  // has registered its own: SQLITE_ERROR.
  int Register(const char* parent_name, const char* default_name) EXCLUDES(registration_mutex_);

  // Makes the VFS `name`, which is registered, the default unless one of the two is it.
  int MakeDefault(const char* name) EXCLUDES(registration_mutex_);

  bool Registered() EXCLUDES(registration_mutex_);

  // Is `vfs` the parent of the two, and are they registered?
  bool StandsOn(const sqlite3_vfs* vfs) EXCLUDES(registration_mutex_);

  // Why the VFSes could not be unregistered.
  struct Refusal {
    int64_t open_files = 0;
    int64_t queued_changes = 0;
    bool refused() const { return open_files > 0 || queued_changes > 0; }
  };

  // Unregisters both. A writer that runs is waited for until nothing is queued; if only CLOSEs and
  // UNLOCKs are left the caller performs them. Refused, and nothing changed, while a file is open
  // or while changes are queued that no writer performs.
  Refusal Unregister() EXCLUDES(registration_mutex_);

  // Of the loadable extension: has a writer started when the next file is opened through the VFSes,
  // once; whoever halts it starts it again. Unregistering calls it off.
  void StartWriterAtFirstOpen() { writer_is_due_.store(true); }

  // A file has been opened. Returns false if a writer was to be started and the system gives no
  // thread for it: then it is due again at the next.
  bool FileOpened() { return !writer_is_due_.load(std::memory_order_relaxed) || StartDueWriter(); }

  // Settings; they outlive a registration. The setters answer SQLITE_MISUSE for a value out of
  // range and then change nothing.
  int SetHalt(int halt);  // SQLITEASYNC_HALT_*
  int halt() { return static_cast<int>(writer_.halt()); }
  int SetDelay(int64_t milliseconds);  // not negative
  int delay() { return writer_.delay(); }
  int SetLockFiles(int lock_files);  // 0 or not; only while no file is open and nothing is queued
  int lock_files() { return foreground_.lock_files() ? 1 : 0; }
  int SetQueueLimit(int64_t bytes);  // not negative; 0: none
  int64_t queue_limit() const { return queue_.limit(); }
  int SetGrouping(int grouping);          // SQLITEASYNC_GROUPING_*
  int SetLockHold(int64_t milliseconds);  // not negative
  int lock_hold() const { return foreground_.lock_hold(); }
  int grouping() const { return static_cast<int>(foreground_.grouping()); }

  // Returns once everything that was queued before the call, of the database `name` (how its file
  // is opened) or, with null or "", of all, is on disk and synced, whatever `synchronous` was: the
  // writer syncs what was written without. Others go on meanwhile. `milliseconds` < 0: however long
  // it takes. A transaction that is open is not waited for. An error of a database is that of
  // something that was queued before, or of a sync. Throws std::bad_alloc.
  BarrierResult Barrier(const char* name, int64_t milliseconds);

  // The state of the process.
  Status ReadStatus();
  // And of one database, `name` being how its file is opened, that is open or has something queued.
  // What it has counted it has since it was opened. nullopt: there is no such database. Throws
  // std::bad_alloc.
  std::optional<Status> ReadStatus(const char* name);
  // Sets a high-water mark, of the process or of one database, to what there is. Returns false if
  // there is no such database. The second throws std::bad_alloc.
  void ResetHighest(Level Status::*level);
  bool ResetHighest(const char* name, Level Status::*level);
  // The paths of the databases that are open, or have something queued. Throws std::bad_alloc.
  std::vector<std::string> Databases();

  // Operations that have failed. They are kept when the database is closed.
  Failures& failures() { return failures_; }
  // The newest of a database, known or not, or with null of all. Throws std::bad_alloc.
  std::optional<Failure> LastFailure(const char* name);

  Writer& writer() { return writer_; }
  Foreground& foreground() { return foreground_; }
  const Performer& performer() const { return performer_; }

  // At the normal exit of a program: performs what is queued if a writer runs, without the delay,
  // and says on stderr how many operations are lost if none does, and which have failed that nobody
  // has been told of. Once, if it is called again.
  void Finish();

 private:
  Backend();

  bool StartDueWriter();
  void ReportUntold() noexcept;

  // The path under which a database of that name is known. Throws std::bad_alloc.
  std::string PathOf(const char* name);

  WriteQueue queue_;
  Failures failures_;
  Registry registry_;
  MultiFileTransactions transactions_;
  Performer performer_;
  Writer writer_;
  Foreground foreground_;
  std::atomic<int64_t> reported_lost_{0};

  Mutex registration_mutex_;
  const sqlite3_vfs* parent_ GUARDED_BY(registration_mutex_) = nullptr;
  sqlite3_vfs first_ GUARDED_BY(registration_mutex_) = {};
  sqlite3_vfs second_ GUARDED_BY(registration_mutex_) = {};
  bool registered_ GUARDED_BY(registration_mutex_) = false;

  std::atomic<bool> writer_is_due_{false};
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_BACKEND_H_
