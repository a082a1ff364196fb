// What the backend counts, and how it reports it.
//
// Counting costs next to nothing: a Database counts under its own mutex, where that is held anyway,
// or in a Counter that no thread of another database touches. What holds for the process is summed
// up when someone asks, over the databases that there are and those that are gone.

#ifndef SQLITEASYNC_CORE_STATISTICS_H_
#define SQLITEASYNC_CORE_STATISTICS_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace sqliteasync {

// Only grows. Thread safety: any thread may do anything.
class Counter {
 public:
  void Add(int64_t more = 1) { value_.fetch_add(more, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// A number of things that are there, and its high-water mark. Thread safety: none of its own.
struct Level {
  int64_t now = 0;
  int64_t highest = 0;

  void Add(int64_t more) {
    now += more;
    highest = std::max(highest, now);
  }
  void ResetHighest() { highest = now; }
};

// The same, for any number of threads.
class SharedLevel {
 public:
  int64_t now() const { return now_.load(); }
  int64_t highest() const { return highest_.load(std::memory_order_relaxed); }

  void Add(int64_t more) {
    const int64_t sum = now_.fetch_add(more) + more;
    if (more > 0) Note(sum);
  }
  // Returns false, and changes nothing, if it would pass `limit`. A limit of 0 is none.
  bool AddBelow(int64_t limit, int64_t more) {
    int64_t sum = now_.load();
    do {
      if (limit != 0 && sum + more > limit) return false;
    } while (!now_.compare_exchange_weak(sum, sum + more));
    Note(sum + more);
    return true;
  }
  void ResetHighest() { highest_.store(now_.load(), std::memory_order_relaxed); }
  Level Read() const { return {now(), std::max(now(), highest())}; }

 private:
  void Note(int64_t sum) {
    int64_t highest = highest_.load(std::memory_order_relaxed);
    while (sum > highest &&
           !highest_.compare_exchange_weak(highest, sum, std::memory_order_relaxed)) {
    }
  }

  std::atomic<int64_t> now_{0};
  std::atomic<int64_t> highest_{0};
};

// What has been done so far.
struct Totals {
  int64_t performed = 0;     // operations; not those that were given up
  int64_t folded = 0;        // transactions that went into groups
  int64_t syncs = 0;         // of files, and of directories when a file is deleted
  int64_t written = 0;       // bytes, to files of the parent
  int64_t reads = 0;         // xRead
  int64_t memory_reads = 0;  // of these, those for which the parent wasn't asked
  int64_t waits = 0;         // of a thread for room below the byte limit

  Totals& operator+=(const Totals& other) {
    performed += other.performed;
    folded += other.folded;
    syncs += other.syncs;
    written += other.written;
    reads += other.reads;
    memory_reads += other.memory_reads;
    waits += other.waits;
    return *this;
  }
};

// The state of one database, or of the process.
struct Status {
  // Queued or being performed. A group is one operation; CLOSE and UNLOCK count.
  Level operations;
  // A database's: what these hold. The process's: what counts against the byte limit, which is that
  // and what transactions hold that are open and being folded.
  Level bytes;
  // Committed, and not on disk: those in groups, and others until their last operation is done.
  Level transactions;
  int64_t grouped = 0;  // those in groups
  int64_t age = 0;      // of the oldest operation but CLOSE, milliseconds; 0: none is queued
  Totals totals;
};

enum class WriterState {
  kNone,       // no writer runs
  kIdle,       // nothing is queued
  kWorking,    // an operation is being performed
  kLingering,  // a group is queued, and may take in more
  kPaused,     // the delay
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_STATISTICS_H_
