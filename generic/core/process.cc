#include "process.h"

#include <atomic>

#include "../platform.h"

namespace sqliteasync {

namespace {

std::atomic<unsigned long> owner{0};  // 0: nobody has claimed it

}  // namespace

bool ClaimForThisProcess() {
  const unsigned long self = platform::ProcessNumber();
  unsigned long nobody = 0;
  return owner.compare_exchange_strong(nobody, self) || nobody == self;
}

bool ForkedOff() {
  const unsigned long by = owner.load();
  return by != 0 && by != platform::ProcessNumber();
}

}  // namespace sqliteasync
