#include "latency.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "allocation.h"
#include "device_values.h"

namespace sqliteasync::sim {

namespace {

constexpr int64_t kBlock = 4096;
constexpr double kLongestSeek = 1 << 30;  // bytes
constexpr double kShortestSleep = 50;     // microseconds

}  // namespace

std::span<const LatencyPreset> LatencyPresets() {
  static const LatencyPreset presets[] = {
      {"disk-7200",
       "hard disk, 7200 revolutions a minute",
       {100, 100, 0, 8300, 160'000'000, 160'000'000, 12700, true}},
      {"sdcard", "SD card, class A1", {670, 2000, 0, 5000, 25'000'000, 10'000'000, 0, true}},
      {"ssd-sata", "flash disk, SATA", {100, 40, 0, 2000, 550'000'000, 520'000'000, 0, true}},
      {"ssd-nvme", "flash disk, NVMe", {70, 20, 0, 800, 3'500'000'000, 3'000'000'000, 0, true}},
      {"nfs",
       "network file system, gigabit Ethernet",
       {500, 500, 500, 5000, 117'000'000, 117'000'000, 0, false}},
  };
  return presets;
}

int64_t Latency::SleepForReal(int64_t microseconds) {
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               start)
      .count();
}

Latency::Latency(Sleep sleep) : Device(kKind), sleep_(std::move(sleep)) {
  AddOption({"preset",
             [this](const std::string& value) {
               std::vector<std::string> names;
               for (const LatencyPreset& preset : LatencyPresets()) {
                 if (value == preset.name) {
                   const MutexLock lock(mutex_);
                   preset_ = value;
                   figures_ = preset.figures;
                   return;
                 }
                 names.emplace_back(preset.name);
               }
               throw BadOption("bad value \"" + value + "\" for preset: should be " +
                               Alternatives(names));
             },
             [this] {
               const MutexLock lock(mutex_);
               return preset_;
             }});
  AddFigure("readtime", &LatencyFigures::readtime);
  AddFigure("writetime", &LatencyFigures::writetime);
  AddFigure("othertime", &LatencyFigures::othertime);
  AddFigure("synctime", &LatencyFigures::synctime);
  AddFigure("readrate", &LatencyFigures::readrate);
  AddFigure("writerate", &LatencyFigures::writerate);
  AddFigure("seektime", &LatencyFigures::seektime);
  AddOption({"hostcache",
             [this](const std::string& value) {
               const bool cache = BooleanOf("hostcache", value);
               const MutexLock lock(mutex_);
               figures_.hostcache = cache;
               preset_ = "none";
             },
             [this] {
               const MutexLock lock(mutex_);
               return figures_.hostcache ? "1" : "0";
             }});
  AddOption({"jitter",
             [this](const std::string& value) {
               const double jitter = FractionOf("jitter", value);
               const MutexLock lock(mutex_);
               jitter_ = jitter;
             },
             [this] {
               const MutexLock lock(mutex_);
               char text[32];
               sqlite3_snprintf(sizeof(text), text, "%!g", jitter_);
               return std::string(text);
             }});
  AddOption({"seed",
             [this](const std::string& value) {
               const auto seed = static_cast<uint64_t>(NumberOf("seed", value, 0));
               const MutexLock lock(mutex_);
               seed_ = seed;
               random_ = Random(seed);
             },
             [this] {
               const MutexLock lock(mutex_);
               return std::to_string(seed_);
             }});
}

void Latency::AddFigure(const char* name, int64_t LatencyFigures::*figure) {
  AddOption({name,
             [this, name, figure](const std::string& value) {
               const int64_t number = NumberOf(name, value, 0);
               const MutexLock lock(mutex_);
               figures_.*figure = number;
               preset_ = "none";
             },
             [this, figure] {
               const MutexLock lock(mutex_);
               return std::to_string(figures_.*figure);
             }});
}

Device::Counters Latency::ReadCounters() {
  Counters counters = Device::ReadCounters();
  const MutexLock lock(mutex_);
  counters.emplace_back("microseconds", static_cast<int64_t>(total_cost_));
  counters.emplace_back("seeks", seeks_);
  return counters;
}

double Latency::Transfer(const std::string& file, int64_t begin, int64_t end, int64_t time,
                         int64_t rate) {
  auto cost = static_cast<double>(time);
  if (rate > 0) cost += static_cast<double>(end - begin) * 1e6 / static_cast<double>(rate);
  if (head_file_ != file || head_offset_ != begin) {
    ++seeks_;
    double share = 1;
    if (head_file_ == file) {
      const auto distance = static_cast<double>(std::abs(begin - head_offset_));
      share = 0.25 + 0.75 * std::sqrt(std::min(1.0, distance / kLongestSeek));
    }
    cost += share * static_cast<double>(figures_.seektime);
  }
  head_file_ = file;
  head_offset_ = end;
  return cost;
}

double Latency::SyncCost(const std::string& name, File& file) {
  auto cost = static_cast<double>(figures_.synctime);
  int64_t begin = 0;
  int64_t end = -1;  // no piece yet
  for (const auto& [next_begin, next_end] : file.dirty) {
    if (end >= next_begin) {
      end = std::max(end, next_end);
      continue;
    }
    if (end >= 0) cost += Transfer(name, begin, end, figures_.writetime, figures_.writerate);
    begin = next_begin;
    end = next_end;
  }
  if (end >= 0) cost += Transfer(name, begin, end, figures_.writetime, figures_.writerate);
  file.dirty.clear();
  return cost;
}

double Latency::CostOf(const Request& request) {
  // A file without a name is known by its handle.
  std::string name = request.name != nullptr
                         ? request.name
                         : "handle " + std::to_string(reinterpret_cast<uintptr_t>(request.file));
  const int64_t begin = request.offset;
  const int64_t end = request.offset + request.size;
  double cost = 0;
  switch (request.operation) {
    case Operation::kRead:
    case Operation::kMap: {
      if (figures_.hostcache) {
        // What is missing is read as one piece, from the first missing block to the last.
        File& file = files_[name];
        int64_t first = -1;
        int64_t last = -1;
        for (int64_t block = begin / kBlock; block * kBlock < end; ++block) {
          if (!file.cached.insert(block).second) continue;
          if (first < 0) first = block;
          last = block;
        }
        if (first >= 0) {
          cost = Transfer(name, first * kBlock, (last + 1) * kBlock, figures_.readtime,
                          figures_.readrate);
        }
      } else {
        cost = Transfer(name, begin, end, figures_.readtime, figures_.readrate);
      }
      break;
    }
    case Operation::kWrite:
      if (figures_.hostcache) {
        File& file = files_[name];
        for (int64_t block = begin / kBlock; block * kBlock < end; ++block) {
          file.cached.insert(block);
        }
        int64_t& piece = file.dirty[begin];
        piece = std::max(piece, end);
      } else {
        cost = Transfer(name, begin, end, figures_.writetime, figures_.writerate);
      }
      break;
    case Operation::kSync:
      cost = SyncCost(name, files_[name]);
      break;
    case Operation::kTruncate: {
      auto& dirty = files_[name].dirty;
      dirty.erase(dirty.lower_bound(request.offset), dirty.end());
      if (!figures_.hostcache) cost = static_cast<double>(figures_.othertime);
      break;
    }
    case Operation::kDelete:
      files_.erase(name);
      if (!figures_.hostcache) cost = static_cast<double>(figures_.othertime);
      break;
    case Operation::kClose:
      if (request.name == nullptr) files_.erase(name);
      [[fallthrough]];
    default:
      if (!figures_.hostcache) cost = static_cast<double>(figures_.othertime);
      break;
  }
  if (cost > 0 && jitter_ > 0) cost *= 1 + jitter_ * (2 * random_.Fraction() - 1);
  total_cost_ += cost;
  return cost;
}

void Latency::Pay(double cost) {
  if (cost <= 0) return;
  const MutexLock lock(turn_);
  debt_ += cost;
  if (debt_ < kShortestSleep) return;
  debt_ -= static_cast<double>(sleep_(static_cast<int64_t>(debt_)));
}

int Latency::Before(const Request& request) {
  const AllocationExemption exemption;
  double cost;
  {
    const MutexLock lock(mutex_);
    cost = CostOf(request);
  }
  Pay(cost);
  return SQLITE_OK;
}

}  // namespace sqliteasync::sim
