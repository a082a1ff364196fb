#include "group_writer.h"

#include <algorithm>
#include <cstring>

#include "broken.h"
#include "journal_format.h"

namespace sqliteasync {

namespace {

// Bytes that are written to a file in order, in as few calls as the buffer allows.
class Stream {
 public:
  // `written` counts the bytes that have reached the file.
  Stream(ParentFile& file, int64_t offset, Counter& written)
      : file_(file), offset_(offset), written_(written) {
    buffer_.reserve(kBufferSize);
  }

  int Put(const void* bytes, size_t size) {
    if (buffer_.size() + size > kBufferSize) {
      const int rc = Flush();
      if (rc != SQLITE_OK) return rc;
    }
    const auto* from = static_cast<const unsigned char*>(bytes);
    buffer_.insert(buffer_.end(), from, from + size);
    return SQLITE_OK;
  }

  int PutNumber(uint32_t value) {
    unsigned char bytes[4];
    PutBigEndian(bytes, value);
    return Put(bytes, sizeof(bytes));
  }

  int Flush() {
    if (buffer_.empty()) return SQLITE_OK;
    const int rc = file_.Write(buffer_.data(), static_cast<int>(buffer_.size()), offset_);
    if (rc == SQLITE_OK) written_.Add(static_cast<int64_t>(buffer_.size()));
    offset_ += static_cast<int64_t>(buffer_.size());
    buffer_.clear();
    return rc;
  }

  // Where the next byte will be.
  int64_t end() const { return offset_ + static_cast<int64_t>(buffer_.size()); }

  void MoveTo(int64_t offset) { offset_ = offset; }  // REQUIRES: flushed

 private:
  static constexpr size_t kBufferSize = kLargestWrite;

  ParentFile& file_;
  int64_t offset_;
  Counter& written_;
  std::vector<unsigned char> buffer_;
};

// SQLite keeps its locks on this page and never reads or writes it. A record for it would end the
// playback of a journal.
uint32_t LockPage(int page_size) {
  const int pending_byte = sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0U);
  constexpr int kDefault = 0x40000000;
  const int at = pending_byte > 0 ? pending_byte : kDefault;
  return static_cast<uint32_t>(at / page_size) + 1;
}

}  // namespace

GroupWriter::GroupWriter(sqlite3_vfs* parent, Database& database)
    : parent_(parent), database_(database) {
  MutexLock lock(database.lock_mutex);
  file_ = database.write_handle();
  parameters_ = database.parameters();
  detached_ = database.detached() || database.Moved();
}

int GroupWriter::Write(const Group& group) {
  int rc = file_->Size(&size_before_);
  if (rc != SQLITE_OK) return rc;
  const std::vector<int64_t> holes = Holes(group);
  const bool journaled = group.journal.used && group.changes.page_size > 0 && !detached_;
  const FileName name(database_.main.path, FileRole::kJournal, parameters_);
  if (journaled) {
    if (Broken(Variant::kPageBeforeJournal)) WritePages(group, holes);
    rc = OpenJournal(name);
    if (rc == SQLITE_OK) rc = WriteJournal(group, PagesToSave(group, holes));
    if (rc != SQLITE_OK) return rc;
  }
  Unsynced& unsynced = database_.unsynced;
  unsynced.MainChanged();
  rc = WritePages(group, holes);
  if (rc == SQLITE_OK && group.durability.sync_flags != 0 && !Broken(Variant::kSyncSkipped)) {
    rc = Sync(*file_, group.durability.sync_flags);
    if (rc == SQLITE_OK) unsynced.main = false;
  }
  const bool shorter = group.changes.cut != nullptr && group.size_after < EndOfFile(group);
  if (Broken(Variant::kCutTooSoon) && shorter) file_->Truncate(group.size_after);
  if (rc == SQLITE_OK && journaled) rc = FinaliseJournal(group);
  if (rc != SQLITE_OK) return rc;
  if (!shorter) return SQLITE_OK;
  unsynced.main = true;
  return file_->Truncate(group.size_after);
}

int GroupWriter::Sync(ParentFile& file, int flags) {
  const int rc = file.Sync(flags);
  if (rc == SQLITE_OK) database_.syncs.Add();
  return rc;
}

std::vector<int64_t> GroupWriter::Holes(const Group& group) const {
  std::vector<int64_t> holes;
  const PageChanges& changes = group.changes;
  if (changes.cut == nullptr || changes.page_size == 0) return holes;
  const int64_t end = std::min(group.size_after, size_before_);
  const int64_t first =
      (changes.cut->offset + changes.page_size - 1) / changes.page_size * changes.page_size;
  for (int64_t at = first; at < end; at += changes.page_size) {
    if (changes.pages.Find(at) == nullptr) holes.push_back(at);
  }
  // The file may end in one that is new: it is what makes it that long.
  const int64_t last = group.size_after - changes.page_size;
  if (last % changes.page_size == 0 && last >= size_before_ && changes.pages.Find(last) == nullptr)
    holes.push_back(last);
  return holes;
}

std::vector<uint32_t> GroupWriter::PagesToSave(const Group& group,
                                               const std::vector<int64_t>& holes) const {
  const int page_size = group.changes.page_size;
  const auto number_at = [&](int64_t offset) {
    return static_cast<uint32_t>(offset / page_size) + 1;
  };
  std::vector<uint32_t> pages;
  for (const PagePtr& page : group.changes.pages) pages.push_back(number_at(page->offset));
  for (const int64_t offset : holes) pages.push_back(number_at(offset));
  const auto pages_before = static_cast<uint32_t>((size_before_ + page_size - 1) / page_size);
  if (group.changes.cut != nullptr && !Broken(Variant::kCutTooSoon)) {
    for (uint32_t page = number_at(group.size_after); page <= pages_before; ++page) {
      pages.push_back(page);
    }
  }
  // A write may harm the whole sector.
  const int per_sector = group.journal.sector_size / page_size;
  if (per_sector > 1 && (file_->DeviceCharacteristics() & SQLITE_IOCAP_POWERSAFE_OVERWRITE) == 0) {
    const size_t changed = pages.size();
    for (size_t i = 0; i < changed; ++i) {
      const auto size = static_cast<uint32_t>(per_sector);
      const uint32_t first = (pages[i] - 1) / size * size + 1;
      for (uint32_t page = first; page < first + size; ++page) pages.push_back(page);
    }
  }
  if (Broken(Variant::kLockPageRecord)) pages.push_back(LockPage(page_size));
  std::sort(pages.begin(), pages.end());
  pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
  const uint32_t lock_page = LockPage(page_size);
  std::erase_if(pages, [&](uint32_t page) {
    return page > pages_before || (page == lock_page && !Broken(Variant::kLockPageRecord));
  });
  return pages;
}

int64_t GroupWriter::EndOfFile(const Group& group) const {
  const PageSet& pages = group.changes.pages;
  return pages.empty() ? size_before_ : std::max(size_before_, pages[pages.size() - 1].end());
}

int GroupWriter::OpenJournal(const FileName& name) {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_JOURNAL;
  FileName kept(database_.main.path, FileRole::kJournal, parameters_);
  int rc = journal_.Open(parent_, std::move(kept), kFlags);
  if (rc != SQLITE_OK) return rc;
  database_.unsynced.journal = true;
  database_.unsynced.DirectoryChanged(false);
  int64_t size = 0;
  rc = journal_.Size(&size);
  if (rc != SQLITE_OK || size == 0) return rc;
  unsigned char mark[sizeof(kJournalMagic)] = {};
  rc = journal_.Read(mark, sizeof(mark), 0);
  if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) return rc;
  if (JournalIsValid(mark, sizeof(mark))) {
    sqlite3_log(SQLITE_IOERR, "sqliteasync: %s is a hot journal that someone else has made",
                name.get());
    return SQLITE_IOERR;
  }
  return Broken(Variant::kHeaderZeroed) ? SQLITE_OK : journal_.Truncate(0);
}

int GroupWriter::WriteJournal(const Group& group, const std::vector<uint32_t>& pages) {
  const int page_size = group.changes.page_size;
  const int sector_size = std::max(group.journal.sector_size, 512);
  uint32_t nonce = 0;
  sqlite3_randomness(sizeof(nonce), &nonce);

  std::vector<unsigned char> header(static_cast<size_t>(sector_size));
  PutBigEndian(&header[kJournalMarkSize], nonce);
  PutBigEndian(&header[kJournalMarkSize + 4],
               static_cast<uint32_t>((size_before_ + page_size - 1) / page_size));
  PutBigEndian(&header[kJournalSectorSizeOffset], static_cast<uint32_t>(sector_size));
  PutBigEndian(&header[kJournalPageSizeOffset], static_cast<uint32_t>(page_size));
  Stream stream(journal_, 0, database_.written);
  int rc = stream.Put(header.data(), header.size());

  std::vector<unsigned char> page(static_cast<size_t>(page_size));
  for (size_t i = 0; rc == SQLITE_OK && i < pages.size(); ++i) {
    rc = file_->Read(page.data(), page_size, (int64_t{pages[i]} - 1) * page_size);
    if (rc == SQLITE_IOERR_SHORT_READ) rc = SQLITE_OK;  // the last page: the rest is zeros
    if (Broken(Variant::kPreImageTooLate)) {
      const Extent* changed = group.changes.pages.Find((int64_t{pages[i]} - 1) * page_size);
      if (changed != nullptr) std::memcpy(page.data(), changed->bytes(), page.size());
    }
    if (rc == SQLITE_OK) rc = stream.PutNumber(pages[i]);
    if (rc == SQLITE_OK) rc = stream.Put(page.data(), page.size());
    if (rc == SQLITE_OK) rc = stream.PutNumber(JournalChecksum(nonce, page.data(), page_size));
  }
  if (rc == SQLITE_OK) rc = stream.Flush();

  const bool synced = group.durability.sync_flags != 0 &&
                      !Broken(Variant::kGroupJournalNotSynced) && !Broken(Variant::kSyncSkipped);
  const int sync_flags = synced ? group.durability.sync_flags : 0;
  if (rc == SQLITE_OK && sync_flags != 0) rc = Sync(journal_, sync_flags);
  unsigned char mark[kJournalMarkSize];
  std::memcpy(mark, kJournalMagic, sizeof(kJournalMagic));
  PutBigEndian(mark + sizeof(kJournalMagic), static_cast<uint32_t>(pages.size()));
  if (rc == SQLITE_OK) rc = journal_.Write(mark, sizeof(mark), 0);
  if (rc == SQLITE_OK) database_.written.Add(sizeof(mark));
  if (rc == SQLITE_OK && sync_flags != 0) rc = Sync(journal_, sync_flags);
  if (Broken(Variant::kJournalDeletedEarly)) journal_.Truncate(0);
  return rc;
}

int GroupWriter::WritePages(const Group& group, const std::vector<int64_t>& holes) {
  const std::vector<unsigned char> zeros(
      holes.empty() ? 0 : static_cast<size_t>(group.changes.page_size));
  const int64_t lock_offset =
      group.changes.page_size == 0
          ? -1
          : (int64_t{LockPage(group.changes.page_size)} - 1) * group.changes.page_size;
  Stream stream(*file_, 0, database_.written);
  int rc = SQLITE_OK;
  const auto put = [&](int64_t offset, const unsigned char* bytes) {
    if (offset == lock_offset) return;
    if (stream.end() != offset) {
      rc = stream.Flush();
      stream.MoveTo(offset);
    }
    if (rc == SQLITE_OK) rc = stream.Put(bytes, static_cast<size_t>(group.changes.page_size));
  };
  auto hole = holes.begin();
  for (auto page = group.changes.pages.begin(); rc == SQLITE_OK;) {
    const bool more = page != group.changes.pages.end();
    if (hole != holes.end() && (!more || *hole < (*page)->offset)) {
      put(*hole++, zeros.data());
    } else if (more) {
      put((*page)->offset, (*page)->bytes());
      ++page;
    } else {
      break;
    }
  }
  return rc == SQLITE_OK ? stream.Flush() : rc;
}

int GroupWriter::FinaliseJournal(const Group& group) {
  if (Broken(Variant::kHeaderZeroed) && !group.journal.deleted) {
    const unsigned char zeros[kJournalHeaderSize] = {};
    return journal_.Write(zeros, sizeof(zeros), 0);
  }
  if (!group.journal.deleted || parent_->xDelete == nullptr) {
    // To nothing: behind a header that is only overwritten the name of an earlier super-journal
    // could be taken for that of the next journal.
    int rc = journal_.Truncate(0);
    if (rc == SQLITE_OK && group.durability.sync_journal) {
      rc = Sync(journal_, group.durability.sync_flags);
      if (rc == SQLITE_OK) database_.unsynced.journal = false;
    }
    return rc;
  }
  journal_.Close();
  const int rc = DeleteJournal(parent_, database_.main.path, group.durability.sync_directory);
  if (rc != SQLITE_OK) return rc;
  if (group.durability.sync_directory) database_.syncs.Add();
  database_.unsynced.journal = false;
  database_.unsynced.DirectoryChanged(group.durability.sync_directory);
  return rc;
}

}  // namespace sqliteasync
