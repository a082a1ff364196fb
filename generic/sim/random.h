// Random numbers that can be had again: SplitMix64, the same with every compiler and library.
//
// Thread safety: none; each device guards its own.

#ifndef SQLITEASYNC_SIM_RANDOM_H_
#define SQLITEASYNC_SIM_RANDOM_H_

#include <cstdint>

namespace sqliteasync::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // 0 to limit - 1. REQUIRES: limit > 0
  int64_t Below(int64_t limit) {
    return static_cast<int64_t>(Next() % static_cast<uint64_t>(limit));
  }

  // 0 inclusive to 1 exclusive.
  double Fraction() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  uint64_t state_;
};

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_RANDOM_H_
