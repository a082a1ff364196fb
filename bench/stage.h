// Stage: the VFSes that a mode needs, set up in this process for one pass; and what is known about
// the files at the bottom.
//
// sqliteasync is used as a C program would: initialized over the default VFS, a thread that runs
// the writer, a halt condition of "idle" and a join at the end.
//
// Thread safety: none; one thread at a time. There is one Stage in the life of a process.

#ifndef SQLITEASYNC_BENCH_STAGE_H_
#define SQLITEASYNC_BENCH_STAGE_H_

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "measurement.h"
#include "modes.h"

namespace bench {

using Clock = std::chrono::steady_clock;

// Thrown where a mode can't be had; the text says why.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Stage {
 public:
  // `counted`: with a simulated device of the kind "plain" at the bottom, which counts. That costs
  // a little, so latencies and rates are measured without.
  Stage(const Mode& mode, bool counted);
  // Leaves what was not finished: the process is about to end.
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // What connections that are measured use.
  const char* vfs() const { return vfs_.empty() ? nullptr : vfs_.c_str(); }
  // What makes the database ahead of the measurement.
  const char* preparing_vfs() const { return mode_.below == Below::kMemory ? vfs() : nullptr; }

  // Returns once everything that was written so far is with the VFS at the bottom, and when that
  // was the case: without the time that it takes to be told.
  Clock::time_point WaitUntilOnDisk();
  // The same, and the VFS is gone. REQUIRES: all connections are closed.
  Clock::time_point Finish();

  // Since the Stage was made; nothing unless counted. Its transactions are for the caller to fill.
  std::optional<Counts> ReadCounts() const;

 private:
  void StartWriter();
  // Has the writer end with an empty queue, and returns when it did.
  Clock::time_point EndWriter();

  const Mode& mode_;
  const bool counted_;
  std::string vfs_;
  std::thread writer_;
  Clock::time_point writer_ended_;  // set by the writer's thread, valid once that is joined
};

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_STAGE_H_
