// The Tcl commands for simulated devices: sqlite3_device, and those that SQLite's test scripts
// know.

#ifndef SQLITEASYNC_TCL_DEVICE_COMMAND_H_
#define SQLITEASYNC_TCL_DEVICE_COMMAND_H_

#include "tcl/tcl_compatibility.h"

namespace sqliteasync {

// Creates the commands in the interpreter, and links the variables of fault_variables.h. Returns
// TCL_OK, or TCL_ERROR with a message as the interpreter's result.
//
// REQUIRES: Tcl's stubs and SQLite's table are there.
int InitDeviceCommands(Tcl_Interp* interp);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_TCL_DEVICE_COMMAND_H_
