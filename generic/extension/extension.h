// The shared library as a SQLite loadable extension.

#ifndef SQLITEASYNC_EXTENSION_EXTENSION_H_
#define SQLITEASYNC_EXTENSION_EXTENSION_H_

#include <sqlite3ext.h>

#ifdef _WIN32
#define SQLITEASYNC_EXPORT __declspec(dllexport)
#else
#define SQLITEASYNC_EXPORT __attribute__((visibility("default")))
#endif

extern "C" {

// The entry point that SQLite derives from the library's name: registers the VFSes, not as default,
// and defines the SQL functions and the table of the status in the connection. A writer is started
// when the first file is opened through them, and the queue is drained at the normal exit of the
// process. If they are registered already, as the Tcl package has it, whoever did that sees to the
// writer.
SQLITEASYNC_EXPORT int sqlite3_sqliteasync_init(sqlite3* db, char** error,
                                                const sqlite3_api_routines* api);

// The same, under the name that SQLite derives from tcl9sqliteasync, which the library is called
// where it was built for Tcl 9.
SQLITEASYNC_EXPORT int sqlite3_tclsqliteasync_init(sqlite3* db, char** error,
                                                   const sqlite3_api_routines* api);

// The entry point of the Tcl package: binds the backend to the copy of SQLite that calls it.
// Registers and starts nothing.
SQLITEASYNC_EXPORT int sqlite3_sqliteasync_tcl_init(sqlite3* db, char** error,
                                                    const sqlite3_api_routines* api);
}

// How often a copy of SQLite has called the latter, with success. Any thread.
long BindingCount();

// The name of the latter, for load_extension().
#define SQLITEASYNC_TCL_ENTRY_POINT "sqlite3_sqliteasync_tcl_init"

#endif  // SQLITEASYNC_EXTENSION_EXTENSION_H_
