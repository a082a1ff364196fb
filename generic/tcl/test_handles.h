// Connections, statements and blobs as the test harness's scripts hold them: as text.
//
// SQLite's own harness prints a pointer and later believes whatever text it is given: a script that
// mistypes a variable or uses a statement after finalizing it crashes the process, or worse,
// doesn't. Here a pointer's text is good only while the object lives: what was opened or prepared
// by a command, or was given out by one, is remembered until it is closed, and a text that is not
// among these is a Tcl error. A pointer that SQLite has used again for a new object of the same
// kind can't be told from the old one.
//
// Handles that belong to a handle command ("sqlite3 db FILE") are forgotten when their command is
// deleted, which is when they are closed, unless unfinalized statements or the like prevent that:
// then the pointer stays good, and sqlite3_close finishes the work.
//
// Thread safety: everything here may be called from any thread, as SQLite's scripts pass pointers
// between threads. What a pointer leads to is as safe as SQLite makes it.

#ifndef SQLITEASYNC_TCL_TEST_HANDLES_H_
#define SQLITEASYNC_TCL_TEST_HANDLES_H_

#include <cstdint>
#include <string>

#include "core/sqlite.h"
#include "tcl/tcl_compatibility.h"

namespace sqliteasync::tester {

// Upper-case hexadecimal digits, as SQLite prints a pointer.
std::string PointerText(const void* pointer);

// Finds out what the interpreter's handle commands look like. Must have been called once before
// FindConnection(); returns a Tcl code.
int LearnHandleCommands(Tcl_Interp* interp);

// The connection that `text` names: a handle command's name, or the text of a pointer, with or
// without 0x. Null for "", "0" and the like. Throws Failure for anything else.
sqlite3* FindConnection(Tcl_Interp* interp, const char* text);

// How many connections the interpreter's handle commands and the scripts' pointers have open.
int OpenConnections(Tcl_Interp* interp);

// A connection that a script has opened and must close.
void AddConnection(sqlite3* db);

// Calls sqlite3_close(), or _v2(), and returns its code. Throws Failure if the connection is a
// handle command's, which would close it again.
int CloseConnection(sqlite3* db, bool v2);

// Texts of statements, and of blobs, are as those of connections. A statement that a handle command
// has prepared for itself can be found with sqlite3_next_stmt(), and used as long as it is there.
sqlite3_stmt* FindStatement(const char* text);
// `foreign`: it is not the script's to finalize.
void AddStatement(sqlite3_stmt* statement, bool foreign);
// sqlite3_finalize(). Throws Failure if the statement is foreign.
int FinalizeStatement(sqlite3_stmt* statement);

sqlite3_blob* FindBlob(const char* text);
void AddBlob(sqlite3_blob* blob, sqlite3* db);
int CloseBlob(sqlite3_blob* blob);

// A backup keeps its source open, as a statement does its connection, but not its destination:
// closing that would leave SQLite with a pointer to nothing at the source's next change. Here it
// finishes the backup first.
//
// Returns a number for the backup.
uint64_t AddBackup(sqlite3_backup* backup, sqlite3* destination, sqlite3* source);
// Null if the backup has been finished.
sqlite3_backup* FindBackup(uint64_t number);
// sqlite3_backup_finish(), or SQLITE_OK if that has been done.
int FinishBackup(uint64_t number);

}  // namespace sqliteasync::tester

#endif  // SQLITEASYNC_TCL_TEST_HANDLES_H_
