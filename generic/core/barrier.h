// Barrier: an entry of the queue that stands behind all that has to be durable before someone who
// waits may go on. When it is performed, everything in front of it has been, and what was written
// without a sync is synced then (syncer.h).
//
// Thread safety: the entry is the writer's once it is in the queue. What it shares with the thread
// that waits says for itself.

#ifndef SQLITEASYNC_CORE_BARRIER_H_
#define SQLITEASYNC_CORE_BARRIER_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "database.h"
#include "operation.h"
#include "sqlite.h"

namespace sqliteasync {

// A database, held so that its error is known at the end, and what was found to be unsynced of a
// Database that was at its path before.
struct BarrierTarget {
  std::shared_ptr<Database> database;
  Unsynced found;
};

// How it ended.
struct BarrierResult {
  enum class Outcome {
    kDone,
    kTimedOut,
    kNoWriter,   // none runs, or it has stopped meanwhile; or this is its own thread
    kForkedOff,  // process.h
    kUnknown,    // there is no such database
    kFailed,     // an operation of it, or a sync
  };
  Outcome outcome = Outcome::kDone;
  int code = SQLITE_OK;  // SQLITE_BUSY, SQLITE_MISUSE, SQLITE_NOTFOUND, or that of the failure
  std::string database;  // kFailed: its path; kUnknown: the path that was looked for
};

// What the queue's entry and the thread that waits share.
struct BarrierState {
  std::vector<BarrierTarget> targets;
  std::atomic<bool> abandoned{false};  // nobody waits any more
  // Of the first that has failed. The writer's until `done`.
  int code = SQLITE_OK;
  std::shared_ptr<Database> failed;
  bool done = false;  // guarded by the queue's mutex
};

struct Barrier : Operation {
  explicit Barrier(std::shared_ptr<BarrierState> shared)
      : Operation(OperationKind::kBarrier), state(std::move(shared)) {}

  std::shared_ptr<BarrierState> state;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_BARRIER_H_
