// The commands sqlite3async_barrier, sqlite3async_status and sqlite3async_errors.

#ifndef SQLITEASYNC_TCL_STATUS_COMMANDS_H_
#define SQLITEASYNC_TCL_STATUS_COMMANDS_H_

#include "tcl/tcl_compatibility.h"

namespace sqliteasync {

// Creates them.
void InitStatusCommands(Tcl_Interp* interp);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_TCL_STATUS_COMMANDS_H_
