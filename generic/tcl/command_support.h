// What the commands of the binding share: errors, and the guards around them.

#ifndef SQLITEASYNC_TCL_COMMAND_SUPPORT_H_
#define SQLITEASYNC_TCL_COMMAND_SUPPORT_H_

#include <cstdint>
#include <new>
#include <string>

#include "sim/allocation.h"
#include "tcl/tcl_compatibility.h"

namespace sqliteasync {

inline Tcl_Obj* NewString(const std::string& text) {
  return Tcl_NewStringObj(text.c_str(), static_cast<Tcl_Size>(text.size()));
}

inline int Fail(Tcl_Interp* interp, const std::string& message) {
  Tcl_SetObjResult(interp, NewString(message));
  return TCL_ERROR;
}

inline std::string Count(int64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// No exception passes into Tcl.
template <typename Action>
int WithoutExceptions(Tcl_Interp* interp, Action action) noexcept {
  try {
    return action();
  } catch (const std::bad_alloc&) {
    Tcl_SetObjResult(interp, Tcl_NewStringObj("out of memory", -1));
    return TCL_ERROR;
  }
}

template <Tcl_ObjCmdProc* command>
int Guarded(ClientData data, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) noexcept {
  return WithoutExceptions(interp, [&] { return command(data, interp, objc, objv); });
}

// A command that works while the fault simulator has every allocation fail: SQLite's scripts start,
// wait and shut down then.
template <Tcl_ObjCmdProc* command>
int Control(ClientData data, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) noexcept {
  const sim::AllocationExemption exemption;
  return Guarded<command>(data, interp, objc, objv);
}

}  // namespace sqliteasync

#endif  // SQLITEASYNC_TCL_COMMAND_SUPPORT_H_
