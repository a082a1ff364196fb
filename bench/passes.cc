#include "passes.h"

#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <string_view>

#include "connections.h"
#include "depth.h"
#include "overload.h"
#include "stage.h"
#include "streams.h"
#include "workloads.h"

namespace bench {

namespace {

// Beside what was asked for: no stream goes on for more than so many times as long to have enough
// commits; and on a slow disk what is counted in transactions ends before it has them all.
constexpr double kStreamStretch = 4;
constexpr double kLongestBurst = 3;     // seconds
constexpr double kLongestMemory = 120;  // seconds
// Counts have little scatter: they are taken in the first round alone, in streams that are shorter.
constexpr double kCountedShare = 0.25;
constexpr int64_t kCountedTransactions = 200;
// Lengths of other things, as shares of a stream's.
constexpr double kDepthShare = 0.04;
constexpr double kConnectionsShare = 0.2;
constexpr double kReadersShare = 0.4;
constexpr double kDeviceShare = 0.4;
// Operation by operation, on a simulated device.
constexpr int64_t kDeviceTransactions = 25;

constexpr int64_t kDepths[] = {0, 1'000, 10'000, 100'000, 1'000'000};
constexpr int64_t kMostPages = 50'000;
constexpr int64_t kFewestPages = 4'000;
constexpr int kConnections[] = {1, 2, 4, 8};
constexpr int kReaders = 4;
constexpr const char* kDevices[] = {"sdcard", "disk-7200"};
constexpr int64_t kMebibyte = 1 << 20;

// What the passes of a round have in common.
struct Round {
  const Settings& settings;
  std::vector<const Mode*> modes;  // in the order of the round
  uint64_t seed;
  bool first;

  // Those of the modes that have one of these names.
  std::vector<const Mode*> Among(std::initializer_list<const char*> names) const {
    std::vector<const Mode*> result;
    for (const Mode* mode : modes) {
      for (const char* name : names) {
        if (mode->name == std::string_view(name)) result.push_back(mode);
      }
    }
    return result;
  }
};

using Passes = std::vector<Pass>;

template <const Workload& workload>
void AddTable(const Round& round, Passes& passes) {
  const Settings& settings = round.settings;
  const uint64_t seed = round.seed;
  for (const Mode* mode : round.modes) {
    // The tail of a distribution takes many commits; these two are compared by it, and can do them.
    const bool tail = &workload == &kInserts && (mode->name == std::string_view("wal-normal") ||
                                                 mode->name == std::string_view("grouped"));
    const Until until = {.seconds = settings.seconds,
                         .transactions = tail ? settings.commits : 0,
                         .at_most_seconds = settings.seconds * kStreamStretch};
    passes.push_back({workload.name, workload.title, "stream", mode, "",
                      [=] { return RunStream(workload, *mode, seed, {}, until); }});
  }
  if (round.first) {
    for (const Mode* mode : round.modes) {
      // Operation by operation each transaction costs the same, and a full queue takes long to
      // empty: a few are enough.
      const Until until = IsSingle(*mode) ? Until{.transactions = kCountedTransactions}
                                          : Until{.seconds = settings.seconds * kCountedShare};
      passes.push_back({workload.name, workload.title, "stream", mode, "",
                        [=] {
                          Measurement counted;
                          counted.counts =
                              RunStream(workload, *mode, seed, {.counted = true}, until).counts;
                          return counted;
                        },
                        true});
    }
  }
  if (!round.first) return;
  for (const Mode* mode : round.modes) {
    const Until until = {.transactions = settings.burst, .at_most_seconds = kLongestBurst};
    passes.push_back({workload.name, workload.title, "burst", mode, "",
                      [=] { return RunStream(workload, *mode, seed, {}, until); }, true});
  }
}

void AddDepths(const Round& round, Passes& passes) {
  if (!round.first) return;
  const double seconds = round.settings.seconds * kDepthShare;
  for (const Mode* mode : round.Among({"single"})) {
    for (int64_t depth : kDepths) {
      if (depth > round.settings.depth) continue;
      passes.push_back(
          {"5", "reads by a second connection, and transactions, of workload 4's table", "depth",
           mode, std::to_string(depth) + " queued",
           [=, seed = round.seed] { return RunAtDepth(*mode, depth, seed, seconds); }, true});
    }
  }
  const int64_t pages = std::clamp(round.settings.depth / 20, kFewestPages, kMostPages);
  for (const Mode* mode : round.Among({"grouped"})) {
    passes.push_back({"5", "pages of a group", "pages", mode, std::to_string(pages) + " queued",
                      [=, seed = round.seed] { return RunPages(*mode, pages, seed); }, true});
  }
}

void AddConnections(const Round& round, Passes& passes) {
  const double seconds = round.settings.seconds * kConnectionsShare;
  const auto add = [&](const char* form, const char* title, bool halted,
                       std::initializer_list<const char*> modes) {
    for (const Mode* mode : round.Among(modes)) {
      for (int count : kConnections) {
        passes.push_back({"6", title, form, mode,
                          std::to_string(count) + (count == 1 ? " connection" : " connections"),
                          [=, seed = round.seed] {
                            return RunConnections(*mode, count, halted, seed, seconds);
                          }});
      }
    }
  };
  add("halted", "connections on as many databases, workload 3, the writer halted", true,
      {"floor", "single", "grouped"});
  add("running", "connections on as many databases, workload 3", false,
      {"wal-normal", "single", "grouped"});
  for (const Mode* mode : round.Among({"delete", "wal-normal", "single", "grouped"})) {
    passes.push_back({"6", "one connection does workload 4, others read rows of its table",
                      "readers", mode, std::to_string(kReaders) + " readers",
                      [=, seed = round.seed, seconds = round.settings.seconds * kReadersShare] {
                        return RunReaders(*mode, kReaders, seed, seconds);
                      }});
  }
}

void AddOverload(const Round& round, Passes& passes) {
  if (!round.first) return;
  for (const Mode* mode : round.Among({"single", "grouped"})) {
    passes.push_back({"7", "more than a simulated device of 40 MB/s, 10 ms a sync, can take",
                      "overload", mode, "",
                      [=, seed = round.seed, bytes = round.settings.overload * kMebibyte,
                       lock_hold = round.settings.lock_hold] {
                        return RunOverload(*mode, seed, bytes, lock_hold);
                      },
                      true});
  }
}

void AddDevices(const Round& round, Passes& passes) {
  if (!round.first) return;
  for (const char* device : kDevices) {
    for (const Workload* workload : {&kInserts, &kBatches, &kUpdates}) {
      for (const Mode* mode :
           round.Among({"delete", "wal-full", "wal-normal", "single", "grouped"})) {
        const Until until = IsSingle(*mode)
                                ? Until{.transactions = kDeviceTransactions}
                                : Until{.seconds = round.settings.seconds * kDeviceShare};
        const Setting setting = {.slow_device = std::string("preset=") + device};
        passes.push_back(
            {"8", std::string(workload->title) + ", on a simulated device",
             std::string(workload->name) + ", " + device, mode, "",
             [=, seed = round.seed] { return RunStream(*workload, *mode, seed, setting, until); },
             true});
      }
    }
  }
}

void AddTrickle(const Round& round, Passes& passes) {
  for (const Mode* mode : round.modes) {
    passes.push_back({"trickle", "one of workload 1 every 20 ms", "trickle", mode, "",
                      [=, seed = round.seed, count = round.settings.trickle] {
                        return RunTrickle(kInserts, *mode, seed, count);
                      }});
  }
}

void AddMemory(const Round& round, Passes& passes) {
  // It ends at the same figure each time.
  if (!round.first) return;
  // The others would take too long, or have nothing to tell.
  for (const Mode* mode : round.Among({"grouped"})) {
    const Until until = {.transactions = round.settings.updates, .at_most_seconds = kLongestMemory};
    passes.push_back(
        {"memory", std::to_string(round.settings.updates) + " of workload 4", "memory", mode, "",
         [=, seed = round.seed] { return RunStream(kWideUpdates, *mode, seed, {}, until); }, true});
  }
}

struct Entry {
  const char* name;
  const char* title;
  void (*add)(const Round& round, Passes& passes);
};

const std::vector<Entry>& Entries() {
  static const std::vector<Entry> entries = {
      {kInserts.name, kInserts.title, AddTable<kInserts>},
      {kBatches.name, kBatches.title, AddTable<kBatches>},
      {kUpdates.name, kUpdates.title, AddTable<kUpdates>},
      {kWideUpdates.name, kWideUpdates.title, AddTable<kWideUpdates>},
      {"5", "reads and transactions with 0 to 1,000,000 operations queued", AddDepths},
      {"6", "several connections at once", AddConnections},
      {"7", "overload: a device that is slower than the application", AddOverload},
      {"8", "1 to 3 on a simulated SD card and a disk of 7200 rpm", AddDevices},
      {"trickle", "one of workload 1 every 20 ms", AddTrickle},
      {"memory", "a million of workload 4", AddMemory},
  };
  return entries;
}

}  // namespace

std::vector<WorkloadName> AllWorkloads() {
  std::vector<WorkloadName> names;
  for (const Entry& entry : Entries()) names.push_back({entry.name, entry.title});
  return names;
}

std::vector<Pass> PassesOf(const Settings& settings, int number) {
  Round round = {settings, {}, settings.seed + static_cast<uint64_t>(number) * 1'000, number == 0};
  for (const std::string& name : settings.modes) round.modes.push_back(&ModeNamed(name));
  if (number % 2 == 1) std::reverse(round.modes.begin(), round.modes.end());

  std::vector<Pass> passes;
  for (const std::string& name : settings.workloads) {
    const auto entry = std::find_if(Entries().begin(), Entries().end(),
                                    [&](const Entry& other) { return other.name == name; });
    if (entry == Entries().end()) throw std::invalid_argument("no workload \"" + name + "\"");
    entry->add(round, passes);
  }
  return passes;
}

}  // namespace bench
