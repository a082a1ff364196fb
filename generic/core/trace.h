// The trace: one line per event on stderr while the linked variable sqlite3async_trace is not 0.

#ifndef SQLITEASYNC_CORE_TRACE_H_
#define SQLITEASYNC_CORE_TRACE_H_

#include <atomic>

#include "core/compiler.h"

namespace sqliteasync {

// The variable. Tcl links it as a plain int, which a lock-free std::atomic<int> has the layout of;
// every thread may read and write it.
extern std::atomic<int> trace_flag;
static_assert(std::atomic<int>::is_always_lock_free && sizeof(std::atomic<int>) == sizeof(int));

inline bool Tracing() {
  return SQLITEASYNC_UNLIKELY(trace_flag.load(std::memory_order_relaxed) != 0);
}

// Prints "[thread] " and the formatted text as one line. Call it only where Tracing() said so.
SQLITEASYNC_FORMATS_LIKE_PRINTF void Trace(const char* format, ...);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_TRACE_H_
