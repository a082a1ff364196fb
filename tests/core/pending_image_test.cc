#include "core/pending_image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"

namespace sqliteasync {
namespace {

using Source = PendingImage::Segment::Source;
using Existence = PendingImage::Existence;
using Bytes = std::vector<uint8_t>;

// A file as it lies at the parent, or as it would after some operations.
struct File {
  bool exists = false;
  Bytes bytes;

  int64_t size() const { return static_cast<int64_t>(bytes.size()); }

  void Perform(const Operation& operation) {
    switch (operation.kind) {
      case OperationKind::kWrite:
        if (operation.end() > size()) bytes.resize(static_cast<size_t>(operation.end()));
        std::copy_n(operation.bytes(), operation.size, bytes.begin() + operation.offset);
        break;
      case OperationKind::kTruncate:
        bytes.resize(static_cast<size_t>(operation.offset));
        break;
      case OperationKind::kDelete:
        exists = false;
        bytes.clear();
        break;
      case OperationKind::kOpen:
        exists = true;
        break;
      default:
        break;
    }
  }
};

// What a read gives: the bytes, and whether it met the end of the file.
struct ReadResult {
  Bytes bytes;
  bool is_short = false;

  bool operator==(const ReadResult& other) const = default;
};

ReadResult ReadFile(const File& file, int64_t offset, int64_t size) {
  ReadResult result{Bytes(static_cast<size_t>(size)), offset + size > file.size()};
  for (int64_t at = offset; at < std::min(offset + size, file.size()); ++at) {
    result.bytes[static_cast<size_t>(at - offset)] = file.bytes[static_cast<size_t>(at)];
  }
  return result;
}

// The image's answer put together with the parent's bytes, as Foreground::Read does.
ReadResult ReadThrough(const PendingImage& image, const File& parent, int64_t offset,
                       int64_t size) {
  ReadResult result;
  while (size > 0) {
    const PendingImage::Segment segment = image.Look(offset, size);
    EXPECT_GE(segment.size, 1);
    EXPECT_LE(segment.size, size);
    Bytes part(static_cast<size_t>(segment.size));
    switch (segment.source) {
      case Source::kPending:
        std::copy_n(segment.bytes, segment.size, part.begin());
        break;
      case Source::kParent: {
        const ReadResult read = ReadFile(parent, offset, segment.size);
        part = read.bytes;
        if (read.is_short && offset + segment.size > image.SizeFloor()) result.is_short = true;
        break;
      }
      case Source::kZeros:
        break;
      case Source::kEnd:
        result.is_short = true;
        break;
    }
    result.bytes.insert(result.bytes.end(), part.begin(), part.end());
    offset += segment.size;
    size -= segment.size;
  }
  return result;
}

// A parent's file, the operations that are queued for it, and the image under test.
class PendingFile {
 public:
  explicit PendingFile(std::string bytes = "") {
    parent.exists = !bytes.empty();
    parent.bytes.assign(bytes.begin(), bytes.end());
  }

  void Write(int64_t offset, const std::string& bytes) {
    OperationPtr operation =
        NewWrite(nullptr, nullptr, bytes.data(), static_cast<int32_t>(bytes.size()), offset);
    image.Write(*operation);
    pending.push_back(std::move(operation));
  }
  void Truncate(int64_t size) {
    OperationPtr operation = NewOperation(OperationKind::kTruncate, nullptr, nullptr);
    operation->offset = size;
    image.Truncate(*operation);
    pending.push_back(std::move(operation));
  }
  void Delete() {
    OperationPtr operation = NewOperation(OperationKind::kDelete, nullptr, nullptr);
    image.Delete(*operation);
    pending.push_back(std::move(operation));
  }
  void Create(bool fresh) {
    OperationPtr operation = NewOperation(OperationKind::kOpen, nullptr, nullptr);
    image.Create(*operation, fresh);
    pending.push_back(std::move(operation));
  }

  // The two halves of what the writer does with the oldest operation; reads happen in between.
  void PerformOldest() { parent.Perform(*pending.front()); }
  void RetireOldest() {
    image.Retire(*pending.front());
    pending.pop_front();
  }
  void Step() {
    PerformOldest();
    RetireOldest();
  }

  // The reference: every pending operation performed in order, on a copy.
  File AfterAll() const {
    File file = parent;
    for (const OperationPtr& operation : pending) file.Perform(*operation);
    return file;
  }

  std::string Text(int64_t offset, int64_t size) const {
    const ReadResult read = ReadThrough(image, parent, offset, size);
    return std::string(read.bytes.begin(), read.bytes.end()) + (read.is_short ? "|" : "");
  }
  int64_t Size() const { return image.Size(parent.size()); }
  bool Exists() const {
    return image.existence() == Existence::kAsParent ? parent.exists
                                                     : image.existence() == Existence::kExists;
  }

  File parent;
  std::deque<OperationPtr> pending;
  PendingImage image;
};

TEST(PendingImageTest, NewImageLeavesEverythingToTheParent) {
  const PendingFile file("parent");
  EXPECT_TRUE(file.image.Empty());
  EXPECT_FALSE(file.image.SizeIsKnown());
  EXPECT_EQ(file.image.existence(), Existence::kAsParent);
  EXPECT_EQ(file.Text(0, 6), "parent");
  EXPECT_EQ(file.Size(), 6);
}

TEST(PendingImageTest, WriteCoversTheParent) {
  PendingFile file("........");
  file.Write(2, "ab");
  EXPECT_EQ(file.Text(0, 8), "..ab....");
  EXPECT_EQ(file.image.Look(2, 8).size, 2);
  EXPECT_EQ(file.image.Look(3, 8).bytes[0], 'b');
  EXPECT_EQ(file.image.Look(0, 8).size, 2) << "the parent's part ends where pending bytes begin";
}

TEST(PendingImageTest, NewerWriteInsideAnOlderOneSplitsIt) {
  PendingFile file("........");
  file.Write(0, "aaaaaa");
  file.Write(2, "bb");
  EXPECT_EQ(file.Text(0, 8), "aabbaa..");
}

TEST(PendingImageTest, NewerWriteWithTheSameBeginLeavesTheTailOfTheOlder) {
  PendingFile file("........");
  file.Write(1, "aaaa");
  file.Write(1, "bb");
  EXPECT_EQ(file.Text(0, 8), ".bbaa...");
}

TEST(PendingImageTest, NewerWriteOverManyLeavesFirstHeadAndLastTail) {
  PendingFile file("..........");
  file.Write(0, "aaa");
  file.Write(3, "bbb");
  file.Write(6, "ccc");
  file.Write(2, "XXXXX");
  EXPECT_EQ(file.Text(0, 10), "aaXXXXXcc.");
}

TEST(PendingImageTest, RetiringAnOlderWriteKeepsTheNewerBytes) {
  PendingFile file("........");
  file.Write(0, "aaaaaa");
  file.Write(2, "bb");
  file.Step();
  EXPECT_EQ(file.Text(0, 8), "aabbaa..");
  EXPECT_EQ(file.image.Look(0, 8).source, Source::kParent) << "its remnants have left the image";
  EXPECT_EQ(file.image.Look(2, 8).source, Source::kPending);
  EXPECT_EQ(file.image.Look(4, 8).source, Source::kParent);
}

TEST(PendingImageTest, BytesBehindATruncateAreGoneAndReadAsZerosOnceTheFileGrowsAgain) {
  PendingFile file("pppppppp");
  file.Write(4, "aa");
  file.Truncate(2);
  EXPECT_EQ(file.Size(), 2);
  EXPECT_EQ(file.Text(0, 4), std::string("pp\0\0|", 5));
  file.Write(6, "bb");
  EXPECT_EQ(file.Size(), 8);
  EXPECT_EQ(file.Text(0, 8), std::string("pp\0\0\0\0bb", 8));
}

TEST(PendingImageTest, TruncateCutsARangeThatCrossesIt) {
  PendingFile file;
  file.Create(true);
  file.Write(0, "abcdef");
  file.Truncate(3);
  file.Truncate(6);
  EXPECT_EQ(file.Text(0, 6), std::string("abc\0\0\0", 6));
}

TEST(PendingImageTest, TruncateThatExtendsGivesZeros) {
  PendingFile file("pp");
  file.Truncate(4);
  EXPECT_EQ(file.Size(), 4);
  EXPECT_EQ(file.Text(0, 4), std::string("pp\0\0", 4));
}

TEST(PendingImageTest, AnOlderCutStillHidesTheParentUnderANewerAndLargerOne) {
  PendingFile file("pppppppp");
  file.Truncate(2);
  file.Truncate(6);
  EXPECT_EQ(file.Text(0, 6), std::string("pp\0\0\0\0", 6));
  file.Step();
  EXPECT_EQ(file.Text(0, 6), std::string("pp\0\0\0\0", 6));
}

TEST(PendingImageTest, WhenACutRetiresTheNextOneTakesOver) {
  PendingFile file("pppppppp");
  file.Truncate(2);
  file.Write(2, "bbbbbb");
  file.Truncate(4);
  file.Step();  // the parent: "pp"
  file.Step();  // the parent: "ppbbbbbb", of which two bytes are still to be cut off
  EXPECT_EQ(file.Text(0, 8), std::string("ppbb\0\0\0\0|", 9));
}

TEST(PendingImageTest, NothingOfTheParentShowsBehindADelete) {
  PendingFile file("pppp");
  file.Delete();
  EXPECT_EQ(file.image.existence(), Existence::kAbsent);
  EXPECT_EQ(file.Size(), 0);
  file.Create(true);
  EXPECT_EQ(file.image.existence(), Existence::kExists);
  file.Write(1, "a");
  EXPECT_EQ(file.Text(0, 4), std::string("\0a\0\0|", 5));
}

TEST(PendingImageTest, ANewFileHidesWhatTheParentHas) {
  PendingFile file("pppp");
  file.Create(true);
  EXPECT_TRUE(file.image.SizeIsKnown());
  EXPECT_EQ(file.Size(), 0);
  EXPECT_EQ(file.Text(0, 1), std::string("\0|", 2));
}

TEST(PendingImageTest, AnExistingFileThatIsOpenedAgainKeepsItsBytes) {
  PendingFile file("pppp");
  file.Create(false);
  EXPECT_FALSE(file.image.SizeIsKnown());
  EXPECT_EQ(file.image.existence(), Existence::kExists);
  EXPECT_EQ(file.Text(0, 4), "pppp");
}

TEST(PendingImageTest, PendingBytesSurviveThatTheFileIsOpenedAgain) {
  PendingFile file("pppp");
  file.Write(0, "aa");
  file.Create(false);
  EXPECT_EQ(file.Text(0, 4), "aapp");
}

TEST(PendingImageTest, ShortReadInAParentThatAPendingWriteExtendsIsFilledWithZeros) {
  PendingFile file("pp");
  file.Write(6, "aa");
  EXPECT_EQ(file.Size(), 8);
  EXPECT_EQ(file.Text(0, 8), std::string("pp\0\0\0\0aa", 8));
  EXPECT_EQ(file.Text(0, 9), std::string("pp\0\0\0\0aa\0|", 10));
}

TEST(PendingImageTest, OffsetsBeyondFourGigabytesAreExact) {
  PendingFile file;
  const int64_t far = (int64_t{5} << 30) + 3;
  const OperationPtr write = NewWrite(nullptr, nullptr, "abc", 3, far);
  file.image.Write(*write);
  EXPECT_EQ(file.image.Size(0), far + 3);
  EXPECT_EQ(file.image.Look(far + 1, 100).bytes[0], 'b');
  EXPECT_EQ(file.image.Look(far + 1, 100).size, 2);
  EXPECT_EQ(file.image.Look(0, int64_t{1} << 40).size, far);
  file.image.Retire(*write);
}

TEST(PendingImageTest, EmptyAgainItIsAsNew) {
  PendingFile file("pppp");
  file.Delete();
  file.Create(true);
  file.Write(0, "abcdef");
  file.Truncate(3);
  while (!file.pending.empty()) file.RetireOldest();  // given up: the parent has not changed
  EXPECT_TRUE(file.image.Empty());
  EXPECT_FALSE(file.image.SizeIsKnown());
  EXPECT_EQ(file.image.SizeFloor(), 0);
  EXPECT_EQ(file.image.existence(), Existence::kAsParent);
  EXPECT_EQ(file.Text(0, 4), "pppp");
}

// ----- The model test: long random sequences against the reference.

class Model {
 public:
  // `pages`: how much of what is written and cut is whole pages, per cent.
  Model(uint64_t seed, int extent, int pages) : random_(seed), extent_(extent), pages_(pages) {
    file_.parent.exists = random_.Percent(70);
    if (file_.parent.exists) file_.parent.bytes = RandomBytes(random_.Below(extent_));
  }

  // One step, and the comparison after it. False: they differ (and EXPECT has said how).
  bool Step() {
    if (random_.Percent(1)) depth_ = random_.Percent(50) ? random_.Below(4) : random_.Below(40);
    const int pending = static_cast<int>(file_.pending.size());
    if (pending > 0 && random_.Percent(pending > depth_ ? 70 : 30)) {
      file_.PerformOldest();
      if (!Compare("performed, not retired")) return false;
      file_.RetireOldest();
      return Compare("retired");
    }
    Queue();
    return Compare("queued");
  }

 private:
  std::string RandomText(int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text.push_back(static_cast<char>(random_.Below(256)));
    return text;
  }
  Bytes RandomBytes(int size) {
    const std::string text = RandomText(size);
    return Bytes(text.begin(), text.end());
  }

  static constexpr int kPage = 16;

  // A page, or anything: pages give the same range again and again.
  void QueueWrite() {
    if (random_.Percent(pages_)) {
      file_.Write(kPage * random_.Below(extent_ / kPage), RandomText(kPage));
    } else {
      file_.Write(random_.Below(extent_), RandomText(1 + random_.Below(std::min(extent_, 60))));
    }
  }

  void Queue() {
    const File now = file_.AfterAll();
    const int choice = random_.Below(100);
    if (!now.exists) {
      // No handle: only what goes by name. Whether it is said to be fresh makes no difference.
      if (choice < 90) {
        file_.Create(random_.Percent(80));
      } else {
        file_.Delete();
      }
    } else if (choice < 75) {
      QueueWrite();
    } else if (choice < 90) {
      const int size = random_.Below(extent_);
      file_.Truncate(random_.Percent(pages_) ? size / kPage * kPage : size);
    } else if (choice < 95) {
      file_.Create(now.bytes.empty() && random_.Percent(50));
    } else {
      file_.Delete();
    }
  }

  bool Compare(const char* when) {
    const File expected = file_.AfterAll();
    const int64_t end = expected.size() + 20;
    bool same = file_.Exists() == expected.exists && file_.Size() == expected.size() &&
                file_.image.Empty() == file_.pending.empty() &&
                ReadThrough(file_.image, file_.parent, 0, end) == ReadFile(expected, 0, end);
    const int64_t offset = random_.Below(static_cast<int>(end));
    const int64_t size = 1 + random_.Below(64);
    same = same &&
           ReadThrough(file_.image, file_.parent, offset, size) == ReadFile(expected, offset, size);
    EXPECT_TRUE(same) << "the last operation was " << when << "; pending: " << file_.pending.size()
                      << ", size " << file_.Size() << " for " << expected.size() << ", exists "
                      << file_.Exists() << " for " << expected.exists;
    return same;
  }

  test::Random random_;
  const int extent_;
  const int pages_;
  int depth_ = 10;
  PendingFile file_;
};

void RunModel(int64_t steps, int extent, int pages) {
  constexpr int kStepsPerFile = 2000;
  for (int64_t done = 0, file = 0; done < steps; done += kStepsPerFile, ++file) {
    const uint64_t seed = test::Seed();
    SCOPED_TRACE(test::HowToRepeat(seed) + ", file " + std::to_string(file));
    Model model(seed + static_cast<uint64_t>(file) * 7919, extent, pages);
    for (int step = 0; step < kStepsPerFile; ++step) {
      if (!model.Step()) FAIL() << "at step " << step;
    }
  }
}

TEST(PendingImageTest, EqualsAReplayOfAllOperationsWhereTheyOverlapDensely) {
  RunModel(test::Scaled(1000000), 300, 40);
}

// As a database is written, so that the pages are found by their index.
TEST(PendingImageTest, EqualsAReplayOfAllOperationsOnPages) {
  RunModel(test::Scaled(500000), 300, 100);
  RunModel(test::Scaled(500000), 1000, 99);
}

TEST(PendingImageTest, EqualsAReplayOfAllOperationsOnALargerFile) {
  RunModel(test::Scaled(40000), 10000, 40);
}

}  // namespace
}  // namespace sqliteasync
