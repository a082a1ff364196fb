#include "core/fake_vfs.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "core/allocation.h"

namespace sqliteasync::test {

// A file's bytes, and the handles that it is open through.
struct FakeVfs::Data {
  std::string bytes;
  std::vector<Handle*> handles;
};

struct FakeVfs::Handle {
  int number = 0;
  std::string name;
  const char* given_name = nullptr;  // must live, and stay the same, until xClose
  int flags = 0;
  int level = SQLITE_LOCK_NONE;
  bool powersafe_overwrite = true;
  std::shared_ptr<Data> data;
  std::atomic<bool> in_call{false};
};

namespace {

struct FakeFile : sqlite3_file {
  FakeVfs* fake;
  FakeVfs::Handle* handle;
};

FakeVfs& Fake(sqlite3_vfs* vfs) { return *static_cast<FakeVfs*>(vfs->pAppData); }
FakeVfs& Fake(sqlite3_file* file) { return *static_cast<FakeFile*>(file)->fake; }
FakeVfs::Handle& HandleOf(sqlite3_file* file) { return *static_cast<FakeFile*>(file)->handle; }

int FileClose(sqlite3_file* file) { return Fake(file).Close(HandleOf(file)); }
int FileRead(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  return Fake(file).Read(HandleOf(file), out, size, offset);
}
int FileWrite(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  return Fake(file).Write(HandleOf(file), bytes, size, offset);
}
int FileTruncate(sqlite3_file* file, sqlite3_int64 size) {
  return Fake(file).Truncate(HandleOf(file), size);
}
int FileSync(sqlite3_file* file, int flags) { return Fake(file).Sync(HandleOf(file), flags); }
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Fake(file).FileSize(HandleOf(file), size);
}
int FileLock(sqlite3_file* file, int level) { return Fake(file).Lock(HandleOf(file), level); }
int FileUnlock(sqlite3_file* file, int level) { return Fake(file).Unlock(HandleOf(file), level); }
int FileCheckReserved(sqlite3_file* file, int* reserved) {
  return Fake(file).CheckReserved(HandleOf(file), reserved);
}
int FileControl(sqlite3_file* file, int verb, void* argument) {
  return Fake(file).Control(HandleOf(file), verb, argument);
}
int FileSectorSize(sqlite3_file* file) { return Fake(file).sector_size; }
int FileDeviceCharacteristics(sqlite3_file* file) { return Fake(file).device_characteristics; }

const sqlite3_io_methods kMethods = {1,
                                     FileClose,
                                     FileRead,
                                     FileWrite,
                                     FileTruncate,
                                     FileSync,
                                     FileSize,
                                     FileLock,
                                     FileUnlock,
                                     FileCheckReserved,
                                     FileControl,
                                     FileSectorSize,
                                     FileDeviceCharacteristics,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr};

int VfsOpen(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  const int rc = Fake(vfs).Open(vfs, name, file, flags, out_flags);
  if (rc == SQLITE_OK) file->pMethods = &kMethods;
  return rc;
}
int VfsDelete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  return Fake(vfs).Delete(vfs, name, sync_directory);
}
int VfsAccess(sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
  return Fake(vfs).Access(name, flags, answer);
}
int VfsFullPathname(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s%s", name[0] == '/' ? "" : "/", name);
  return SQLITE_OK;
}
int VfsRandomness(sqlite3_vfs*, int size, char* out) {
  std::memset(out, 7, static_cast<size_t>(size));
  return size;
}
int VfsSleep(sqlite3_vfs*, int microseconds) { return microseconds; }
int VfsCurrentTimeInt64(sqlite3_vfs*, sqlite3_int64* milliseconds) {
  *milliseconds = sqlite3_int64{212000000000000};
  return SQLITE_OK;
}
int VfsCurrentTime(sqlite3_vfs*, double* day) {
  *day = 2453000.5;
  return SQLITE_OK;
}
int VfsGetLastError(sqlite3_vfs*, int, char*) { return 4711; }

bool IsKind(const FakeVfs::Record& record, FakeVfs::Call call, const std::string& name) {
  return record.call == call && (name.empty() || record.name == name);
}

}  // namespace

const char* CallName(FakeVfs::Call call) {
  static const char* const kNames[] = {"OPEN",   "DELETE",         "ACCESS", "CLOSE", "READ",
                                       "WRITE",  "TRUNCATE",       "SYNC",   "SIZE",  "LOCK",
                                       "UNLOCK", "CHECK-RESERVED", "CONTROL"};
  return kNames[static_cast<int>(call)];
}

std::string Changes(const std::vector<FakeVfs::Record>& records) {
  using Call = FakeVfs::Call;
  std::string text;
  std::string last;
  for (const FakeVfs::Record& record : records) {
    if (record.call != Call::kWrite && record.call != Call::kTruncate &&
        record.call != Call::kSync && record.call != Call::kDelete &&
        record.call != Call::kUnlock) {
      continue;
    }
    std::string line = std::string(CallName(record.call)) + " " + record.name + "\n";
    if (line != last) text += line;
    last = std::move(line);
  }
  return text;
}

FakeVfs::FakeVfs(const char* watched_name, const char* plain_name) {
  watched_.iVersion = 2;
  watched_.szOsFile = sizeof(FakeFile);
  watched_.mxPathname = 512;
  watched_.zName = watched_name;
  watched_.pAppData = this;
  watched_.xOpen = VfsOpen;
  watched_.xDelete = VfsDelete;
  watched_.xAccess = VfsAccess;
  watched_.xFullPathname = VfsFullPathname;
  watched_.xRandomness = VfsRandomness;
  watched_.xSleep = VfsSleep;
  watched_.xCurrentTime = VfsCurrentTime;
  watched_.xGetLastError = VfsGetLastError;
  watched_.xCurrentTimeInt64 = VfsCurrentTimeInt64;
  plain_ = watched_;
  plain_.zName = plain_name;
  sqlite3_vfs_register(&watched_, 0);
  sqlite3_vfs_register(&plain_, 0);
}

FakeVfs::~FakeVfs() {
  sqlite3_vfs_unregister(&watched_);
  sqlite3_vfs_unregister(&plain_);
}

// ----- Files

bool FakeVfs::Exists(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return files_.count(name) > 0;
}

std::string FakeVfs::Bytes(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto at = files_.find(name);
  return at == files_.end() ? "" : at->second->bytes;
}

void FakeVfs::SetBytes(const std::string& name, const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Data>& data = files_[name];
  if (data == nullptr) data = std::make_shared<Data>();
  data->bytes = bytes;
}

void FakeVfs::Remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  files_.erase(name);
}

std::vector<std::string> FakeVfs::Names() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, data] : files_) names.push_back(name);
  return names;
}

void FakeVfs::CopyFilesTo(FakeVfs& other) {
  std::map<std::string, std::shared_ptr<Data>> copies;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, data] : files_) {
      copies[name] = std::make_shared<Data>();
      copies[name]->bytes = data->bytes;
    }
  }
  const std::lock_guard lock(other.mutex_);
  other.files_ = std::move(copies);
}

int FakeVfs::open_handles() {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(handles_.size());
}

int FakeVfs::LockLevel(const std::string& name) {
  const std::lock_guard lock(mutex_);
  int highest = SQLITE_LOCK_NONE;
  for (const Handle* handle : handles_) {
    if (handle->name == name) highest = std::max(highest, handle->level);
  }
  return highest;
}

// ----- Records

std::vector<FakeVfs::Record> FakeVfs::Records() {
  const std::lock_guard lock(mutex_);
  return records_;
}

std::vector<FakeVfs::Record> FakeVfs::Records(Call call, const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::vector<Record> found;
  for (const Record& record : records_) {
    if (IsKind(record, call, name)) found.push_back(record);
  }
  return found;
}

int FakeVfs::Count(Call call, const std::string& name) {
  return static_cast<int>(Records(call, name).size());
}

void FakeVfs::ClearRecords() {
  const std::lock_guard lock(mutex_);
  records_.clear();
  opens_.clear();
}

std::vector<FakeVfs::Opened> FakeVfs::Opens(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::vector<Opened> found;
  for (const Opened& opened : opens_) {
    if (opened.name == name) found.push_back(opened);
  }
  return found;
}

int64_t FakeVfs::bytes_written() {
  const std::lock_guard lock(mutex_);
  return bytes_written_;
}

std::vector<std::string> FakeVfs::Violations() {
  const std::lock_guard lock(mutex_);
  return violations_;
}

void FakeVfs::Violate(const std::string& what) {
  const std::lock_guard lock(mutex_);
  violations_.push_back(what);
}

// ----- Failures and hold-ups

void FakeVfs::FailNth(Call call, const std::string& name, int nth, int code) {
  const std::lock_guard lock(mutex_);
  failures_.push_back(Failure{call, name, nth, code});
}

void FakeVfs::FailAll(Call call, const std::string& name, int code) {
  FailNth(call, name, 0, code);
}

void FakeVfs::StopFailing() {
  const std::lock_guard lock(mutex_);
  failures_.clear();
}

void FakeVfs::Block(Call call, const std::string& name) {
  const std::lock_guard lock(mutex_);
  blocking_ = true;
  blocked_call_ = call;
  blocked_name_ = name;
  released_ = 0;
}

void FakeVfs::WaitUntilBlocked() {
  std::unique_lock lock(mutex_);
  gate_.wait(lock, [this] { return held_up_ > released_; });
}

void FakeVfs::ReleaseOne() {
  const std::lock_guard lock(mutex_);
  ++released_;
  gate_.notify_all();
}

void FakeVfs::Unblock() {
  const std::lock_guard lock(mutex_);
  blocking_ = false;
  gate_.notify_all();
}

void FakeVfs::SetObserver(std::function<void(const Record&)> observer) {
  const std::lock_guard lock(mutex_);
  observer_ = std::move(observer);
}

int FakeVfs::Begin(Call call, const std::string& name, int handle, int64_t number, int64_t size) {
  std::unique_lock lock(mutex_);
  Record record{call, name, handle, number, size};
  for (auto failure = failures_.begin(); failure != failures_.end();) {
    const bool always = failure->countdown == 0;
    const bool hit =
        IsKind(record, failure->call, failure->name) && (always || --failure->countdown == 0);
    if (hit) record.code = failure->code;
    failure = hit && !always ? failures_.erase(failure) : std::next(failure);
  }
  records_.push_back(record);
  if (observer_) {
    const auto observer = observer_;
    lock.unlock();
    observer(record);
    lock.lock();
  }
  if (blocking_ && IsKind(record, blocked_call_, blocked_name_)) {
    ++held_up_;
    gate_.notify_all();
    gate_.wait(lock, [this] { return !blocking_ || released_ > 0; });
    if (released_ > 0) --released_;
    --held_up_;
  }
  return record.code;
}

// ----- The file system

// One call on one handle: no other may be going on.
class FakeVfs::HandleCall {
 public:
  HandleCall(FakeVfs& fake, Handle& handle, Call call) : handle_(handle) {
    if (handle.in_call.exchange(true)) {
      fake.Violate(std::string(CallName(call)) + " of " + handle.name +
                   " while another call on that handle is going on");
    }
  }
  ~HandleCall() { handle_.in_call = false; }
  HandleCall(const HandleCall&) = delete;
  HandleCall& operator=(const HandleCall&) = delete;

 private:
  Handle& handle_;
};

// Asks what a VFS may ask of a name. One that isn't a SQLite filename makes these read out of
// bounds, which the address sanitizer reports; without it they give nonsense.
void FakeVfs::CheckName(const char* name, int flags) {
  const std::string text = name;
  const std::string database = sqlite3_filename_database(name);
  std::string expected = text.substr(0, text.rfind("-journal"));
  expected = expected.substr(0, expected.rfind("-wal"));
  if (database != expected) {
    Violate("the database of " + text + " is said to be \"" + database + "\"");
  }
  constexpr int kKnowsItsCompanions =
      SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
  if ((flags & kKnowsItsCompanions) == 0) return;
  if (sqlite3_filename_journal(name) != database + "-journal") {
    Violate("the journal of " + text + " is said to be \"" + sqlite3_filename_journal(name) + "\"");
  }
  if (sqlite3_filename_wal(name) != database + "-wal") {
    Violate("the log of " + text + " is said to be \"" + sqlite3_filename_wal(name) + "\"");
  }
}

int FakeVfs::Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                  int* out_flags) {
  const AllocationExempt exempt;
  constexpr int kTypes = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_TEMP_DB |
                         SQLITE_OPEN_TEMP_JOURNAL | SQLITE_OPEN_TRANSIENT_DB |
                         SQLITE_OPEN_SUBJOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
  if (vfs == &watched_ && (flags & kTypes) == 0) Violate("an open without a type of file");
  Opened opened;
  opened.flags = flags;
  if (name != nullptr) {
    if (vfs == &watched_) CheckName(name, flags);
    opened.name = name;
    const char* key = vfs == &watched_ ? sqlite3_uri_key(name, 0) : nullptr;
    for (int i = 0; key != nullptr; key = sqlite3_uri_key(name, ++i)) {
      opened.parameters[key] = sqlite3_uri_parameter(name, key);
    }
  }
  if (const int rc = Begin(Call::kOpen, opened.name, 0, flags); rc != SQLITE_OK) return rc;

  const std::lock_guard lock(mutex_);
  std::shared_ptr<Data> data;
  if (name == nullptr) {
    data = std::make_shared<Data>();
  } else if (const auto at = files_.find(opened.name); at != files_.end()) {
    data = at->second;
  } else if ((flags & SQLITE_OPEN_CREATE) == 0) {
    return SQLITE_CANTOPEN;
  } else {
    data = files_[opened.name] = std::make_shared<Data>();
  }
  auto handle = std::make_unique<Handle>();
  handle->number = opened.handle = ++last_handle_;
  handle->name = opened.name;
  handle->given_name = name;
  handle->flags = flags;
  handle->data = data;
  data->handles.push_back(handle.get());
  handles_.insert(handle.get());
  opens_.push_back(std::move(opened));
  static_cast<FakeFile*>(file)->fake = this;
  static_cast<FakeFile*>(file)->handle = handle.release();
  // No more than the win32 VFS says.
  if (out_flags != nullptr) *out_flags = flags & (SQLITE_OPEN_READONLY | SQLITE_OPEN_READWRITE);
  return SQLITE_OK;
}

int FakeVfs::Delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  const AllocationExempt exempt;
  if (vfs == &watched_) CheckName(name);
  if (const int rc = Begin(Call::kDelete, name, 0, sync_directory); rc != SQLITE_OK) return rc;
  const std::lock_guard lock(mutex_);
  const auto at = files_.find(name);
  if (at == files_.end()) return SQLITE_IOERR_DELETE_NOENT;
  if ((device_characteristics & SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN) != 0 &&
      !at->second->handles.empty()) {
    return SQLITE_IOERR_DELETE;
  }
  files_.erase(at);
  return SQLITE_OK;
}

int FakeVfs::Access(const char* name, int flags, int* answer) {
  const AllocationExempt exempt;
  *answer = 0;
  if (const int rc = Begin(Call::kAccess, name, 0, flags); rc != SQLITE_OK) return rc;
  const std::lock_guard lock(mutex_);
  const auto at = files_.find(name);
  if (at == files_.end()) return SQLITE_OK;
  *answer = flags != SQLITE_ACCESS_EXISTS || !at->second->bytes.empty() ? 1 : 0;
  return SQLITE_OK;
}

int FakeVfs::Close(Handle& handle) {
  const AllocationExempt exempt;
  const std::unique_ptr<Handle> owner(&handle);
  const HandleCall call(*this, handle, Call::kClose);
  Begin(Call::kClose, handle.name, handle.number, 0);
  if (handle.given_name != nullptr && handle.name != handle.given_name) {
    Violate("the name of " + handle.name + " has changed before it was closed");
  }
  const std::lock_guard lock(mutex_);
  std::erase(handle.data->handles, &handle);
  handles_.erase(&handle);
  if ((handle.flags & SQLITE_OPEN_DELETEONCLOSE) != 0) files_.erase(handle.name);
  return SQLITE_OK;
}

int FakeVfs::Read(Handle& handle, void* out, int size, int64_t offset) {
  const AllocationExempt exempt;
  const HandleCall call(*this, handle, Call::kRead);
  if (const int rc = Begin(Call::kRead, handle.name, handle.number, offset, size);
      rc != SQLITE_OK) {
    return rc;
  }
  const std::lock_guard lock(mutex_);
  const std::string& bytes = handle.data->bytes;
  const auto length = static_cast<size_t>(size);
  const size_t begin = std::min(static_cast<size_t>(offset), bytes.size());
  const size_t available = std::min(length, bytes.size() - begin);
  std::memcpy(out, bytes.data() + begin, available);
  std::memset(static_cast<char*>(out) + available, 0, length - available);
  return available == length ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int FakeVfs::Write(Handle& handle, const void* bytes, int size, int64_t offset) {
  const AllocationExempt exempt;
  const HandleCall call(*this, handle, Call::kWrite);
  const int rc = Begin(Call::kWrite, handle.name, handle.number, offset, size);
  if (requires_exclusive && (handle.flags & SQLITE_OPEN_MAIN_DB) != 0 &&
      handle.level != SQLITE_LOCK_EXCLUSIVE) {
    Violate("WRITE of " + handle.name + " at lock level " + std::to_string(handle.level));
  }
  if (rc != SQLITE_OK) return rc;
  const std::lock_guard lock(mutex_);
  const auto end = static_cast<size_t>(offset + size);
  std::string& to = handle.data->bytes;
  if (to.size() < end) to.resize(end);
  std::memcpy(to.data() + offset, bytes, static_cast<size_t>(size));
  bytes_written_ += size;
  return SQLITE_OK;
}

int FakeVfs::Truncate(Handle& handle, int64_t size) {
  const AllocationExempt exempt;
  const HandleCall call(*this, handle, Call::kTruncate);
  const int rc = Begin(Call::kTruncate, handle.name, handle.number, size);
  if (requires_exclusive && (handle.flags & SQLITE_OPEN_MAIN_DB) != 0 &&
      handle.level != SQLITE_LOCK_EXCLUSIVE) {
    Violate("TRUNCATE of " + handle.name + " at lock level " + std::to_string(handle.level));
  }
  if (rc != SQLITE_OK) return rc;
  const std::lock_guard lock(mutex_);
  handle.data->bytes.resize(static_cast<size_t>(size));
  return SQLITE_OK;
}

int FakeVfs::Sync(Handle& handle, int flags) {
  const AllocationExempt exempt;
  const HandleCall call(*this, handle, Call::kSync);
  return Begin(Call::kSync, handle.name, handle.number, flags);
}

int FakeVfs::FileSize(Handle& handle, sqlite3_int64* size) {
  const AllocationExempt exempt;
  const HandleCall call(*this, handle, Call::kFileSize);
  const int rc = Begin(Call::kFileSize, handle.name, handle.number, 0);
  const std::lock_guard lock(mutex_);
  *size = static_cast<sqlite3_int64>(handle.data->bytes.size());
  return rc;
}

// ----- Locks: SQLite's rules between the handles of one file

int FakeVfs::Lock(Handle& handle, int level) {
  const AllocationExempt exempt;
  const HandleCall call(*this, handle, Call::kLock);
  const int rc = Begin(Call::kLock, handle.name, handle.number, level);
  if (level == SQLITE_LOCK_PENDING || level == SQLITE_LOCK_NONE ||
      (handle.level == SQLITE_LOCK_NONE && level != SQLITE_LOCK_SHARED)) {
    Violate("LOCK " + std::to_string(level) + " of " + handle.name + " at level " +
            std::to_string(handle.level));
  }
  if (rc != SQLITE_OK) return rc;
  const std::lock_guard lock(mutex_);
  if (handle.level >= level) return SQLITE_OK;
  int other = SQLITE_LOCK_NONE;
  for (const Handle* each : handle.data->handles) {
    if (each != &handle) other = std::max(other, each->level);
  }
  static constexpr int kTolerated[] = {SQLITE_LOCK_EXCLUSIVE, SQLITE_LOCK_RESERVED,
                                       SQLITE_LOCK_SHARED, SQLITE_LOCK_SHARED, SQLITE_LOCK_NONE};
  if (other <= kTolerated[level]) {
    handle.level = level;
    return SQLITE_OK;
  }
  if (level == SQLITE_LOCK_EXCLUSIVE && other == SQLITE_LOCK_SHARED) {
    handle.level = SQLITE_LOCK_PENDING;
  }
  return SQLITE_BUSY;
}

int FakeVfs::Unlock(Handle& handle, int level) {
  const AllocationExempt exempt;
  const HandleCall call(*this, handle, Call::kUnlock);
  const int rc = Begin(Call::kUnlock, handle.name, handle.number, level);
  if (level > SQLITE_LOCK_SHARED) {
    Violate("UNLOCK of " + handle.name + " to " + std::to_string(level));
  }
  const std::lock_guard lock(mutex_);
  handle.level = std::min(handle.level, level);
  return rc;
}

int FakeVfs::CheckReserved(Handle& handle, int* reserved) {
  const AllocationExempt exempt;
  const HandleCall call(*this, handle, Call::kCheckReserved);
  const int rc = Begin(Call::kCheckReserved, handle.name, handle.number, 0);
  const std::lock_guard lock(mutex_);
  *reserved = 0;
  for (const Handle* each : handle.data->handles) {
    if (each->level >= SQLITE_LOCK_RESERVED) *reserved = 1;
  }
  return rc;
}

int FakeVfs::Control(Handle& handle, int verb, void* argument) {
  const AllocationExempt exempt;
  const HandleCall call(*this, handle, Call::kControl);
  if (const int rc = Begin(Call::kControl, handle.name, handle.number, verb); rc != SQLITE_OK) {
    return rc;
  }
  const std::lock_guard lock(mutex_);
  switch (verb) {
    case SQLITE_FCNTL_LOCKSTATE:
      if (!locks_known) return SQLITE_NOTFOUND;
      *static_cast<int*>(argument) = handle.level;
      return SQLITE_OK;
    case SQLITE_FCNTL_HAS_MOVED: {
      const auto at = files_.find(handle.name);
      *static_cast<int*>(argument) = at == files_.end() || at->second != handle.data ? 1 : 0;
      return SQLITE_OK;
    }
    case SQLITE_FCNTL_POWERSAFE_OVERWRITE: {
      int& setting = *static_cast<int*>(argument);
      if (setting >= 0) handle.powersafe_overwrite = setting != 0;
      setting = handle.powersafe_overwrite ? 1 : 0;
      return SQLITE_OK;
    }
    // Like the unix VFS without a chunk size: a file that grew by a hint would differ from one that
    // grew by its writes.
    case SQLITE_FCNTL_SIZE_HINT:
      return SQLITE_OK;
    case SQLITE_FCNTL_CHUNK_SIZE:
      return SQLITE_OK;
    case SQLITE_FCNTL_LAST_ERRNO:
      *static_cast<int*>(argument) = 4711;
      return SQLITE_OK;
    case SQLITE_FCNTL_VFSNAME:
      *static_cast<char**>(argument) = sqlite3_mprintf("%s", watched_.zName);
      return SQLITE_OK;
    default:
      return SQLITE_NOTFOUND;
  }
}

}  // namespace sqliteasync::test
