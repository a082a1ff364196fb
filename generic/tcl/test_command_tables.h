// The tables of the test harness's commands: each is defined in the file that is named like it.

#ifndef SQLITEASYNC_TCL_TEST_COMMAND_TABLES_H_
#define SQLITEASYNC_TCL_TEST_COMMAND_TABLES_H_

#include "tcl/test_command.h"

namespace sqliteasync::tester {

std::span<const Command> BackupCommands();
std::span<const Command> BindCommands();
std::span<const Command> BlobCommands();
std::span<const Command> ColumnCommands();
std::span<const Command> ConfigCommands();
std::span<const Command> ConnectionCommands();
std::span<const Command> DigestCommands();
std::span<const Command> ExecCommands();
std::span<const Command> FileControlCommands();
std::span<const Command> FunctionCommands();
std::span<const Command> MemoryCommands();
std::span<const Command> PrintfCommands();
std::span<const Command> StatementCommands();
std::span<const Command> TestControlCommands();
std::span<const Command> VfsCommands();

// The size of a new database's pages, as in SQLite's own harness.
inline constexpr int kPageSize = 1024;

// Has SQLite give kPageSize and the functions of test_function_commands.cc to every connection that
// is opened from now on, in the whole process. Returns SQLite's code.
int InstallTestFunctions();

// Links the read-only variable sqlite_pending_byte. Returns a Tcl code.
int LinkPendingByte(Tcl_Interp* interp);

// Fills the array sqlite_options, and sets the variables SQLITE_MAX_LENGTH and its like, from what
// the library says of itself.
void SetOptions(Tcl_Interp* interp);

}  // namespace sqliteasync::tester

#endif  // SQLITEASYNC_TCL_TEST_COMMAND_TABLES_H_
