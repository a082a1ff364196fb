#include "connections.h"

#include <sqlite3.h>

#include <atomic>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "client.h"
#include "stage.h"
#include "workloads.h"

namespace bench {

namespace {

// Operation by operation a transaction takes some 16 KB.
constexpr int64_t kMostQueued = 40'000;  // transactions

// Something that a thread does again and again, and how long it takes each time.
struct Job {
  std::function<void(Latencies&)> action;
  Latencies latencies = {};
};

// Or all threads meet at the one mutex that SQLite has for them at every allocation, and it is that
// which is measured. Before SQLite is used in the process.
void KeepNoMemoryStatistics() {
  if (sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK) {
    throw std::runtime_error("SQLite was in use before it was configured");
  }
}

// Does all jobs at once until one of them was done `most` times, or for `seconds`, which it
// returns. Throws the first exception that a job has thrown.
double DoAtOnce(std::vector<Job>& jobs, double seconds, int64_t most) {
  std::atomic<bool> begin{false};
  std::atomic<bool> end{false};
  std::mutex mutex;
  std::exception_ptr thrown;
  const auto work = [&](Job& job) {
    begin.wait(false);
    try {
      while (!end.load(std::memory_order_relaxed) && job.latencies.count() < most) {
        job.action(job.latencies);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!thrown) thrown = std::current_exception();
    }
    end = true;
  };
  std::vector<std::jthread> threads;
  threads.reserve(jobs.size());
  for (Job& job : jobs) threads.emplace_back(work, std::ref(job));
  const auto start = Clock::now();
  begin = true;
  begin.notify_all();
  while (!end && Seconds(Clock::now() - start) < seconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  end = true;
  for (std::jthread& thread : threads) thread.join();
  if (thrown) std::rethrow_exception(thrown);
  return Seconds(Clock::now() - start);
}

}  // namespace

Measurement RunConnections(const Mode& mode, int count, bool halted, uint64_t seed,
                           double seconds) {
  KeepNoMemoryStatistics();
  Setting setting;
  if (halted) setting.queue_limit = 0;
  Stage stage(mode, setting);
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<Job> jobs;
  Latencies ignored;
  for (int i = 0; i < count; ++i) {
    const std::string path = "bench" + std::to_string(i) + ".db";
    const uint64_t own_seed = seed + static_cast<uint64_t>(i) * 10;
    Transactions::CreateTable(kUpdates, own_seed, path, stage.preparing_vfs());
    clients.push_back(
        std::make_unique<Client>(path, stage.vfs(), mode.pragmas, kUpdates, own_seed + 1));
    clients.back()->Transaction(ignored);
    jobs.push_back({[client = clients.back().get()](Latencies& to) { client->Transaction(to); }});
  }
  stage.WaitUntilOnDisk();
  if (halted) stage.HaltWriter();

  const int64_t most =
      halted && IsSingle(mode) ? kMostQueued / count : std::numeric_limits<int64_t>::max();
  Measurement result;
  result.application_seconds = DoAtOnce(jobs, seconds, most);
  for (const Job& job : jobs) result.latencies["transaction"].Merge(job.latencies);
  result.transactions = result.latencies["transaction"].count();
  return result;
}

Measurement RunReaders(const Mode& mode, int count, uint64_t seed, double seconds) {
  constexpr char kDatabase[] = "bench.db";
  KeepNoMemoryStatistics();
  Stage stage(mode, {});
  Transactions::CreateTable(kWideUpdates, seed, kDatabase, stage.preparing_vfs());
  Client client(kDatabase, stage.vfs(), mode.pragmas, kWideUpdates, seed + 1);
  std::vector<std::unique_ptr<Reader>> readers;
  Latencies ignored;
  client.Transaction(ignored);
  std::vector<Job> jobs = {{[&](Latencies& to) { client.Transaction(to); }}};
  for (int i = 0; i < count; ++i) {
    readers.push_back(std::make_unique<Reader>(kDatabase, stage.vfs(), kWideUpdates,
                                               seed + 2 + static_cast<uint64_t>(i)));
    readers.back()->ReadRow(ignored);
    jobs.push_back({[reader = readers.back().get()](Latencies& to) { reader->ReadRow(to); }});
  }
  stage.WaitUntilOnDisk();

  Measurement result;
  result.application_seconds = DoAtOnce(jobs, seconds, std::numeric_limits<int64_t>::max());
  result.transactions = jobs[0].latencies.count();
  result.latencies["transaction"] = jobs[0].latencies;
  for (size_t i = 1; i < jobs.size(); ++i) result.latencies["read"].Merge(jobs[i].latencies);
  return result;
}

}  // namespace bench
