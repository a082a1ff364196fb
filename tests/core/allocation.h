// operator new of the test program, which can be made to fail: see out_of_memory_test.cc. SQLite's
// own memory comes from malloc() and isn't touched.

#ifndef SQLITEASYNC_TESTS_CORE_ALLOCATION_H_
#define SQLITEASYNC_TESTS_CORE_ALLOCATION_H_

#include <cstdint>

namespace sqliteasync::test {

// While one exists the `number`th allocation of this thread, 1 being the next, throws
// std::bad_alloc; `persistent`: and all after it.
class FailingAllocation {
 public:
  FailingAllocation(int64_t number, bool persistent);
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  // Has it come to the one that fails?
  bool failed() const;
};

// While one exists this thread's allocations succeed and aren't counted: for the fakes of a test,
// to which the core's memory must not matter.
class AllocationExempt {
 public:
  AllocationExempt();
  ~AllocationExempt();
  AllocationExempt(const AllocationExempt&) = delete;
  AllocationExempt& operator=(const AllocationExempt&) = delete;
};

}  // namespace sqliteasync::test

#endif  // SQLITEASYNC_TESTS_CORE_ALLOCATION_H_
