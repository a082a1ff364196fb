#include "allocation.h"

#include <atomic>
#include <cstdlib>
#include <new>
#include <type_traits>

#include "core/compiler.h"

#if !defined(SQLITE_CORE) && (defined(__ELF__) || defined(_WIN32))
#define SQLITEASYNC_OWN_OPERATOR_NEW 1
#ifdef __ELF__
#include <dlfcn.h>
#endif
#endif

namespace sqliteasync::sim {

namespace {

std::atomic<bool (*)()> failure{nullptr};
thread_local int exemptions = 0;

}  // namespace

void SetAllocationFailure(bool (*fails)()) { failure = fails; }

AllocationExemption::AllocationExemption() { ++exemptions; }
AllocationExemption::~AllocationExemption() { --exemptions; }

#ifndef SQLITEASYNC_OWN_OPERATOR_NEW

bool OwnAllocationsCanFail() { return false; }

#else

bool OwnAllocationsCanFail() { return true; }

namespace {

bool Fails() {
  bool (*const fails)() = failure.load(std::memory_order_relaxed);
  return SQLITEASYNC_UNLIKELY(fails != nullptr) && exemptions == 0 && fails();
}

using Allocator = void* (*)(std::size_t);

void* FromMalloc(std::size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// The operator of this symbol that a reference from this library would find if it had none of its
// own. malloc() if there is none, for then the C++ library is inside this one, and its operator
// delete is free().
Allocator Found(const char* symbol, Allocator ours) {
#ifdef __ELF__
  void* found = dlsym(RTLD_DEFAULT, symbol);
  // Ours, if the linker was not given the version script.
  if (found == reinterpret_cast<void*>(ours)) found = dlsym(RTLD_NEXT, symbol);
  if (found != nullptr && found != reinterpret_cast<void*>(ours)) {
    return reinterpret_cast<Allocator>(found);
  }
#else
  (void)symbol;
  (void)ours;
#endif
  return FromMalloc;
}

// size_t is "m" in a symbol where it is an unsigned long, and "j" where it is an unsigned int.
constexpr bool kLongSize = std::is_same_v<std::size_t, unsigned long>;

// `cache` is constant-initialised, for this may be called before any constructor of the library.
void* Allocate(std::size_t size, std::atomic<Allocator>& cache, const char* symbol,
               Allocator ours) {
  if (Fails()) throw std::bad_alloc();
  Allocator allocator = cache.load(std::memory_order_relaxed);
  if (allocator == nullptr) {
    allocator = Found(symbol, ours);
    cache.store(allocator, std::memory_order_relaxed);
  }
  return allocator(size);
}

std::atomic<Allocator> object_allocator{nullptr};
std::atomic<Allocator> array_allocator{nullptr};

}  // namespace

#endif

}  // namespace sqliteasync::sim

#ifdef SQLITEASYNC_OWN_OPERATOR_NEW

void* operator new(std::size_t size) {
  using namespace sqliteasync::sim;
  return Allocate(size, object_allocator, kLongSize ? "_Znwm" : "_Znwj",
                  static_cast<Allocator>(operator new));
}

void* operator new[](std::size_t size) {
  using namespace sqliteasync::sim;
  return Allocate(size, array_allocator, kLongSize ? "_Znam" : "_Znaj",
                  static_cast<Allocator>(operator new[]));
}

#endif
