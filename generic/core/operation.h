// One queued change.
//
// An Operation is one allocation: the struct, then the bytes of a WRITE. The bytes are copied once,
// from SQLite's buffer; the image of the file points at them until the writer has performed the
// operation and retired it.
//
// Thread safety: immutable once it is in the queue, but for `next`, which the queue's mutex guards,
// and what says otherwise.

#ifndef SQLITEASYNC_CORE_OPERATION_H_
#define SQLITEASYNC_CORE_OPERATION_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

namespace sqliteasync {

class OpenFile;
class SharedFile;

enum class OperationKind : uint8_t {
  kWrite,
  kSync,
  kTruncate,
  kClose,
  kDelete,
  kOpen,
  kUnlock,
  kGroup,    // transactions of one database, folded: group.h
  kBarrier,  // someone waits for all in front of it: barrier.h. It has no file
};

// The name that the historical module gave the operation in its traces, "OPENEX" for kOpen.
const char* OperationName(OperationKind kind);

// Bytes that are to be written at an offset of a file. They follow it in memory.
struct Extent {
  int64_t offset = 0;  // bytes
  int32_t size = 0;    // bytes
  uint32_t index = 0;  // of a page: its place in its PageSet

  int64_t end() const { return offset + size; }
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this + 1); }
};

struct OperationHead {
  struct Operation* next = nullptr;
  OpenFile* handle = nullptr;  // the SQLite handle it came through; null for DELETE
  SharedFile* file = nullptr;  // the path that it changes
  struct Operation* next_of_database = nullptr;  // guarded by the mutex of the Database
  // When it was queued; 0: it isn't. Milliseconds of the steady clock.
  int64_t queued_at = 0;
  int32_t flags = 0;  // SYNC: SQLITE_SYNC_*; OPEN: SQLITE_OPEN_*; DELETE: sync the directory?
  OperationKind kind;
  // The last operation of a transaction that isn't folded. Guarded by the mutex of the Database.
  bool commits = false;

  explicit OperationHead(OperationKind k) : kind(k) {}
};

// The extent is a WRITE's; that of a TRUNCATE has the new size as its offset. The others' is empty.
struct Operation : OperationHead, Extent {
  explicit Operation(OperationKind k) : OperationHead(k) {}

  // What it takes of the queue's byte limit.
  int64_t cost() const;
  // How many it carries to disk.
  int64_t transactions() const;

  struct Deleter {
    void operator()(Operation* operation) const;
  };
};
// The extent comes last, so that its bytes may follow.
static_assert(sizeof(Operation) == sizeof(OperationHead) + sizeof(Extent));

using OperationPtr = std::unique_ptr<Operation, Operation::Deleter>;

// Throws std::bad_alloc.
inline OperationPtr NewOperation(OperationKind kind, SharedFile* file, OpenFile* handle) {
  OperationPtr operation(new (::operator new(sizeof(Operation))) Operation(kind));
  operation->file = file;
  operation->handle = handle;
  return operation;
}

// A WRITE that holds a copy of `bytes`. Throws std::bad_alloc.
inline OperationPtr NewWrite(SharedFile* file, OpenFile* handle, const void* bytes, int32_t size,
                             int64_t offset) {
  void* memory = ::operator new(sizeof(Operation) + static_cast<size_t>(size));
  OperationPtr operation(new (memory) Operation(OperationKind::kWrite));
  operation->file = file;
  operation->handle = handle;
  operation->offset = offset;
  operation->size = size;
  std::memcpy(operation->bytes(), bytes, static_cast<size_t>(size));
  return operation;
}

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_OPERATION_H_
