// Failures: operations that the parent has refused, remembered and reported as they happen.
//
// Thread safety: all methods may be called from any thread.

#ifndef SQLITEASYNC_CORE_FAILURES_H_
#define SQLITEASYNC_CORE_FAILURES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mutex.h"
#include "operation.h"

namespace sqliteasync {

struct Failure {
  std::string database;  // canonical path; "" for a temporary file
  std::string file;      // the database itself, or its journal
  OperationKind operation;
  int code;      // SQLite's, extended
  int64_t time;  // seconds since 1970, UTC
};

class Failures {
 public:
  Failures() = default;
  Failures(const Failures&) = delete;
  Failures& operator=(const Failures&) = delete;

  // How many are kept; the oldest go first.
  static constexpr size_t kMost = 100;

  // Remembers it. What there is no memory for is not remembered.
  void Add(const Failure& failure) EXCLUDES(mutex_);

  // Tells all listeners, on this thread. REQUIRES: the caller holds no mutex of the core.
  void Report(const Failure& failure) noexcept EXCLUDES(mutex_);

  // Those that are kept, the oldest first. Throws std::bad_alloc.
  std::vector<Failure> All() EXCLUDES(mutex_);
  // The newest of a database. Throws std::bad_alloc.
  std::optional<Failure> Last(std::string_view database) EXCLUDES(mutex_);
  // Whoever uses the database has been told of its failures by a request that has failed, or a
  // barrier. That someone looks at what has failed, or listens, is not enough: it may be another.
  void Tell(std::string_view database) noexcept EXCLUDES(mutex_);
  // The oldest that nobody has been told of, as happens if all connections are closed before a
  // failure is met. Of one database, or of any; "" is any. Temporary files' don't count: what was
  // in them is of no use to anybody. Throws std::bad_alloc.
  std::optional<Failure> Untold(std::string_view database) EXCLUDES(mutex_);
  // Forgets all.
  void Clear() EXCLUDES(mutex_);

  // A listener is called on the thread that met the failure, which is the writer's, or whichever
  // performs operations while no writer runs. No mutex is held that it could need; but what waits
  // for the writer would wait for ever.
  using Listener = std::function<void(const Failure&)>;
  using ListenerId = int64_t;  // from 1

  // Throws std::bad_alloc.
  ListenerId Listen(Listener listener) EXCLUDES(mutex_);
  // Returns when the listener isn't being called any more, unless it is itself the caller. Does
  // nothing if there is no such listener.
  void StopListening(ListenerId id) EXCLUDES(mutex_);

 private:
  struct Kept : Failure {
    bool told = false;
  };
  struct Registered {
    ListenerId id;
    Listener listener;
  };

  std::shared_ptr<Registered> Next(ListenerId after) REQUIRES(mutex_);

  Mutex mutex_;
  CondVar reported_;
  std::deque<Kept> kept_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Registered>> listeners_ GUARDED_BY(mutex_);  // ids ascending
  ListenerId last_id_ GUARDED_BY(mutex_) = 0;
  int reports_ GUARDED_BY(mutex_) = 0;  // going on
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_FAILURES_H_
