// FakeVfs: a parent VFS in memory that watches what is done to it.
//
// It keeps files in memory, locks them between its handles as between processes (so that a plain
// connection on it stands for another process), records every call in order, can fail a call with a
// code or hold one up until it is released, and notes as a violation whatever a parent VFS must be
// able to rely on and did not get:
//
//   - one call at a time on one handle;
//   - names that are SQLite filenames, which live until the handle is closed;
//   - locks in the order of SQLite's protocol;
//   - a main database is written only under EXCLUSIVE.
//
// Thread safety: all methods may be called from any thread.

#ifndef SQLITEASYNC_TESTS_CORE_FAKE_VFS_H_
#define SQLITEASYNC_TESTS_CORE_FAKE_VFS_H_

#include <sqlite3.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sqliteasync::test {

class FakeVfs {
 public:
  enum class Call {
    kOpen,
    kDelete,
    kAccess,
    kClose,
    kRead,
    kWrite,
    kTruncate,
    kSync,
    kFileSize,
    kLock,
    kUnlock,
    kCheckReserved,
    kControl,
  };

  struct Record {
    Call call;
    std::string name;    // of the file; "" for a nameless one
    int handle = 0;      // counted from 1 in the order of xOpen; 0 for DELETE and ACCESS
    int64_t number = 0;  // offset, size, lock level, verb, or flags
    int64_t size = 0;    // READ and WRITE: of the buffer
    int code = SQLITE_OK;
  };

  // How a file was opened.
  struct Opened {
    std::string name;
    int flags = 0;
    std::map<std::string, std::string> parameters;
    int handle = 0;
  };

  // Registers two VFSes for its files, whose names it keeps as pointers: the one that is watched,
  // and one for other processes. SQLite itself isn't as strict about names as the backend has to
  // be.
  FakeVfs(const char* watched_name, const char* plain_name);
  ~FakeVfs();
  FakeVfs(const FakeVfs&) = delete;
  FakeVfs& operator=(const FakeVfs&) = delete;

  sqlite3_vfs* vfs() { return &watched_; }

  // --- Files, by name ---

  bool Exists(const std::string& name);
  std::string Bytes(const std::string& name);
  void SetBytes(const std::string& name, const std::string& bytes);
  // As another process does it: handles stay with the file they have.
  void Remove(const std::string& name);
  std::vector<std::string> Names();
  // What a process that dies now leaves behind: all files that have a name, unlocked.
  void CopyFilesTo(FakeVfs& other);
  int open_handles();
  // The highest lock that a handle holds on it.
  int LockLevel(const std::string& name);

  // --- What has been called ---

  std::vector<Record> Records();
  // Those of one kind, and if `name` isn't "" of one file.
  std::vector<Record> Records(Call call, const std::string& name = "");
  int Count(Call call, const std::string& name = "");
  void ClearRecords();
  std::vector<Opened> Opens(const std::string& name);
  int64_t bytes_written();
  std::vector<std::string> Violations();

  // --- What is to happen ---

  // The `nth` call of that kind from now, 1 being the next, on the file (or on any: "") fails.
  // Once.
  void FailNth(Call call, const std::string& name, int nth, int code);
  // All of them do, until StopFailing.
  void FailAll(Call call, const std::string& name, int code);
  void StopFailing();

  // Holds up calls of that kind on that file. Only one kind and file at a time.
  void Block(Call call, const std::string& name);
  // Returns once a call is held up.
  void WaitUntilBlocked();
  // Lets the call that is held up go on; the next one is held up again.
  void ReleaseOne();
  // Lets all go on from now on.
  void Unblock();

  // Called at the beginning of each call, on its thread, with no mutex held.
  void SetObserver(std::function<void(const Record&)> observer);

  // --- What kind of device it is ---

  int sector_size = 4096;
  int device_characteristics = 0;
  bool requires_exclusive = true;  // note writes to a main database without the lock as violations
  bool locks_known = true;         // answers SQLITE_FCNTL_LOCKSTATE

  struct Data;
  struct Handle;

  // For the C callbacks alone.
  int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags);
  int Delete(sqlite3_vfs* vfs, const char* name, int sync_directory);
  int Access(const char* name, int flags, int* answer);
  int Close(Handle& handle);
  int Read(Handle& handle, void* out, int size, int64_t offset);
  int Write(Handle& handle, const void* bytes, int size, int64_t offset);
  int Truncate(Handle& handle, int64_t size);
  int Sync(Handle& handle, int flags);
  int FileSize(Handle& handle, sqlite3_int64* size);
  int Lock(Handle& handle, int level);
  int Unlock(Handle& handle, int level);
  int CheckReserved(Handle& handle, int* reserved);
  int Control(Handle& handle, int verb, void* argument);

 private:
  struct Failure {
    Call call;
    std::string name;
    int countdown;  // 0: all
    int code;
  };
  class HandleCall;

  // Observes, holds up, and returns the code that the call is to fail with.
  int Begin(Call call, const std::string& name, int handle, int64_t number, int64_t size = 0);
  void CheckName(const char* name, int flags = 0);
  void Violate(const std::string& what);

  sqlite3_vfs watched_{};
  sqlite3_vfs plain_{};

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Data>> files_;
  std::set<Handle*> handles_;
  int last_handle_ = 0;
  std::vector<Record> records_;
  std::vector<Opened> opens_;
  std::vector<std::string> violations_;
  int64_t bytes_written_ = 0;
  std::vector<Failure> failures_;
  std::function<void(const Record&)> observer_;

  std::condition_variable gate_;
  bool blocking_ = false;
  Call blocked_call_ = Call::kSync;
  std::string blocked_name_;
  int held_up_ = 0;
  int released_ = 0;
};

const char* CallName(FakeVfs::Call call);

// The names and kinds of calls that change files, such as "WRITE /db-journal", one per line;
// several in a row of one kind on one file are one line.
std::string Changes(const std::vector<FakeVfs::Record>& records);

}  // namespace sqliteasync::test

#endif  // SQLITEASYNC_TESTS_CORE_FAKE_VFS_H_
