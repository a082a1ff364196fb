// Random numbers that can be had again.
//
//   SQLITEASYNC_SEED        the seed of every random test, 1 by default
//   SQLITEASYNC_TEST_SCALE  how long the random tests are, in percent, 100 by default

#ifndef SQLITEASYNC_TESTS_CORE_RANDOM_H_
#define SQLITEASYNC_TESTS_CORE_RANDOM_H_

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sim/random.h"

namespace sqliteasync::test {

inline uint64_t Seed() {
  const char* text = std::getenv("SQLITEASYNC_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

// `count`, scaled.
inline int64_t Scaled(int64_t count) {
  const char* text = std::getenv("SQLITEASYNC_TEST_SCALE");
  const int64_t percent = text == nullptr ? 100 : std::strtoll(text, nullptr, 10);
  return std::max<int64_t>(1, count * percent / 100);
}

// What a failing test prints, so that it can be run again.
inline std::string HowToRepeat(uint64_t seed) {
  return "to repeat: SQLITEASYNC_SEED=" + std::to_string(seed);
}

class Random : public sim::Random {
 public:
  using sim::Random::Random;

  // 0 to limit - 1.
  int Below(int limit) { return static_cast<int>(sim::Random::Below(limit)); }
  // true, `percent` times out of a hundred.
  bool Percent(int percent) { return Below(100) < percent; }
};

}  // namespace sqliteasync::test

#endif  // SQLITEASYNC_TESTS_CORE_RANDOM_H_
