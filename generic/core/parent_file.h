// ParentFile: one open handle of the parent VFS.
//
// Thread safety: every method takes the handle's own mutex for the length of one call on the
// parent, since a parent's files are not thread-safe. Open, Close and opened() are for one thread
// at a time (each holder says which).

#ifndef SQLITEASYNC_CORE_PARENT_FILE_H_
#define SQLITEASYNC_CORE_PARENT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "file_name.h"
#include "mutex.h"
#include "sqlite.h"

namespace sqliteasync {

// The largest page, which is the most that SQLite asks a VFS to write at once, and all that the
// unix VFS is made for.
inline constexpr size_t kLargestWrite = 65536;

// Deletes the file. That it isn't there is no error, and neither is a parent that can't (the memdb
// VFS, which has nothing to delete).
int DeletePath(sqlite3_vfs* parent, const FileName& name, bool sync_directory);

// The same for the journal of the database at that path. Where what is open can't be deleted
// (SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN: Windows), another connection or process may have it open for
// long: plain SQLite in the modes PERSIST and TRUNCATE. Then it is truncated to nothing, which ends
// the transaction as well, and synced. Throws std::bad_alloc.
int DeleteJournal(sqlite3_vfs* parent, const std::string& database_path, bool sync_directory);

class ParentFile {
 public:
  ParentFile() = default;
  ~ParentFile() { Close(); }
  ParentFile(const ParentFile&) = delete;
  ParentFile& operator=(const ParentFile&) = delete;

  // Opens `name` on `parent` with SQLITE_OPEN_* `flags`. Keeps the name until Close. Returns the
  // parent's code, and then the handle is not open. Throws std::bad_alloc.
  // REQUIRES: not open.
  int Open(sqlite3_vfs* parent, FileName name, int flags);
  void Close();
  bool opened() const { return file_ != nullptr; }

  // The flags that the parent opened it with: READONLY where READWRITE was asked for but refused.
  int open_flags() const { return open_flags_; }

  // The rest: SQLite's methods and codes. REQUIRES: opened().
  int Read(void* out, int size, int64_t offset);
  int Write(const void* bytes, int size, int64_t offset);
  int Truncate(int64_t size);
  int Sync(int flags);
  int Size(int64_t* size);
  int Lock(int level);
  int Unlock(int level);
  int CheckReservedLock(int* reserved);
  int Control(int verb, void* argument);
  int SectorSize();
  int DeviceCharacteristics();

 private:
  Mutex mutex_;
  FileName name_;
  std::unique_ptr<char[]> memory_;
  sqlite3_file* file_ = nullptr;  // in memory_; null while not open
  int open_flags_ = 0;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_PARENT_FILE_H_
