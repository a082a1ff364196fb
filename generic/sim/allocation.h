// Allocations of our own code (operator new) that fail when the fault simulator says so.
//
// In the shared library operator new is defined anew, for the library alone: the version script
// keeps the symbol inside. It asks the simulator and then calls the operator new that the library
// would have had without it, whichever that is (the C++ library's, a sanitizer's, the host
// program's), and operator delete isn't touched. So memory may be passed freely between this
// library and the C++ library. Allocations that the C++ library makes inside itself, for strings
// mostly, don't come by here.
//
// The static library can't have this: there it would replace the operator of the whole program.
//
// Thread safety: all functions may be called from any thread.

#ifndef SQLITEASYNC_SIM_ALLOCATION_H_
#define SQLITEASYNC_SIM_ALLOCATION_H_

namespace sqliteasync::sim {

// Can allocations of this library be made to fail?
bool OwnAllocationsCanFail();

// `fails` is asked at each allocation by operator new, on its thread, and must not allocate. Null:
// none fails.
void SetAllocationFailure(bool (*fails)());

// While one exists, allocations of its thread are not asked about: for the simulated devices
// themselves, for commands that control the simulator, and for the start of the writer.
class AllocationExemption {
 public:
  AllocationExemption();
  ~AllocationExemption();
  AllocationExemption(const AllocationExemption&) = delete;
  AllocationExemption& operator=(const AllocationExemption&) = delete;
};

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_ALLOCATION_H_
