// The commands that scripts written for SQLite's own test harness call and that need C. They are
// not part of the package sqliteasync: "load DIR/./sqliteasync.so Sqliteasynctester" adds them to
// an interpreter, and the package if it isn't there.

#ifndef SQLITEASYNC_TCL_TEST_COMMANDS_H_
#define SQLITEASYNC_TCL_TEST_COMMANDS_H_

#include "tcl/tcl_compatibility.h"

// Creates the commands and variables in an interpreter that has the package sqliteasync. Returns a
// Tcl code.
int SqliteasyncTesterCommandsInit(Tcl_Interp* interp);

#endif  // SQLITEASYNC_TCL_TEST_COMMANDS_H_
