// The power cut by its own rules: what was synced survives, what the declared characteristics
// forbid never happens, and all that they permit does happen.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/random.h"
#include "core/sim_support.h"

namespace sqliteasync::test {
namespace {

constexpr char kName[] = "test-power";

class SimPowerTest : public testing::Test {
 protected:
  explicit SimPowerTest() {
    device.Set("action", "halt");
    device.Set("realsync", "no");
  }

  std::string Path(const std::string& name = "file") { return directory.Path(name); }

  // The power fails, with everything closed by the caller, and comes back.
  void Crash() {
    device.power().FailPower();
    ASSERT_TRUE(device.power().dead());
    device.power().Restart();
  }

  // Has `work` change files, crashes, and gives what the file then holds, for many seeds.
  template <typename Work>
  std::map<std::optional<std::string>, int> Outcomes(int seeds, Work work,
                                                     const std::string& name = "file") {
    std::map<std::optional<std::string>, int> outcomes;
    for (int seed = 0; seed < seeds; ++seed) {
      directory.Clear();
      device.Set("seed", std::to_string(Seed() * 1'000'000 + static_cast<uint64_t>(seed)));
      {
        // Open at the crash, closed after it.
        const std::unique_ptr<RawFile> file = work();
        device.power().FailPower();
      }
      device.power().Restart();
      std::optional<std::string> left;
      if (directory.Has(name)) left = directory.Bytes(name);
      ++outcomes[left];
    }
    return outcomes;
  }

  std::unique_ptr<RawFile> Open(int flags = kSuperJournalFlags, const std::string& name = "file") {
    auto file = std::make_unique<RawFile>(kName, Path(name), flags);
    EXPECT_EQ(file->code(), SQLITE_OK);
    return file;
  }

  // A file that is on the medium with these contents.
  std::unique_ptr<RawFile> Existing(const std::string& bytes) {
    directory.SetBytes("file", bytes);
    return Open(SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE);
  }

  Directory directory;
  SimDevice device{kName, "power"};
};

std::string Sectors(const std::string& letters, int size = 512) {
  std::string bytes;
  for (const char letter : letters) bytes.append(static_cast<size_t>(size), letter);
  return bytes;
}

// A letter for each sector: the one that all its bytes are; "." for zeros; "<" and ">" for two
// letters, a first part and a last part; "?" for anything else.
std::string Shape(const std::string& bytes, size_t sector = 512) {
  std::string shape;
  for (size_t at = 0; at < bytes.size(); at += sector) {
    const std::string part = bytes.substr(at, sector);
    const size_t other = part.find_first_not_of(part[0]);
    if (other == std::string::npos) {
      shape += part[0] == '\0' ? '.' : part[0];
    } else if (part.find_first_not_of(part[other], other) == std::string::npos &&
               std::isalpha(static_cast<unsigned char>(part[0])) != 0 &&
               std::isalpha(static_cast<unsigned char>(part[other])) != 0) {
      shape += part[0] < part[other] ? '<' : '>';
    } else {
      shape += '?';
    }
  }
  return shape;
}

std::set<std::string> Shapes(const std::map<std::optional<std::string>, int>& outcomes,
                             size_t sector = 512) {
  std::set<std::string> shapes;
  for (const auto& [bytes, count] : outcomes) {
    shapes.insert(bytes.has_value() ? Shape(*bytes, sector) : "none");
  }
  return shapes;
}

using Set = std::set<std::string>;

TEST_F(SimPowerTest, ReadsSeeWhatIsInTheCache) {
  const auto file = Open();
  ASSERT_EQ(file->Write(0, "abcdef"), SQLITE_OK);
  ASSERT_EQ(file->Write(2, "XY"), SQLITE_OK);
  EXPECT_EQ(file->Read(0, 6), "abXYef");
  EXPECT_EQ(directory.Bytes("file"), "abXYef") << "other processes see it, too";
  ASSERT_EQ(file->Truncate(3), SQLITE_OK);
  EXPECT_EQ(file->Size(), 3);
  EXPECT_GT(device.Counter("cachedbytes"), 0);
}

TEST_F(SimPowerTest, WhatWasSyncedSurvives) {
  for (const char* characteristics : {"", "sequential", "safe_append powersafe_overwrite"}) {
    device.Set("characteristics", characteristics);
    const auto outcomes = Outcomes(100, [&] {
      auto file = Open();
      file->Write(0, Sectors("ab"));
      file->Write(100, "hello");
      file->Truncate(700);
      file->Sync();
      return file;
    });
    ASSERT_EQ(outcomes.size(), 1U) << characteristics;
    std::string expected = Sectors("ab").substr(0, 700);
    expected.replace(100, 5, "hello");
    EXPECT_EQ(outcomes.begin()->first, expected) << characteristics;
  }
}

TEST_F(SimPowerTest, AnUnsyncedSectorIsOldOrNewOrTornOrGarbage) {
  const auto outcomes = Outcomes(400, [&] {
    auto file = Existing(Sectors("aaa"));
    file->Write(512, Sectors("b"));
    return file;
  });
  EXPECT_EQ(Shapes(outcomes), (Set{"aaa", "aba", "a<a", "a>a", "a?a"}));
}

TEST_F(SimPowerTest, ASectorIsOneOfTheStatesThatItHasHad) {
  const auto outcomes = Outcomes(2000, [&] {
    auto file = Existing(Sectors("a"));
    file->Write(0, Sectors("b"));
    file->Write(0, Sectors("c"));
    file->Write(0, Sectors("d"));
    return file;
  });
  Set whole = Shapes(outcomes);
  EXPECT_EQ(whole, (Set{"a", "b", "c", "d", "<", ">", "?"}));
  // A torn sector has bytes of two states that follow each other, never of a and c.
  for (const auto& [bytes, count] : outcomes) {
    if (Shape(*bytes) != "<" && Shape(*bytes) != ">") continue;
    EXPECT_EQ(std::abs(bytes->front() - bytes->back()), 1) << *bytes;
  }
}

TEST_F(SimPowerTest, SectorsAreIndependentOfEachOther) {
  const auto outcomes = Outcomes(1500, [&] {
    auto file = Existing(Sectors("aa"));
    file->Write(0, Sectors("bb"));
    return file;
  });
  const Set shapes = Shapes(outcomes);
  for (const char first : {'a', 'b', '<', '>', '?'}) {
    for (const char second : {'a', 'b', '<', '>', '?'}) {
      EXPECT_TRUE(shapes.contains(std::string{first, second})) << first << second;
    }
  }
}

TEST_F(SimPowerTest, GarbageTakesTheWholeSectorUnlessOverwritingIsPowersafe) {
  device.Set("sectorsize", "4096");
  for (const bool powersafe : {false, true}) {
    device.Set("characteristics", powersafe ? "powersafe_overwrite" : "");
    bool neighbours_harmed = false;
    bool harmed = false;
    const auto outcomes = Outcomes(200, [&] {
      auto file = Existing(Sectors("a", 8192));
      file->Write(1000, Sectors("b", 100));
      return file;
    });
    for (const auto& [bytes, count] : outcomes) {
      EXPECT_EQ(bytes->substr(4096), Sectors("a", 4096)) << "another sector";
      harmed = harmed || bytes->substr(1000, 100).find_first_not_of("ab") != std::string::npos;
      neighbours_harmed = neighbours_harmed || bytes->substr(0, 1000) != Sectors("a", 1000) ||
                          bytes->substr(1100, 2996) != Sectors("a", 2996);
    }
    EXPECT_TRUE(harmed);
    EXPECT_EQ(neighbours_harmed, !powersafe);
  }
}

TEST_F(SimPowerTest, AnAtomicWriteIsThereOrNot) {
  for (const char* characteristics : {"atomic", "atomic2k"}) {
    device.Set("characteristics", characteristics);
    const auto outcomes = Outcomes(300, [&] {
      auto file = Existing(Sectors("aaaaaaaa"));
      file->Write(2048, Sectors("bbbb"));
      file->Write(2048, Sectors("cccc"));
      return file;
    });
    EXPECT_EQ(Shapes(outcomes), (Set{"aaaaaaaa", "aaaabbbb", "aaaacccc"})) << characteristics;
  }
}

TEST_F(SimPowerTest, OnlyAlignedWritesOfThatSizeAreAtomic) {
  device.Set("characteristics", "atomic1k");
  const auto unaligned = Outcomes(300, [&] {
    auto file = Existing(Sectors("aaaa"));
    file->Write(512, Sectors("bb"));
    return file;
  });
  EXPECT_TRUE(Shapes(unaligned).contains("aaba"));
  const auto other_size = Outcomes(300, [&] {
    auto file = Existing(Sectors("aaaa"));
    file->Write(0, Sectors("bbbb"));
    return file;
  });
  EXPECT_TRUE(Shapes(other_size).contains("bbab"));
}

TEST_F(SimPowerTest, AnAtomicExtensionIsThereOrNot) {
  device.Set("characteristics", "atomic1k");
  const auto outcomes = Outcomes(200, [&] {
    auto file = Existing(Sectors("aa"));
    file->Write(1024, Sectors("bb"));
    return file;
  });
  EXPECT_EQ(Shapes(outcomes), (Set{"aa", "aabb"}));
}

TEST_F(SimPowerTest, AnExtensionMayBeLongerThanItsData) {
  const auto outcomes = Outcomes(1000, [&] {
    auto file = Existing(Sectors("a"));
    file->Write(512, Sectors("bb"));
    return file;
  });
  const Set shapes = Shapes(outcomes);
  for (const char* shape : {"a", "ab", "abb", "a..", "a??", "a.b", "ab.", "a.", "a?"}) {
    EXPECT_TRUE(shapes.contains(shape)) << shape;
  }
  for (const auto& [bytes, count] : outcomes) EXPECT_EQ(bytes->substr(0, 512), Sectors("a"));
}

TEST_F(SimPowerTest, ASafeAppendHasNoSizeWithoutData) {
  device.Set("characteristics", "safe_append");
  const auto outcomes = Outcomes(1000, [&] {
    auto file = Existing(Sectors("a"));
    file->Write(512, Sectors("bb"));
    file->Write(1536, Sectors("c"));
    return file;
  });
  EXPECT_EQ(Shapes(outcomes), (Set{"a", "ab", "abb", "abbc"}));
}

TEST_F(SimPowerTest, ASequentialDeviceKeepsTheOrderOfAllFiles) {
  device.Set("characteristics", "sequential");
  const auto other = [&] { return directory.Has("other") ? directory.Bytes("other") : ""; };
  std::set<std::pair<std::string, std::string>> both;
  for (int seed = 0; seed < 400; ++seed) {
    directory.Clear();
    directory.SetBytes("file", Sectors("aa"));
    directory.SetBytes("other", Sectors("AA"));
    device.Set("seed", std::to_string(seed));
    {
      RawFile first(kName, Path(), kDatabaseFlags);
      RawFile second(kName, Path("other"), kDatabaseFlags);
      first.Write(0, Sectors("b"));
      second.Write(0, Sectors("B"));
      first.Write(512, Sectors("c"));
      second.Write(512, Sectors("C"));
      device.power().FailPower();
    }
    device.power().Restart();
    both.emplace(Shape(directory.Bytes("file")), Shape(other()));
  }
  for (const auto& [first, second] : both) {
    // How many of the changes are there, the last one in part.
    std::string state{first[0], second[0], first[1], second[1]};
    const std::string news = "bBcC";
    const std::string olds = "aAaA";
    size_t at = 0;
    while (at < 4 && state[at] == news[at]) ++at;
    for (size_t later = at + 1; later < 4; ++later) EXPECT_EQ(state[later], olds[later]) << state;
  }
  for (const auto& state : {std::pair("aa", "AA"), std::pair("ba", "AA"), std::pair("ba", "BA"),
                            std::pair("bc", "BA"), std::pair("bc", "BC")}) {
    EXPECT_TRUE(both.contains(state)) << state.first << state.second;
  }
}

TEST_F(SimPowerTest, ASyncOnASequentialDeviceCoversWhatCameBefore) {
  device.Set("characteristics", "sequential");
  const auto outcomes = Outcomes(
      100,
      [&] {
        RawFile before(kName, Path("before"), kDatabaseFlags);
        before.Write(0, Sectors("b"));
        auto file = Open();
        file->Write(0, "x");
        file->Sync();
        return file;
      },
      "before");
  EXPECT_EQ(Shapes(outcomes), Set{"b"});
}

TEST_F(SimPowerTest, ATruncationIsLostWithWhatWasWrittenThereLater) {
  const auto outcomes = Outcomes(600, [&] {
    auto file = Existing(Sectors("aaa"));
    file->Truncate(512);
    file->Write(512, Sectors("b"));
    return file;
  });
  const Set shapes = Shapes(outcomes);
  for (const char* shape : {"aaa", "a", "ab"}) EXPECT_TRUE(shapes.contains(shape)) << shape;
  for (const std::string& shape : shapes) {
    if (shape.size() != 3) continue;
    EXPECT_EQ(shape, "aaa") << "the truncation was lost";
  }
}

// ----- Directories

TEST_F(SimPowerTest, ACreationThatWasNotSyncedMayBeUndone) {
#ifdef _WIN32
  GTEST_SKIP() << "on Windows a file that is open can't be deleted: it outlives the power cut";
#endif
  // Not even the sync of a main database makes its name durable.
  const auto outcomes = Outcomes(100, [&] {
    auto file = Open(kDatabaseFlags);
    file->Write(0, Sectors("a"));
    file->Sync();
    return file;
  });
  EXPECT_EQ(Shapes(outcomes), (Set{"none", "a"}));
}

TEST_F(SimPowerTest, TheSyncOfANewJournalCoversTheWholeDirectory) {
  const auto outcomes = Outcomes(
      100,
      [&] {
        RawFile database(kName, Path("database"), kDatabaseFlags);
        database.Write(0, Sectors("a"));
        database.Sync();
        auto journal = Open();
        journal->Sync();
        return journal;
      },
      "database");
  EXPECT_EQ(Shapes(outcomes), Set{"a"});
}

TEST_F(SimPowerTest, OnlyTheFirstSyncOfAJournalCoversTheDirectory) {
  const auto outcomes = Outcomes(
      100,
      [&] {
        auto journal = Open();
        journal->Sync();
        const RawFile later(kName, Path("later"), kDatabaseFlags);
        journal->Sync();
        return journal;
      },
      "later");
  EXPECT_EQ(Shapes(outcomes), (Set{"none", ""}));
}

TEST_F(SimPowerTest, ADeletionThatWasNotSyncedMayBeUndone) {
  for (const bool sync : {false, true}) {
    const auto outcomes = Outcomes(100, [&] {
      directory.SetBytes("file", Sectors("abc"));
      EXPECT_EQ(DeleteThrough(kName, Path(), sync), SQLITE_OK);
      EXPECT_FALSE(directory.Has("file"));
      return nullptr;
    });
    EXPECT_EQ(Shapes(outcomes), (sync ? Set{"none"} : Set{"none", "abc"}));
  }
}

TEST_F(SimPowerTest, ALargeFileComesBackAsAWhole) {
  const std::string large(300 * 512, 'a');
  const auto outcomes = Outcomes(20, [&] {
    directory.SetBytes("file", large);
    DeleteThrough(kName, Path(), false);
    return nullptr;
  });
  EXPECT_EQ(Shapes(outcomes), (Set{"none", std::string(300, 'a')}));
}

TEST_F(SimPowerTest, ADeletedFileComesBackWithWhatWasOnTheMedium) {
  const auto outcomes = Outcomes(1500, [&] {
    auto file = Open();
    file->Write(0, Sectors("aa"));
    file->Sync();
    file->Write(512, Sectors("b"));
    file->Close();
    DeleteThrough(kName, Path(), false);
    return nullptr;
  });
  EXPECT_EQ(Shapes(outcomes), (Set{"none", "aa", "ab", "a<", "a>", "a?"}));
}

TEST_F(SimPowerTest, ANameHasOneOfTheFilesThatItHasHad) {
#ifdef _WIN32
  GTEST_SKIP() << "on Windows a file that is open can't be deleted: it outlives the power cut";
#endif
  const auto outcomes = Outcomes(500, [&] {
    directory.SetBytes("file", Sectors("a"));
    DeleteThrough(kName, Path(), false);
    auto file = Open(kDatabaseFlags);
    file->Write(0, Sectors("b"));
    file->Sync();
    return file;
  });
  EXPECT_EQ(Shapes(outcomes), (Set{"none", "a", "b"}));
}

TEST_F(SimPowerTest, TemporaryFilesAreNotItsBusiness) {
  constexpr int kTemporary = SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                             SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_DELETEONCLOSE;
  const auto file = Open(kTemporary);
  EXPECT_EQ(file->Write(0, "abc"), SQLITE_OK);
  EXPECT_EQ(file->Read(0, 3), "abc");
  EXPECT_EQ(device.Counter("cachedbytes"), 0);
  EXPECT_EQ(device.Counter("cachedentries"), 0);
}

// ----- When it comes

TEST_F(SimPowerTest, ItComesAtTheNthSyncOfTheFile) {
  device.Set("crashfile", "f*");
  device.Set("crashsync", "2");
  RawFile file(kName, Path(), kDatabaseFlags);
  RawFile other(kName, Path("other"), kDatabaseFlags);
  EXPECT_EQ(other.Sync(), SQLITE_OK);
  EXPECT_EQ(file.Sync(), SQLITE_OK);
  EXPECT_EQ(other.Sync(), SQLITE_OK);
  EXPECT_EQ(device.Get("crashsync"), "1");
  EXPECT_EQ(file.Sync(), SQLITE_IOERR);
  EXPECT_TRUE(device.power().dead());
  device.power().Restart();
}

TEST_F(SimPowerTest, ItComesAtTheNthChange) {
  RawFile file(kName, Path(), kDatabaseFlags);
  device.Set("crashchange", "3");
  EXPECT_EQ(file.Write(0, "a"), SQLITE_OK);
  EXPECT_EQ(file.Read(0, 1), "a");
  EXPECT_EQ(file.Sync(), SQLITE_OK);
  EXPECT_EQ(file.Write(0, "b"), SQLITE_IOERR);
  EXPECT_TRUE(device.power().dead());
  device.power().Restart();
}

TEST_F(SimPowerTest, ADeadDeviceAnswersNothingAndItsHandlesStayDead) {
  directory.SetBytes("file", "abc");
  RawFile file(kName, Path(), kDatabaseFlags);
  device.power().FailPower();
  EXPECT_EQ(file.Read(0, 3), "error 10");
  EXPECT_EQ(file.Write(0, "x"), SQLITE_IOERR);
  EXPECT_EQ(RawFile(kName, Path(), kDatabaseFlags).code(), SQLITE_IOERR);
  EXPECT_EQ(DeleteThrough(kName, Path(), false), SQLITE_IOERR);
  device.power().Restart();
  EXPECT_EQ(file.Read(0, 3), "error 10");
  EXPECT_EQ(RawFile(kName, Path(), kDatabaseFlags).Read(0, 3), "abc");
}

TEST_F(SimPowerTest, TheHookIsCalledInsteadOfTheEnd) {
  device.Set("action", "exit");
  int calls = 0;
  device.power().SetHook([&] { ++calls; });
  device.power().FailPower();
  EXPECT_EQ(calls, 1);
  device.power().Restart();
}

TEST_F(SimPowerTest, WithoutAHookTheProcessEndsSilently) {
  device.Set("action", "exit");
  EXPECT_EXIT(device.power().FailPower(), testing::ExitedWithCode(1), "^$");
}

TEST_F(SimPowerTest, ThePowerIsThatOfTheWholeMachine) {
  SimDevice second("test-power-2", "power", {{"action", "halt"}});
  device.power().FailPower();
  EXPECT_TRUE(second.power().dead());
  device.power().Restart();
  second.power().Restart();
}

TEST_F(SimPowerTest, TheCacheIsNoLargerThanItIsSaidToBe) {
  device.Set("cache", "10000");
  const auto outcomes = Outcomes(50, [&] {
    auto file = Open();
    for (int i = 0; i < 10; ++i) file->Write(i * 4096, Sectors("abcdefgh"));
    EXPECT_LE(device.Counter("cachedbytes"), 10000);
    return file;
  });
  for (const auto& [bytes, count] : outcomes) {
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(bytes->substr(0, 8192), Sectors("abcdefghabcdefgh"));
  }
}

TEST_F(SimPowerTest, TheSameSeedGivesTheSameCrash) {
  const auto run = [&] {
    directory.Clear();
    device.Set("seed", "42");
    {
      RawFile file(kName, Path(), kSuperJournalFlags);
      file.Write(0, Sectors("abcdefgh"));
      file.Sync();
      for (int i = 0; i < 8; ++i) file.Write(i * 300, Sectors("xyz"));
      device.power().FailPower();
    }
    device.power().Restart();
    return directory.Bytes("file");
  };
  const std::string first = run();
  EXPECT_EQ(run(), first);
}

// Somebody else's changes are on the medium, and no crash mixes old sectors into them.
TEST_F(SimPowerTest, AFileThatSomeoneElseHasReplacedIsLeftAlone) {
  RawFile file(kName, Path(), kSuperJournalFlags);
  file.Sync();
  file.Write(0, Sectors("a"));
  file.Close();
  std::filesystem::remove(Path());
  directory.SetBytes("file", "something else");
  Crash();
  EXPECT_EQ(directory.Bytes("file"), "something else");
}

}  // namespace
}  // namespace sqliteasync::test
