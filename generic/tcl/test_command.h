// How the test harness's commands are written: one row of a table each, with the command's name,
// its arguments as a usage message shows them, and a function that gets a Call. The number of
// arguments is read off the usage text and checked before the function runs; what the function
// throws becomes Tcl's error.
//
// The commands have the names, arguments, results and error texts of those in the program that
// SQLite's own test scripts are run by. Rows are in the tables of test_*_commands.cc, one table for
// each family.

#ifndef SQLITEASYNC_TCL_TEST_COMMAND_H_
#define SQLITEASYNC_TCL_TEST_COMMAND_H_

#include <initializer_list>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/sqlite.h"
#include "tcl/tcl_compatibility.h"

namespace sqliteasync::tester {

// The command fails, with this text as its result.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The command fails, and the interpreter's result says why already.
struct FailureInResult {};

// A name that scripts use and the number it stands for. Tables of them end with a null name, as
// Tcl wants it.
struct NamedValue {
  const char* name;
  int value;
};

// The number that a word stands for; `what` says in the error message what was looked for.
int NamedWord(Tcl_Interp* interp, Tcl_Obj* word, const NamedValue* table, const char* what);

struct Command;

// One call of a command. Argument 0 is the first after the command's name.
class Call {
 public:
  // `data` is the command's own.
  Call(Tcl_Interp* interp, int objc, Tcl_Obj* const objv[], void* data = nullptr)
      : interp_(interp), count_(objc - 1), objv_(objv + 1), data_(data) {}

  Tcl_Interp* interp() const { return interp_; }
  void* data() const { return data_; }
  int count() const { return count_; }
  bool Has(int i) const { return i < count_; }
  Tcl_Obj* Argument(int i) const { return objv_[i]; }

  // An argument as what it should be; throws if it isn't.
  int Int(int i) const;
  Tcl_WideInt Wide(int i) const;
  double Double(int i) const;
  bool Boolean(int i) const;
  const char* Text(int i) const { return Tcl_GetString(objv_[i]); }
  // As Text(), but null where there is no such argument or it is empty.
  const char* TextOrNull(int i) const;
  std::string_view Bytes(int i) const;
  int Named(int i, const NamedValue* table, const char* what) const {
    return NamedWord(interp_, objv_[i], table, what);
  }
  // As Named(), without abbreviations, but a number will do too.
  int NamedOrInt(int i, const NamedValue* table) const;

  // A handle: the name of a handle command or, like the other two, a pointer's text; see
  // test_handles.h. What stands for a null pointer is an error, or null, as the name says.
  sqlite3* Db(int i) const;
  sqlite3* DbOrNull(int i) const;
  sqlite3_stmt* Statement(int i) const;
  sqlite3_stmt* StatementOrNull(int i) const;

  // The result. Without any of these it is empty.
  void Return(Tcl_Obj* value) const { Tcl_SetObjResult(interp_, value); }
  void ReturnInt(Tcl_WideInt value) const { Return(Tcl_NewWideIntObj(value)); }
  void ReturnDouble(double value) const { Return(Tcl_NewDoubleObj(value)); }
  // Null is an empty result.
  void ReturnText(const char* value) const;
  // Text that SQLite allocated; freed.
  void ReturnAllocated(char* value) const;
  void ReturnBytes(const void* bytes, int size) const;
  // UTF-16 text up to its terminator; `terminated`: with it. Null is an empty result.
  void ReturnText16(const void* text, bool terminated) const;
  // Null is an empty result.
  void ReturnPointer(const void* pointer) const;
  // The name of a result code.
  void ReturnCode(int code) const;
  // A list of integers.
  void ReturnInts(std::initializer_list<Tcl_WideInt> values) const;

  // Runs one of `verbs`, the one that argument 0 names; those that follow are its arguments. The
  // table ends with a null name. `what` says in the error message what was looked for.
  void RunVerb(const Command* verbs, const char* what) const;

  void SetVariable(Tcl_Obj* name, Tcl_Obj* value) const;

 private:
  void Check(int tcl_code) const;

  Tcl_Interp* interp_;
  int count_;
  Tcl_Obj* const* objv_;  // begins with argument 0; the command's name stands before it
  void* data_;
};

struct Command {
  using Function = void (*)(Call&);

  // `usage` is a list of words: WORD, ?WORD?, or, at the end, one that ends with "...", for any
  // number of arguments.
  constexpr Command(const char* the_name, const char* the_usage, Function the_function)
      : name(the_name), usage(the_usage), function(the_function) {
    for (const char* p = usage; *p != '\0' && most >= 0; ++p) {
      if (*p == ' ' || (p != usage && p[-1] != ' ')) continue;  // not where a word begins
      if (*p == '.') {
        most = -1;
      } else {
        ++most;
        if (*p != '?') ++least;
      }
    }
  }

  bool Takes(int arguments) const { return arguments >= least && (most < 0 || arguments <= most); }

  // Leaves the message in the interpreter; `words` of `objv` are the command's name.
  void WrongArguments(Tcl_Interp* interp, int words, Tcl_Obj* const objv[]) const {
    Tcl_WrongNumArgs(interp, words, objv, *usage == '\0' ? nullptr : usage);
  }

  const char* name;
  const char* usage;
  Function function;
  int least = 0;
  int most = 0;  // -1: any number
};

// Creates the commands, which must live as long as the process, in an interpreter.
void CreateCommands(Tcl_Interp* interp, std::span<const Command> commands);

// What a command's function should be called for: runs `function`, and turns what it throws into
// Tcl's result.
template <typename F>
int RunCommand(Tcl_Interp* interp, F function) noexcept {
  try {
    function();
    return TCL_OK;
  } catch (const FailureInResult&) {
  } catch (const std::bad_alloc&) {
    Tcl_SetObjResult(interp, Tcl_NewStringObj("out of memory", -1));
  } catch (const std::exception& e) {
    Tcl_SetObjResult(interp, Tcl_NewStringObj(e.what(), -1));
  }
  return TCL_ERROR;
}

// SQLITE_OK, SQLITE_IOERR_READ and so on. An extended code that has no name here has its primary
// code's; other numbers are SQLITE_UNKNOWN(n).
std::string CodeName(int code);

}  // namespace sqliteasync::tester

#endif  // SQLITEASYNC_TCL_TEST_COMMAND_H_
