// A program with Tcl and an SQLite of its own inside, linked statically, which loads the package
// sqliteasync like any script does. It proves that the package takes part in the SQLite that the
// interpreter's `sqlite3` command uses, and in no other:
//
//   - The VFSes appear in the list of the private SQLite. The system's shared library, loaded into
//     the same process, does not get them.
//   - Work goes through them: it is in the queue first, and after draining the other copy of SQLite
//     reads it from the file.
//   - An interpreter whose `sqlite3` is the system's copy is refused, and so is one whose SQLite
//     loads no extensions. Each is told why.
//
// The package is looked for as everywhere: TCLLIBPATH. The program works in the current directory,
// which should be empty. The first check that fails ends it with a message and the exit status 1.

#include <dlfcn.h>
#include <sqlite3.h>
#include <tcl.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

void Check(bool passed, const char* what, int line) {
  if (passed) return;
  std::fprintf(stderr, "private_sqlite.cc:%d: %s\n", line, what);
  std::exit(1);
}
#define CHECK(condition) Check((condition), #condition, __LINE__)

void CheckEqual(const std::string& actual, const std::string& expected, int line) {
  if (actual == expected) return;
  std::fprintf(stderr, "private_sqlite.cc:%d: expected \"%s\", got \"%s\"\n", line,
               expected.c_str(), actual.c_str());
  std::exit(1);
}
#define CHECK_EQUAL(actual, expected) CheckEqual((actual), (expected), __LINE__)

void Proved(const char* what) {
  std::printf("%s\n", what);
  std::fflush(stdout);
}

// ------------------------------------------------- the private SQLite's Tcl command

// Can it load extensions, or does it pass for one that was built without?
enum class Extensions { kAllowed, kCompiledOut };

struct Handle {
  sqlite3* db;
  Extensions extensions;
};

int TclError(Tcl_Interp* interp, const char* message) {
  Tcl_SetObjResult(interp, Tcl_NewStringObj(message, -1));
  return TCL_ERROR;
}

// Binds $name to the caller's variable of that name, as text. An unset variable stays NULL.
void BindVariables(Tcl_Interp* interp, sqlite3_stmt* statement) {
  for (int i = 1; i <= sqlite3_bind_parameter_count(statement); ++i) {
    const char* name = sqlite3_bind_parameter_name(statement, i);
    if (name == nullptr || name[0] != '$') continue;
    if (const char* value = Tcl_GetVar(interp, name + 1, 0)) {
      sqlite3_bind_text(statement, i, value, -1, SQLITE_TRANSIENT);
    }
  }
}

// HANDLE eval SQL: all statements; the result is the list of all columns of all rows.
int Eval(Tcl_Interp* interp, sqlite3* db, const char* sql) {
  Tcl_Obj* result = Tcl_NewListObj(0, nullptr);
  Tcl_IncrRefCount(result);
  int rc = SQLITE_OK;
  while (rc == SQLITE_OK && *sql != '\0') {
    sqlite3_stmt* statement = nullptr;
    rc = sqlite3_prepare_v2(db, sql, -1, &statement, &sql);
    if (statement == nullptr) continue;
    BindVariables(interp, statement);
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        Tcl_ListObjAppendElement(interp, result, Tcl_NewStringObj(text == nullptr ? "" : text, -1));
      }
    }
    rc = sqlite3_finalize(statement);
  }
  if (rc == SQLITE_OK) Tcl_SetObjResult(interp, result);
  Tcl_DecrRefCount(result);
  return rc == SQLITE_OK ? TCL_OK : TclError(interp, sqlite3_errmsg(db));
}

int HandleCommand(ClientData data, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  auto* handle = static_cast<Handle*>(data);
  const std::string method = objc > 1 ? Tcl_GetString(objv[1]) : "";
  if (method == "close" && objc == 2) {
    Tcl_DeleteCommand(interp, Tcl_GetString(objv[0]));
    return TCL_OK;
  }
  if (method == "eval" && objc == 3) return Eval(interp, handle->db, Tcl_GetString(objv[2]));
  if (method == "enable_load_extension" && objc == 3) {
    int enable = 0;
    if (Tcl_GetBooleanFromObj(interp, objv[2], &enable) != TCL_OK) return TCL_ERROR;
    if (handle->extensions == Extensions::kCompiledOut) {
      // What SQLite's own binding says if it is built with SQLITE_OMIT_LOAD_EXTENSION.
      return TclError(interp, "extension loading is turned off at compile-time");
    }
    sqlite3_enable_load_extension(handle->db, enable);
    return TCL_OK;
  }
  return TclError(interp,
                  "usage: HANDLE close | HANDLE eval SQL | "
                  "HANDLE enable_load_extension BOOLEAN");
}

void DeleteHandle(ClientData data) {
  auto* handle = static_cast<Handle*>(data);
  CHECK(sqlite3_close(handle->db) == SQLITE_OK);
  delete handle;
}

// sqlite3 HANDLE FILE
int SqliteCommand(ClientData data, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  if (objc != 3) {
    Tcl_WrongNumArgs(interp, 1, objv, "HANDLE FILE");
    return TCL_ERROR;
  }
  sqlite3* db = nullptr;
  if (sqlite3_open(Tcl_GetString(objv[2]), &db) != SQLITE_OK) {
    TclError(interp, sqlite3_errmsg(db));
    sqlite3_close(db);
    return TCL_ERROR;
  }
  auto* handle = new Handle{db, *static_cast<Extensions*>(data)};
  Tcl_CreateObjCommand(interp, Tcl_GetString(objv[1]), HandleCommand, handle, DeleteHandle);
  return TCL_OK;
}

// -------------------------------------------------------------------- interpreters

class Interpreter {
 public:
  Interpreter() : interp_(Tcl_CreateInterp()) {
    if (Tcl_Init(interp_) != TCL_OK) std::fprintf(stderr, "%s\n", Tcl_GetStringResult(interp_));
    CHECK(Tcl_GetVar(interp_, "auto_path", TCL_GLOBAL_ONLY) != nullptr);
  }
  ~Interpreter() { Tcl_DeleteInterp(interp_); }
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // Makes `sqlite3` the private SQLite's.
  void UsePrivateSqlite(Extensions extensions) {
    extensions_ = extensions;
    Tcl_CreateObjCommand(interp_, "sqlite3", SqliteCommand, &extensions_, nullptr);
  }

  // The result of the script, which must succeed.
  std::string Run(const char* script) {
    const int rc = Tcl_EvalEx(interp_, script, -1, TCL_EVAL_GLOBAL);
    if (rc != TCL_OK) {
      std::fprintf(stderr, "%s\n", Tcl_GetVar(interp_, "errorInfo", TCL_GLOBAL_ONLY));
    }
    CHECK(rc == TCL_OK);
    return Tcl_GetStringResult(interp_);
  }

  // The message of the script's error.
  std::string Refusal(const char* script) {
    CHECK(Tcl_EvalEx(interp_, script, -1, TCL_EVAL_GLOBAL) == TCL_ERROR);
    return Tcl_GetStringResult(interp_);
  }

  void CheckPackageIsNotLoaded() {
    CHECK_EQUAL(Run("package provide sqliteasync"), "");
    CHECK_EQUAL(Run("info commands sqlite3async_*"), "");
  }

 private:
  Tcl_Interp* interp_;
  Extensions extensions_ = Extensions::kAllowed;
};

bool Contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// ---------------------------------------------------------- the other copy of SQLite

// The functions of the system's shared library, which are not those that this program calls by
// name.
class SystemSqlite {
 public:
  SystemSqlite() : library_(dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) std::fprintf(stderr, "%s\n", dlerror());
    CHECK(library_ != nullptr);
    Find(&vfs_find_, "sqlite3_vfs_find");
    Find(&open_, "sqlite3_open_v2");
    Find(&exec_, "sqlite3_exec");
    Find(&close_, "sqlite3_close");
    CHECK(vfs_find_ != &sqlite3_vfs_find);
    CHECK(vfs_find_(nullptr) != nullptr);
    CHECK(vfs_find_(nullptr) != sqlite3_vfs_find(nullptr));
  }

  bool HasVfs(const char* name) const { return vfs_find_(name) != nullptr; }

  // The last value that the statements give for the database.
  std::string Query(const char* file, const char* sql) const {
    sqlite3* db = nullptr;
    std::string result;
    const auto keep = [](void* to, int count, char** values, char**) {
      *static_cast<std::string*>(to) = values[count - 1] == nullptr ? "" : values[count - 1];
      return 0;
    };
    CHECK(open_(file, &db, SQLITE_OPEN_READWRITE, "unix") == SQLITE_OK);
    CHECK(exec_(db, sql, keep, &result, nullptr) == SQLITE_OK);
    CHECK(close_(db) == SQLITE_OK);
    return result;
  }

 private:
  template <typename Function>
  void Find(Function** function, const char* name) {
    *function = reinterpret_cast<Function*>(dlsym(library_, name));
    CHECK(*function != nullptr);
  }

  void* library_;
  decltype(sqlite3_vfs_find)* vfs_find_ = nullptr;
  decltype(sqlite3_open_v2)* open_ = nullptr;
  decltype(sqlite3_exec)* exec_ = nullptr;
  decltype(sqlite3_close)* close_ = nullptr;
};

bool PrivateSqliteHasVfs(const char* name) { return sqlite3_vfs_find(name) != nullptr; }

}  // namespace

int main(int /*argc*/, char** argv) {
  Tcl_FindExecutable(argv[0]);
  const SystemSqlite system_sqlite;
  Interpreter interpreter;
  interpreter.UsePrivateSqlite(Extensions::kAllowed);

  // Loading registers nothing.
  interpreter.Run("package require sqliteasync");
  CHECK(!PrivateSqliteHasVfs("sqlite3async") && !PrivateSqliteHasVfs("async"));
  interpreter.Run("sqlite3async_initialize {} 1");
  CHECK(PrivateSqliteHasVfs("sqlite3async") && PrivateSqliteHasVfs("async"));
  CHECK_EQUAL(sqlite3_vfs_find(nullptr)->zName, "sqlite3async");
  CHECK(!system_sqlite.HasVfs("sqlite3async") && !system_sqlite.HasVfs("async"));
  Proved("the VFSes are in the private SQLite's list, and not in the other copy's");

  // No writer runs so far: what is committed is in the queue, and only there.
  interpreter.Run(R"(
    sqlite3 db work.db
    db eval {CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT)}
    for {set i 1} {$i <= 500} {incr i} {
      set x "row $i"
      db eval {INSERT INTO t(x) VALUES($x)}
    }
    db eval {BEGIN; DELETE FROM t; ROLLBACK}
  )");
  CHECK_EQUAL(interpreter.Run("db eval {SELECT count(*), max(x) FROM t}"), "500 {row 99}");
  CHECK(std::filesystem::file_size("work.db") == 0);
  Proved("500 transactions are committed, readable, and not on disk");

  {
    Interpreter stranger;
    stranger.Run("package require sqlite3");
    CHECK(Contains(stranger.Refusal("package require sqliteasync"),
                   "in use with another copy of SQLite in this process"));
    stranger.CheckPackageIsNotLoaded();
    CHECK(!system_sqlite.HasVfs("sqlite3async"));
    Proved("an interpreter with the other copy of SQLite is refused");
  }
  {
    Interpreter unable;
    unable.UsePrivateSqlite(Extensions::kCompiledOut);
    const std::string message = unable.Refusal("package require sqliteasync");
    CHECK(Contains(message, "sqliteasync can't join the SQLite of this interpreter"));
    CHECK(Contains(message, "extension loading is turned off at compile-time"));
    unable.CheckPackageIsNotLoaded();
    CHECK_EQUAL(unable.Run("info commands ::sqliteasync::*"), "");
    Proved("an interpreter whose SQLite loads no extensions is refused");
  }
  {
    Interpreter second;
    second.UsePrivateSqlite(Extensions::kAllowed);
    second.Run("package require sqliteasync");
    CHECK_EQUAL(second.Run("sqlite3async_enable"), "1");
    CHECK_EQUAL(second.Run("sqlite3 db work.db; db eval {SELECT count(*) FROM t}"), "500");
    Proved("a second interpreter with the same SQLite shares the backend");
  }

  interpreter.Run("sqlite3async_control halt idle; sqlite3async_start; sqlite3async_wait");
  interpreter.Run("db close");
  interpreter.Run("sqlite3async_shutdown");
  CHECK(!PrivateSqliteHasVfs("sqlite3async") && !PrivateSqliteHasVfs("async"));
  CHECK_EQUAL(system_sqlite.Query("work.db", "PRAGMA integrity_check"), "ok");
  CHECK_EQUAL(
      system_sqlite.Query("work.db", "SELECT count(*) || ' ' || sum(x = 'row ' || id) FROM t"),
      "500 500");
  Proved("after draining, the other copy of SQLite reads all of them from the file");
  return 0;
}
