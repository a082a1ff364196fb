// std::mutex and std::condition_variable with annotations that clang can check.
//
// Lock order, everywhere in the core, from the outside in; a thread never takes one further out
// while it holds one further in:
//
//   1. Backend's registration mutex, Writer's run mutex
//   2. Writer's perform mutex          one operation at a time reaches the parent
//   3. Database::lock_mutex            who holds which lock; the real lock
//   4. ParentFile's mutex              one call at a time on one parent handle
//   5. MultiFileTransactions' mutex
//   6. Registry's mutex
//   7. Database::mutex                 images, counters
//   8. WriteQueue's mutex              the order of operations, settings of the writer

#ifndef SQLITEASYNC_CORE_MUTEX_H_
#define SQLITEASYNC_CORE_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "thread_annotations.h"

namespace sqliteasync {

// What threads of different databases write all the time stands in lines of its own: a write takes
// the line away from all other processors. Bytes, as of most processors.
inline constexpr size_t kCacheLine = 64;
template <typename Value>
struct alignas(kCacheLine) OwnCacheLine : Value {};

class CAPABILITY("mutex") Mutex {
 public:
  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class CondVar {
 public:
  void Wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }

  // Returns false if `deadline` passed first.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point deadline) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool in_time = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }

  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_MUTEX_H_
