// What goes past SQL to the file system: file controls, and the list of VFSes.

#include <algorithm>
#include <vector>

#include "core/mutex.h"
#include "tcl/test_command_tables.h"

namespace sqliteasync::tester {

namespace {

int ControlFile(Call& call, const char* schema, int verb, void* argument) {
  return sqlite3_file_control(call.Db(0), schema, verb, argument);
}

void CheckNamed(int rc) {
  if (rc != SQLITE_OK) throw Failure(CodeName(rc));
}

// What must hold for any connection: unknown verbs are not found, unknown databases an error.
void TestUnknown(Call& call) {
  int argument = 0;
  const auto expect = [&](const char* schema, int verb, int expected, int or_this) {
    const int rc = ControlFile(call, schema, verb, &argument);
    if (rc == expected || rc == or_this) return;
    throw Failure(std::string("file control ") + std::to_string(verb) + " of database \"" +
                  (schema != nullptr ? schema : "") + "\" answers " + CodeName(rc) + ", not " +
                  CodeName(expected));
  };
  expect(nullptr, 0, SQLITE_NOTFOUND, SQLITE_NOTFOUND);
  expect("notadatabase", SQLITE_FCNTL_LOCKSTATE, SQLITE_ERROR, SQLITE_ERROR);
  expect("main", -1, SQLITE_NOTFOUND, SQLITE_NOTFOUND);
  expect("temp", -1, SQLITE_NOTFOUND, SQLITE_ERROR);
}

void TestLastErrno(Call& call) {
  int number = 0;
  const int rc = ControlFile(call, nullptr, SQLITE_FCNTL_LAST_ERRNO, &number);
  if (rc != SQLITE_OK) throw Failure(std::to_string(rc));
  if (number != 0) throw Failure("Unexpected non-zero errno: " + std::to_string(number) + " ");
}

void SetChunkSize(Call& call) {
  int size = call.Int(2);
  CheckNamed(ControlFile(call, call.TextOrNull(1), SQLITE_FCNTL_CHUNK_SIZE, &size));
}

void GiveSizeHint(Call& call) {
  sqlite3_int64 size = call.Wide(2);
  CheckNamed(ControlFile(call, call.TextOrNull(1), SQLITE_FCNTL_SIZE_HINT, &size));
}

void DataVersion(Call& call) {
  unsigned version = 0;
  CheckNamed(ControlFile(call, call.TextOrNull(1), SQLITE_FCNTL_DATA_VERSION, &version));
  call.ReturnInt(version);
}

// A flag that a verb sets or, for a negative number, only asks for. Returns the code's number, and
// the flag.
void Flag(Call& call, int verb) {
  int flag = call.Int(1);
  const int rc = ControlFile(call, nullptr, verb, &flag);
  call.ReturnInts({rc, flag});
}

// Text that a verb allocates.
void AllocatedText(Call& call, int verb) {
  char* text = nullptr;
  ControlFile(call, call.Has(1) ? call.Text(1) : "main", verb, &text);
  call.ReturnAllocated(text);
}

void ReserveBytes(Call& call) {
  int size = call.Int(1);
  call.ReturnCode(ControlFile(call, "main", SQLITE_FCNTL_RESERVE_BYTES, &size));
}

void ExternalReader(Call& call) {
  constexpr int kVerb = 40;  // SQLITE_FCNTL_EXTERNAL_READER, which older headers lack
  int reader = 0;
  CheckNamed(ControlFile(call, call.TextOrNull(1), kVerb, &reader));
  call.ReturnInt(reader);
}

// Can the file's device write several pages at once, or none of them?
void CanWriteAtomically(Call& call) {
  sqlite3* db = nullptr;
  sqlite3_file* file = nullptr;
  int rc = sqlite3_open(call.Text(0), &db);
  if (rc == SQLITE_OK) {
    rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  }
  int characteristics = 0;
  if (rc == SQLITE_OK && file->pMethods != nullptr) {
    characteristics = file->pMethods->xDeviceCharacteristics(file);
  }
  sqlite3_close(db);
  CheckNamed(rc);
  call.ReturnInt((characteristics & SQLITE_IOCAP_BATCH_ATOMIC) != 0 ? 1 : 0);
}

// --- VFSes ---

std::vector<sqlite3_vfs*> RegisteredVfses() {
  std::vector<sqlite3_vfs*> result;
  for (sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr); vfs != nullptr; vfs = vfs->pNext) {
    result.push_back(vfs);
  }
  return result;
}

void ListVfses(Call& call) {
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const sqlite3_vfs* vfs : RegisteredVfses()) {
    Tcl_ListObjAppendElement(nullptr, list, Tcl_NewStringObj(vfs->zName, -1));
  }
  call.Return(list);
}

Mutex unregistered_mutex;
std::vector<sqlite3_vfs*> unregistered GUARDED_BY(unregistered_mutex);

void UnregisterAll(Call& /*call*/) {
  const MutexLock lock(unregistered_mutex);
  unregistered = RegisteredVfses();
  for (sqlite3_vfs* vfs : unregistered) sqlite3_vfs_unregister(vfs);
  std::reverse(unregistered.begin(), unregistered.end());
}

// The last is the default: each goes to the head of the list, which is then as it was.
void RegisterAllAgain(Call& /*call*/) {
  const MutexLock lock(unregistered_mutex);
  for (sqlite3_vfs* vfs : unregistered) sqlite3_vfs_register(vfs, 1);
  unregistered.clear();
}

const Command kCommands[] = {
    {"file_control_test", "DB", TestUnknown},
    {"file_control_lasterrno_test", "DB", TestLastErrno},
    {"file_control_chunksize_test", "DB DBNAME SIZE", SetChunkSize},
    {"file_control_sizehint_test", "DB DBNAME SIZE", GiveSizeHint},
    {"file_control_data_version", "DB ?DBNAME?", DataVersion},
    {"file_control_persist_wal", "DB FLAG", [](Call& c) { Flag(c, SQLITE_FCNTL_PERSIST_WAL); }},
    {"file_control_powersafe_overwrite", "DB FLAG",
     [](Call& c) { Flag(c, SQLITE_FCNTL_POWERSAFE_OVERWRITE); }},
    {"file_control_vfsname", "DB ?AUXDB?", [](Call& c) { AllocatedText(c, SQLITE_FCNTL_VFSNAME); }},
    {"file_control_tempfilename", "DB ?AUXDB?",
     [](Call& c) { AllocatedText(c, SQLITE_FCNTL_TEMPFILENAME); }},
    {"file_control_reservebytes", "DB VALUE", ReserveBytes},
    {"file_control_external_reader", "DB ?DBNAME?", ExternalReader},

    {"atomic_batch_write", "PATH", CanWriteAtomically},
    {"vfs_list", "", ListVfses},
    {"sqlite3_vfs_list", "", ListVfses},
    {"vfs_unregister_all", "", UnregisterAll},
    {"vfs_reregister_all", "", RegisterAllAgain},
};

}  // namespace

std::span<const Command> FileControlCommands() { return kCommands; }

}  // namespace sqliteasync::tester
