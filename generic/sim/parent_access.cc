#include "parent_access.h"

#include <algorithm>
#include <vector>

#include "core/file_name.h"

namespace sqliteasync::sim {

namespace {

// A handle of our own at the parent. It is opened as what has the least to do with SQLite's
// conventions: a super-journal, whose name stands alone and which is not locked.
class ParentHandle {
 public:
  ParentHandle(sqlite3_vfs* parent, const std::string& path, int flags)
      : name_(path, FileRole::kMain, {}),
        memory_((static_cast<size_t>(parent->szOsFile) + 15) / 16) {
    file()->pMethods = nullptr;
    rc_ = parent->xOpen(parent, name_.get(), file(), flags | SQLITE_OPEN_SUPER_JOURNAL, nullptr);
  }
  ~ParentHandle() {
    if (file()->pMethods != nullptr) file()->pMethods->xClose(file());
  }
  ParentHandle(const ParentHandle&) = delete;
  ParentHandle& operator=(const ParentHandle&) = delete;

  int rc() const { return rc_; }  // of the open
  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(memory_.data()); }
  const sqlite3_io_methods& methods() { return *file()->pMethods; }

  int Write(const char* bytes, int64_t size, int64_t offset) {
    // The largest page is the most that a VFS is asked to write at once: of what is 128 KiB and
    // more the unix VFS writes a part, and says that it was all.
    constexpr int64_t kMost = 65536;
    int rc = SQLITE_OK;
    for (int64_t at = 0; at < size && rc == SQLITE_OK; at += kMost) {
      rc = methods().xWrite(file(), bytes + at, static_cast<int>(std::min(kMost, size - at)),
                            offset + at);
    }
    return rc;
  }

 private:
  struct alignas(16) Block {
    char bytes[16];
  };

  FileName name_;
  std::vector<Block> memory_;
  int rc_ = SQLITE_OK;
};

void Report(int rc, const char* what, const std::string& path) {
  if (rc == SQLITE_OK) return;
  sqlite3_log(rc, "simulated power loss: can't %s %s", what, path.c_str());
}

int OverwriteSectors(ParentHandle& handle, const CachedFile::Remains& remains, int sector_size) {
  sqlite3_int64 size = 0;
  int rc = handle.methods().xFileSize(handle.file(), &size);
  if (rc == SQLITE_OK && size > remains.size) {
    rc = handle.methods().xTruncate(handle.file(), remains.size);
    size = remains.size;
  }
  for (const auto& [number, bytes] : remains.sectors) {
    if (rc != SQLITE_OK) return rc;
    const int64_t offset = number * sector_size;
    const int64_t length =
        std::min<int64_t>(static_cast<int64_t>(bytes.size()), remains.size - offset);
    if (length <= 0) continue;
    rc = handle.Write(bytes.data(), length, offset);
    size = std::max<int64_t>(size, offset + length);
  }
  if (rc == SQLITE_OK && size < remains.size) rc = handle.Write("", 1, remains.size - 1);
  return rc;
}

}  // namespace

bool ParentHas(sqlite3_vfs* parent, const char* path) {
  // The unix VFS says of an empty file that it doesn't exist, but that it can be written.
  for (const int question : {SQLITE_ACCESS_EXISTS, SQLITE_ACCESS_READWRITE}) {
    int answer = 0;
    if (parent->xAccess(parent, path, question, &answer) == SQLITE_OK && answer != 0) return true;
  }
  return false;
}

CachedFile::Reader ReaderOf(sqlite3_file* file) {
  return [file](char* out, int64_t size, int64_t offset) {
    return file->pMethods->xRead(file, out, static_cast<int>(size), offset);
  };
}

int ReadWholeFile(sqlite3_vfs* parent, const char* path, std::string* contents) {
  ParentHandle handle(parent, path, SQLITE_OPEN_READONLY);
  if (handle.rc() != SQLITE_OK) return handle.rc();
  sqlite3_int64 size = 0;
  int rc = handle.methods().xFileSize(handle.file(), &size);
  if (rc != SQLITE_OK) return rc;
  contents->resize(static_cast<size_t>(size));
  const CachedFile::Reader read = ReaderOf(handle.file());
  constexpr int64_t kMost = int64_t{1} << 20;
  for (int64_t at = 0; at < size && rc == SQLITE_OK; at += kMost) {
    rc = read(contents->data() + at, std::min<int64_t>(kMost, size - at), at);
  }
  return rc;
}

void DeleteAtParent(sqlite3_vfs* parent, const std::string& path) {
  const FileName name(path, FileRole::kMain, {});
  const int rc = parent->xDelete(parent, name.get(), 0);
  if (rc != SQLITE_IOERR_DELETE_NOENT) Report(rc, "delete", path);
}

void RestoreContents(sqlite3_vfs* parent, const std::string& path, const std::string& contents) {
  ParentHandle handle(parent, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  int rc = handle.rc();
  if (rc == SQLITE_OK) rc = handle.methods().xTruncate(handle.file(), 0);
  if (rc == SQLITE_OK) {
    rc = handle.Write(contents.data(), static_cast<int64_t>(contents.size()), 0);
  }
  Report(rc, "restore", path);
}

void RestoreSectors(sqlite3_vfs* parent, const std::string& path,
                    const CachedFile::Remains& remains, int sector_size, int64_t expected_size) {
  if (!ParentHas(parent, path.c_str())) return;
  ParentHandle handle(parent, path, SQLITE_OPEN_READWRITE);
  int rc = handle.rc();
  sqlite3_int64 size = 0;
  if (rc == SQLITE_OK) rc = handle.methods().xFileSize(handle.file(), &size);
  if (rc == SQLITE_OK) {
    if (size != expected_size) return;
    rc = OverwriteSectors(handle, remains, sector_size);
  }
  Report(rc, "restore", path);
}

}  // namespace sqliteasync::sim
