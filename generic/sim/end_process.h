// Ending the process as a power cut does it.

#ifndef SQLITEASYNC_SIM_END_PROCESS_H_
#define SQLITEASYNC_SIM_END_PROCESS_H_

namespace sqliteasync::sim {

// Ends the process at once and silently: nothing is flushed, no exit handler is called.
[[noreturn]] void EndProcess(int exit_status);

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_END_PROCESS_H_
