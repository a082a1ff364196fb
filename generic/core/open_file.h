// OpenFile: one file as SQLite has it open, from xOpen until its CLOSE has been performed.
//
// Thread safety: the members up to the gap are set before the file is in use and then constant.
// Each member behind it says who may touch it.
//
// Which parent handle serves what:
//
//   a main database     reads: `handle`, open from the start; writes: Database::write_handle()
//   opened at once      (without CREATE) reads and writes: `handle`, open from the start
//   a single handle     (delete-on-close, EXCLUSIVE) reads and writes: `handle`, opened by the OPEN
//   any other           writes: `handle`, opened by the OPEN, or without CREATE by the first
//   change;
//                       reads: `reader`, opened when the first byte is wanted that only the parent
//                       has, so that no read waits for a write

#ifndef SQLITEASYNC_CORE_OPEN_FILE_H_
#define SQLITEASYNC_CORE_OPEN_FILE_H_

#include <atomic>
#include <memory>

#include "database.h"
#include "folded_transaction.h"
#include "lock_table.h"
#include "operation.h"
#include "parent_file.h"

namespace sqliteasync {

class OpenFile {
 public:
  OpenFile(std::shared_ptr<Database> database, SharedFile& file, int flags)
      : database(std::move(database)),
        file(file),
        flags(flags),
        temporary((flags & SQLITE_OPEN_DELETEONCLOSE) != 0),
        single((flags & (SQLITE_OPEN_DELETEONCLOSE | SQLITE_OPEN_EXCLUSIVE)) != 0),
        close(NewOperation(OperationKind::kClose, &file, this)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const std::shared_ptr<Database> database;
  SharedFile& file;
  const int flags;        // SQLITE_OPEN_*, as SQLite gave them
  const bool temporary;   // to be deleted when it is closed
  const bool single;      // the parent can have it open once only
  bool at_once = false;   // `handle` was opened by xOpen, not by a queued OPEN
  bool main = false;      // a connection to a main database: see Database::Connect
  bool unlocked = false;  // one that takes no locks
  bool counted = false;   // among the files that are open

  // Opened by the thread of xOpen or by the writer (see the table); whoever reads through it has
  // seen the image without the OPEN, so it has been opened.
  ParentFile handle;

  // SQLite's thread alone.
  std::unique_ptr<FoldedTransaction> transaction;  // a connection's; else null
  // Of a journal: the transaction that is folded, and has its bytes. Else null.
  FoldedTransaction* journal_of = nullptr;
  ParentFile reader;
  bool changed = false;     // a change has been queued through it
  bool deferred = false;    // a journal whose OPEN has not been queued: it is virtual so far
  bool sync_waits = false;  // the next xSync returns when the sync has been performed

  // The name to open `handle` with, if xOpen hasn't. The writer alone, once the file is in use.
  FileName name;

  // Guarded by the database's lock mutex.
  LockHolder lock;
  OperationPtr unlock;  // kept ready while a lock is held, so that an unlock can't fail

  // Pushed by xClose, which therefore can't fail either.
  OperationPtr close;

  // SQLite has closed it; what is left of a temporary file need not be written.
  std::atomic<bool> closed{false};
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_OPEN_FILE_H_
