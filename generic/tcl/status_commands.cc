#include "status_commands.h"

#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "command_support.h"
#include "core/backend.h"
#include "core/requests.h"
#include "core/settings.h"
#include "core/status_report.h"
#include "event_script.h"
#include "platform.h"
#include "test_command.h"

namespace sqliteasync {

namespace {

using tester::CodeName;

std::string Unknown(const std::string& database) {
  return "database \"" + database + "\" is not open, and nothing of it is queued";
}

void Put(Tcl_Obj* dict, const char* key, Tcl_Obj* value) {
  Tcl_DictObjPut(nullptr, dict, Tcl_NewStringObj(key, -1), value);
}
void Put(Tcl_Obj* dict, const char* key, int64_t value) {
  Put(dict, key, Tcl_NewWideIntObj(value));
}
void Put(Tcl_Obj* dict, const char* key, const std::string& value) {
  Put(dict, key, NewString(value));
}

// The command prefix that an option has, or null with an error: it isn't a list, or empty.
Tcl_Obj* PrefixOf(Tcl_Interp* interp, Tcl_Obj* word) {
  Tcl_Obj* first = nullptr;
  if (Tcl_ListObjIndex(interp, word, 0, &first) != TCL_OK) return nullptr;
  if (first != nullptr) return word;
  Fail(interp, "-command is empty; should be a command prefix");
  return nullptr;
}

// --- sqlite3async_barrier ---

struct BarrierRequest {
  bool all = true;
  std::string database;
  int64_t timeout = -1;  // milliseconds
};

std::string WhyNot(const BarrierRequest& request, const BarrierResult& result) {
  if (result.outcome == BarrierResult::Outcome::kUnknown) return Unknown(request.database);
  return WhyNot(result, request.timeout, CodeName(result.code));
}

BarrierResult Wait(const BarrierRequest& request) {
  return Backend::Get().Barrier(request.all ? nullptr : request.database.c_str(), request.timeout);
}

int WaitInEventLoop(Tcl_Interp* interp, const BarrierRequest& request, Tcl_Obj* prefix) {
  const EventScript script(interp, prefix, true);
  try {
    std::thread([script, request] {
      platform::NameThread("sqliteasync-bar");
      std::string why;
      try {
        why = WhyNot(request, Wait(request));
      } catch (const std::bad_alloc&) {
        why = "out of memory";
      }
      try {
        script.Post([why] {
          Tcl_Obj* const arguments = Tcl_NewListObj(0, nullptr);
          Tcl_ListObjAppendElement(nullptr, arguments,
                                   Tcl_NewStringObj(why.empty() ? "ok" : "error", -1));
          Tcl_ListObjAppendElement(nullptr, arguments, NewString(why));
          return arguments;
        });
      } catch (const std::bad_alloc&) {
        // There is no way to say so.
      }
    }).detach();
  } catch (const std::system_error&) {
    script.Cancel();
    return Fail(interp, "the system gives no thread for the barrier");
  } catch (const std::bad_alloc&) {
    script.Cancel();
    throw;
  }
  return TCL_OK;
}

int BarrierCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  enum Option { kCommand, kDatabase, kTimeout };
  static const char* const kOptions[] = {"-command", "-database", "-timeout", nullptr};
  BarrierRequest request;
  Tcl_Obj* prefix = nullptr;
  for (int i = 1; i < objc; i += 2) {
    int option = 0;
    if (Tcl_GetIndexFromObj(interp, objv[i], kOptions, "option", 0, &option) != TCL_OK) {
      return TCL_ERROR;
    }
    if (i + 1 == objc) {
      Tcl_WrongNumArgs(interp, 1, objv, "?-timeout MS? ?-database NAME? ?-command SCRIPT?");
      return TCL_ERROR;
    }
    Tcl_Obj* const value = objv[i + 1];
    switch (static_cast<Option>(option)) {
      case kCommand:
        prefix = PrefixOf(interp, value);
        if (prefix == nullptr) return TCL_ERROR;
        break;
      case kDatabase:
        request.all = false;
        request.database = Tcl_GetString(value);
        if (request.database.empty()) {
          return Fail(interp, "-database is empty; without it the barrier is for all databases");
        }
        break;
      case kTimeout: {
        Tcl_WideInt milliseconds = 0;
        if (Tcl_GetWideIntFromObj(interp, value, &milliseconds) != TCL_OK) return TCL_ERROR;
        if (milliseconds < 0) {
          return Fail(interp, "-timeout is negative: " + std::to_string(milliseconds) +
                                  "; should be a number of milliseconds from 0 up");
        }
        request.timeout = milliseconds;
        break;
      }
    }
  }
  if (prefix != nullptr) return WaitInEventLoop(interp, request, prefix);
  const BarrierResult result = Wait(request);
  if (result.outcome == BarrierResult::Outcome::kDone) return TCL_OK;
  Tcl_SetErrorCode(interp, "SQLITEASYNC", CodeName(result.code).c_str(), nullptr);
  return Fail(interp, WhyNot(request, result));
}

// --- sqlite3async_status ---

Tcl_Obj* NewStatus(const Status& status) {
  Tcl_Obj* const dict = Tcl_NewDictObj();
  Put(dict, "operations", status.operations.now);
  Put(dict, "bytes", status.bytes.now);
  Put(dict, "transactions", status.transactions.now);
  Put(dict, "maxoperations", status.operations.highest);
  Put(dict, "maxbytes", status.bytes.highest);
  Put(dict, "maxtransactions", status.transactions.highest);
  Put(dict, "age", status.age);
  Put(dict, "performed", status.totals.performed);
  Put(dict, "folded", status.totals.folded);
  Put(dict, "syncs", status.totals.syncs);
  Put(dict, "written", status.totals.written);
  Put(dict, "reads", status.totals.reads);
  Put(dict, "memoryreads", status.totals.memory_reads);
  Put(dict, "waits", status.totals.waits);
  Put(dict, "writer", std::string(WriterWord(Backend::Get().writer().State())));
  Put(dict, "halt", SettingAsText(*FindSetting("halt")));
  return dict;
}

int StatusCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  if (objc != 1 && objc != 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "?DATABASE?");
    return TCL_ERROR;
  }
  Backend& backend = Backend::Get();
  if (objc == 1) {
    const std::vector<std::string> databases = backend.Databases();
    Tcl_Obj* const names = Tcl_NewListObj(0, nullptr);
    for (const std::string& name : databases) {
      Tcl_ListObjAppendElement(nullptr, names, NewString(name));
    }
    Tcl_Obj* const dict = NewStatus(backend.ReadStatus());
    Put(dict, "databases", names);
    Tcl_SetObjResult(interp, dict);
    return TCL_OK;
  }
  const char* const name = Tcl_GetString(objv[1]);
  const std::optional<Status> status = backend.ReadStatus(name);
  const std::optional<Failure> failure = backend.LastFailure(name);
  if (!status.has_value() && !failure.has_value()) return Fail(interp, Unknown(name));
  Tcl_Obj* const error = Tcl_NewDictObj();
  if (failure.has_value()) {
    Put(error, "operation", std::string(OperationName(failure->operation)));
    Put(error, "file", failure->file);
    Put(error, "code", CodeName(failure->code));
  }
  Tcl_Obj* const dict = NewStatus(status.value_or(Status()));
  Put(dict, "error", error);
  Tcl_SetObjResult(interp, dict);
  return TCL_OK;
}

// --- sqlite3async_errors ---

Tcl_Obj* NewFailure(const Failure& failure) {
  Tcl_Obj* const dict = Tcl_NewDictObj();
  Put(dict, "database", failure.database);
  Put(dict, "file", failure.file);
  Put(dict, "operation", std::string(OperationName(failure.operation)));
  Put(dict, "code", CodeName(failure.code));
  Put(dict, "time", failure.time);
  return dict;
}

// What an interpreter has asked to be told; it goes with the interpreter.
class ErrorReports {
 public:
  ErrorReports(Tcl_Interp* interp, Tcl_Obj* prefix) : script_(interp, prefix, false) {
    try {
      listener_ = Backend::Get().failures().Listen([script = script_](const Failure& failure) {
        try {
          script.Post([failure] {
            Tcl_Obj* const arguments = Tcl_NewListObj(0, nullptr);
            Tcl_ListObjAppendElement(nullptr, arguments, NewFailure(failure));
            return arguments;
          });
        } catch (const std::bad_alloc&) {
          // SQLite's error log has it.
        }
      });
    } catch (const std::bad_alloc&) {
      script_.Cancel();
      throw;
    }
  }
  ~ErrorReports() {
    Backend::Get().failures().StopListening(listener_);
    script_.Cancel();
  }
  ErrorReports(const ErrorReports&) = delete;
  ErrorReports& operator=(const ErrorReports&) = delete;

 private:
  const EventScript script_;
  Failures::ListenerId listener_ = 0;
};

constexpr char kReportsKey[] = "sqliteasync::ErrorReports";

void DeleteReports(ClientData data, Tcl_Interp* /*interp*/) {
  delete static_cast<ErrorReports*>(data);
}

int SetReports(Tcl_Interp* interp, Tcl_Obj* prefix) {
  Tcl_Obj* first = nullptr;
  if (Tcl_ListObjIndex(interp, prefix, 0, &first) != TCL_OK) return TCL_ERROR;
  std::unique_ptr<ErrorReports> reports;
  if (first != nullptr) reports = std::make_unique<ErrorReports>(interp, prefix);
  Tcl_DeleteAssocData(interp, kReportsKey);
  if (reports != nullptr) {
    Tcl_SetAssocData(interp, kReportsKey, DeleteReports, reports.release());
  }
  return TCL_OK;
}

int ErrorsCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  enum Option { kClear, kCommand };
  static const char* const kOptions[] = {"-clear", "-command", nullptr};
  Failures& failures = Backend::Get().failures();
  if (objc == 1) {
    const std::vector<Failure> all = failures.All();
    Tcl_Obj* const list = Tcl_NewListObj(0, nullptr);
    for (const Failure& failure : all) {
      Tcl_ListObjAppendElement(nullptr, list, NewFailure(failure));
    }
    Tcl_SetObjResult(interp, list);
    return TCL_OK;
  }
  int option = 0;
  if (Tcl_GetIndexFromObj(interp, objv[1], kOptions, "option", 0, &option) != TCL_OK) {
    return TCL_ERROR;
  }
  if (objc != (option == kCommand ? 3 : 2)) {
    Tcl_WrongNumArgs(interp, 1, objv, "?-clear | -command PREFIX?");
    return TCL_ERROR;
  }
  if (option == kCommand) return SetReports(interp, objv[2]);
  failures.Clear();
  return TCL_OK;
}

}  // namespace

void InitStatusCommands(Tcl_Interp* interp) {
  Tcl_CreateObjCommand(interp, "sqlite3async_barrier", Control<BarrierCommand>, nullptr, nullptr);
  Tcl_CreateObjCommand(interp, "sqlite3async_status", Control<StatusCommand>, nullptr, nullptr);
  Tcl_CreateObjCommand(interp, "sqlite3async_errors", Control<ErrorsCommand>, nullptr, nullptr);
}

}  // namespace sqliteasync
