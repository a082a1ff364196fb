// The command testvfs: a VFS on the default one that a script watches, and in which it lets methods
// fail.
//
// What the script sees: for each method that is among those of "filter", its procedure is called
// with the method's name and what the method is about. Its result may be the name of a result code,
// which the method then returns, or SQLITE_OMIT: a write that is left out.
//
// Shared memory is the VFS's own, kept by the file's name, so that a script can look at it and
// change it; with -fullshm the parent's.
//
// Thread safety: the procedure is called on the thread of its interpreter only; apart from that, as
// sqlite3_vfs. Deleting the command unregisters the VFS; files that are still open keep it alive.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <vector>

#include "core/vfs_over_parent.h"
#include "sim/allocation.h"
#include "tcl/test_command_tables.h"

namespace sqliteasync::tester {

namespace {

enum Method : unsigned {
  kShmOpen = 1 << 0,
  kShmLock = 1 << 1,
  kShmMap = 1 << 2,
  kShmBarrier = 1 << 3,
  kShmUnmap = 1 << 4,
  kSync = 1 << 5,
  kDelete = 1 << 6,
  kWrite = 1 << 7,
  kRead = 1 << 8,
  kTruncate = 1 << 9,
  kOpen = 1 << 10,
  kClose = 1 << 11,
  kAccess = 1 << 12,
  kFullPathname = 1 << 13,
  kUnlock = 1 << 14,
  kLock = 1 << 15,
  kCheckReservedLock = 1 << 16,
  kFileControl = 1 << 17,
};

const NamedValue kMethods[] = {
    {"xShmOpen", kShmOpen},
    {"xShmLock", kShmLock},
    {"xShmBarrier", kShmBarrier},
    {"xShmUnmap", kShmUnmap},
    {"xShmMap", kShmMap},
    {"xSync", kSync},
    {"xDelete", kDelete},
    {"xWrite", kWrite},
    {"xRead", kRead},
    {"xTruncate", kTruncate},
    {"xOpen", kOpen},
    {"xClose", kClose},
    {"xAccess", kAccess},
    {"xFullPathname", kFullPathname},
    {"xUnlock", kUnlock},
    {"xLock", kLock},
    {"xCheckReservedLock", kCheckReservedLock},
    {"xFileControl", kFileControl},
    {nullptr, 0},
};

const char* NameOf(Method method) {
  const NamedValue* row = kMethods;
  while (row->value != static_cast<int>(method)) ++row;
  return row->name;
}

const NamedValue kCharacteristics[] = {
    {"default", -1},
    {"atomic", SQLITE_IOCAP_ATOMIC},
    {"atomic512", SQLITE_IOCAP_ATOMIC512},
    {"atomic1k", SQLITE_IOCAP_ATOMIC1K},
    {"atomic2k", SQLITE_IOCAP_ATOMIC2K},
    {"atomic4k", SQLITE_IOCAP_ATOMIC4K},
    {"atomic8k", SQLITE_IOCAP_ATOMIC8K},
    {"atomic16k", SQLITE_IOCAP_ATOMIC16K},
    {"atomic32k", SQLITE_IOCAP_ATOMIC32K},
    {"atomic64k", SQLITE_IOCAP_ATOMIC64K},
    {"sequential", SQLITE_IOCAP_SEQUENTIAL},
    {"safe_append", SQLITE_IOCAP_SAFE_APPEND},
    {"undeletable_when_open", SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN},
    {"powersafe_overwrite", SQLITE_IOCAP_POWERSAFE_OVERWRITE},
    {"immutable", SQLITE_IOCAP_IMMUTABLE},
    {nullptr, 0},
};

constexpr int kOmit = -1;

const NamedValue kResults[] = {
    {"SQLITE_OK", SQLITE_OK},
    {"SQLITE_ERROR", SQLITE_ERROR},
    {"SQLITE_IOERR", SQLITE_IOERR},
    {"SQLITE_LOCKED", SQLITE_LOCKED},
    {"SQLITE_BUSY", SQLITE_BUSY},
    {"SQLITE_READONLY", SQLITE_READONLY},
    {"SQLITE_READONLY_CANTINIT", SQLITE_READONLY | (5 << 8)},
    {"SQLITE_NOTFOUND", SQLITE_NOTFOUND},
    {"SQLITE_OMIT", kOmit},
    {nullptr, 0},
};

// An error that is injected: at the Nth chance, once or from then on.
class Fault {
 public:
  // True if it is now.
  bool Happens() {
    if (!armed_) return false;
    --countdown_;
    if (countdown_ != 0 && !(countdown_ < 0 && persist_)) return false;
    ++failures_;
    return true;
  }
  // Returns how often it happened.
  int Set(int countdown, bool persist) {
    const int failures = failures_;
    *this = Fault();
    armed_ = countdown > 0;
    countdown_ = countdown;
    persist_ = persist;
    return failures;
  }

 private:
  bool armed_ = false;
  bool persist_ = false;
  int countdown_ = 0;
  int failures_ = 0;
};

struct TestFile;

constexpr int kRegionSize = 32768;

struct SharedMemory {
  std::vector<std::unique_ptr<std::array<char, kRegionSize>>> regions;
  std::vector<TestFile*> users;
};

struct TestVfs : VfsContext {
  // The arguments after the method's name.
  using Words = std::initializer_list<Tcl_Obj*>;

  bool Watches(Method method) const { return (mask & method) != 0; }
  // Calls the script's procedure. Its result is then `answer`.
  void Tell(Method method, Words words);
  // What the answer says: false if it is not the name of a result code.
  bool Answered(int* code) const;
  // Tells, if the script watches the method; SQLITE_OK, or what it answers.
  int Ask(Method method, Words words);
  bool Fails(Method method) { return Watches(method) && ioerr.Happens(); }

  sqlite3_vfs vfs = {};
  sqlite3_io_methods methods = {};
  std::string name;
  Tcl_Interp* interp = nullptr;  // null: the command is deleted
  Tcl_ThreadId thread = nullptr;
  Tcl_Obj* script = nullptr;
  std::string answer;
  unsigned mask = ~0U;
  Fault ioerr;
  Fault full;
  Fault cantopen;
  int characteristics = -1;
  int sector_size = -1;
  bool own_memory = true;
  int open_files = 0;
  std::map<std::string, SharedMemory> memory;
};

// The parent's file lies behind it.
struct TestFile : sqlite3_file {
  TestVfs* owner;
  sqlite3_file* parent;
  const char* name;  // SQLite's, "" for one without a name
  Tcl_Obj* id;
  SharedMemory* memory;
  unsigned shared_locks;
  unsigned exclusive_locks;
};

constexpr int kParentOffset = static_cast<int>((sizeof(TestFile) + alignof(std::max_align_t) - 1) &
                                               ~(alignof(std::max_align_t) - 1));

TestFile& Ours(sqlite3_file* file) { return *static_cast<TestFile*>(file); }
TestVfs& Ours(sqlite3_vfs* vfs) {
  return static_cast<TestVfs&>(*static_cast<VfsContext*>(vfs->pAppData));
}

Tcl_Obj* NewText(const char* text) { return Tcl_NewStringObj(text, -1); }

void TestVfs::Tell(Method method, Words words) {
  answer.clear();
  Tcl_Obj* command = script != nullptr ? Tcl_DuplicateObj(script) : Tcl_NewObj();
  Tcl_IncrRefCount(command);
  Tcl_ListObjAppendElement(nullptr, command, NewText(NameOf(method)));
  for (Tcl_Obj* word : words) Tcl_ListObjAppendElement(nullptr, command, word);
  if (script != nullptr && interp != nullptr && Tcl_GetCurrentThread() == thread) {
    Tcl_InterpState state = Tcl_SaveInterpState(interp, TCL_OK);
    if (Tcl_EvalObjEx(interp, command, TCL_EVAL_GLOBAL) == TCL_ERROR) {
      Tcl_BackgroundError(interp);
    } else {
      const sim::AllocationExemption exemption;
      answer = Tcl_GetStringResult(interp);
    }
    Tcl_RestoreInterpState(interp, state);
  }
  Tcl_DecrRefCount(command);
}

bool TestVfs::Answered(int* code) const {
  for (const NamedValue* row = kResults; row->name != nullptr; ++row) {
    if (answer == row->name) {
      *code = row->value;
      return true;
    }
  }
  return false;
}

int TestVfs::Ask(Method method, Words words) {
  int code = SQLITE_OK;
  if (script != nullptr && Watches(method)) {
    Tell(method, words);
    Answered(&code);
  } else {
    for (Tcl_Obj* word : words) {
      Tcl_IncrRefCount(word);
      Tcl_DecrRefCount(word);
    }
  }
  return code;
}

// ----- Files

int FileClose(sqlite3_file* file) {
  TestFile& ours = Ours(file);
  TestVfs* const owner = ours.owner;
  owner->Ask(kClose, {NewText(ours.name), ours.id});
  Tcl_DecrRefCount(ours.id);
  if (ours.parent->pMethods != nullptr) ours.parent->pMethods->xClose(ours.parent);
  file->pMethods = nullptr;
  --owner->open_files;
  if (owner->interp == nullptr && owner->open_files == 0) delete owner;
  return SQLITE_OK;
}

int FileRead(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  TestFile& ours = Ours(file);
  const int rc = ours.owner->Ask(kRead, {NewText(ours.name), ours.id});
  if (rc != SQLITE_OK) return rc;
  if (ours.owner->Fails(kRead)) return SQLITE_IOERR;
  return ours.parent->pMethods->xRead(ours.parent, out, size, offset);
}

int FileWrite(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  TestFile& ours = Ours(file);
  const int rc = ours.owner->Ask(
      kWrite, {NewText(ours.name), ours.id, Tcl_NewWideIntObj(offset), Tcl_NewIntObj(size)});
  if (rc == kOmit) return SQLITE_OK;
  if (rc != SQLITE_OK) return rc;
  if (ours.owner->full.Happens()) return SQLITE_FULL;
  if (ours.owner->Fails(kWrite)) return SQLITE_IOERR;
  return ours.parent->pMethods->xWrite(ours.parent, bytes, size, offset);
}

int FileTruncate(sqlite3_file* file, sqlite3_int64 size) {
  TestFile& ours = Ours(file);
  const int rc = ours.owner->Ask(kTruncate, {NewText(ours.name), ours.id});
  if (rc != SQLITE_OK) return rc;
  if (ours.owner->Fails(kTruncate)) return SQLITE_IOERR;
  return ours.parent->pMethods->xTruncate(ours.parent, size);
}

int FileSync(sqlite3_file* file, int flags) {
  const sim::AllocationExemption exemption;
  TestFile& ours = Ours(file);
  std::string how = (flags & 0x0f) == SQLITE_SYNC_FULL ? "full" : "normal";
  if ((flags & SQLITE_SYNC_DATAONLY) != 0) how += "|dataonly";
  const int rc = ours.owner->Ask(kSync, {NewText(ours.name), ours.id, NewText(how.c_str())});
  if (rc != SQLITE_OK) return rc;
  if (ours.owner->Fails(kSync)) return SQLITE_IOERR;
  return ours.parent->pMethods->xSync(ours.parent, flags);
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  sqlite3_file* parent = Ours(file).parent;
  return parent->pMethods->xFileSize(parent, size);
}

const char* LevelName(int level) {
  static const char* const kNames[] = {"none", "shared", "reserved", "pending", "exclusive"};
  return level >= 0 && level < 5 ? kNames[level] : "none";
}

int FileLock(sqlite3_file* file, int level) {
  TestFile& ours = Ours(file);
  ours.owner->Ask(kLock, {NewText(ours.name), NewText(LevelName(level))});
  return ours.parent->pMethods->xLock(ours.parent, level);
}

int FileUnlock(sqlite3_file* file, int level) {
  TestFile& ours = Ours(file);
  ours.owner->Ask(kUnlock, {NewText(ours.name), NewText(LevelName(level))});
  // An unlock fails where writes do.
  if (ours.owner->Fails(kWrite)) return SQLITE_IOERR_UNLOCK;
  return ours.parent->pMethods->xUnlock(ours.parent, level);
}

int FileCheckReservedLock(sqlite3_file* file, int* reserved) {
  TestFile& ours = Ours(file);
  ours.owner->Ask(kCheckReservedLock, {NewText(ours.name)});
  return ours.parent->pMethods->xCheckReservedLock(ours.parent, reserved);
}

// Two pragmas that this VFS answers: "error", with a code and a message, fails so; "filename" is
// the file's name.
int Pragma(const TestFile& file, char** words) {
  if (sqlite3_stricmp(words[1], "error") == 0) {
    int code = SQLITE_ERROR;
    const char* text = words[2];
    if (text != nullptr && *text >= '0' && *text <= '9') {
      char* end = nullptr;
      code = static_cast<int>(std::strtol(text, &end, 10));
      while (*end == ' ') ++end;
      text = end;
    }
    if (text != nullptr && *text != '\0') words[0] = sqlite3_mprintf("%s", text);
    return code;
  }
  if (sqlite3_stricmp(words[1], "filename") == 0) {
    words[0] = sqlite3_mprintf("%s", file.name);
    return SQLITE_OK;
  }
  return SQLITE_NOTFOUND;
}

int FileControl(sqlite3_file* file, int verb, void* argument) {
  TestFile& ours = Ours(file);
  if (verb == SQLITE_FCNTL_PRAGMA) {
    const int rc = Pragma(ours, static_cast<char**>(argument));
    if (rc != SQLITE_NOTFOUND) return rc;
  }
  static const NamedValue kTold[] = {
      {"BEGIN_ATOMIC_WRITE", SQLITE_FCNTL_BEGIN_ATOMIC_WRITE},
      {"COMMIT_ATOMIC_WRITE", SQLITE_FCNTL_COMMIT_ATOMIC_WRITE},
      {"ROLLBACK_ATOMIC_WRITE", SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE},
      {nullptr, 0},
  };
  for (const NamedValue* row = kTold; row->name != nullptr; ++row) {
    if (row->value != verb) continue;
    const int rc = ours.owner->Ask(kFileControl, {NewText(ours.name), NewText(row->name)});
    if (rc != SQLITE_OK) return rc;
  }
  return ours.parent->pMethods->xFileControl(ours.parent, verb, argument);
}

int FileSectorSize(sqlite3_file* file) {
  TestFile& ours = Ours(file);
  if (ours.owner->sector_size >= 0) return ours.owner->sector_size;
  return ours.parent->pMethods->xSectorSize(ours.parent);
}

int FileCharacteristics(sqlite3_file* file) {
  TestFile& ours = Ours(file);
  if (ours.owner->characteristics >= 0) return ours.owner->characteristics;
  return ours.parent->pMethods->xDeviceCharacteristics(ours.parent);
}

// ----- Shared memory

int OpenMemory(TestFile& file) {
  const int rc = file.owner->Ask(kShmOpen, {NewText(file.name)});
  if (rc != SQLITE_OK) return rc;
  if (file.owner->Fails(kShmOpen)) return SQLITE_IOERR;
  const sim::AllocationExemption exemption;
  file.memory = &file.owner->memory[file.name];
  file.memory->users.push_back(&file);
  return SQLITE_OK;
}

char* RegionOf(SharedMemory& memory, size_t number) {
  const sim::AllocationExemption exemption;
  if (memory.regions.size() <= number) memory.regions.resize(number + 1);
  auto& region = memory.regions[number];
  if (region == nullptr) region = std::make_unique<std::array<char, kRegionSize>>();
  return region->data();
}

int MemoryMap(sqlite3_file* file, int number, int size, int extend, void volatile** out) {
  TestFile& ours = Ours(file);
  TestVfs& owner = *ours.owner;
  *out = nullptr;
  if (owner.own_memory && ours.memory == nullptr) {
    const int rc = OpenMemory(ours);
    if (rc != SQLITE_OK) return rc;
  }
  Tcl_Obj* const range[] = {Tcl_NewIntObj(number), Tcl_NewIntObj(size), Tcl_NewIntObj(extend)};
  const int rc =
      owner.Ask(kShmMap, {NewText(ours.name), ours.id, Tcl_NewListObj(std::size(range), range)});
  if (rc != SQLITE_OK) return rc;
  if (owner.Fails(kShmMap)) return SQLITE_IOERR;
  if (!owner.own_memory) {
    return ours.parent->pMethods->xShmMap(ours.parent, number, size, extend, out);
  }
  const auto index = static_cast<size_t>(number);
  const auto& regions = ours.memory->regions;
  if (extend != 0 || (index < regions.size() && regions[index] != nullptr)) {
    *out = RegionOf(*ours.memory, index);
  }
  return SQLITE_OK;
}

int MemoryLock(sqlite3_file* file, int offset, int count, int flags) {
  TestFile& ours = Ours(file);
  TestVfs& owner = *ours.owner;
  const bool lock = (flags & SQLITE_SHM_LOCK) != 0;
  const bool shared = (flags & SQLITE_SHM_SHARED) != 0;
  const sim::AllocationExemption exemption;
  const std::string what = std::to_string(offset) + " " + std::to_string(count) +
                           (lock ? " lock " : " unlock ") + (shared ? "shared" : "exclusive");
  const int rc = owner.Ask(kShmLock, {NewText(ours.name), ours.id, NewText(what.c_str())});
  if (rc != SQLITE_OK) return rc;
  if (lock && owner.Fails(kShmLock)) return SQLITE_IOERR;
  if (!owner.own_memory) return ours.parent->pMethods->xShmLock(ours.parent, offset, count, flags);
  const unsigned bits = ((1U << count) - 1) << offset;
  if (!lock) {
    (shared ? ours.shared_locks : ours.exclusive_locks) &= ~bits;
    return SQLITE_OK;
  }
  for (const TestFile* user : ours.memory->users) {
    if (user == &ours) continue;
    const unsigned held = user->exclusive_locks | (shared ? 0 : user->shared_locks);
    if ((held & bits) != 0) return SQLITE_BUSY;
  }
  (shared ? ours.shared_locks : ours.exclusive_locks) |= bits;
  return SQLITE_OK;
}

void MemoryBarrier(sqlite3_file* file) {
  TestFile& ours = Ours(file);
  ours.owner->Ask(kShmBarrier, {NewText(ours.name), ours.id});
  if (!ours.owner->own_memory) ours.parent->pMethods->xShmBarrier(ours.parent);
}

int MemoryUnmap(sqlite3_file* file, int remove) {
  TestFile& ours = Ours(file);
  TestVfs& owner = *ours.owner;
  if (!owner.own_memory) {
    owner.Ask(kShmUnmap, {NewText(ours.name), ours.id});
    return ours.parent->pMethods->xShmUnmap(ours.parent, remove);
  }
  if (ours.memory == nullptr) return SQLITE_OK;
  const int rc = owner.Ask(kShmUnmap, {NewText(ours.name), ours.id});
  std::erase(ours.memory->users, &ours);
  if (ours.memory->users.empty()) owner.memory.erase(ours.name);
  ours.memory = nullptr;
  ours.shared_locks = 0;
  ours.exclusive_locks = 0;
  return rc;
}

int Fetch(sqlite3_file* file, sqlite3_int64 offset, int size, void** out) {
  sqlite3_file* parent = Ours(file).parent;
  return parent->pMethods->xFetch(parent, offset, size, out);
}

int Unfetch(sqlite3_file* file, sqlite3_int64 offset, void* memory) {
  sqlite3_file* parent = Ours(file).parent;
  return parent->pMethods->xUnfetch(parent, offset, memory);
}

// ----- The VFS

// The URI's parameters, names and values.
Tcl_Obj* UriParameters(const char* name, int flags) {
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  if (name == nullptr || (flags & SQLITE_OPEN_MAIN_DB) == 0) return list;
  for (const char* p = name + std::strlen(name) + 1; *p != '\0'; p += std::strlen(p) + 1) {
    Tcl_ListObjAppendElement(nullptr, list, NewText(p));
  }
  return list;
}

int VfsOpen(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  TestVfs& owner = Ours(vfs);
  TestFile& ours = Ours(file);
  file->pMethods = nullptr;
  ours.owner = &owner;
  ours.name = name != nullptr ? name : "";
  ours.memory = nullptr;
  ours.shared_locks = 0;
  ours.exclusive_locks = 0;
  ours.parent = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kParentOffset);
  std::memset(static_cast<void*>(ours.parent), 0, static_cast<size_t>(owner.parent->szOsFile));
  std::string id;
  if (owner.script != nullptr && owner.Watches(kOpen)) {
    owner.Tell(kOpen, {NewText(ours.name), UriParameters(name, flags)});
    int rc = SQLITE_OK;
    if (owner.Answered(&rc)) {
      if (rc != SQLITE_OK) return rc;
    } else {
      const sim::AllocationExemption exemption;
      id = owner.answer;
    }
  }
  if (owner.Fails(kOpen)) return SQLITE_IOERR;
  if (owner.cantopen.Happens()) return SQLITE_CANTOPEN;
  if (owner.full.Happens()) return SQLITE_FULL;
  const int rc = owner.parent->xOpen(owner.parent, name, ours.parent, flags, out_flags);
  if (rc != SQLITE_OK || ours.parent->pMethods == nullptr) {
    if (ours.parent->pMethods != nullptr) ours.parent->pMethods->xClose(ours.parent);
    return rc;
  }
  ours.id = NewText(id.empty() ? "anon" : id.c_str());
  Tcl_IncrRefCount(ours.id);
  // Not more than the parent's file can do, which is the same for all its files.
  if (owner.methods.iVersion > ours.parent->pMethods->iVersion) {
    owner.methods.iVersion = owner.own_memory && ours.parent->pMethods->iVersion < 2
                                 ? 2
                                 : ours.parent->pMethods->iVersion;
  }
  file->pMethods = &owner.methods;
  ++owner.open_files;
  return SQLITE_OK;
}

int VfsDelete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  TestVfs& owner = Ours(vfs);
  const int rc = owner.Ask(kDelete, {NewText(name), Tcl_NewIntObj(sync_directory)});
  if (rc != SQLITE_OK) return rc;
  if (owner.Fails(kDelete)) return SQLITE_IOERR_DELETE;
  return owner.parent->xDelete(owner.parent, name, sync_directory);
}

int VfsAccess(sqlite3_vfs* vfs, const char* name, int mode, int* out) {
  TestVfs& owner = Ours(vfs);
  if (owner.script != nullptr && owner.Watches(kAccess)) {
    const char* what = mode == SQLITE_ACCESS_EXISTS      ? "SQLITE_ACCESS_EXISTS"
                       : mode == SQLITE_ACCESS_READWRITE ? "SQLITE_ACCESS_READWRITE"
                                                         : "SQLITE_ACCESS_READ";
    owner.Tell(kAccess, {NewText(name), NewText(what)});
    int rc = SQLITE_OK;
    if (owner.Answered(&rc)) {
      if (rc != SQLITE_OK) return rc;
    } else {
      Tcl_Obj* answer = NewText(owner.answer.c_str());
      Tcl_IncrRefCount(answer);
      const bool is_boolean = Tcl_GetBooleanFromObj(nullptr, answer, out) == TCL_OK;
      Tcl_DecrRefCount(answer);
      if (is_boolean) return SQLITE_OK;
    }
  }
  return owner.parent->xAccess(owner.parent, name, mode, out);
}

int VfsFullPathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  TestVfs& owner = Ours(vfs);
  const int rc = owner.Ask(kFullPathname, {NewText(name)});
  if (rc != SQLITE_OK) return rc;
  return owner.parent->xFullPathname(owner.parent, name, size, out);
}

// ----- The command of a VFS

TestVfs& VfsOf(const Call& call) { return *static_cast<TestVfs*>(call.data()); }

// Memory is found by the file's full name.
void Memory(Call& call) {
  TestVfs& owner = VfsOf(call);
  std::vector<char> path(static_cast<size_t>(owner.parent->mxPathname) + 1);
  owner.parent->xFullPathname(owner.parent, call.Text(0), static_cast<int>(path.size()),
                              path.data());
  const auto found = owner.memory.find(path.data());
  if (found == owner.memory.end()) {
    throw Failure(std::string("no such file: ") + call.Text(0));
  }
  SharedMemory& memory = found->second;
  if (call.Has(1)) {
    const std::string_view bytes = call.Bytes(1);
    for (size_t at = 0; at < bytes.size(); at += kRegionSize) {
      const std::string_view part = bytes.substr(at, kRegionSize);
      std::memcpy(RegionOf(memory, at / kRegionSize), part.data(), part.size());
    }
  }
  std::string bytes;
  for (const auto& region : memory.regions) {
    if (region == nullptr) break;
    bytes.append(region->data(), kRegionSize);
  }
  call.ReturnBytes(bytes.data(), static_cast<int>(bytes.size()));
}

// The numbers that the words of a list stand for.
std::vector<int> ValuesOf(Call& call, const NamedValue* table, const char* what) {
  Tcl_Size count = 0;
  Tcl_Obj** words = nullptr;
  if (Tcl_ListObjGetElements(call.interp(), call.Argument(0), &count, &words) != TCL_OK) {
    throw FailureInResult();
  }
  std::vector<int> values;
  values.reserve(static_cast<size_t>(count));
  for (Tcl_Size i = 0; i < count; ++i) {
    values.push_back(NamedWord(call.interp(), words[i], table, what));
  }
  return values;
}

void Filter(Call& call) {
  unsigned mask = 0;
  for (const int method : ValuesOf(call, kMethods, "method")) mask |= static_cast<unsigned>(method);
  VfsOf(call).mask = mask;
}

void Script(Call& call) {
  TestVfs& owner = VfsOf(call);
  if (call.Has(0)) {
    if (owner.script != nullptr) Tcl_DecrRefCount(owner.script);
    owner.script = nullptr;
    if (*call.Text(0) != '\0') {
      owner.script = Tcl_DuplicateObj(call.Argument(0));
      Tcl_IncrRefCount(owner.script);
    }
  }
  if (owner.script != nullptr) call.Return(owner.script);
}

void SetFault(Call& call, Fault& fault) {
  if (call.count() == 1) throw Failure("a count needs PERSIST, too");
  if (call.Has(0)) {
    const int countdown = call.Int(0);
    call.ReturnInt(fault.Set(countdown, call.Boolean(1)));
  } else {
    call.ReturnInt(fault.Set(0, false));
  }
}

void SetCharacteristics(Call& call) {
  TestVfs& owner = VfsOf(call);
  if (call.Has(0)) {
    int characteristics = 0;
    for (const int bit : ValuesOf(call, kCharacteristics, "devchar")) characteristics |= bit;
    owner.characteristics = characteristics;
  }
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const NamedValue* row = kCharacteristics; row->name != nullptr; ++row) {
    if (row->value == -1
            ? owner.characteristics == -1
            : owner.characteristics != -1 && (owner.characteristics & row->value) == row->value) {
      Tcl_ListObjAppendElement(nullptr, list, NewText(row->name));
    }
  }
  call.Return(list);
}

void SetSectorSize(Call& call) {
  TestVfs& owner = VfsOf(call);
  if (call.Has(0)) owner.sector_size = call.Int(0);
  call.ReturnInt(owner.sector_size);
}

const Command kVfsCommands[] = {
    {"shm", "FILE ?VALUE?", Memory},
    {"delete", "", [](Call& c) { Tcl_DeleteCommand(c.interp(), VfsOf(c).name.c_str()); }},
    {"filter", "LIST", Filter},
    {"ioerr", "?COUNT? ?PERSIST?", [](Call& c) { SetFault(c, VfsOf(c).ioerr); }},
    {"fullerr", "?COUNT? ?PERSIST?", [](Call& c) { SetFault(c, VfsOf(c).full); }},
    {"cantopenerr", "?COUNT? ?PERSIST?", [](Call& c) { SetFault(c, VfsOf(c).cantopen); }},
    {"script", "?SCRIPT?", Script},
    {"devchar", "?ATTR-LIST?", SetCharacteristics},
    {"sectorsize", "?VALUE?", SetSectorSize},
    {nullptr, "", nullptr},
};

int RunVfsCommand(ClientData data, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  if (objc < 2) {
    Tcl_WrongNumArgs(interp, 1, objv, "SUBCOMMAND ...");
    return TCL_ERROR;
  }
  Tcl_ResetResult(interp);
  return RunCommand(interp,
                    [&] { Call(interp, objc, objv, data).RunVerb(kVfsCommands, "subcommand"); });
}

void VfsCommandDeleted(ClientData data) {
  auto* owner = static_cast<TestVfs*>(data);
  sqlite3_vfs_unregister(&owner->vfs);
  if (owner->script != nullptr) Tcl_DecrRefCount(owner->script);
  owner->script = nullptr;
  owner->interp = nullptr;
  if (owner->open_files == 0) delete owner;
}

struct Options {
  bool no_memory = false;
  bool is_default = false;
  bool parent_memory = false;
  int file_size = 0;
  int path_size = 0;
  int version = 3;
};

Options OptionsOf(const Call& call) {
  static const NamedValue kOptions[] = {{"-noshm", 0},      {"-default", 1},  {"-szosfile", 2},
                                        {"-mxpathname", 3}, {"-iversion", 4}, {"-fullshm", 5},
                                        {nullptr, 0}};
  if (call.count() % 2 == 0) throw Failure("an option has no value");
  Options options;
  for (int i = 1; i < call.count(); i += 2) {
    switch (call.Named(i, kOptions, "option")) {
      case 0:
        options.no_memory = call.Boolean(i + 1);
        break;
      case 1:
        options.is_default = call.Boolean(i + 1);
        break;
      case 2:
        options.file_size = call.Int(i + 1);
        break;
      case 3:
        options.path_size = call.Int(i + 1);
        break;
      case 4:
        options.version = call.Int(i + 1);
        break;
      default:
        options.parent_memory = call.Boolean(i + 1);
    }
  }
  return options;
}

void CreateVfs(Call& call) {
  const Options options = OptionsOf(call);
  // A command of that name goes first, with its VFS, which may be the default.
  Tcl_DeleteCommand(call.interp(), call.Text(0));
  auto* owner = new TestVfs;
  owner->name = call.Text(0);
  owner->interp = call.interp();
  owner->thread = Tcl_GetCurrentThread();
  owner->parent = sqlite3_vfs_find(nullptr);
  owner->own_memory = !options.parent_memory;
  PassOnToParent(owner, &owner->vfs);
  if (owner->vfs.iVersion > options.version) owner->vfs.iVersion = options.version;
  owner->vfs.zName = owner->name.c_str();
  owner->vfs.szOsFile = std::max(kParentOffset + owner->parent->szOsFile, options.file_size);
  if (options.path_size > 0) owner->vfs.mxPathname = options.path_size;
  owner->vfs.xOpen = VfsOpen;
  owner->vfs.xDelete = VfsDelete;
  owner->vfs.xAccess = VfsAccess;
  owner->vfs.xFullPathname = VfsFullPathname;
  owner->methods = {options.version,
                    FileClose,
                    FileRead,
                    FileWrite,
                    FileTruncate,
                    FileSync,
                    FileSize,
                    FileLock,
                    FileUnlock,
                    FileCheckReservedLock,
                    FileControl,
                    FileSectorSize,
                    FileCharacteristics,
                    MemoryMap,
                    MemoryLock,
                    MemoryBarrier,
                    MemoryUnmap,
                    Fetch,
                    Unfetch};
  if (options.no_memory) {
    owner->methods.xShmMap = nullptr;
    owner->methods.xShmLock = nullptr;
    owner->methods.xShmBarrier = nullptr;
    owner->methods.xShmUnmap = nullptr;
  }
  Tcl_CreateObjCommand(call.interp(), call.Text(0), RunVfsCommand, owner, VfsCommandDeleted);
  sqlite3_vfs_register(&owner->vfs, options.is_default ? 1 : 0);
}

const Command kCommands[] = {{"testvfs", "VFSNAME ?OPTION? ?VALUE? ...", CreateVfs}};

}  // namespace

std::span<const Command> VfsCommands() { return kCommands; }

}  // namespace sqliteasync::tester
