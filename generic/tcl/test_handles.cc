#include "tcl/test_handles.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdio>
#include <map>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "sim/allocation.h"
#include "tcl/test_command.h"

namespace sqliteasync::tester {

namespace {

enum class Owner { kScript, kHandleCommand };

struct Statement {
  sqlite3* db = nullptr;
  bool foreign = false;
};

struct Backup {
  sqlite3_backup* backup = nullptr;
  sqlite3* destination = nullptr;
  sqlite3* source = nullptr;
};

// Everything that a pointer's text may mean. It is kept without memory failing, also where faults
// are simulated: an object that could not be remembered could not be closed. The objects' addresses
// are keys only; nothing is read through them with the mutex held.
struct Registry {
  // What makes sqlite3_close() refuse. A statement's connection lives at least as long as it does,
  // so that addresses here can't be those of earlier connections.
  bool InUse(sqlite3* db) const REQUIRES(mutex) {
    return std::any_of(backups.begin(), backups.end(),
                       [db](const auto& backup) { return backup.second.source == db; }) ||
           std::any_of(blobs.begin(), blobs.end(),
                       [db](const auto& blob) { return blob.second == db; }) ||
           std::any_of(statements.begin(), statements.end(), [db](const auto& statement) {
             return statement.second.db == db && !statement.second.foreign;
           });
  }

  Mutex mutex;
  std::map<sqlite3*, Owner> connections GUARDED_BY(mutex);
  std::map<sqlite3_stmt*, Statement> statements GUARDED_BY(mutex);
  std::map<sqlite3_blob*, sqlite3*> blobs GUARDED_BY(mutex);
  uint64_t last_backup GUARDED_BY(mutex) = 0;
  std::map<uint64_t, Backup> backups GUARDED_BY(mutex);
  // The procedure of every handle command.
  Tcl_ObjCmdProc* handle_procedure GUARDED_BY(mutex) = nullptr;
};

Registry& TheRegistry() {
  static auto* registry = new Registry;  // never destroyed: handles are deleted at exit, too
  return *registry;
}

// False if the text is not a pointer's at all.
bool ParsePointer(std::string_view text, uintptr_t* value) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  *value = 0;
  if (text.empty()) return true;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

[[noreturn]] void NoSuch(const char* text, const char* what) {
  throw Failure(std::string("\"") + text + "\" is not " + what);
}

template <typename T>
T* ToPointer(const char* text, const char* what) {
  uintptr_t value = 0;
  if (!ParsePointer(text, &value)) NoSuch(text, what);
  return std::bit_cast<T*>(value);
}

// The connection of a handle command, or null if there is none of that name. Both the command and
// its connection are alive when this returns.
sqlite3* HandleOf(Tcl_Interp* interp, const char* name) {
  Registry& registry = TheRegistry();
  Tcl_CmdInfo info;
  if (Tcl_GetCommandInfo(interp, name, &info) == 0) return nullptr;
  const MutexLock lock(registry.mutex);
  if (info.objProc != registry.handle_procedure || info.objClientData == nullptr) return nullptr;
  return *static_cast<sqlite3**>(info.objClientData);
}

// Before the connection is closed.
void FinishBackupsTo(sqlite3* destination) {
  const sim::AllocationExemption exemption;
  Registry& registry = TheRegistry();
  std::vector<sqlite3_backup*> backups;
  {
    const MutexLock lock(registry.mutex);
    std::erase_if(registry.backups, [&](const auto& backup) {
      if (backup.second.destination != destination) return false;
      backups.push_back(backup.second.backup);
      return true;
    });
  }
  for (sqlite3_backup* backup : backups) sqlite3_backup_finish(backup);
}

void HandleCommandDeleted(ClientData data, Tcl_Interp* /*interp*/, const char* /*old_name*/,
                          const char* /*new_name*/, int /*flags*/) {
  Registry& registry = TheRegistry();
  auto* db = static_cast<sqlite3*>(data);
  FinishBackupsTo(db);
  const MutexLock lock(registry.mutex);
  const auto found = registry.connections.find(db);
  if (found == registry.connections.end()) return;
  if (registry.InUse(db)) {
    found->second = Owner::kScript;  // its sqlite3_close() will fail
  } else {
    registry.connections.erase(found);
  }
}

void Remember(sqlite3* db, Owner owner) {
  const sim::AllocationExemption exemption;
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  registry.connections[db] = owner;
}

int CountHandlesIn(Tcl_Interp* interp, const std::string& name_space) {
  const auto words_of = [interp](const std::string& script) {
    Tcl_Obj* list = nullptr;
    if (Tcl_Eval(interp, script.c_str()) == TCL_OK) list = Tcl_GetObjResult(interp);
    if (list == nullptr) list = Tcl_NewObj();
    Tcl_IncrRefCount(list);
    return list;
  };
  const auto sum = [interp](Tcl_Obj* list, auto value_of) {
    int total = 0;
    Tcl_Size count = 0;
    Tcl_Obj** words = nullptr;
    if (Tcl_ListObjGetElements(interp, list, &count, &words) == TCL_OK) {
      for (Tcl_Size i = 0; i < count; ++i) total += value_of(Tcl_GetString(words[i]));
    }
    Tcl_DecrRefCount(list);
    return total;
  };
  return sum(words_of("info commands {" + name_space + "::*}"),
             [&](const char* name) { return HandleOf(interp, name) != nullptr ? 1 : 0; }) +
         sum(words_of("namespace children {" + name_space + "::}"),
             [&](const char* name) { return CountHandlesIn(interp, name); });
}

}  // namespace

std::string PointerText(const void* pointer) {
  char text[2 * sizeof(pointer) + 1];
  std::snprintf(text, sizeof text, "%llX",
                static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(pointer)));
  return text;
}

int LearnHandleCommands(Tcl_Interp* interp) {
  static const char kProbe[] = "::sqliteasync::probe";
  const int rc = Tcl_EvalEx(interp,
                            "namespace eval ::sqliteasync {}\n"
                            "::sqlite3 ::sqliteasync::probe :memory:",
                            -1, TCL_EVAL_GLOBAL);
  if (rc != TCL_OK) return rc;
  Tcl_CmdInfo info = {};
  Tcl_GetCommandInfo(interp, kProbe, &info);
  Tcl_DeleteCommand(interp, kProbe);
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  registry.handle_procedure = info.objProc;
  return TCL_OK;
}

sqlite3* FindConnection(Tcl_Interp* interp, const char* text) {
  Registry& registry = TheRegistry();
  if (sqlite3* db = HandleOf(interp, text)) {
    {
      const MutexLock lock(registry.mutex);
      if (registry.connections.contains(db)) return db;
    }
    Remember(db, Owner::kHandleCommand);
    Tcl_TraceCommand(interp, text, TCL_TRACE_DELETE, HandleCommandDeleted, db);
    return db;
  }
  static const char kWhat[] = "a database handle, nor the pointer of an open connection";
  auto* db = ToPointer<sqlite3>(text, kWhat);
  const MutexLock lock(registry.mutex);
  if (db != nullptr && !registry.connections.contains(db)) NoSuch(text, kWhat);
  return db;
}

int OpenConnections(Tcl_Interp* interp) {
  Registry& registry = TheRegistry();
  int count = CountHandlesIn(interp, "");
  Tcl_ResetResult(interp);
  const MutexLock lock(registry.mutex);
  for (const auto& [db, owner] : registry.connections) {
    if (owner == Owner::kScript) ++count;
  }
  return count;
}

void AddConnection(sqlite3* db) {
  if (db != nullptr) Remember(db, Owner::kScript);
}

int CloseConnection(sqlite3* db, bool v2) {
  if (db == nullptr) return v2 ? sqlite3_close_v2(db) : sqlite3_close(db);
  Registry& registry = TheRegistry();
  // What is unfinished makes sqlite3_close() refuse, which scripts test with handle commands too.
  bool refused = !v2 && sqlite3_next_stmt(db, nullptr) != nullptr;
  Owner owner = Owner::kScript;
  {
    const MutexLock lock(registry.mutex);
    if (!v2 && registry.InUse(db)) refused = true;
    const auto found = registry.connections.find(db);
    if (found != registry.connections.end()) owner = found->second;
    if (owner == Owner::kHandleCommand && !refused) {
      throw Failure("this connection is a handle command's: use its method \"close\"");
    }
    registry.connections.erase(db);
  }
  if (!refused) FinishBackupsTo(db);
  const int rc = v2 ? sqlite3_close_v2(db) : sqlite3_close(db);
  if (rc != SQLITE_OK) {
    const MutexLock lock(registry.mutex);
    registry.connections[db] = owner;
  }
  return rc;
}

sqlite3_stmt* FindStatement(const char* text) {
  static const char kWhat[] = "the pointer of a prepared statement that is not finalized";
  auto* statement = ToPointer<sqlite3_stmt>(text, kWhat);
  if (statement == nullptr) return nullptr;
  Registry& registry = TheRegistry();
  sqlite3* db = nullptr;
  {
    const MutexLock lock(registry.mutex);
    const auto found = registry.statements.find(statement);
    if (found == registry.statements.end()) NoSuch(text, kWhat);
    if (!found->second.foreign) return statement;
    if (registry.connections.contains(found->second.db)) db = found->second.db;
  }
  sqlite3_stmt* existing = nullptr;
  if (db != nullptr) {
    do {
      existing = sqlite3_next_stmt(db, existing);
    } while (existing != nullptr && existing != statement);
  }
  if (existing == nullptr) NoSuch(text, kWhat);
  return statement;
}

void AddStatement(sqlite3_stmt* statement, bool foreign) {
  if (statement == nullptr) return;
  const sim::AllocationExemption exemption;
  const Statement entry = {sqlite3_db_handle(statement), foreign};
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  const auto [found, added] = registry.statements.try_emplace(statement, entry);
  // What is known as the script's stays so.
  if (!added && (!foreign || found->second.foreign)) found->second = entry;
}

int FinalizeStatement(sqlite3_stmt* statement) {
  if (statement != nullptr) {
    Registry& registry = TheRegistry();
    const MutexLock lock(registry.mutex);
    const auto found = registry.statements.find(statement);
    if (found->second.foreign) {
      throw Failure("this statement is a handle command's, which finalizes it itself");
    }
    registry.statements.erase(found);
  }
  return sqlite3_finalize(statement);
}

sqlite3_blob* FindBlob(const char* text) {
  static const char kWhat[] = "the pointer of an open blob";
  auto* blob = ToPointer<sqlite3_blob>(text, kWhat);
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  if (blob != nullptr && !registry.blobs.contains(blob)) NoSuch(text, kWhat);
  return blob;
}

void AddBlob(sqlite3_blob* blob, sqlite3* db) {
  if (blob == nullptr) return;
  const sim::AllocationExemption exemption;
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  registry.blobs[blob] = db;
}

int CloseBlob(sqlite3_blob* blob) {
  {
    Registry& registry = TheRegistry();
    const MutexLock lock(registry.mutex);
    registry.blobs.erase(blob);
  }
  return sqlite3_blob_close(blob);
}

uint64_t AddBackup(sqlite3_backup* backup, sqlite3* destination, sqlite3* source) {
  const sim::AllocationExemption exemption;
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  registry.backups[++registry.last_backup] = {backup, destination, source};
  return registry.last_backup;
}

sqlite3_backup* FindBackup(uint64_t number) {
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  const auto found = registry.backups.find(number);
  return found == registry.backups.end() ? nullptr : found->second.backup;
}

int FinishBackup(uint64_t number) {
  sqlite3_backup* backup = FindBackup(number);
  {
    Registry& registry = TheRegistry();
    const MutexLock lock(registry.mutex);
    registry.backups.erase(number);
  }
  return sqlite3_backup_finish(backup);
}

}  // namespace sqliteasync::tester
