#include "folding.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "journal_format.h"
#include "sqlite.h"

namespace sqliteasync {

namespace {

// Takes the pages from `offset` on out of the layer. Returns their bytes.
int64_t DropFrom(PageChanges& changes, PendingImage& image, int64_t offset) noexcept {
  int64_t dropped = 0;
  for (auto at = changes.pages.lower_bound(offset); at != changes.pages.end();) {
    image.Retire(*at->second);
    dropped += at->second->size;
    at = changes.pages.erase(at);
  }
  changes.bytes -= dropped;
  return dropped;
}

// Can both be carried to disk under one journal?
bool GoTogether(const Group& group, const FoldedTransaction& open) {
  const int mine = group.changes.page_size;
  const int its = open.changes.page_size;
  return group.journal.used == open.journal.used &&
         group.journal.sector_size == open.journal.sector_size &&
         (mine == 0 || its == 0 || mine == its);
}

}  // namespace

void Folding::Begin() {
  if (open_.next_group == nullptr) open_.next_group = GroupPtr(new Group);
  mode_ = Mode::kFolded;
}

bool Folding::Fits(const PendingImage& image, int size, int64_t offset) const {
  constexpr int kSmallestPage = 512;
  const auto is_or_none = [size](int64_t page_size) { return page_size == 0 || page_size == size; };
  return size >= kSmallestPage && offset % size == 0 && is_or_none(open_.changes.page_size) &&
         is_or_none(image.PageSize()) && is_or_none(open_.journal.page_size);
}

bool Folding::Fits(const PendingImage& image, int64_t size) const {
  // The last step of a commit can't leave it any more.
  if (open_.journal_ended) return true;
  const auto divides = [size](int64_t page_size) {
    return page_size == 0 || size % page_size == 0;
  };
  return divides(open_.changes.page_size) && image.PageSize() >= 0 && divides(image.PageSize()) &&
         divides(open_.journal.page_size);
}

int64_t Folding::Write(OperationPtr write) {
  const int64_t size = write->size;
  auto [at, added] = open_.changes.pages.try_emplace(write->offset);
  try {
    open_.image.Write(*write);
  } catch (...) {
    if (added) open_.changes.pages.erase(at);
    throw;
  }
  std::swap(at->second, write);
  open_.changes.page_size = static_cast<int>(size);
  open_.changes.bytes += size;
  if (added) return 0;
  open_.image.Retire(*write);
  open_.changes.bytes -= size;
  return size;
}

int64_t Folding::Truncate(PendingImage& image, OperationPtr cut) {
  const int64_t size = cut->offset;
  image.ReserveTruncates(1);
  if (open_.changes.cut != nullptr && open_.changes.cut->offset < size) {
    const int64_t dropped = DropFrom(open_.changes, open_.image, size);
    open_.image.SetSize(size);
    return dropped;
  }
  open_.image.Truncate(*cut);
  std::swap(open_.changes.cut, cut);
  if (cut != nullptr) open_.image.Retire(*cut);
  return DropFrom(open_.changes, open_.image, size);
}

void Folding::CreateJournal() {
  journal_.Create();
  open_.journal.used = true;
}

void Folding::WriteJournal(const void* bytes, int size, int64_t offset) {
  const bool was_valid = !journal_.Finalised();
  journal_.Write(bytes, size, offset);
  open_.journal.used = true;
  if (offset == 0 && size >= kJournalHeaderSize) {
    const uint8_t* header = journal_.bytes().data();
    const auto sector_size = static_cast<int>(GetBigEndian(header + kJournalSectorSizeOffset));
    if (sector_size != 0) {
      open_.journal.sector_size = sector_size;
      open_.journal.page_size = static_cast<int>(GetBigEndian(header + kJournalPageSizeOffset));
    }
  }
  if (was_valid && journal_.Finalised()) open_.journal_ended = true;
}

void Folding::TruncateJournal(int64_t size) {
  journal_.Truncate(std::min(size, journal_.size()));
  if (size == 0) open_.journal_ended = true;
}

void Folding::DeleteJournal(bool sync_directory) noexcept {
  journal_.Delete();
  open_.journal_ended = true;
  open_.journal.deleted = true;
  open_.durability.sync_directory = sync_directory;
}

void Folding::SyncJournal(int flags) {
  if (open_.journal_ended) {
    open_.durability.sync_journal = true;
  } else {
    open_.journal_synced = true;
  }
  SyncMain(flags);
}

void Folding::SyncMain(int flags) {
  // The kind of sync; that a journal's size need not be synced is no matter here.
  const int kind = flags & ~SQLITE_SYNC_DATAONLY;
  open_.durability.sync_flags = std::max(open_.durability.sync_flags, kind);
}

GroupPtr Folding::Commit(SharedFile& main, PendingImage& image, int64_t* freed) noexcept {
  GroupPtr queued;
  if (!open_.Empty()) {
    Group* into = active_ != nullptr && GoTogether(*active_, open_) ? active_ : nullptr;
    if (into == nullptr) {
      queued = std::move(open_.next_group);
      into = queued.get();
      into->file = &main;
      active_ = into;
      ++groups_;
    }
    PageChanges& to = into->changes;
    const bool sized = open_.image.SizeIsKnown();
    const int64_t size = open_.image.SizeFloor();

    if (PageChanges& from = open_.changes; from.cut != nullptr) {
      *freed += DropFrom(to, image, from.cut->offset);
      if (to.cut == nullptr || from.cut->offset <= to.cut->offset) {
        image.Truncate(*from.cut);
        std::swap(to.cut, from.cut);
        if (from.cut != nullptr) image.Retire(*from.cut);
      }
      from.cut = nullptr;
    }
    image.Absorb(open_.image);
    for (auto node = open_.changes.pages.begin(); node != open_.changes.pages.end();) {
      const auto next = std::next(node);
      to.bytes += node->second->size;
      auto inserted = to.pages.insert(open_.changes.pages.extract(node));
      if (!inserted.inserted) {
        std::swap(inserted.position->second, inserted.node.mapped());
        const Operation& replaced = *inserted.node.mapped();
        image.Retire(replaced);
        to.bytes -= replaced.size;
        *freed += replaced.size;
      }
      node = next;
    }
    if (open_.changes.page_size != 0) to.page_size = open_.changes.page_size;
    if (sized) {
      image.SetSize(size);
      into->size_after = size;
    } else if (to.cut != nullptr) {
      into->size_after = image.SizeFloor();
    }
    into->durability.sync_flags =
        std::max(into->durability.sync_flags, open_.durability.sync_flags);
    into->durability.sync_directory |= open_.durability.sync_directory;
    into->durability.sync_journal |= open_.durability.sync_journal;
    into->journal = open_.journal;
    ++into->transactions;
    open_.changes.bytes = 0;
  }
  End();
  return queued;
}

int64_t Folding::End() noexcept {
  const int64_t bytes = open_.changes.bytes;
  open_.image.Reset();
  open_.changes = PageChanges();
  open_.durability = Durability();
  open_.journal = JournalUse();
  open_.journal_synced = false;
  open_.journal_ended = false;
  open_.main_file = nullptr;
  journal_.Clear();
  mode_ = Mode::kUndecided;
  Settle();
  return bytes;
}

int64_t Folding::Release() noexcept {
  reserved_ = false;
  return End();
}

Unfolded Folding::Unfold(PendingImage& image) noexcept {
  Unfolded unfolded;
  unfolded.journal_file = open_.journal_file;
  if (open_.changes.cut != nullptr) image.Truncate(*open_.changes.cut);
  image.Absorb(open_.image);
  std::swap(unfolded.changes, open_.changes);
  End();
  journal_.Deactivate();
  CloseGroup();
  Queue();
  return unfolded;
}

void Folding::Seal(const Group& group) {
  if (active_ == &group) active_ = nullptr;
}

void Folding::Retired() {
  --groups_;
  Settle();
}

void Folding::Settle() noexcept {
  if (groups_ == 0 && mode_ != Mode::kFolded) journal_.Deactivate();
}

}  // namespace sqliteasync
