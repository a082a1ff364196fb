// WriteQueue: the total order of queued operations, how many bytes they hold, and who waits for
// what.
//
// Thread safety: all methods may be called from any thread; one mutex guards all, the writer's
// settings too, so that a change of one of them is never missed by someone about to wait.
//
// Operations of one database are pushed with its own mutex held, so their order here is the order
// in which they entered its images.

#ifndef SQLITEASYNC_CORE_WRITE_QUEUE_H_
#define SQLITEASYNC_CORE_WRITE_QUEUE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

#include "mutex.h"
#include "operation.h"
#include "statistics.h"

namespace sqliteasync {

// The gap that is found in front of bytes_ is meant: OwnCacheLine.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
class WriteQueue {
 public:
  WriteQueue() = default;
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  // Spec: 64 MiB to start with.
  static constexpr int64_t kDefaultLimit = int64_t{64} << 20;

  Mutex mutex;

  // The writer sleeps here while the queue is empty.
  CondVar work;
  // And here while it lingers although something is queued; woken when someone waits.
  CondVar hurry;
  // Threads that need room, or the queue to be empty, wait here.
  CondVar progress;

  // Appends. The bytes have been reserved (Writer::Reserve).
  void Push(OperationPtr operation) EXCLUDES(mutex);

  // Takes the oldest operation; null if there is none. It counts as queued until Done.
  Operation* Pop() REQUIRES(mutex);
  // What Pop gave has been performed or given up, and freed.
  void Done(int64_t cost, bool change) REQUIRES(mutex);

  // Bytes come in when they are reserved, and leave when the operation is done. Returns false if
  // there is no room below the limit.
  bool TryReserve(int64_t cost);
  // Above it as well, if nothing is queued: then all bytes are open transactions', and nobody can
  // make room.
  bool TryReserveAlone(int64_t cost) REQUIRES(mutex);
  void GiveBack(int64_t cost) EXCLUDES(mutex);

  int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void SetLimit(int64_t bytes) EXCLUDES(mutex);

  bool Empty() REQUIRES(mutex) { return head_ == nullptr; }
  // The oldest operation; null if there is none.
  const Operation* Next() REQUIRES(mutex) { return head_; }
  bool SomeoneWaits() REQUIRES(mutex) { return waiting_.load() > 0; }
  bool HasRoom(int64_t bytes) const { return limit() == 0 || bytes_.now() + bytes <= limit(); }
  bool QuarterIsTaken() const { return IsTaken(limit() / 4); }

  // How many bytes a group may take before another is begun. Room comes back group by group, so
  // under overload, when the application goes at the speed at which it does, the groups are as
  // small as the disk is slow.
  int64_t GroupLimit() const;
  // How long it takes to carry to disk what is queued, if it goes as with the last group.
  std::chrono::steady_clock::duration TimeToWrite() const;
  // A group of so many bytes was carried to disk, and took so long.
  void NoteGroup(int64_t bytes, std::chrono::steady_clock::duration time);

  // Operations queued or being performed; those that change something (no CLOSE, no UNLOCK).
  int64_t count() REQUIRES(mutex) { return count_.now; }
  int64_t changes() REQUIRES(mutex) { return changes_; }
  // Transactions that are committed and not on disk.
  void CountTransactions(int64_t transactions) { transactions_.Add(transactions); }
  // The levels of all this.
  SharedLevel& bytes() { return bytes_; }
  SharedLevel& transactions() { return transactions_; }
  Level& operations() REQUIRES(mutex) { return count_; }
  // How many have ever been pushed, and done.
  int64_t pushed() REQUIRES(mutex) { return pushed_; }
  int64_t done() REQUIRES(mutex) { return pushed_ - count_.now; }

  // Set by the writer around its wait on `work`: only then a push has to wake it.
  void SetWriterSleeps(bool sleeps) REQUIRES(mutex) { writer_sleeps_ = sleeps; }
  bool writer_sleeps() REQUIRES(mutex) { return writer_sleeps_; }

  // Waits on `progress`. Only while someone waits does a push or a Done have anyone to wake.
  void WaitForProgress() REQUIRES(mutex);

  // While it lives its thread counts as one that waits: what it then finds is old by the time that
  // it sleeps only if it is woken for it. Who waits for bytes needs it.
  class Waiting {
   public:
    explicit Waiting(WriteQueue& queue) : queue_(queue) {
      ++queue_.waiting_;
      queue_.hurry.NotifyAll();
    }
    ~Waiting() { --queue_.waiting_; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    WriteQueue& queue_;
  };

 private:
  bool IsTaken(int64_t bytes) const { return limit() != 0 && bytes_.now() >= bytes; }
  void NotifyProgress() REQUIRES(mutex);

  Operation* head_ GUARDED_BY(mutex) = nullptr;
  Operation* tail_ GUARDED_BY(mutex) = nullptr;
  Level count_ GUARDED_BY(mutex);
  int64_t changes_ GUARDED_BY(mutex) = 0;
  int64_t pushed_ GUARDED_BY(mutex) = 0;
  OwnCacheLine<SharedLevel> bytes_;  // see GiveBack for the order of this and waiting_
  OwnCacheLine<SharedLevel> transactions_;
  std::atomic<int64_t> limit_{kDefaultLimit};  // written with the mutex held
  std::atomic<int64_t> group_in_time_{std::numeric_limits<int64_t>::max()};  // see NoteGroup
  std::atomic<int> waiting_{0};  // changed with the mutex held
  bool writer_sleeps_ GUARDED_BY(mutex) = false;
};

// CLOSE and UNLOCK change nothing: what a database holds is the same without them. Nor does a
// barrier.
inline bool IsChange(OperationKind kind) {
  return kind != OperationKind::kClose && kind != OperationKind::kUnlock &&
         kind != OperationKind::kBarrier;
}

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_WRITE_QUEUE_H_
