// Sections of SQLite in which a failure does no harm: it tells the application's fault simulator
// when it enters and leaves one (SQLITE_TESTCTRL_BENIGN_MALLOC_HOOKS).
//
// SQLite's own test builds count failed allocations there separately, and have no simulated I/O
// errors there at all. With the hooks the stock library can be treated in the same way.
//
// Thread safety: all functions may be called from any thread; a section belongs to its thread.

#ifndef SQLITEASYNC_SIM_BENIGN_H_
#define SQLITEASYNC_SIM_BENIGN_H_

namespace sqliteasync::sim {

// Has SQLite call the hooks from now on. A SQLite built with SQLITE_UNTESTABLE ignores it, and then
// no section is ever benign.
void InstallBenignHooks();

// Is the calling thread in such a section?
bool InBenignSection();

// Forgets that the calling thread is in one: after an exception of the hooks' pairing.
void LeaveBenignSections();

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_BENIGN_H_
