#include "memory_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

namespace {

constexpr char kName[] = "bench-memory";
constexpr int kSectorSize = 4096;
constexpr int kMaximumPath = 512;

// In pieces, so that a file that grows is not copied. Those of a deleted file are used again, for
// a journal comes and goes with each transaction.
class Pieces {
 public:
  static constexpr int64_t kSize = int64_t{64} << 10;
  using Piece = std::unique_ptr<char[]>;

  Piece Take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return Piece(new char[kSize]);
    Piece piece = std::move(free_.back());
    free_.pop_back();
    return piece;
  }
  void Return(Piece piece) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(piece));
  }

 private:
  std::mutex mutex_;
  std::vector<Piece> free_;
};

// Never destroyed, as the directory: files may be there to the end.
Pieces& AllPieces() {
  static Pieces& pieces = *new Pieces;
  return pieces;
}

class Content {
 public:
  Content() = default;
  ~Content() { Truncate(0); }
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  int64_t size() const { return size_; }

  // REQUIRES: the range lies within the file.
  void Read(char* to, int64_t size, int64_t offset) const {
    while (size > 0) {
      const int64_t length = LengthAt(offset, size);
      std::memcpy(to, At(offset), static_cast<size_t>(length));
      to += length;
      offset += length;
      size -= length;
    }
  }

  void Write(const char* from, int64_t size, int64_t offset) {
    const int64_t end = offset + size;
    while (static_cast<int64_t>(pieces_.size()) * Pieces::kSize < end) {
      pieces_.push_back(AllPieces().Take());
    }
    if (offset > size_) Zero(size_, offset);
    while (size > 0) {
      const int64_t length = LengthAt(offset, size);
      std::memcpy(At(offset), from, static_cast<size_t>(length));
      from += length;
      offset += length;
      size -= length;
    }
    size_ = std::max(size_, end);
  }

  void Truncate(int64_t size) {
    if (size >= size_) return;
    const auto kept = static_cast<size_t>((size + Pieces::kSize - 1) / Pieces::kSize);
    while (pieces_.size() > kept) {
      AllPieces().Return(std::move(pieces_.back()));
      pieces_.pop_back();
    }
    size_ = size;
  }

 private:
  char* At(int64_t offset) const {
    return &pieces_[static_cast<size_t>(offset / Pieces::kSize)][offset % Pieces::kSize];
  }
  // How much of `size` bytes at `offset` lies in one piece.
  static int64_t LengthAt(int64_t offset, int64_t size) {
    return std::min(size, Pieces::kSize - offset % Pieces::kSize);
  }
  void Zero(int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t length = LengthAt(begin, end - begin);
      std::memset(At(begin), 0, static_cast<size_t>(length));
      begin += length;
    }
  }

  std::vector<Pieces::Piece> pieces_;
  int64_t size_ = 0;
};

// The files that have a name. One that is deleted while open stays with whoever has it open.
struct Directory {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Content>, std::less<>> files;
};

Directory& TheDirectory() {
  static Directory& directory = *new Directory;
  return directory;
}

struct File : sqlite3_file {
  std::shared_ptr<Content> content;
};

Content& ContentOf(sqlite3_file* file) { return *static_cast<File*>(file)->content; }

// Runs `body`; out of memory is all that can go wrong in it.
template <typename Body>
int Guarded(Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
}

int Close(sqlite3_file* file) {
  std::destroy_at(static_cast<File*>(file));
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* buffer, int size, sqlite3_int64 offset) {
  const Content& content = ContentOf(file);
  auto* to = static_cast<char*>(buffer);
  const int64_t present = std::clamp<int64_t>(content.size() - offset, 0, size);
  content.Read(to, present, offset);
  if (present == size) return SQLITE_OK;
  std::memset(to + present, 0, static_cast<size_t>(size - present));
  return SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  return Guarded([&] {
    ContentOf(file).Write(static_cast<const char*>(bytes), size, offset);
    return SQLITE_OK;
  });
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  ContentOf(file).Truncate(size);
  return SQLITE_OK;
}

int Size(sqlite3_file* file, sqlite3_int64* size) {
  *size = ContentOf(file).size();
  return SQLITE_OK;
}

int CheckReservedLock(sqlite3_file*, int* reserved) {
  *reserved = 0;
  return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = [](sqlite3_file*, int) { return SQLITE_OK; },
    .xFileSize = Size,
    .xLock = [](sqlite3_file*, int) { return SQLITE_OK; },
    .xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; },
    .xCheckReservedLock = CheckReservedLock,
    .xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
    .xSectorSize = [](sqlite3_file*) { return kSectorSize; },
    .xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; },
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  return Guarded([&] {
    std::shared_ptr<Content> content;
    if (name == nullptr || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0) {
      content = std::make_shared<Content>();
    } else {
      Directory& directory = TheDirectory();
      const std::lock_guard lock(directory.mutex);
      const auto found = directory.files.find(std::string_view(name));
      if (found != directory.files.end()) {
        content = found->second;
      } else if ((flags & SQLITE_OPEN_CREATE) == 0) {
        return SQLITE_CANTOPEN;
      } else {
        content = directory.files.emplace(name, std::make_shared<Content>()).first->second;
      }
    }
    auto* ours = new (file) File;
    ours->content = std::move(content);
    ours->pMethods = &kMethods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  });
}

int Delete(sqlite3_vfs*, const char* name, int) {
  Directory& directory = TheDirectory();
  const std::lock_guard lock(directory.mutex);
  const auto found = directory.files.find(std::string_view(name));
  if (found == directory.files.end()) return SQLITE_IOERR_DELETE_NOENT;
  directory.files.erase(found);
  return SQLITE_OK;
}

int Access(sqlite3_vfs*, const char* name, int, int* result) {
  Directory& directory = TheDirectory();
  const std::lock_guard lock(directory.mutex);
  *result = directory.files.contains(std::string_view(name)) ? 1 : 0;
  return SQLITE_OK;
}

int FullPathname(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

}  // namespace

const char* RegisterMemoryVfs() {
  static sqlite3_vfs vfs;
  if (sqlite3_vfs_find(kName) != nullptr) return kName;
  const sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
  if (usual == nullptr) throw std::runtime_error("SQLite has no default VFS");
  // Time, randomness and shared libraries are as usual.
  vfs = *usual;
  vfs.szOsFile = sizeof(File);
  vfs.mxPathname = kMaximumPath;
  vfs.pNext = nullptr;
  vfs.zName = kName;
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  vfs.xFullPathname = FullPathname;
  if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) {
    throw std::runtime_error("the memory VFS can't be registered");
  }
  return kName;
}

}  // namespace bench
