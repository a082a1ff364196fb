// Tcl's header, for Tcl 8.6 and Tcl 9: what their interfaces call differently has one name here.
//
// What must hold where Tcl is called:
// - A length or a number of elements that Tcl writes through a pointer is a Tcl_Size: int in Tcl
//   8.6, ptrdiff_t in Tcl 9. What goes on to an int of SQLite's is checked first.
// - Bytes are got by BytesOf(), which may fail.
// - A Tcl_UniChar has 16 bits in Tcl 8.6, 32 in Tcl 9.

#ifndef SQLITEASYNC_TCL_TCL_COMPATIBILITY_H_
#define SQLITEASYNC_TCL_TCL_COMPATIBILITY_H_

#include <tcl.h>

// Defined by Tcl 9, 8.7 and the later ones of 8.6.
#ifndef TCL_SIZE_MAX
#include <climits>
using Tcl_Size = int;
#define TCL_SIZE_MAX INT_MAX
#endif

// For Tcl_InitStubs(): 8.6 or later, and 9. A library compiled with the headers of the one can't be
// loaded into the other all the same; the stub library says so.
#define SQLITEASYNC_TCL_REQUIREMENT "8.6-"

namespace sqliteasync {

// The bytes of a value. A string with a character above U+00FF has none in Tcl 9: null, and the
// interpreter's result says so. Tcl 8.6 takes the lowest byte of each character.
inline const unsigned char* BytesOf([[maybe_unused]] Tcl_Interp* interp, Tcl_Obj* value,
                                    Tcl_Size* size) {
#if TCL_MAJOR_VERSION >= 9
  return Tcl_GetBytesFromObj(interp, value, size);
#else
  return Tcl_GetByteArrayFromObj(value, size);
#endif
}

// Whether Tcl was built with threads, as every Tcl 9 is.
inline bool HasThreads([[maybe_unused]] Tcl_Interp* interp) {
#if TCL_MAJOR_VERSION >= 9
  return true;
#else
  return Tcl_GetVar2(interp, "::tcl_platform", "threaded", TCL_GLOBAL_ONLY) != nullptr;
#endif
}

}  // namespace sqliteasync

#endif  // SQLITEASYNC_TCL_TCL_COMPATIBILITY_H_
