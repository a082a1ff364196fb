#include "depth.h"

#include <malloc.h>  // glibc's

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "client.h"
#include "resident_memory.h"
#include "stage.h"
#include "workloads.h"

namespace bench {

namespace {

constexpr char kDatabase[] = "bench.db";

Setting WithoutLimits() { return {.counted_above = true, .queue_limit = 0, .lock_hold = 0}; }

// Operations per second that a fast disk may take from the queue, and a client put into it.
constexpr double kTaken = 60'000;
constexpr double kGiven = 400'000;
// How far the queue may be off: the share of its depth, and operations.
constexpr double kOff = 0.25;
constexpr double kAnyOff = 500;
// Below that the memory that a process has anyway would be most of it.
constexpr int64_t kDepthForMemory = 100'000;
constexpr double kTransactionShare = 0.1;

// Leaves some memory with the allocator that the system has given already, so that transactions
// cost at each depth what they cost with an allocator that is warm. Else those on an empty queue,
// which use again what the last ones have freed, are compared with others for which each page of
// memory comes fresh from the system.
void WarmAllocator() {
  constexpr size_t kBlock = 4096;
  constexpr size_t kBlocks = 8192;
#ifdef M_TRIM_THRESHOLD
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
#endif
  std::vector<std::unique_ptr<char[]>> blocks(kBlocks);
  // Set to zero, which touches it.
  for (auto& block : blocks) block = std::make_unique<char[]>(kBlock);
}

class Queue {
 public:
  Queue(const Mode& mode, int64_t depth, uint64_t seed)
      : stage_(mode, WithoutLimits()),
        depth_(depth),
        filler_(Make(seed), stage_.vfs(), mode.pragmas, kWideUpdates, seed + 1),
        client_(kDatabase, stage_.uncounted_vfs(), mode.pragmas, kWideUpdates, seed + 2),
        reader_(kDatabase, stage_.uncounted_vfs(), kWideUpdates, seed + 3) {
    Latencies ignored;
    client_.Transaction(ignored);
    filler_.Transaction(ignored);
    reader_.Scan(ignored);
    stage_.WaitUntilOnDisk();
    stage_.HaltWriter();
    Fill();
  }

  Client& client() { return client_; }
  Reader& reader() { return reader_; }
  const std::optional<Overhead>& overhead() const { return overhead_; }

  // Has `action` done again and again, for so many seconds, with the queue about as deep as it is
  // meant to be. `rate`: how many operations a second it puts in.
  template <typename Action>
  void Repeat(double seconds, bool running, double rate, Action action) {
    if (running) rate = std::max(rate, kTaken);
    while (seconds > 0) {
      const double allowed = kOff * static_cast<double>(depth_) + kAnyOff;
      if (off_ > allowed / 2) Renew();
      if (running) stage_.StartWriter();
      const auto start = Clock::now();
      double elapsed = 0;
      do {
        action();
        elapsed = Seconds(Clock::now() - start);
      } while (elapsed < seconds && off_ + elapsed * rate < allowed);
      if (running) stage_.HaltWriter();
      off_ += elapsed * rate;
      seconds -= elapsed;
    }
  }

 private:
  static const char* Make(uint64_t seed) {
    Transactions::CreateTable(kWideUpdates, seed, kDatabase, nullptr);
    return kDatabase;
  }

  void Fill() {
    const int64_t resident = ResidentBytes();
    const Asked before = Stage::ReadAsked();
    Asked asked;
    Latencies ignored;
    while (asked.operations < depth_) {
      filler_.Transaction(ignored);
      const Asked now = Stage::ReadAsked();
      asked.bytes_written = now.bytes_written - before.bytes_written;
      // Each transaction has an UNLOCK, too.
      asked.operations = now.operations - before.operations + ignored.count();
    }
    off_ = 0;
    if (depth_ >= kDepthForMemory && !overhead_) {
      overhead_ = {.units = asked.operations,
                   .bytes = ResidentBytes() - resident - asked.bytes_written};
    }
    WarmAllocator();
  }

  void Renew() {
    stage_.StartWriter();
    stage_.WaitUntilOnDisk();
    stage_.HaltWriter();
    Fill();
  }

  Stage stage_;
  const int64_t depth_;
  Client filler_;
  Client client_;
  Reader reader_;
  double off_ = 0;  // operations, estimated
  std::optional<Overhead> overhead_;
};

}  // namespace

Measurement RunAtDepth(const Mode& mode, int64_t depth, uint64_t seed, double seconds) {
  Queue queue(mode, depth, seed);
  Measurement result;
  result.overhead = queue.overhead();
  for (const bool running : {false, true}) {
    const std::string suffix = running ? " running" : "";
    queue.Repeat(seconds, running, 0, [&, &reads = result.latencies["read" + suffix]] {
      queue.reader().ReadRow(reads);
    });
    queue.Repeat(seconds, running, 0,
                 [&, &scans = result.latencies["scan" + suffix]] { queue.reader().Scan(scans); });
    Latencies& transactions = result.latencies["transaction" + suffix];
    queue.Repeat(seconds * kTransactionShare, running, kGiven,
                 [&] { queue.client().Transaction(transactions); });
    result.transactions += transactions.count();
  }
  return result;
}

Measurement RunPages(const Mode& mode, int64_t pages, uint64_t seed) {
  // Its pages are new: none is written twice.
  const Workload workload = {"", "", Workload::Kind::kInsert, 0, 1'000, false};
  // What SQLite keeps of them has its full size before.
  constexpr int64_t kPagesBefore = 2'000;

  Stage stage(mode, WithoutLimits());
  Transactions::CreateTable(workload, seed, kDatabase, nullptr);
  Client client(kDatabase, stage.uncounted_vfs(), mode.pragmas, workload, seed);
  Connection looking(kDatabase, stage.uncounted_vfs());
  stage.HaltWriter();
  Measurement result;
  const auto grow_to = [&](int64_t size) {
    int64_t now = 0;
    while ((now = looking.Integer("PRAGMA page_count")) < size) {
      client.Transaction(result.latencies["transaction"]);
    }
    return now;
  };
  const int64_t first = grow_to(kPagesBefore);
  const int64_t resident = ResidentBytes();
  const int64_t added = grow_to(pages) - first;
  const int64_t page_size = looking.Integer("PRAGMA page_size");
  result.overhead = {.units = added, .bytes = ResidentBytes() - resident - added * page_size};
  result.transactions = result.latencies["transaction"].count();
  return result;
}

}  // namespace bench
