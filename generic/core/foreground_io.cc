// Foreground, the bytes: read, write, truncate, sync, size.

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "broken.h"
#include "foreground.h"
#include "trace.h"

namespace sqliteasync {

namespace {

// Would this write make the file a write-ahead-log database? SQLite's file format, section 1.3:
// bytes 18 and 19 of the header are 2 for it. SQLite writes such a header under
// locking_mode=EXCLUSIVE before it tries to open the log, and the database could not be opened
// through this VFS again.
bool EntersLogMode(const void* bytes, int size, int64_t offset) {
  static constexpr char kMagic[] = "SQLite format 3";
  if (offset != 0 || size < 20 || std::memcmp(bytes, kMagic, sizeof(kMagic)) != 0) return false;
  const auto* header = static_cast<const uint8_t*>(bytes);
  return header[18] == 2 || header[19] == 2;
}

}  // namespace

int Foreground::Read(OpenFile& file, void* out, int size, int64_t offset) {
  int rc = ReadBytes(file, out, size, offset);
  // Once more: what was queued leaves the image when the writer meets an error, and what the parent
  // says alone is no state that the database ever had. The same with size and existence.
  if (const int failed = file.database->Answer(); failed != SQLITE_OK) rc = failed;
  const bool super_journal =
      (file.flags & SQLITE_OPEN_SUPER_JOURNAL) != 0 && file.file.role == FileRole::kMain;
  if (rc == SQLITE_OK && super_journal) {
    JoinRecovered(*file.database,
                  std::string_view(static_cast<const char*>(out), static_cast<size_t>(size)));
  }
  return rc;
}

int Foreground::ReadBytes(OpenFile& file, void* out, int size, int64_t offset) {
  Database& database = *file.database;
  if (const int failed = database.Answer(); failed != SQLITE_OK) return failed;
  if (Tracing()) {
    Trace("READ %s %d bytes at %lld", file.file.path.c_str(), size, static_cast<long long>(offset));
  }
  if (file.journal_of != nullptr) {
    {
      MutexLock lock(database.mutex);
      database.CountRead();
    }
    const bool all = file.journal_of->journal().Read(out, size, offset);
    return all ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }
  // Nobody else reads while there is an open layer.
  const bool opened = file.transaction != nullptr && !file.transaction->changes().Empty();
  auto* to = static_cast<uint8_t*>(out);
  bool short_read = false;
  bool counted = false;
  bool asks_parent = false;
  while (size > 0) {
    int early = SQLITE_OK;
    if (Broken(Variant::kReadUnguarded)) {
      ParentFile* handle = ReadHandle(file, &early);
      if (handle != nullptr) early = handle->Read(to, size, offset);
    }
    PendingImage::Segment segment;
    int64_t size_floor;
    {
      MutexLock lock(database.mutex);
      if (!std::exchange(counted, true)) database.CountRead();
      if (IsHidden(database, file.file)) {
        std::memset(to, 0, static_cast<size_t>(size));
        return SQLITE_IOERR_SHORT_READ;
      }
      const PendingImage& image = database.image(file.file);
      size_floor = image.SizeFloor();
      if (opened) {
        const PendingImage& open = file.transaction->image();
        segment = open.Look(offset, size);
        size_floor = std::max(size_floor, open.SizeFloor());
        if (segment.source == PendingImage::Segment::Source::kParent) {
          segment = image.Look(offset, segment.size);
          // The open layer goes on behind what ends here.
          if (segment.source == PendingImage::Segment::Source::kEnd && offset < size_floor) {
            segment.source = PendingImage::Segment::Source::kZeros;
            segment.size = std::min(segment.size, size_floor - offset);
          }
        }
      } else {
        segment = image.Look(offset, size);
      }
      if (segment.source == PendingImage::Segment::Source::kPending) {
        std::memcpy(to, segment.bytes, static_cast<size_t>(segment.size));
      }
      if (segment.source == PendingImage::Segment::Source::kParent &&
          !std::exchange(asks_parent, true)) {
        database.CountParentRead();
      }
    }
    const int length = static_cast<int>(segment.size);
    switch (segment.source) {
      case PendingImage::Segment::Source::kPending:
        if (Tracing()) Trace("OVERREAD %d bytes at %lld", length, static_cast<long long>(offset));
        break;
      case PendingImage::Segment::Source::kEnd:
        short_read = true;
        std::memset(to, 0, static_cast<size_t>(length));
        break;
      case PendingImage::Segment::Source::kZeros:
        std::memset(to, 0, static_cast<size_t>(length));
        break;
      case PendingImage::Segment::Source::kParent: {
        int rc = SQLITE_OK;
        ParentFile* handle = ReadHandle(file, &rc);
        if (rc != SQLITE_OK) return rc;
        if (handle != nullptr) {
          rc = Broken(Variant::kReadUnguarded) ? early : handle->Read(to, length, offset);
          if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) return rc;
        } else {
          std::memset(to, 0, static_cast<size_t>(length));
          rc = SQLITE_IOERR_SHORT_READ;
        }
        // Where the parent's file ends a pending write may go on.
        if (rc != SQLITE_OK && offset + length > size_floor) short_read = true;
        break;
      }
    }
    to += length;
    offset += length;
    size -= length;
  }
  return short_read ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

int Foreground::Write(OpenFile& file, const void* bytes, int size, int64_t offset) {
  if (size <= 0) return SQLITE_OK;
  Database& database = *file.database;
  if (file.main && EntersLogMode(bytes, size, offset)) return SQLITE_CANTOPEN;
  if ((file.flags & SQLITE_OPEN_SUPER_JOURNAL) != 0) {
    JoinTransactions(database,
                     std::string_view(static_cast<const char*>(bytes), static_cast<size_t>(size)));
  }
  if (const int failed = database.Answer(); failed != SQLITE_OK) return failed;
  if (FoldedTransaction* transaction = FoldedIn(file); transaction != nullptr) {
    if (!file.main) {
      if (WriteVirtual(*transaction, bytes, size, offset)) return SQLITE_OK;
    } else if (WriteFolded(file, bytes, size, offset)) {
      return SQLITE_OK;
    }
    Unfold(database, *transaction);
  }
  StartQueuedJournal(file);
  writer_.Reserve(size, database.waits);
  Reservation reservation(queue_, size);
  OperationPtr operation = NewWrite(&file.file, &file, bytes, size, offset);
  file.changed = true;
  MutexLock lock(database.mutex);
  database.image(file.file).Write(*operation);
  reservation.Use();
  Push(database, std::move(operation));
  return SQLITE_OK;
}

int Foreground::Truncate(OpenFile& file, int64_t size) {
  Database& database = *file.database;
  if (const int failed = database.Answer(); failed != SQLITE_OK) return failed;
  if (FoldedTransaction* transaction = FoldedIn(file); transaction != nullptr) {
    if (!file.main) {
      transaction->TruncateJournal(size);
      return SQLITE_OK;
    }
    if (TruncateFolded(file, size)) return SQLITE_OK;
    Unfold(database, *transaction);
  }
  StartQueuedJournal(file);
  OperationPtr operation = NewOperation(OperationKind::kTruncate, &file.file, &file);
  operation->offset = size;
  file.changed = true;
  MutexLock lock(database.mutex);
  database.image(file.file).Truncate(*operation);
  Push(database, std::move(operation));
  return SQLITE_OK;
}

int Foreground::Sync(OpenFile& file, int flags) {
  Database& database = *file.database;
  if (const int failed = database.Answer(); failed != SQLITE_OK) return failed;
  if (FoldedTransaction* transaction = FoldedIn(file); transaction != nullptr) {
    if (file.main) {
      transaction->SyncMain(flags);
    } else {
      transaction->SyncJournal(flags);
    }
    return SQLITE_OK;
  }
  StartQueuedJournal(file);
  OperationPtr operation = NewOperation(OperationKind::kSync, &file.file, &file);
  operation->flags = flags;
  file.changed = true;
  {
    MutexLock lock(database.mutex);
    Push(database, std::move(operation));
  }
  const bool wait =
      std::exchange(file.sync_waits, false) ||
      ((file.flags & SQLITE_OPEN_SUPER_JOURNAL) != 0 && transactions_.HasForeign(database));
  return wait ? WaitUntilWritten(database) : SQLITE_OK;
}

int Foreground::FileSize(OpenFile& file, int64_t* size) {
  const int rc = FindSize(file, size);
  const int failed = file.database->Answer();
  return failed != SQLITE_OK ? failed : rc;
}

int Foreground::FindSize(OpenFile& file, int64_t* size) {
  Database& database = *file.database;
  if (const int failed = database.Answer(); failed != SQLITE_OK) return failed;
  if (file.journal_of != nullptr) {
    *size = file.journal_of->journal().size();
    return SQLITE_OK;
  }
  int64_t size_floor = 0;
  ParentFacts::Moment asked{};
  if (file.transaction != nullptr) {
    const PendingImage& open = file.transaction->image();
    size_floor = open.SizeFloor();
    if (open.SizeIsKnown()) {
      *size = size_floor;
      return SQLITE_OK;
    }
  }
  {
    MutexLock lock(database.mutex);
    if (IsHidden(database, file.file)) {
      *size = 0;
      return SQLITE_OK;
    }
    const PendingImage& image = database.image(file.file);
    size_floor = std::max(size_floor, image.SizeFloor());
    if (image.SizeIsKnown()) {
      *size = size_floor;
      return SQLITE_OK;
    }
    if (const std::optional<int64_t> known = database.facts().main_size(); file.main && known) {
      *size = std::max(*known, size_floor);
      return SQLITE_OK;
    }
    asked = database.facts().Now();
  }
  int rc = SQLITE_OK;
  int64_t parent_size = 0;
  ParentFile* handle = ReadHandle(file, &rc);
  if (rc == SQLITE_OK && handle != nullptr) rc = handle->Size(&parent_size);
  *size = std::max(parent_size, size_floor);
  if (rc == SQLITE_OK && file.main) {
    MutexLock lock(database.mutex);
    database.facts().KeepMainSize(asked, parent_size);
  }
  return rc;
}

}  // namespace sqliteasync
