#include "core/sim_support.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

namespace sqliteasync::test {

namespace fs = std::filesystem;

Directory::Directory() {
  // On a file system in memory, if there is one.
  std::error_code error;
  fs::path base = "/dev/shm";
  if (!fs::is_directory(base, error)) base = fs::temp_directory_path();
  std::random_device random;
  do {
    path_ = base / ("sqliteasync-sim." + std::to_string(random()));
  } while (!fs::create_directory(path_));
}

Directory::~Directory() {
  std::error_code error;
  fs::remove_all(path_, error);
}

std::vector<std::string> Directory::Names() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void Directory::Clear() const {
  for (const std::string& name : Names()) fs::remove(path_ / name);
}

std::string Directory::Bytes(const std::string& name) const {
  std::ifstream file(path_ / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void Directory::SetBytes(const std::string& name, const std::string& bytes) const {
  std::ofstream file(path_ / name, std::ios::binary | std::ios::trunc);
  file << bytes;
}

int64_t SimDevice::Counter(const std::string& name) {
  for (const auto& [counter, value] : device().ReadCounters()) {
    if (counter == name) return value;
  }
  ADD_FAILURE() << "no counter " << name;
  return -1;
}

SimDatabase::SimDatabase(const std::string& vfs, const std::string& path) {
  open_code_ = sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                               vfs.empty() ? nullptr : vfs.c_str());
  // Null if there was no memory for it.
  if (db_ != nullptr) sqlite3_extended_result_codes(db_, 1);
}

void SimDatabase::Close() {
  EXPECT_EQ(sqlite3_close(db_), SQLITE_OK);
  db_ = nullptr;
}

int SimDatabase::Run(const std::string& sql) {
  const int rc = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  return rc == SQLITE_OK ? rc : sqlite3_extended_errcode(db_);
}

std::string SimDatabase::Query(const std::string& sql) {
  std::string result;
  const auto append = [](void* text, int columns, char** values, char**) {
    std::string& to = *static_cast<std::string*>(text);
    for (int i = 0; i < columns; ++i) {
      if (!to.empty()) to += ' ';
      to += values[i] == nullptr ? "NULL" : values[i];
    }
    return 0;
  };
  const int rc = sqlite3_exec(db_, sql.c_str(), append, &result, nullptr);
  return rc == SQLITE_OK ? result : "error " + std::to_string(rc);
}

RawFile::RawFile(const std::string& vfs, const std::string& path, int flags)
    : name_(path, FileRole::kMain, {}) {
  sqlite3_vfs* found = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
  memory_.resize(static_cast<size_t>(found->szOsFile) / sizeof(int64_t) + 1);
  code_ = found->xOpen(found, name_.get(), file(), flags, nullptr);
}

void RawFile::Close() {
  if (file()->pMethods != nullptr) methods().xClose(file());
  file()->pMethods = nullptr;
}

int RawFile::Write(int64_t offset, const std::string& bytes) {
  return methods().xWrite(file(), bytes.data(), static_cast<int>(bytes.size()), offset);
}

std::string RawFile::Read(int64_t offset, int size) {
  std::string bytes(static_cast<size_t>(size), '?');
  const int rc = methods().xRead(file(), bytes.data(), size, offset);
  return rc == SQLITE_OK ? bytes : "error " + std::to_string(rc);
}

int64_t RawFile::Size() {
  sqlite3_int64 size = -1;
  EXPECT_EQ(methods().xFileSize(file(), &size), SQLITE_OK);
  return size;
}

int DeleteThrough(const std::string& vfs, const std::string& path, bool sync_directory) {
  sqlite3_vfs* found = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
  const FileName name(path, FileRole::kMain, {});
  return found->xDelete(found, name.get(), sync_directory ? 1 : 0);
}

}  // namespace sqliteasync::test
