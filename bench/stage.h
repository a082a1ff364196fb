// Stage: the VFSes that a mode needs, set up in this process for one pass; and what is known about
// the files at the bottom.
//
// sqliteasync is used as a C program would: initialized over the default VFS, a thread that runs
// the writer, a halt condition of "idle" and a join at the end. Its settings are the defaults but
// for what the Setting says.
//
// Thread safety: none; one thread at a time. There is one Stage in the life of a process.

#ifndef SQLITEASYNC_BENCH_STAGE_H_
#define SQLITEASYNC_BENCH_STAGE_H_

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "client.h"
#include "measurement.h"
#include "modes.h"

namespace bench {

// What a pass wants beside the VFSes of its mode.
struct Setting {
  // With a simulated device of the kind "plain" at the bottom, which counts. That costs a little,
  // so latencies and rates are measured without.
  bool counted = false;
  // With one of the kind "slow" there, of these settings; empty: none.
  std::string slow_device = {};
  // With one above sqliteasync that counts what SQLite asks it for.
  bool counted_above = false;

  // Of sqliteasync: bytes, and milliseconds.
  std::optional<int64_t> queue_limit = {};
  std::optional<int> lock_hold = {};
};

// What SQLite has asked sqliteasync for that changes a file: operations that join its queue where
// nothing is grouped. Without the UNLOCK that ends a transaction there, of which SQLite knows
// nothing.
struct Asked {
  int64_t operations = 0;
  int64_t bytes_written = 0;
};

class Stage {
 public:
  // The writer runs.
  Stage(const Mode& mode, const Setting& setting);
  // Leaves what was not finished: the process is about to end.
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // What connections that are measured use.
  const char* vfs() const { return vfs_.empty() ? nullptr : vfs_.c_str(); }
  // The same without the device above.
  const char* uncounted_vfs() const { return setting_.counted_above ? async_vfs_.c_str() : vfs(); }
  // What makes the database ahead of the measurement.
  const char* preparing_vfs() const { return mode_.below == Below::kMemory ? vfs() : nullptr; }

  // Returns once everything that was written so far is with the VFS at the bottom, and when that
  // was the case: without the time that it takes to be told.
  Clock::time_point WaitUntilOnDisk();
  // The same, and the VFS is gone. REQUIRES: all connections are closed.
  Clock::time_point Finish();

  // Has the writer stop where it is, and lets it run again. Without sqliteasync there is none, and
  // these do nothing. REQUIRES: it runs, or is halted.
  void HaltWriter();
  void StartWriter();

  // Since the Stage was made; nothing unless counted. Its transactions are for the caller to fill.
  std::optional<Counts> ReadCounts() const;
  // REQUIRES: counted_above.
  static Asked ReadAsked();

 private:
  void AddDevice(const char* name, const char* kind, const std::string& settings);
  // Has the writer end with an empty queue, and returns when it did.
  Clock::time_point EndWriter();

  const Mode& mode_;
  const Setting setting_;
  std::string vfs_;
  std::string async_vfs_;
  std::thread writer_;
  Clock::time_point writer_ended_;  // set by the writer's thread, valid once that is joined
};

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_STAGE_H_
