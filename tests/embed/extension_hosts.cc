// Hosts in which the extension can't do all, or anything: an SQLite that is too old, one that was
// built without threads, one without virtual tables. They are played by the static SQLite that this
// program has inside, with a table of functions that says so.
//
// The library is that of the build, SQLITEASYNC_BUILD. The first check that fails ends the program
// with a message and the exit status 1.

#include <dlfcn.h>
#include <sqlite3.h>
#include <sqlite3ext.h>

#include <cstdio>
#include <cstdlib>
#include <string>

// sqlite3ext.h makes macros of SQLite's functions. Here they are SQLite's own.
#undef sqlite3_auto_extension
#undef sqlite3_cancel_auto_extension
#undef sqlite3_close
#undef sqlite3_errmsg
#undef sqlite3_exec
#undef sqlite3_free
#undef sqlite3_open
#undef sqlite3_vfs_find

namespace {

void Check(bool passed, const std::string& what, int line) {
  if (passed) return;
  std::fprintf(stderr, "extension_hosts.cc:%d: %s\n", line, what.c_str());
  std::exit(1);
}
#define CHECK(condition) Check((condition), #condition, __LINE__)

void CheckEqual(const std::string& actual, const std::string& expected, int line) {
  Check(actual == expected, "expected \"" + expected + "\", got \"" + actual + "\"", line);
}
#define CHECK_EQUAL(actual, expected) CheckEqual((actual), (expected), __LINE__)

const sqlite3_api_routines* functions = nullptr;

int Capture(sqlite3* /*db*/, char** /*error*/, const sqlite3_api_routines* api) {
  functions = api;
  return SQLITE_OK;
}

// The functions that this SQLite gives to extensions.
sqlite3_api_routines FunctionsOfThis() {
  auto* const capture = reinterpret_cast<void (*)()>(Capture);
  CHECK(sqlite3_auto_extension(capture) == SQLITE_OK);
  sqlite3* db = nullptr;
  CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
  sqlite3_close(db);
  CHECK(sqlite3_cancel_auto_extension(capture) == 1);
  CHECK(functions != nullptr);
  return *functions;
}

using EntryPoint = int (*)(sqlite3*, char**, const sqlite3_api_routines*);

EntryPoint FindEntryPoint() {
  const char* const build = std::getenv("SQLITEASYNC_BUILD");
  CHECK(build != nullptr);
  void* const library = dlopen((std::string(build) + "/sqliteasync.so").c_str(), RTLD_NOW);
  if (library == nullptr) Check(false, dlerror(), __LINE__);
  auto* const entry = reinterpret_cast<EntryPoint>(dlsym(library, "sqlite3_sqliteasync_init"));
  CHECK(entry != nullptr);
  return entry;
}

// The message with which it refuses to be loaded with `api`.
std::string Refusal(EntryPoint entry, sqlite3* db, const sqlite3_api_routines& api) {
  char* error = nullptr;
  CHECK(entry(db, &error, &api) == SQLITE_ERROR);
  CHECK(error != nullptr);
  std::string message = error;
  sqlite3_free(error);
  CHECK(sqlite3_vfs_find("sqlite3async") == nullptr);
  return message;
}

// What the statement answers: its last value, or the error.
std::string Answer(sqlite3* db, const char* sql) {
  std::string answer;
  auto keep = [](void* to, int count, char** values, char** /*names*/) {
    *static_cast<std::string*>(to) = values[count - 1] == nullptr ? "NULL" : values[count - 1];
    return 0;
  };
  const int rc = sqlite3_exec(db, sql, keep, &answer, nullptr);
  return rc == SQLITE_OK ? answer : sqlite3_errmsg(db);
}

}  // namespace

int main() {
  const sqlite3_api_routines real = FunctionsOfThis();
  const EntryPoint entry = FindEntryPoint();
  sqlite3* db = nullptr;
  CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);

  sqlite3_api_routines old = real;
  old.libversion_number = [] { return 3033000; };
  CHECK_EQUAL(Refusal(entry, db, old), "sqliteasync: needs SQLite 3.34.0 or later");

  sqlite3_api_routines without_threads = real;
  without_threads.xthreadsafe = [] { return 0; };
  CHECK_EQUAL(Refusal(entry, db, without_threads),
              "sqliteasync: this SQLite was built without threads (SQLITE_THREADSAFE=0); its VFS "
              "can't be called by a writer thread");

  // SQLITE_OMIT_VIRTUALTABLE leaves these out of the table.
  sqlite3_api_routines without_tables = real;
  without_tables.create_module = nullptr;
  without_tables.create_module_v2 = nullptr;
  without_tables.declare_vtab = nullptr;
  without_tables.vtab_config = nullptr;
  char* error = nullptr;
  CHECK(entry(db, &error, &without_tables) == SQLITE_OK_LOAD_PERMANENTLY);
  CHECK(error == nullptr);
  CHECK(sqlite3_vfs_find("sqlite3async") != nullptr);
  CHECK_EQUAL(Answer(db, "SELECT sqlite3async_control('halt')"), "never");
  CHECK_EQUAL(Answer(db, "SELECT * FROM sqlite3async_status"),
              "no such table: sqlite3async_status");

  // And in this process it is bound to that SQLite.
  CHECK(entry(db, &error, &real) == SQLITE_ERROR);
  CHECK_EQUAL(error,
              "sqliteasync: in use with another copy of SQLite in this process; one process can "
              "use it with one copy only");
  sqlite3_free(error);
  sqlite3_close(db);
  std::puts("all passed");
  return 0;
}
