// The process that the backend is of: the one that opened the first database through it, or started
// the first writer.
//
// fork() copies the memory, but no thread: a process that was forked off after that has the queue
// of its parent and no writer, and a mutex may stay locked in it for ever. So it can't use the
// backend, and finds out without a mutex. One that was forked off before can.
//
// Thread safety: both may be called from any thread.

#ifndef SQLITEASYNC_CORE_PROCESS_H_
#define SQLITEASYNC_CORE_PROCESS_H_

namespace sqliteasync {

// Makes the backend this process's if it is nobody's. Returns false if it is another's.
bool ClaimForThisProcess();

// Is it another process's?
bool ForkedOff();

inline constexpr char kForkedOff[] =
    "this process was forked off from one that uses sqliteasync, and can't use it; let it start a "
    "program of its own (Python's multiprocessing: the start method \"spawn\")";

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_PROCESS_H_
