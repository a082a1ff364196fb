#include "folding.h"

#include <algorithm>
#include <utility>

#include "sqlite.h"

namespace sqliteasync {

namespace {

// Takes the pages from `offset` on out of the group. Returns their bytes.
int64_t DropFrom(PageChanges& changes, PendingImage& image, int64_t offset) noexcept {
  int64_t dropped = 0;
  for (size_t i = changes.pages.size(); i-- > 0;) {
    const Extent& page = changes.pages[i];
    if (page.offset < offset) continue;
    image.RetirePage(page);
    dropped += page.size;
    changes.pages.Remove(page);
  }
  return dropped;
}

// Can both be carried to disk under one journal?
bool GoTogether(const Group& group, const PageChanges& changes, const JournalUse& journal) {
  const int mine = group.changes.page_size;
  const int its = changes.page_size;
  return group.journal.used == journal.used && group.journal.sector_size == journal.sector_size &&
         (mine == 0 || its == 0 || mine == its);
}

}  // namespace

void Folding::MakeRoom(FoldedTransaction& transaction, PendingImage& image) {
  const size_t room = transaction.NextRoom();
  image.ReservePages(room);
  if (active_ != nullptr) active_->changes.pages.Reserve(room);
  transaction.next_group_->changes.pages.Reserve(room);
  transaction.changes_.pages.Reserve(room - transaction.changes_.pages.size());
  transaction.SetRoom(room);
}

GroupPtr Folding::Commit(FoldedTransaction& transaction, SharedFile& main, PendingImage& image,
                         int64_t* freed) noexcept {
  GroupPtr queued;
  PageChanges& from = transaction.changes_;
  if (!from.Empty()) {
    const bool joins = active_ != nullptr && GoTogether(*active_, from, transaction.journal_use_);
    if (!joins) {
      queued = std::move(transaction.next_group_);
      queued->file = &main;
      active_ = queued.get();
      ++groups_;
    }
    Group& into = *active_;
    PageChanges& to = into.changes;
    if (from.cut != nullptr) {
      *freed += DropFrom(to, image, from.cut->offset);
      if (to.cut == nullptr || from.cut->offset <= to.cut->offset) {
        image.Truncate(*from.cut);
        std::swap(to.cut, from.cut);
        if (from.cut != nullptr) image.Retire(*from.cut);
      }
      from.cut.reset();
    }
    if (from.page_size != 0) to.page_size = from.page_size;
    transaction.charge_ -= from.bytes();    // the group's from here on
    image.ReservePages(from.pages.size());  // which MakeRoom has done, so that this can't fail
    from.pages.TakeAll([&](PagePtr page) {
      const Extent* replaced = image.WritePage(*page);
      if (replaced == nullptr || !to.pages.Has(*replaced)) {
        to.pages.Add(std::move(page));
        return;
      }
      PagePtr former = to.pages.Replace(*replaced, std::move(page));
      image.RetirePage(*former);
      *freed += former->size;
      transaction.Recycle(std::move(former));
    });
    if (transaction.image_.SizeIsKnown()) {
      into.size_after = transaction.image_.SizeFloor();
      image.SetSize(into.size_after);
    } else if (to.cut != nullptr) {
      into.size_after = image.SizeFloor();
    }
    Durability& durability = into.durability;
    durability.sync_flags = std::max(durability.sync_flags, transaction.durability_.sync_flags);
    durability.sync_directory |= transaction.durability_.sync_directory;
    durability.sync_journal |= transaction.durability_.sync_journal;
    into.journal = transaction.journal_use_;
    ++into.transactions;
  }
  if (groups_ > 0 && transaction.journal_.used()) {
    journal_ = transaction.journal_.exists() ? Journal::kEmpty : Journal::kAbsent;
  }
  image.ReleasePages();
  *freed += transaction.End();
  return queued;
}

void Folding::Seal(const Group& group) {
  if (active_ == &group) active_ = nullptr;
}

void Folding::Retired() {
  if (--groups_ == 0) journal_ = Journal::kAtParent;
}

}  // namespace sqliteasync
