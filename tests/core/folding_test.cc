#include "core/folding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/database.h"
#include "core/journal_format.h"
#include "core/random.h"

namespace sqliteasync {
namespace {

using Bytes = std::vector<uint8_t>;
using Source = PendingImage::Segment::Source;

OperationPtr Cut(int64_t size) {
  OperationPtr operation = NewOperation(OperationKind::kTruncate, nullptr, nullptr);
  operation->offset = size;
  return operation;
}

void Write(Bytes& file, int64_t offset, const uint8_t* bytes, int64_t size) {
  if (offset + size > static_cast<int64_t>(file.size())) {
    file.resize(static_cast<size_t>(offset + size));
  }
  std::copy_n(bytes, size, file.begin() + offset);
}

class FoldingTest : public testing::Test {
 protected:
  static constexpr int kPage = 512;

  void Begin() {
    transaction.Reserve();
    transaction.Begin();
  }
  // A page with `fill` everywhere.
  void Put(int64_t number, uint8_t fill) {
    if (transaction.NeedsRoom()) folding.MakeRoom(transaction, image);
    transaction.Write(Filled(fill).data(), kPage, number * kPage);
  }
  GroupPtr Commit() {
    int64_t freed = 0;
    GroupPtr group = folding.Commit(transaction, database->main, image, &freed);
    freed_ += freed;
    return group;
  }
  static Bytes Filled(uint8_t fill, int size = kPage) {
    return Bytes(static_cast<size_t>(size), fill);
  }
  void Retire(const Group& group) {
    if (group.changes.cut != nullptr) image.Retire(*group.changes.cut);
    for (const PagePtr& page : group.changes.pages) image.RetirePage(*page);
    folding.Retired();
  }
  void WriteHeader(int sector_size, int page_size) {
    unsigned char header[kJournalHeaderSize] = {};
    std::copy(std::begin(kJournalMagic), std::end(kJournalMagic), header);
    PutBigEndian(header + kJournalSectorSizeOffset, static_cast<uint32_t>(sector_size));
    PutBigEndian(header + kJournalPageSizeOffset, static_cast<uint32_t>(page_size));
    transaction.CreateJournal();
    transaction.WriteJournal(header, sizeof(header), 0);
  }

  std::shared_ptr<Database> database = std::make_shared<Database>("/db");
  PendingImage image;
  Folding folding;
  FoldedTransaction transaction{nullptr};
  int64_t freed_ = 0;
};

TEST_F(FoldingTest, TheFirstCommitQueuesAGroupAndLaterOnesJoinIt) {
  Begin();
  Put(0, 'a');
  Put(1, 'a');
  const GroupPtr group = Commit();
  ASSERT_NE(group, nullptr);
  Begin();
  Put(1, 'b');
  Put(2, 'b');
  EXPECT_EQ(Commit(), nullptr);
  EXPECT_EQ(group->transactions, 2);
  EXPECT_EQ(group->changes.pages.size(), 3U);
  EXPECT_EQ(group->changes.bytes(), 3 * kPage);
  EXPECT_EQ(freed_, kPage) << "the version that was replaced";
  group->changes.pages.Sort();
  EXPECT_EQ(group->changes.pages.Find(kPage)->bytes()[0], 'b');
  Retire(*group);
  EXPECT_TRUE(image.Empty());
}

TEST_F(FoldingTest, AGroupThatIsSealedTakesInNothingMore) {
  Begin();
  Put(0, 'a');
  const GroupPtr first = Commit();
  folding.Seal(*first);
  Begin();
  Put(0, 'b');
  const GroupPtr second = Commit();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(freed_, 0);
  EXPECT_EQ(first->changes.pages[0].bytes()[0], 'a');
  Retire(*first);
  EXPECT_EQ(image.Look(0, 1).bytes[0], 'b');
  Retire(*second);
}

TEST_F(FoldingTest, NothingIsCommittedInFrontOfWhatElseWasQueued) {
  Begin();
  Put(0, 'a');
  const GroupPtr first = Commit();
  folding.CloseGroup();
  Begin();
  Put(1, 'b');
  const GroupPtr second = Commit();
  EXPECT_NE(second, nullptr);
  Retire(*first);
  Retire(*second);
}

TEST_F(FoldingTest, ATransactionThatHasChangedNothingQueuesNothing) {
  Begin();
  EXPECT_EQ(Commit(), nullptr);
  EXPECT_EQ(transaction.mode(), FoldedTransaction::Mode::kUndecided);
}

TEST_F(FoldingTest, TransactionsWithAndWithoutAJournalAreNotInOneGroup) {
  Begin();
  WriteHeader(512, kPage);
  Put(0, 'a');
  transaction.DeleteJournal(true);
  const GroupPtr with = Commit();
  ASSERT_NE(with, nullptr);
  EXPECT_TRUE(with->journal.used);
  EXPECT_TRUE(with->journal.deleted);
  Begin();
  Put(0, 'b');
  const GroupPtr without = Commit();
  ASSERT_NE(without, nullptr);
  EXPECT_FALSE(without->journal.used);
  Begin();
  WriteHeader(512, kPage);
  Put(0, 'c');
  transaction.TruncateJournal(0);
  const GroupPtr again = Commit();
  ASSERT_NE(again, nullptr);
  EXPECT_FALSE(again->journal.deleted);
  Retire(*with);
  Retire(*without);
  Retire(*again);
}

TEST_F(FoldingTest, JournalsOfDifferentSectorSizesAreNotInOneGroup) {
  Begin();
  WriteHeader(512, kPage);
  Put(0, 'a');
  const GroupPtr small = Commit();
  Begin();
  WriteHeader(4096, kPage);
  Put(0, 'b');
  const GroupPtr large = Commit();
  ASSERT_NE(large, nullptr);
  EXPECT_EQ(large->journal.sector_size, 4096);
  Retire(*small);
  Retire(*large);
}

TEST_F(FoldingTest, OnlyPagesOfOneSizeFit) {
  Begin();
  EXPECT_TRUE(transaction.Fits(kPage, 0));
  EXPECT_FALSE(transaction.Fits(kPage, 100)) << "no multiple of it";
  EXPECT_FALSE(transaction.Fits(256, 0)) << "no page of SQLite's";
  WriteHeader(512, kPage);
  EXPECT_FALSE(transaction.Fits(1024, 0)) << "its journal has another page size";
  transaction.End();
  Begin();
  Put(0, 'a');
  EXPECT_FALSE(transaction.Fits(1024, 1024)) << "it has written pages of another size";
  EXPECT_FALSE(transaction.Fits(100)) << "cuts in the middle of a page";
  const GroupPtr group = Commit();
  Begin();
  EXPECT_TRUE(transaction.Fits(1024, 0));
  Retire(*group);
}

TEST_F(FoldingTest, WhatWasSyncedByAnyTransactionIsTheGroups) {
  Begin();
  Put(0, 'a');
  transaction.SyncMain(SQLITE_SYNC_NORMAL);
  const GroupPtr group = Commit();
  EXPECT_EQ(group->durability.sync_flags, SQLITE_SYNC_NORMAL);
  Begin();
  Put(0, 'b');
  transaction.SyncMain(SQLITE_SYNC_FULL);
  Commit();
  Begin();
  Put(0, 'c');
  Commit();
  EXPECT_EQ(group->durability.sync_flags, SQLITE_SYNC_FULL);
  Retire(*group);
}

TEST_F(FoldingTest, AnUnlockDropsWhatWasNotCommitted) {
  Begin();
  Put(0, 'a');
  const GroupPtr group = Commit();
  Begin();
  Put(0, 'b');
  Put(5, 'b');
  EXPECT_EQ(transaction.Release(), 2 * kPage);
  EXPECT_TRUE(transaction.changes().Empty());
  EXPECT_FALSE(transaction.reserved());
  EXPECT_EQ(image.Look(0, 1).bytes[0], 'a');
  EXPECT_EQ(image.SizeFloor(), kPage);
  Retire(*group);
}

TEST_F(FoldingTest, TheJournalIsHiddenUntilTheLastGroupIsOnDisk) {
  Begin();
  WriteHeader(512, kPage);
  EXPECT_FALSE(transaction.journal().Finalised());
  EXPECT_EQ(folding.journal(), Folding::Journal::kAtParent) << "nobody else sees it";
  Put(0, 'a');
  transaction.DeleteJournal(false);
  const GroupPtr group = Commit();
  EXPECT_EQ(folding.journal(), Folding::Journal::kAbsent)
      << "the group's own journal may not be seen";
  folding.Seal(*group);
  EXPECT_EQ(folding.journal(), Folding::Journal::kAbsent);
  Retire(*group);
  EXPECT_EQ(folding.journal(), Folding::Journal::kAtParent);
}

// ----- The model test: random transactions, folded into groups that are carried to disk at random
// moments, against a replay one by one.

// What the writer is at.
struct Carried {
  OperationPtr operation;
  Bytes after;  // what the parent then is
  std::vector<std::pair<int64_t, const uint8_t*>> to_write;
  size_t written = 0;
  bool truncated = false;
  bool cut_retired = false;
  std::optional<size_t> to_retire;
};

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed) {
    parent_ = RandomBytes(random_.Below(kPages) * kPage);
    committed_ = parent_;
    open_ = parent_;
  }

  // One step, and the comparison after it. False: they differ (and EXPECT has said how).
  bool Step() {
    if (random_.Percent(1)) depth_ = random_.Below(6);
    const int queued = static_cast<int>(queue_.size());
    if (Writes() ? random_.Percent(60) : queued > 0 && random_.Percent(queued > depth_ ? 60 : 8)) {
      StepWriter();
    } else {
      StepTransaction();
    }
    return Compare();
  }

  // To the end of the queue.
  bool Finish() {
    if (in_transaction_) RollBack();
    while (Writes() || !queue_.empty()) {
      StepWriter();
      if (!Compare()) return false;
    }
    EXPECT_TRUE(image_.Empty());
    EXPECT_EQ(parent_, committed_);
    EXPECT_EQ(bytes_, 0) << "bytes that are counted, and that nothing holds";
    return parent_ == committed_ && bytes_ == 0;
  }

  int64_t largest_group() const { return largest_group_; }

 private:
  // So small that pages meet all the time. Fits, which a smaller size would not pass, is tested
  // elsewhere.
  static constexpr int kPage = 8;
  static constexpr int kPages = 14;

  struct Queued {
    OperationPtr operation;
    Bytes after;
  };

  Bytes RandomBytes(int size) {
    Bytes bytes;
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<uint8_t>(random_.Below(256)));
    return bytes;
  }

  bool Writes() const { return carried_.has_value(); }

  // ----- Transactions

  void StepTransaction() {
    if (!in_transaction_) {
      in_transaction_ = true;
      transaction_.Reserve();
      transaction_.Begin();
      return;
    }
    const int choice = random_.Below(100);
    if (choice < 60) {
      WritePage();
    } else if (choice < 75) {
      Truncate();
    } else if (choice < 92) {
      Commit();
    } else if (choice < 97) {
      RollBack();
    } else {
      Unfold();
    }
  }

  bool Folds() const { return transaction_.folded(); }

  void WritePage() {
    // The file grows a page or some pages at a time, with holes in between now and then.
    const int64_t offset = int64_t{random_.Below(kPages)} * kPage;
    const Bytes bytes = RandomBytes(kPage);
    Write(open_, offset, bytes.data(), kPage);
    if (!Folds()) {
      QueueWrite(bytes.data(), offset, open_);
      bytes_ += kPage;
    } else if (Extent* page = transaction_.PageAt(offset); page != nullptr) {
      std::copy(bytes.begin(), bytes.end(), page->bytes());
    } else {
      if (transaction_.NeedsRoom()) folding_.MakeRoom(transaction_, image_);
      transaction_.Write(bytes.data(), kPage, offset);
      bytes_ += kPage;
    }
  }

  // As SQLite does it: at the end of a transaction; or before, back to where it began, when it is
  // rolled back in locking_mode=EXCLUSIVE, where it then goes on.
  void Truncate() {
    const int pages = static_cast<int>(open_.size()) / kPage;
    if (pages == 0) return;
    if (random_.Percent(70)) {
      TruncateTo(int64_t{random_.Below(pages)} * kPage);
      Commit();
    } else if (committed_.size() < open_.size()) {
      TruncateTo(static_cast<int64_t>(committed_.size()));
    }
  }

  void TruncateTo(int64_t size) {
    open_.resize(static_cast<size_t>(size));
    if (Folds()) {
      image_.ReserveTruncates(size, 1);
      bytes_ -= transaction_.Truncate(Cut(size));
    } else {
      QueueCut(size, open_);
    }
  }

  void Commit() {
    in_transaction_ = false;
    committed_ = open_;
    if (!Folds()) {
      transaction_.End();
      return;
    }
    const bool changes = !transaction_.changes().Empty();
    int64_t freed = 0;
    GroupPtr group = folding_.Commit(transaction_, database_->main, image_, &freed);
    bytes_ -= freed;
    if (group != nullptr) {
      queue_.push_back({OperationPtr(group.release()), committed_});
    } else if (changes) {
      // It has joined the group that was queued last.
      queue_.back().after = committed_;
    }
  }

  void RollBack() {
    if (!Folds()) {
      // SQLite would write everything back.
      Commit();
      return;
    }
    in_transaction_ = false;
    open_ = committed_;
    bytes_ -= transaction_.Release();
    image_.ReleasePages();
  }

  // What was folded so far is queued after all.
  void Unfold() {
    if (!Folds()) return;
    Bytes after = committed_;
    if (const OperationPtr& cut = transaction_.changes().cut; cut != nullptr) {
      after.resize(static_cast<size_t>(cut->offset));
      QueueCut(cut->offset, after);
    }
    for (const PagePtr& page : transaction_.changes().pages) {
      sqliteasync::Write(after, page->offset, page->bytes(), kPage);
      QueueWrite(page->bytes(), page->offset, after);
    }
    image_.ReleasePages();
    transaction_.End();
    transaction_.Queue();
    EXPECT_EQ(after, open_);
  }

  void QueueWrite(const uint8_t* bytes, int64_t offset, const Bytes& after) {
    OperationPtr write = NewWrite(nullptr, nullptr, bytes, kPage, offset);
    image_.Write(*write);
    Queue(std::move(write), after);
  }

  void QueueCut(int64_t size, const Bytes& after) {
    OperationPtr cut = Cut(size);
    image_.Truncate(*cut);
    Queue(std::move(cut), after);
  }

  void Queue(OperationPtr operation, const Bytes& after) {
    folding_.CloseGroup();
    queue_.push_back({std::move(operation), after});
  }

  // ----- The writer, in as small steps as it gives up the mutex

  void StepWriter() {
    if (!Writes()) {
      BeginWriting();
    } else if (carried_->written < carried_->to_write.size()) {
      const auto& [offset, bytes] = carried_->to_write[carried_->written++];
      sqliteasync::Write(parent_, offset, bytes, kPage);
    } else if (!carried_->truncated) {
      carried_->truncated = true;
      ShortenParent();
    } else {
      RetireSome();
    }
  }

  void BeginWriting() {
    carried_.emplace();
    carried_->operation = std::move(queue_.front().operation);
    carried_->after = std::move(queue_.front().after);
    queue_.pop_front();
    const Operation& operation = *carried_->operation;
    if (operation.kind == OperationKind::kWrite) {
      carried_->to_write.emplace_back(operation.offset, operation.bytes());
    }
    if (operation.kind != OperationKind::kGroup) return;
    auto& group = static_cast<Group&>(*carried_->operation);
    folding_.Seal(group);
    group.changes.pages.Sort();
    largest_group_ = std::max(largest_group_, group.transactions);
    for (const PagePtr& page : group.changes.pages) {
      carried_->to_write.emplace_back(page->offset, page->bytes());
    }
    // What was cut, and has grown again without being written.
    static constexpr uint8_t kZeros[kPage] = {};
    if (group.changes.cut != nullptr) {
      const int64_t end = std::min(group.size_after, static_cast<int64_t>(parent_.size()));
      for (int64_t at = group.changes.cut->offset; at < end; at += kPage) {
        if (group.changes.pages.Find(at) == nullptr) carried_->to_write.emplace_back(at, kZeros);
      }
      // One at the very end makes the file that long.
      const int64_t last = group.size_after - kPage;
      if (last >= static_cast<int64_t>(parent_.size()) &&
          group.changes.pages.Find(last) == nullptr) {
        carried_->to_write.emplace_back(last, kZeros);
      }
    }
    std::sort(carried_->to_write.begin(), carried_->to_write.end());
  }

  void ShortenParent() {
    const Operation& operation = *carried_->operation;
    if (operation.kind == OperationKind::kTruncate) {
      parent_.resize(static_cast<size_t>(operation.offset));
    } else if (operation.kind == OperationKind::kGroup) {
      const auto& group = static_cast<const Group&>(operation);
      const bool shorter =
          group.changes.cut != nullptr && group.size_after < static_cast<int64_t>(parent_.size());
      if (shorter) parent_.resize(static_cast<size_t>(group.size_after));
    }
    EXPECT_EQ(parent_, carried_->after) << "what is on disk is not what was committed";
  }

  // A group's truncation first, then its pages, some at a time.
  void RetireSome() {
    const Operation& operation = *carried_->operation;
    if (operation.kind != OperationKind::kGroup) {
      image_.Retire(operation);
      bytes_ -= operation.size;
      carried_.reset();
      return;
    }
    const auto& group = static_cast<const Group&>(operation);
    if (!carried_->to_retire.has_value()) {
      carried_->to_retire = 0;
      if (group.changes.cut != nullptr) image_.Retire(*group.changes.cut);
    }
    size_t& page = *carried_->to_retire;
    for (int i = random_.Below(4); i > 0 && page < group.changes.pages.size(); --i, ++page) {
      image_.RetirePage(group.changes.pages[page]);
    }
    if (page < group.changes.pages.size()) return;
    folding_.Retired();
    bytes_ -= group.changes.bytes();
    carried_.reset();
  }

  // ----- What a connection sees: as Foreground has it

  // The size, and the bytes up to it and some more.
  Bytes Seen(int64_t* size) const {
    const PendingImage& open = transaction_.image();
    const bool opened = !transaction_.changes().Empty();
    const auto parent_size = static_cast<int64_t>(parent_.size());
    int64_t floor = image_.SizeFloor();
    if (opened) floor = std::max(floor, open.SizeFloor());
    if (opened && open.SizeIsKnown()) {
      *size = open.SizeFloor();
    } else {
      *size = image_.SizeIsKnown() ? floor : std::max(parent_size, floor);
    }
    Bytes seen;
    constexpr int64_t kEnd = int64_t{kPages} * kPage + 20;
    for (int64_t offset = 0; offset < kEnd;) {
      PendingImage::Segment segment{};
      if (opened) {
        segment = open.Look(offset, kEnd - offset);
        if (segment.source == Source::kParent) segment = image_.Look(offset, segment.size);
      } else {
        segment = image_.Look(offset, kEnd - offset);
      }
      for (int64_t i = 0; i < segment.size; ++i) {
        const int64_t at = offset + i;
        uint8_t byte = 0;
        if (segment.source == Source::kPending) byte = segment.bytes[i];
        if (segment.source == Source::kParent && at < parent_size) {
          byte = parent_[static_cast<size_t>(at)];
        }
        seen.push_back(byte);
      }
      offset += segment.size;
    }
    return seen;
  }

  bool Compare() {
    int64_t size = 0;
    const Bytes seen = Seen(&size);
    Bytes expected = open_;
    const auto expected_size = static_cast<int64_t>(expected.size());
    expected.resize(seen.size());
    EXPECT_EQ(size, expected_size);
    const auto differs = std::mismatch(seen.begin(), seen.end(), expected.begin());
    EXPECT_EQ(seen, expected) << "at " << differs.first - seen.begin();
    return size == expected_size && seen == expected;
  }

  test::Random random_;
  std::shared_ptr<Database> database_ = std::make_shared<Database>("/db");
  PendingImage image_;
  Folding folding_;
  FoldedTransaction transaction_{nullptr};
  Bytes parent_;
  Bytes committed_;  // all committed transactions replayed
  Bytes open_;       // and what the open one has changed
  bool in_transaction_ = false;
  std::deque<Queued> queue_;
  std::optional<Carried> carried_;
  int depth_ = 3;
  int64_t bytes_ = 0;  // that count as queued
  int64_t largest_group_ = 0;
};

TEST(FoldingModelTest, EqualsAReplayOfAllTransactionsOneByOne) {
  constexpr int kStepsPerFile = 2000;
  const uint64_t seed = test::Seed();
  int64_t largest_group = 0;
  for (int64_t file = 0; file < test::Scaled(200); ++file) {
    SCOPED_TRACE(test::HowToRepeat(seed) + ", file " + std::to_string(file));
    Model model(seed + static_cast<uint64_t>(file) * 7919);
    for (int step = 0; step < kStepsPerFile; ++step) {
      if (!model.Step()) FAIL() << "at step " << step;
    }
    if (!model.Finish()) FAIL() << "at the end";
    largest_group = std::max(largest_group, model.largest_group());
  }
  EXPECT_GT(largest_group, 5) << "the groups are too small to prove anything";
}

}  // namespace
}  // namespace sqliteasync
