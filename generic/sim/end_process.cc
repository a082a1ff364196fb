#include "end_process.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <unistd.h>
#endif

#include <cstdlib>

namespace sqliteasync::sim {

void EndProcess(int exit_status) {
#ifdef _WIN32
  TerminateProcess(GetCurrentProcess(), static_cast<UINT>(exit_status));
#else
  _exit(exit_status);
#endif
  std::abort();  // not reached
}

}  // namespace sqliteasync::sim
