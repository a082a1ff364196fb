// EventScript: a command prefix of an interpreter that other threads have evaluated, through the
// event loop of the interpreter's thread.
//
// Thread safety: Post may be called from any thread; all else, and the making, is for the
// interpreter's thread. When the interpreter is deleted, or its thread or the process ends, what
// was posted is dropped, and later posts do nothing.

#ifndef SQLITEASYNC_TCL_EVENT_SCRIPT_H_
#define SQLITEASYNC_TCL_EVENT_SCRIPT_H_

#include <cstdint>
#include <functional>

#include "tcl/tcl_compatibility.h"

namespace sqliteasync {

class EventScript {
 public:
  // Of what `prefix` is, a list that isn't empty, is evaluated once for each Post, or `once`.
  // Throws std::bad_alloc.
  EventScript(Tcl_Interp* interp, Tcl_Obj* prefix, bool once);

  // Has the prefix evaluated with the elements of a list appended, which is made on the
  // interpreter's thread. An error of the script is a background error. Throws std::bad_alloc.
  using Arguments = std::function<Tcl_Obj*()>;
  void Post(Arguments arguments) const;

  // It isn't evaluated any more.
  void Cancel() const;

 private:
  int64_t id_;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_TCL_EVENT_SCRIPT_H_
