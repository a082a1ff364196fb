// "sqlite3_backup B ..." creates a command B that stands for the backup; deleting it ends the
// backup.

#include <memory>
#include <utility>

#include "sim/allocation.h"
#include "tcl/test_command_tables.h"
#include "tcl/test_handles.h"

namespace sqliteasync::tester {

namespace {

// What the command knows: the backup's number, see test_handles.h, or 0 after "finish".
using BackupNumber = uint64_t;

BackupNumber& NumberOf(const Call& call) { return *static_cast<BackupNumber*>(call.data()); }

sqlite3_backup* BackupOf(const Call& call) {
  sqlite3_backup* backup = FindBackup(NumberOf(call));
  if (backup == nullptr) throw Failure("the backup's destination has been closed");
  return backup;
}

void Finish(Call& call) {
  BackupOf(call);
  call.ReturnCode(FinishBackup(std::exchange(NumberOf(call), 0)));
}

const Command kVerbs[] = {
    {"step", "NPAGE", [](Call& c) { c.ReturnCode(sqlite3_backup_step(BackupOf(c), c.Int(0))); }},
    {"finish", "", Finish},
    {"remaining", "", [](Call& c) { c.ReturnInt(sqlite3_backup_remaining(BackupOf(c))); }},
    {"pagecount", "", [](Call& c) { c.ReturnInt(sqlite3_backup_pagecount(BackupOf(c))); }},
    {nullptr, "", nullptr},
};

int BackupCommand(ClientData data, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  if (objc < 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "OPTION ?NPAGE?");
    return TCL_ERROR;
  }
  return RunCommand(interp, [&] {
    Call(interp, objc, objv, data).RunVerb(kVerbs, "option");
    if (*static_cast<BackupNumber*>(data) == 0) {
      Tcl_DeleteCommand(interp, Tcl_GetString(objv[0]));
    }
  });
}

void DeleteBackup(ClientData data) {
  const std::unique_ptr<BackupNumber> number(static_cast<BackupNumber*>(data));
  FinishBackup(*number);
}

void CreateBackup(Call& call) {
  sqlite3* destination = call.Db(1);
  sqlite3* source = call.Db(3);
  sqlite3_backup* backup = sqlite3_backup_init(destination, call.Text(2), source, call.Text(4));
  if (backup == nullptr) throw Failure("sqlite3_backup_init() failed");
  const sim::AllocationExemption exemption;  // what was begun must be kept
  auto number = std::make_unique<BackupNumber>(AddBackup(backup, destination, source));
  Tcl_CreateObjCommand(call.interp(), call.Text(0), BackupCommand, number.release(), DeleteBackup);
  call.Return(call.Argument(0));
}

const Command kCommands[] = {
    {"sqlite3_backup", "CMDNAME DESTHANDLE DESTNAME SRCHANDLE SRCNAME", CreateBackup},
};

}  // namespace

std::span<const Command> BackupCommands() { return kCommands; }

}  // namespace sqliteasync::tester
