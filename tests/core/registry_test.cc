#include "core/registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/random.h"

namespace sqliteasync {
namespace {

TEST(RegistryTest, NothingIsFoundBeforeItIsMade) {
  Registry registry;
  EXPECT_EQ(registry.Find("/db").database, nullptr);
  EXPECT_EQ(registry.Find("/db").file, nullptr);
}

TEST(RegistryTest, ADatabaseAndItsJournalAndLogAreOne) {
  Registry registry;
  const FileReference main = registry.FindOrCreate("/db");
  const FileReference journal = registry.FindOrCreate("/db-journal");
  const FileReference log = registry.Find("/db-wal");
  EXPECT_EQ(main.database, journal.database);
  EXPECT_EQ(main.database, log.database);
  EXPECT_EQ(main.file, &main.database->main);
  EXPECT_EQ(journal.file, &main.database->journal);
  EXPECT_EQ(log.file, &main.database->log);
  EXPECT_EQ(journal.file->path, "/db-journal");
  EXPECT_EQ(log.file->path, "/db-wal");
}

TEST(RegistryTest, OtherPathsAreOtherDatabases) {
  Registry registry;
  const FileReference one = registry.FindOrCreate("/db");
  EXPECT_NE(registry.FindOrCreate("/db2").database, one.database);
  EXPECT_NE(registry.FindOrCreate("/db-mj0123456789").database, one.database);
}

TEST(RegistryTest, AMainDatabaseMayBeCalledLikeAJournal) {
  Registry registry;
  const auto odd = registry.DatabaseAt("/db-journal");
  EXPECT_EQ(odd->main.path, "/db-journal");
  EXPECT_EQ(odd->journal.path, "/db-journal-journal");
  EXPECT_EQ(registry.FindOrCreate("/db-journal-journal").database, odd);
}

TEST(RegistryTest, ClassifiesPathsByTheirEnding) {
  using Classified = std::pair<std::string_view, FileRole>;
  EXPECT_EQ(Registry::Classify("/db"), Classified("/db", FileRole::kMain));
  EXPECT_EQ(Registry::Classify("/db-journal"), Classified("/db", FileRole::kJournal));
  EXPECT_EQ(Registry::Classify("/db-wal"), Classified("/db", FileRole::kLog));
  EXPECT_EQ(Registry::Classify("/db-journal2"), Classified("/db-journal2", FileRole::kMain));
  EXPECT_EQ(Registry::Classify("/-wal/db"), Classified("/-wal/db", FileRole::kMain));
}

TEST(RegistryTest, ADatabaseThatNobodyHoldsIsForgotten) {
  Registry registry;
  std::weak_ptr<Database> weak = registry.FindOrCreate("/db").database;
  EXPECT_TRUE(weak.expired());
  EXPECT_EQ(registry.Find("/db").database, nullptr);
}

TEST(RegistryTest, ADetachedDatabaseIsNotFoundAndItsEndDoesNotTouchItsSuccessor) {
  Registry registry;
  auto old = registry.DatabaseAt("/db");
  registry.Detach(*old);
  EXPECT_EQ(registry.Find("/db").database, nullptr);
  const auto successor = registry.DatabaseAt("/db");
  EXPECT_NE(successor, old);
  registry.Detach(*old);  // for a second time
  old.reset();
  EXPECT_EQ(registry.Find("/db").database, successor);
}

// Databases come and go under all methods at once; a wrong reference, or a mutex taken twice, would
// show here (under the sanitizers) or hang.
TEST(RegistryTest, ThreadsMayMakeFindDetachAndReleaseOnePathAtOnce) {
  Registry registry;
  const int64_t rounds = test::Scaled(200000);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&registry, &wrong, rounds, thread] {
      test::Random random(test::Seed() + static_cast<uint64_t>(thread));
      std::shared_ptr<Database> kept;
      for (int64_t i = 0; i < rounds; ++i) {
        switch (random.Below(4)) {
          case 0:
            kept = registry.DatabaseAt("/db");
            break;
          case 1: {
            const FileReference found = registry.Find("/db-journal");
            if (found.database != nullptr && found.file->path != "/db-journal") ++wrong;
            break;
          }
          case 2:
            if (kept != nullptr) registry.Detach(*kept);
            break;
          default:
            kept.reset();
            break;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(registry.Find("/db").database, nullptr) << "all references are gone";
}

// A connection that a thread_local object holds is closed when the thread ends, and others of its
// objects may be gone by then.
TEST(RegistryTest, DestructorsOfAThreadMayAsk) {
#ifdef __MINGW32__
  GTEST_SKIP()
      << "GCC for Windows frees thread_local objects before it destroys them: see registry.cc";
#endif
  struct Late {
    Registry* registry = nullptr;
    std::string* answer = nullptr;
    ~Late() {
      if (registry == nullptr) return;
      const FileReference found = registry->Find("/db-journal");
      *answer = found.database == nullptr ? "nothing" : found.file->path;
      *answer += registry->DatabaseAt("/db") == found.database ? ", the same" : ", another";
    }
  };
  Registry registry;
  const std::shared_ptr<Database> database = registry.DatabaseAt("/db");
  std::string answer;
  std::thread([&] {
    thread_local Late late;  // older than what the registry has of this thread: destroyed later
    late.registry = &registry;
    late.answer = &answer;
    EXPECT_EQ(registry.Find("/db").database, database);
  }).join();
  EXPECT_EQ(answer, "/db-journal, the same");
}

}  // namespace
}  // namespace sqliteasync
