// Writer: takes operations from the queue and has them performed, one at a time and in order. On
// its own thread, on a thread that a program lends it, or step by step on the thread of whoever
// needs an operation performed while no writer runs.
//
// Thread safety: all methods may be called from any thread.

#ifndef SQLITEASYNC_CORE_WRITER_H_
#define SQLITEASYNC_CORE_WRITER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "barrier.h"
#include "mutex.h"
#include "performer.h"
#include "write_queue.h"

namespace sqliteasync {

// When a running writer stops. The values are those of the C API.
enum class Halt : int { kNever = 0, kNow = 1, kIdle = 2 };

class Writer {
 public:
  Writer(WriteQueue& queue, Performer& performer) : queue_(queue), performer_(performer) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Milliseconds: what an int holds, as the C API passes it.
  static constexpr int kMaximumDelay = std::numeric_limits<int>::max();

  // From the end of a group to the beginning of the next that is queued by then. A transaction that
  // finds an idle writer is carried to disk at once.
  static constexpr std::chrono::milliseconds kLinger{10};
  // For tests, to which it matters whether there is a wait, not for how long.
  void SetLinger(std::chrono::milliseconds linger);
  // Likewise: how long WaitForRoom waits. Groups give room back in less.
  static constexpr std::chrono::milliseconds kRoomPatience{250};
  void SetRoomPatience(std::chrono::milliseconds patience);

  // What a writer is doing.
  WriterState State();
  // Does it wait for operations?
  bool Idle() { return State() == WriterState::kIdle; }

  // The settings. The delay is the pause after each operation that the writer performs, in
  // milliseconds; a change takes effect at once, in the pause as well.
  void SetHalt(Halt halt);
  Halt halt();
  void SetDelay(int milliseconds);
  int delay();
  // Is the delay above 0?
  bool Delays() const { return delays_.load(std::memory_order_relaxed); }

  // The writer's loop, on the calling thread, until the halt condition says so. A call while
  // another runs waits for its turn.
  void Run() EXCLUDES(run_mutex_);

  enum class StartResult {
    kStarted,
    kRunsAlready,   // and won't stop: the halt condition is kNever
    kForkedOff,     // process.h
    kOutOfThreads,  // the system gives no thread
  };
  // Why it wasn't started: for messages.
  static const char* Reason(StartResult result);

  // Starts a thread that calls Run, and returns once it runs. A writer that is about to stop is
  // waited for.
  StartResult Start() EXCLUDES(start_mutex_);

  // Returns once no writer runs: true. Halt condition kNever: false, at once.
  bool Wait();

  bool Running();

  // Performs up to `limit` queued operations on the calling thread, without the delay; those that
  // are given up don't count. Returns how many, or -1, having done nothing, if a writer runs.
  int64_t Step(int64_t limit);

  // Returns once everything that is queued by now has been performed, or given up. While no writer
  // runs the calling thread performs it. REQUIRES: the caller holds no mutex of the core.
  void Complete();

  // Calls `action` while no operation is being performed.
  // REQUIRES: the caller holds no mutex of the core.
  template <typename Action>
  void BetweenOperations(Action action) EXCLUDES(perform_mutex_) {
    MutexLock perform(perform_mutex_);
    action();
  }

  using Clock = std::chrono::steady_clock;

  // Queues the barrier, which is new, and returns once it has been performed, at the deadline if
  // there is one, or when no writer runs and none is about to. Doesn't hold up the writer, which
  // doesn't linger meanwhile, but keeps to its delay. kDone, kTimedOut, kNoWriter or kFailed.
  // Throws std::bad_alloc. REQUIRES: the caller holds no mutex of the core.
  BarrierResult::Outcome Await(const std::shared_ptr<BarrierState>& barrier,
                               std::optional<Clock::time_point> deadline);

  // Returns once nothing is queued, or no writer runs any more.
  void WaitUntilEmpty();

  // Performs what is queued by now if a writer runs, without the delay. Returns the number of
  // changes that stay behind: of those queued by now none, as long as a writer runs.
  int64_t Drain();

  // Waits until `cost` bytes more may be queued, and counts them as queued. While no writer runs
  // the calling thread performs operations to make room. `waits` counts it if there is no room at
  // once. REQUIRES: the caller holds no mutex of the core.
  void Reserve(int64_t cost, Counter& waits);
  // As that, but returns false, and has reserved nothing, if there is no room and nothing queued:
  // then others' reservations, like the caller's own, are what takes it, and waiting is for ever.
  bool ReserveBehindQueue(int64_t cost, Counter& waits);

  // Returns once there is room for so many bytes, without counting them, or nothing is queued, or
  // no writer runs, or after a while: others, in the middle of their transactions, may take what
  // comes free at once. Counted in `waits`. REQUIRES: as Reserve.
  void WaitForRoom(int64_t bytes, Counter& waits);

 private:
  bool running() REQUIRES(queue_.mutex) { return state_ != WriterState::kNone; }

  StartResult StartThread() REQUIRES(queue_.mutex, start_mutex_);
  void CountExpected(int more) REQUIRES(queue_.mutex);

  // Performs the oldest operation. Returns false if there was none. `performed`: it wasn't given
  // up.
  bool PerformNext(bool* performed) EXCLUDES(perform_mutex_);
  // And leaves what it has met to be reported.
  bool PerformNext(bool* performed, std::vector<Failure>* failed) EXCLUDES(perform_mutex_);

  // Returns once `done`, which looks at the queue with its mutex held, says so. While no writer
  // runs the calling thread performs operations meanwhile.
  template <typename Done>
  void WorkUntil(Done done) REQUIRES(queue_.mutex);

  // The pause. Ends early when the writer is to stop or to hurry.
  void Pause() REQUIRES(queue_.mutex);

  // Groups follow each other: waits a while, so that the next one takes in more transactions. Not
  // if anyone waits for the writer, it is to stop, or a quarter of the byte limit is taken.
  void Linger() REQUIRES(queue_.mutex);

  WriteQueue& queue_;
  Performer& performer_;

  Mutex run_mutex_ ACQUIRED_BEFORE(perform_mutex_);  // held by the writer that runs
  Mutex start_mutex_;                                // held by a Start in progress
  Mutex perform_mutex_;                              // held while one operation is performed

  CondVar barriers_;  // signalled when a barrier has been performed, or no writer is expected
  CondVar settings_;  // signalled when a setting has changed
  Halt halt_ GUARDED_BY(queue_.mutex) = Halt::kNever;
  int delay_ GUARDED_BY(queue_.mutex) = 0;
  std::chrono::milliseconds linger_ GUARDED_BY(queue_.mutex) = kLinger;
  std::chrono::milliseconds room_patience_ GUARDED_BY(queue_.mutex) = kRoomPatience;
  std::atomic<bool> delays_{false};  // written with that mutex held
  WriterState state_ GUARDED_BY(queue_.mutex) = WriterState::kNone;
  std::thread::id thread_ GUARDED_BY(queue_.mutex);  // the writer's
  int expected_ GUARDED_BY(queue_.mutex) = 0;  // calls of Run and Start that have not returned
  // When the last group was on disk, if the writer has not been idle since.
  std::optional<std::chrono::steady_clock::time_point> group_done_ GUARDED_BY(queue_.mutex);
  int64_t runs_ GUARDED_BY(queue_.mutex) = 0;         // how many have begun
  int64_t drain_until_ GUARDED_BY(queue_.mutex) = 0;  // no delay before that many are done
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_WRITER_H_
