// Performer: what one queued operation does to the parent, and what becomes of the database if the
// parent refuses.
//
// Thread safety: Perform is called by one thread at a time, the writer or one that stands in for
// it; Writer sees to that.

#ifndef SQLITEASYNC_CORE_PERFORMER_H_
#define SQLITEASYNC_CORE_PERFORMER_H_

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "barrier.h"
#include "failures.h"
#include "group.h"
#include "multi_file_transactions.h"
#include "open_file.h"
#include "operation.h"
#include "sqlite.h"

namespace sqliteasync {

class Performer {
 public:
  Performer(MultiFileTransactions& transactions, Failures& failures)
      : transactions_(transactions), failures_(failures) {}

  // The VFS that everything is performed on. REQUIRES: nothing is queued.
  void SetParent(sqlite3_vfs* parent) { parent_ = parent; }

  // Performs the operation, and takes it out of its image. An error of the parent makes
  // the database fail, and all that share an unfinished multi-file transaction with it. Operations
  // of a database that has failed, and of a temporary file that has been closed, are given up.
  // Returns false if the operation was given up.
  bool Perform(Operation& operation);

  // Syncs what was performed without a sync, unless nobody waits any more, and notes the first
  // error of the databases.
  void PerformBarrier(BarrierState& barrier);

  // What has failed since the last call, to be reported.
  std::vector<Failure> TakeFailures() { return std::exchange(failed_, {}); }
  Failures& failures() { return failures_; }

  // How many groups have been carried to disk. For tests.
  int64_t groups() const { return groups_.load(std::memory_order_relaxed); }

 private:
  bool PerformKind(Operation& operation);

  // The handle that changes through `file` go to. One that was opened while only the queue had the
  // file is opened on the parent now.
  int Target(OpenFile& file, ParentFile** handle);

  // Each returns the parent's code.
  int Write(const Operation& operation);
  int Sync(const Operation& operation);
  int Truncate(const Operation& operation);
  int Delete(const Operation& operation);
  int Open(const Operation& operation);
  void Close(const Operation& operation);
  bool PerformGroup(Group& group);

  bool GivenUp(const Operation& operation);
  void Fail(SharedFile& file, OperationKind kind, int code);
  // For whoever asks, and those who are told as it happens.
  void NoteFailure(const Database& database, const SharedFile& file, OperationKind kind, int code);

  MultiFileTransactions& transactions_;
  Failures& failures_;
  std::vector<Failure> failed_;
  sqlite3_vfs* parent_ = nullptr;
  std::atomic<int64_t> groups_{0};
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_PERFORMER_H_
