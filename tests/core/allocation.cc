#include "core/allocation.h"

#include <cstdlib>
#include <new>

namespace {

thread_local int64_t until_failure = 0;  // 0: none fails
thread_local bool persistent_failure = false;
thread_local bool has_failed = false;
thread_local int exempt = 0;

bool Fails() {
  if (until_failure == 0 || exempt > 0) return false;
  if (until_failure > 1) {
    --until_failure;
    return false;
  }
  has_failed = true;
  if (!persistent_failure) until_failure = 0;
  return true;
}

void* Allocate(std::size_t size) {
  if (Fails()) throw std::bad_alloc();
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace sqliteasync::test {

FailingAllocation::FailingAllocation(int64_t number, bool persistent) {
  until_failure = number;
  persistent_failure = persistent;
  has_failed = false;
}
FailingAllocation::~FailingAllocation() { until_failure = 0; }
bool FailingAllocation::failed() const { return has_failed; }

AllocationExempt::AllocationExempt() { ++exempt; }
AllocationExempt::~AllocationExempt() { --exempt; }

}  // namespace sqliteasync::test
