#include "parent_file.h"

#include <utility>

namespace sqliteasync {

int DeletePath(sqlite3_vfs* parent, const FileName& name, bool sync_directory) {
  if (parent->xDelete == nullptr) return SQLITE_OK;
  const int rc = parent->xDelete(parent, name.get(), sync_directory ? 1 : 0);
  return rc == SQLITE_IOERR_DELETE_NOENT ? SQLITE_OK : rc;
}

int DeleteJournal(sqlite3_vfs* parent, const std::string& database_path, bool sync_directory) {
  FileName name(database_path, FileRole::kJournal, {});
  const int rc = DeletePath(parent, name, sync_directory);
  if (rc == SQLITE_OK) return rc;
  ParentFile journal;
  const int flags = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_READWRITE;
  if (journal.Open(parent, std::move(name), flags) != SQLITE_OK) return rc;
  if ((journal.DeviceCharacteristics() & SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN) == 0) return rc;
  const int truncated = journal.Truncate(0);
  return truncated == SQLITE_OK ? journal.Sync(SQLITE_SYNC_NORMAL) : truncated;
}

int ParentFile::Open(sqlite3_vfs* parent, FileName name, int flags) {
  auto memory = std::make_unique<char[]>(static_cast<size_t>(parent->szOsFile));
  auto* file = reinterpret_cast<sqlite3_file*>(memory.get());
  int out_flags = flags;
  MutexLock lock(mutex_);
  const int rc = parent->xOpen(parent, name.get(), file, flags, &out_flags);
  if (rc != SQLITE_OK) {
    // A VFS that sets the methods of a file wants it closed, even if the open failed.
    if (file->pMethods != nullptr) file->pMethods->xClose(file);
    return rc;
  }
  name_ = std::move(name);
  memory_ = std::move(memory);
  file_ = file;
  // A VFS need not repeat more than the access (win32 doesn't), and may add to it (memdb does).
  constexpr int kAccess = SQLITE_OPEN_READONLY | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  open_flags_ = (flags & ~kAccess) | out_flags;
  return SQLITE_OK;
}

void ParentFile::Close() {
  MutexLock lock(mutex_);
  if (file_ == nullptr) return;
  file_->pMethods->xClose(file_);  // the descriptor is gone whatever the code says
  file_ = nullptr;
  memory_.reset();
  name_ = FileName();
}

int ParentFile::Read(void* out, int size, int64_t offset) {
  MutexLock lock(mutex_);
  return file_->pMethods->xRead(file_, out, size, offset);
}

int ParentFile::Write(const void* bytes, int size, int64_t offset) {
  MutexLock lock(mutex_);
  return file_->pMethods->xWrite(file_, bytes, size, offset);
}

int ParentFile::Truncate(int64_t size) {
  MutexLock lock(mutex_);
  return file_->pMethods->xTruncate(file_, size);
}

int ParentFile::Sync(int flags) {
  MutexLock lock(mutex_);
  return file_->pMethods->xSync(file_, flags);
}

int ParentFile::Size(int64_t* size) {
  MutexLock lock(mutex_);
  sqlite3_int64 answer = 0;
  const int rc = file_->pMethods->xFileSize(file_, &answer);
  *size = answer;
  return rc;
}

int ParentFile::Lock(int level) {
  MutexLock lock(mutex_);
  return file_->pMethods->xLock(file_, level);
}

int ParentFile::Unlock(int level) {
  MutexLock lock(mutex_);
  return file_->pMethods->xUnlock(file_, level);
}

int ParentFile::CheckReservedLock(int* reserved) {
  MutexLock lock(mutex_);
  return file_->pMethods->xCheckReservedLock(file_, reserved);
}

int ParentFile::Control(int verb, void* argument) {
  MutexLock lock(mutex_);
  return file_->pMethods->xFileControl(file_, verb, argument);
}

int ParentFile::SectorSize() {
  MutexLock lock(mutex_);
  return file_->pMethods->xSectorSize(file_);
}

int ParentFile::DeviceCharacteristics() {
  MutexLock lock(mutex_);
  return file_->pMethods->xDeviceCharacteristics(file_);
}

}  // namespace sqliteasync
