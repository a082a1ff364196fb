#include "folded_transaction.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "journal_format.h"
#include "sqlite.h"

namespace sqliteasync {

namespace {

// Pages whose memory is kept for the next: so many at most, of so many bytes in all.
constexpr size_t kSpares = 16;
constexpr size_t kSpareBytes = 65536;

}  // namespace

void FoldedTransaction::Begin() {
  if (next_group_ == nullptr) next_group_ = GroupPtr(new Group);
  spares_.reserve(kSpares);
  mode_ = Mode::kFolded;
}

bool FoldedTransaction::Fits(int size, int64_t offset) const {
  constexpr int kSmallestPage = 512;
  const auto is_or_none = [size](int page_size) { return page_size == 0 || page_size == size; };
  return size >= kSmallestPage && offset % size == 0 && is_or_none(changes_.page_size) &&
         is_or_none(journal_use_.page_size);
}

bool FoldedTransaction::Fits(int64_t size) const {
  const auto divides = [size](int page_size) { return page_size == 0 || size % page_size == 0; };
  return divides(changes_.page_size) && divides(journal_use_.page_size);
}

Extent* FoldedTransaction::PageAt(int64_t offset) {
  const Extent* page = image_.PageAt(offset);
  return page == nullptr ? nullptr : &changes_.pages[page->index];
}

void FoldedTransaction::Write(const void* bytes, int size, int64_t offset) {
  image_.ReservePages(1);
  PagePtr page;
  if (!spares_.empty() && spares_.back()->size == size) {
    page = std::move(spares_.back());
    spares_.pop_back();
  } else {
    page = NewPage(size);
  }
  page->offset = offset;
  std::memcpy(page->bytes(), bytes, static_cast<size_t>(size));
  image_.WritePage(*page);
  changes_.pages.Add(std::move(page));
  changes_.page_size = size;
  charge_ += size;
}

int64_t FoldedTransaction::Truncate(OperationPtr cut) {
  const int64_t size = cut->offset;
  if (changes_.cut != nullptr && changes_.cut->offset < size) {
    const int64_t dropped = DropFrom(size);
    image_.SetSize(size);
    return dropped;
  }
  image_.Truncate(*cut);
  std::swap(changes_.cut, cut);
  if (cut != nullptr) image_.Retire(*cut);
  return DropFrom(size);
}

int64_t FoldedTransaction::DropFrom(int64_t offset) noexcept {
  int64_t dropped = 0;
  for (size_t i = changes_.pages.size(); i-- > 0;) {
    const Extent& page = changes_.pages[i];
    if (page.offset < offset) continue;
    image_.RetirePage(page);
    dropped += page.size;
    Recycle(changes_.pages.Remove(page));
  }
  charge_ -= dropped;
  return dropped;
}

void FoldedTransaction::CreateJournal() noexcept {
  journal_.Create();
  journal_use_.used = true;
}

int64_t FoldedTransaction::JournalCharge(int size, int64_t offset) const {
  // In steps, so that most writes cost nothing.
  constexpr int64_t kStep = 4096;
  const int64_t end = (offset + size + kStep - 1) / kStep * kStep;
  return std::max<int64_t>(0, end - charged_journal_);
}

void FoldedTransaction::WriteJournal(const void* bytes, int size, int64_t offset) {
  const bool was_valid = !journal_.Finalised();
  const int64_t charge = JournalCharge(size, offset);
  journal_.Write(bytes, size, offset);
  charged_journal_ += charge;
  charge_ += charge;
  journal_use_.used = true;
  if (offset != 0) return;
  if (size >= kJournalHeaderSize) {
    const uint8_t* header = journal_.piece(0);
    const auto sector_size = static_cast<int>(GetBigEndian(header + kJournalSectorSizeOffset));
    if (sector_size != 0) {
      journal_use_.sector_size = sector_size;
      journal_use_.page_size = static_cast<int>(GetBigEndian(header + kJournalPageSizeOffset));
    }
  }
  if (was_valid && journal_.Finalised()) journal_ended_ = true;
}

void FoldedTransaction::TruncateJournal(int64_t size) noexcept {
  journal_.Truncate(std::min(size, journal_.size()));
  if (size == 0) journal_ended_ = true;
}

void FoldedTransaction::DeleteJournal(bool sync_directory) noexcept {
  journal_.Delete();
  journal_ended_ = true;
  journal_use_.deleted = true;
  durability_.sync_directory = sync_directory;
}

void FoldedTransaction::SyncJournal(int flags) noexcept {
  if (journal_ended_) {
    durability_.sync_journal = true;
  } else {
    journal_synced_ = true;
  }
  SyncMain(flags);
}

void FoldedTransaction::SyncMain(int flags) noexcept {
  // The kind of sync; that a journal's size need not be synced is no matter here.
  const int kind = flags & ~SQLITE_SYNC_DATAONLY;
  durability_.sync_flags = std::max(durability_.sync_flags, kind);
}

void FoldedTransaction::Recycle(PagePtr page) noexcept {
  if (!spares_.empty() && spares_.back()->size != page->size) spares_.clear();
  const size_t most = std::min(kSpares, kSpareBytes / static_cast<size_t>(page->size));
  if (spares_.size() < most) spares_.push_back(std::move(page));
}

int64_t FoldedTransaction::End() noexcept {
  image_.ReleasePages();
  image_.Reset();
  changes_.pages.TakeAll([&](PagePtr page) { Recycle(std::move(page)); });
  changes_.cut.reset();
  changes_.page_size = 0;
  if (next_group_ != nullptr) next_group_->changes.pages.Trim();
  durability_ = Durability();
  journal_use_ = JournalUse();
  journal_synced_ = false;
  journal_ended_ = false;
  journal_.Clear();
  charged_journal_ = 0;
  room_ = 0;
  mode_ = Mode::kUndecided;
  return std::exchange(charge_, 0) + std::exchange(spare_, 0);
}

int64_t FoldedTransaction::Release() noexcept {
  reserved_ = false;
  return End();
}

}  // namespace sqliteasync
