#include "tcl/test_commands.h"

#include "extension/extension.h"
#include "tcl/test_command_tables.h"
#include "tcl/test_handles.h"

int SqliteasyncTesterCommandsInit(Tcl_Interp* interp) {
  using namespace sqliteasync::tester;
  if (LearnHandleCommands(interp) != TCL_OK) return TCL_ERROR;
  for (const auto& commands :
       {BackupCommands(), BindCommands(), BlobCommands(), ColumnCommands(), ConfigCommands(),
        ConnectionCommands(), DigestCommands(), ExecCommands(), FileControlCommands(),
        FunctionCommands(), MemoryCommands(), PrintfCommands(), StatementCommands(),
        TestControlCommands(), VfsCommands()}) {
    CreateCommands(interp, commands);
  }
  return RunCommand(interp, [interp] {
    SetOptions(interp);
    if (LinkPendingByte(interp) != TCL_OK) throw FailureInResult();
    if (InstallTestFunctions() != SQLITE_OK) throw Failure("SQLite is out of memory");
    Tcl_ResetResult(interp);
  });
}

extern "C" SQLITEASYNC_EXPORT int Sqliteasync_Init(Tcl_Interp* interp);

// Entry point of "load". Tcl refuses to load one file for two packages, and compares the paths as
// text: after "package require sqliteasync" the file must be given another spelling (DIR/./FILE).
extern "C" SQLITEASYNC_EXPORT int Sqliteasynctester_Init(Tcl_Interp* interp) {
  if (Tcl_InitStubs(interp, SQLITEASYNC_TCL_REQUIREMENT, 0) == nullptr) return TCL_ERROR;
  // Not by Tcl_PkgRequire(), which might find another file, or be told that this one is loaded.
  if (Tcl_PkgPresent(interp, "sqliteasync", PACKAGE_VERSION, 1) == nullptr &&
      Sqliteasync_Init(interp) != TCL_OK) {
    return TCL_ERROR;
  }
  if (sqlite3_api == nullptr) {
    Tcl_SetObjResult(interp,
                     Tcl_NewStringObj("the package sqliteasync was loaded from another file", -1));
    return TCL_ERROR;
  }
  if (SqliteasyncTesterCommandsInit(interp) != TCL_OK) return TCL_ERROR;
  return Tcl_PkgProvide(interp, "sqliteasynctester", PACKAGE_VERSION);
}
