// The Tcl binding: arguments in, results out.

#include <string>
#include <string_view>

#include "command_support.h"
#include "core/async_vfs.h"
#include "core/backend.h"
#include "core/settings.h"
#include "core/trace.h"
#include "device_command.h"
#include "extension/extension.h"
#include "platform.h"
#include "sim/devices.h"
#include "sqlite3async.h"
#include "status_commands.h"
#include "tcl/tcl_compatibility.h"

namespace {

using sqliteasync::Backend;
using sqliteasync::Control;
using sqliteasync::Count;
using sqliteasync::Fail;
using sqliteasync::Guarded;
using sqliteasync::Setting;
using sqliteasync::WithoutExceptions;

// A refused control answers with the name of SQLite's code, as in the second generation.
int CodeToResult(Tcl_Interp* interp, int code) {
  switch (code) {
    case SQLITE_OK:
      return TCL_OK;
    case SQLITE_ERROR:
      return Fail(interp, "SQLITE_ERROR");
    case SQLITE_MISUSE:
      return Fail(interp, "SQLITE_MISUSE");
    case SQLITE_NOMEM:
      return Fail(interp, "SQLITE_NOMEM");
    default:
      return Fail(interp, "SQLITE code " + std::to_string(code));
  }
}

// The name of a simulated device that stands on one of the backend's VFSes, or "". Opening a file
// through it would reach a VFS that is not registered, and whose parent may be gone.
std::string DeviceOnTop() {
  for (const sqliteasync::sim::DeviceVfs* device : sqliteasync::sim::AllDevices()) {
    const std::string_view parent = device->parent->zName;
    if (parent == sqliteasync::kFirstGenerationName ||
        parent == sqliteasync::kSecondGenerationName) {
      return device->name();
    }
  }
  return "";
}

int Unregister(Tcl_Interp* interp) {
  const std::string device = DeviceOnTop();
  if (!device.empty()) {
    return Fail(interp, "cannot unregister: device \"" + device +
                            "\" stands on the VFS; delete it first (sqlite3_device delete)");
  }
  const Backend::Refusal refusal = Backend::Get().Unregister();
  if (!refusal.refused()) return TCL_OK;
  return Fail(interp, "cannot unregister: " + Count(refusal.open_files, "file") + " open, " +
                          Count(refusal.queued_changes, "change") +
                          " queued; close the files, and let a writer finish "
                          "(sqlite3async_halt idle; sqlite3async_start; sqlite3async_wait)");
}

// --- First generation ---

int EnableCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  Backend& backend = Backend::Get();
  if (objc == 1) {
    Tcl_SetObjResult(interp, Tcl_NewIntObj(backend.Registered() ? 1 : 0));
    return TCL_OK;
  }
  if (objc != 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "?YES/NO?");
    return TCL_ERROR;
  }
  int enable = 0;
  if (Tcl_GetBooleanFromObj(interp, objv[1], &enable) != TCL_OK) return TCL_ERROR;
  if (enable == 0) return Unregister(interp);
  int rc = backend.Register(nullptr, sqliteasync::kFirstGenerationName);
  if (rc == SQLITE_OK) rc = backend.MakeDefault(sqliteasync::kFirstGenerationName);
  return CodeToResult(interp, rc);
}

int HaltCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  if (objc != 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "\"now\"|\"idle\"|\"never\"");
    return TCL_ERROR;
  }
  const std::string word = Tcl_GetString(objv[1]);
  int halt;
  if (word == "now") {
    halt = SQLITEASYNC_HALT_NOW;
  } else if (word == "idle") {
    halt = SQLITEASYNC_HALT_IDLE;
  } else if (word == "never") {
    halt = SQLITEASYNC_HALT_NEVER;
  } else {
    return Fail(interp, "should be one of: \"now\", \"idle\", or \"never\"");
  }
  return CodeToResult(interp, Backend::Get().SetHalt(halt));
}

int DelayCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  Backend& backend = Backend::Get();
  if (objc == 1) {
    Tcl_SetObjResult(interp, Tcl_NewIntObj(backend.delay()));
    return TCL_OK;
  }
  if (objc != 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "?MS?");
    return TCL_ERROR;
  }
  Tcl_WideInt milliseconds = 0;
  if (Tcl_GetWideIntFromObj(interp, objv[1], &milliseconds) != TCL_OK) return TCL_ERROR;
  if (backend.SetDelay(milliseconds) != SQLITE_OK) {
    return Fail(interp, "delay is out of range: " + std::to_string(milliseconds) +
                            "; should be a number of milliseconds from 0 to " +
                            std::to_string(sqliteasync::Writer::kMaximumDelay));
  }
  return TCL_OK;
}

// --- Second generation ---

int InitializeCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  if (objc != 3) {
    Tcl_WrongNumArgs(interp, 1, objv, "PARENT-VFS ISDEFAULT");
    return TCL_ERROR;
  }
  int is_default = 0;
  if (Tcl_GetBooleanFromObj(interp, objv[2], &is_default) != TCL_OK) return TCL_ERROR;
  return CodeToResult(interp, sqlite3async_initialize(Tcl_GetString(objv[1]), is_default));
}

int ShutdownCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  if (objc != 1) {
    Tcl_WrongNumArgs(interp, 1, objv, nullptr);
    return TCL_ERROR;
  }
  return Unregister(interp);
}

int ValueFromObj(Tcl_Interp* interp, Tcl_Obj* object, const Setting& setting, Tcl_WideInt* value) {
  int small = 0;
  switch (setting.kind) {
    case Setting::Kind::kWord: {
      const std::string what = std::string(setting.name) + " option";
      if (Tcl_GetIndexFromObj(interp, object, setting.words, what.c_str(), 0, &small) != TCL_OK) {
        return TCL_ERROR;
      }
      break;
    }
    case Setting::Kind::kBoolean:
      if (Tcl_GetBooleanFromObj(interp, object, &small) != TCL_OK) return TCL_ERROR;
      break;
    case Setting::Kind::kNumber:
      return Tcl_GetWideIntFromObj(interp, object, value);
  }
  *value = small;
  return TCL_OK;
}

int ControlCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  if (objc != 2 && objc != 3) {
    Tcl_WrongNumArgs(interp, 1, objv, "OPTION ?VALUE?");
    return TCL_ERROR;
  }
  // The abbreviations that lockfiles had before there was lockhold stay its own.
  const std::string_view name = Tcl_GetString(objv[1]);
  const Setting* setting = nullptr;
  if (!name.empty() && std::string_view("lock").starts_with(name)) {
    setting = sqliteasync::FindSetting("lockfiles");
  } else {
    int index = 0;
    if (Tcl_GetIndexFromObjStruct(interp, objv[1], sqliteasync::kSettings, sizeof(Setting),
                                  "option", 0, &index) != TCL_OK) {
      return TCL_ERROR;
    }
    setting = &sqliteasync::kSettings[index];
  }
  if (objc == 3) {
    Tcl_WideInt value = 0;
    if (ValueFromObj(interp, objv[2], *setting, &value) != TCL_OK ||
        CodeToResult(interp, setting->set(value)) != TCL_OK) {
      return TCL_ERROR;
    }
  }
  const int64_t value = setting->get();
  Tcl_SetObjResult(interp, setting->kind == Setting::Kind::kWord
                               ? Tcl_NewStringObj(setting->words[value], -1)
                               : Tcl_NewWideIntObj(value));
  return TCL_OK;
}

// --- Both ---

int StartCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  using StartResult = sqliteasync::Writer::StartResult;
  if (objc != 1) {
    Tcl_WrongNumArgs(interp, 1, objv, nullptr);
    return TCL_ERROR;
  }
  const StartResult result = Backend::Get().writer().Start();
  return result == StartResult::kStarted ? TCL_OK
                                         : Fail(interp, sqliteasync::Writer::Reason(result));
}

int WaitCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  if (objc != 1) {
    Tcl_WrongNumArgs(interp, 1, objv, nullptr);
    return TCL_ERROR;
  }
  if (!Backend::Get().writer().Wait()) return Fail(interp, "would block forever");
  return TCL_OK;
}

// --- Ours ---

int StepCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  if (objc != 1 && objc != 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "?N?");
    return TCL_ERROR;
  }
  Tcl_WideInt limit = 1;
  if (objc == 2 && Tcl_GetWideIntFromObj(interp, objv[1], &limit) != TCL_OK) return TCL_ERROR;
  if (limit < 0) {
    return Fail(interp, "number of operations is negative: " + std::to_string(limit) +
                            "; should be from 0 up");
  }
  const int64_t performed = Backend::Get().writer().Step(limit);
  if (performed < 0) {
    return Fail(interp,
                "a writer is running; sqlite3async_step performs operations only while none does");
  }
  Tcl_SetObjResult(interp, Tcl_NewWideIntObj(performed));
  return TCL_OK;
}

// --- Loading ---

// A command prefix; the library's path and the entry point's name are appended.
const char kJoinScript[] = R"(apply {{library entry} {
  if {[info commands ::sqlite3] eq {} && [catch {package require sqlite3} message]} {
    error "sqliteasync needs the Tcl package sqlite3 (Debian: libsqlite3-tcl): $message"
  }
  namespace eval ::sqliteasync {}
  set handle ::sqliteasync::loader
  ::sqlite3 $handle :memory:
  set failed [catch {
    $handle enable_load_extension 1
    $handle eval {SELECT load_extension($library, $entry)}
  } message]
  $handle close
  if {$failed} {
    error "sqliteasync can't join the SQLite of this interpreter,\
        which has to load it as an extension: $message"
  }
}})";

// Has the interpreter's own SQLite load this library, so that the backend joins that copy of SQLite
// and no other.
int JoinSqlite(Tcl_Interp* interp) {
  const std::string path = sqliteasync::platform::OwnLibraryPath();
  if (path.empty()) {
    return Fail(interp, "sqliteasync can't find out which file it was loaded from");
  }
  Tcl_Obj* script = Tcl_NewStringObj(kJoinScript, -1);
  Tcl_IncrRefCount(script);
  Tcl_ListObjAppendElement(interp, script, Tcl_NewStringObj(path.c_str(), -1));
  Tcl_ListObjAppendElement(interp, script, Tcl_NewStringObj(SQLITEASYNC_TCL_ENTRY_POINT, -1));
  const long bindings = BindingCount();
  const int rc = Tcl_EvalObjEx(interp, script, TCL_EVAL_GLOBAL);
  Tcl_DecrRefCount(script);
  if (rc == TCL_OK && BindingCount() == bindings) {
    return Fail(
        interp,
        "sqliteasync can't join the SQLite of this interpreter: its command sqlite3 has not "
        "loaded the extension (is it the one of the Tcl package sqlite3?)");
  }
  return rc;
}

const char* NameOfVfsOn(const sqlite3_vfs* vfs) {
  return Backend::Get().StandsOn(vfs) ? sqliteasync::kSecondGenerationName : nullptr;
}

void FinishAtExit(ClientData /*data*/) { Backend::Get().Finish(); }

}  // namespace

extern "C" SQLITEASYNC_EXPORT int Sqliteasync_Init(Tcl_Interp* interp) {
  if (Tcl_InitStubs(interp, SQLITEASYNC_TCL_REQUIREMENT, 0) == nullptr) return TCL_ERROR;
  if (!sqliteasync::HasThreads(interp)) {
    return Fail(interp, "sqliteasync needs a Tcl that was built with threads (--enable-threads)");
  }
  if (WithoutExceptions(interp, [&] { return JoinSqlite(interp); }) != TCL_OK) return TCL_ERROR;
  if (Tcl_LinkVar(interp, "sqlite3async_trace", reinterpret_cast<char*>(&sqliteasync::trace_flag),
                  TCL_LINK_INT) != TCL_OK) {
    return TCL_ERROR;
  }

  struct Command {
    const char* name;
    Tcl_ObjCmdProc* command;
  };
  static const Command kCommands[] = {
      {"sqlite3async_enable", Control<EnableCommand>},
      {"sqlite3async_halt", Control<HaltCommand>},
      {"sqlite3async_delay", Control<DelayCommand>},
      {"sqlite3async_initialize", Control<InitializeCommand>},
      {"sqlite3async_shutdown", Control<ShutdownCommand>},
      {"sqlite3async_control", Control<ControlCommand>},
      {"sqlite3async_start", Control<StartCommand>},
      {"sqlite3async_wait", Control<WaitCommand>},
      {"sqlite3async_step", Guarded<StepCommand>},
  };
  for (const auto& [name, command] : kCommands) {
    Tcl_CreateObjCommand(interp, name, command, nullptr, nullptr);
  }
  sqliteasync::InitStatusCommands(interp);
  // Once for the process, however many interpreters load the package.
  static const bool finishes = (Tcl_CreateExitHandler(FinishAtExit, nullptr), true);
  (void)finishes;
  sqliteasync::sim::AskBeforeDeleting(NameOfVfsOn);
  if (WithoutExceptions(interp, [&] { return sqliteasync::InitDeviceCommands(interp); }) !=
      TCL_OK) {
    return TCL_ERROR;
  }
  return Tcl_PkgProvide(interp, "sqliteasync", PACKAGE_VERSION);
}
