// What the tests of the simulated devices share: a directory of their own on the platform's VFS,
// devices that go away with the test, and connections.

#ifndef SQLITEASYNC_TESTS_CORE_SIM_SUPPORT_H_
#define SQLITEASYNC_TESTS_CORE_SIM_SUPPORT_H_

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/file_name.h"
#include "sim/devices.h"
#include "sim/power_loss.h"

namespace sqliteasync::test {

// A directory for files, removed at the end.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::string Path(const std::string& name) const { return (path_ / name).string(); }
  // The names of the files in it.
  std::vector<std::string> Names() const;
  // Removes all files.
  void Clear() const;
  std::string Bytes(const std::string& name) const;
  void SetBytes(const std::string& name, const std::string& bytes) const;
  bool Has(const std::string& name) const { return std::filesystem::exists(path_ / name); }

 private:
  std::filesystem::path path_;
};

// A device, deleted at the end of its life.
class SimDevice {
 public:
  SimDevice(const std::string& name, const std::string& kind, const sim::Settings& settings = {},
            const std::string& over = "")
      : name_(name), vfs_(sim::CreateDevice(name, kind, over, false, settings)) {}
  ~SimDevice() { EXPECT_NO_THROW(sim::DeleteDevice(name_)); }
  SimDevice(const SimDevice&) = delete;
  SimDevice& operator=(const SimDevice&) = delete;

  const char* name() const { return name_.c_str(); }
  sim::DeviceVfs& vfs() { return vfs_; }
  sim::Device& device() { return vfs_.device(); }
  sim::PowerLoss& power() { return dynamic_cast<sim::PowerLoss&>(device()); }
  void Set(const std::string& option, const std::string& value) {
    sim::Configure(device(), {{option, value}});
  }
  std::string Get(const std::string& option) { return sim::FindOption(device(), option).get(); }
  int64_t Counter(const std::string& name);

 private:
  const std::string name_;
  sim::DeviceVfs& vfs_;
};

// A connection to a database through a VFS.
class SimDatabase {
 public:
  SimDatabase(const std::string& vfs, const std::string& path);
  ~SimDatabase() { Close(); }
  SimDatabase(const SimDatabase&) = delete;
  SimDatabase& operator=(const SimDatabase&) = delete;

  void Close();
  sqlite3* get() const { return db_; }
  int open_code() const { return open_code_; }
  // The extended result code.
  int Run(const std::string& sql);
  // The values of all rows, with blanks between them; or "error N".
  std::string Query(const std::string& sql);

 private:
  sqlite3* db_ = nullptr;
  int open_code_ = SQLITE_OK;
};

// A file opened through a VFS as SQLite does it.
class RawFile {
 public:
  RawFile(const std::string& vfs, const std::string& path, int flags);
  ~RawFile() { Close(); }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  int code() const { return code_; }  // of the open
  void Close();
  int Write(int64_t offset, const std::string& bytes);
  // The bytes, or "error N".
  std::string Read(int64_t offset, int size);
  int Truncate(int64_t size) { return methods().xTruncate(file(), size); }
  int Sync(int flags = SQLITE_SYNC_NORMAL) { return methods().xSync(file(), flags); }
  int64_t Size();
  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(memory_.data()); }
  const sqlite3_io_methods& methods() { return *file()->pMethods; }

 private:
  FileName name_;
  std::vector<int64_t> memory_;
  int code_ = SQLITE_OK;
};

inline constexpr int kDatabaseFlags =
    SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
// A journal by its type, though not by its name.
inline constexpr int kSuperJournalFlags =
    SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

int DeleteThrough(const std::string& vfs, const std::string& path, bool sync_directory);

}  // namespace sqliteasync::test

#endif  // SQLITEASYNC_TESTS_CORE_SIM_SUPPORT_H_
