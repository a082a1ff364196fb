// The library as a whole: starting it, shutting it down, and what can be set in between.
//
// These functions of SQLite are not in the table that an extension is given. Where they can't be
// found, the commands fail and say so.

#include "sim/sqlite_library.h"
#include "tcl/test_command_tables.h"
#include "tcl/test_handles.h"

namespace sqliteasync::tester {

namespace {

sim::SqliteLibrary Library() {
  sim::SqliteLibrary library;
  std::string why;
  if (!sim::FindSqliteLibrary(&library, &why)) throw Failure(why);
  return library;
}

// SQLite does not survive a shutdown with connections open; those that other interpreters' handle
// commands hold are not seen here. Afterwards the default VFS is the platform's again, and the
// functions of autoinstall_test_functions are gone, as after any shutdown.
void Shutdown(Call& call) {
  const int open = OpenConnections(call.interp());
  if (open > 0) {
    throw Failure("cannot shut SQLite down: " + std::to_string(open) +
                  (open == 1 ? " connection is" : " connections are") + " open");
  }
  call.ReturnCode(Library().shutdown());
}

void ConfigureThreads(Call& call) {
  static const NamedValue kModes[] = {
      {"singlethread", SQLITE_CONFIG_SINGLETHREAD},
      {"multithread", SQLITE_CONFIG_MULTITHREAD},
      {"serialized", SQLITE_CONFIG_SERIALIZED},
      {nullptr, 0},
  };
  int number = 0;
  const bool is_number = Tcl_GetIntFromObj(nullptr, call.Argument(0), &number) == TCL_OK;
  call.ReturnCode(Library().config(is_number ? number : call.Named(0, kModes, "option")));
}

const Command kCommands[] = {
    {"sqlite3_initialize", "", [](Call& c) { c.ReturnCode(Library().initialize()); }},
    {"sqlite3_shutdown", "", Shutdown},
    {"sqlite3_config", "OPTION", ConfigureThreads},
    {"sqlite3_config_memstatus", "BOOLEAN",
     [](Call& c) { c.ReturnInt(Library().config(SQLITE_CONFIG_MEMSTATUS, c.Boolean(0) ? 1 : 0)); }},
    {"sqlite3_config_uri", "BOOL",
     [](Call& c) { c.ReturnCode(Library().config(SQLITE_CONFIG_URI, c.Boolean(0) ? 1 : 0)); }},
    {"sqlite3_config_cis", "BOOL",
     [](Call& c) {
       c.ReturnCode(Library().config(SQLITE_CONFIG_COVERING_INDEX_SCAN, c.Boolean(0) ? 1 : 0));
     }},
    {"sqlite3_config_pmasz", "INTEGER",
     [](Call& c) { c.ReturnCode(Library().config(SQLITE_CONFIG_PMASZ, c.Int(0))); }},

    {"sqlite3_libversion_number", "", [](Call& c) { c.ReturnInt(sqlite3_libversion_number()); }},
    {"sqlite3_global_recover", "", [](Call& c) { c.ReturnCode(SQLITE_OK); }},
    {"sqlite3_thread_cleanup", "", [](Call&) {}},
    {"sqlite3_sleep", "MILLISECONDS", [](Call& c) { c.ReturnInt(sqlite3_sleep(c.Int(0))); }},
};

}  // namespace

std::span<const Command> ConfigCommands() { return kCommands; }

}  // namespace sqliteasync::tester
