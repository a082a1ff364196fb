#include "core/writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/fake_vfs.h"

namespace sqliteasync {
namespace {

using test::FakeVfs;
using Call = FakeVfs::Call;

// A writer of its own, on a fake parent. What is queued are deletions of files, for their order
// shows at the parent, and writes to one open file, for they have bytes.
class WriterTest : public testing::Test {
 protected:
  // Time for other threads to do what they must not do. No test depends on their having done
  // anything by then.
  static void GiveOthersAChance() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

  void SetUp() override { performer.SetParent(fake.vfs()); }
  void TearDown() override {
    fake.Unblock();
    writer.SetDelay(0);
    writer.SetHalt(Halt::kIdle);
    writer.Wait();
    writer.Step(1000);
    EXPECT_EQ(count(), 0);
    for (const std::string& violation : fake.Violations()) ADD_FAILURE() << violation;
  }

  void Push(OperationPtr operation) {
    Database& owner = operation->file->database;
    MutexLock lock(owner.mutex);
    PendingImage& image = owner.image(*operation->file);
    if (operation->kind == OperationKind::kDelete) image.Delete(*operation);
    if (operation->kind == OperationKind::kWrite) image.Write(*operation);
    owner.CountIn(*operation);
    queue.Push(std::move(operation));
  }
  void PushDelete(const std::string& name) {
    const auto database = std::make_shared<Database>(name);
    Push(NewOperation(OperationKind::kDelete, &database->main, nullptr));
  }
  void PushDeletes(int number) {
    for (int i = 0; i < number; ++i) PushDelete("/" + std::to_string(i));
  }
  // As Foreground::Write does it.
  void Write(OpenFile& file, int size) {
    const std::string bytes(static_cast<size_t>(size), 'x');
    writer.Reserve(size, file.database->waits);
    Push(NewWrite(&file.file, &file, bytes.data(), size, 0));
  }

  int64_t count() {
    MutexLock lock(queue.mutex);
    return queue.count();
  }
  int deletes() { return fake.Count(Call::kDelete); }

  // As in Backend these are never destroyed: a writer's thread may still be on its way out when
  // Wait returns.
  struct Parts {
    WriteQueue queue;
    MultiFileTransactions transactions;
    Failures failures;
    Performer performer{transactions, failures};
    Writer writer{queue, performer};
  };
  static Parts& NewParts() {
    static auto* all = new std::vector<std::unique_ptr<Parts>>;
    return *all->emplace_back(std::make_unique<Parts>());
  }

  FakeVfs fake{"fake", "plain"};
  Parts& parts = NewParts();
  WriteQueue& queue = parts.queue;
  Performer& performer = parts.performer;
  Writer& writer = parts.writer;
};

TEST_F(WriterTest, StartsAsTheSpecificationHasIt) {
  EXPECT_EQ(writer.halt(), Halt::kNever);
  EXPECT_EQ(writer.delay(), 0);
  EXPECT_FALSE(writer.Running());
}

TEST_F(WriterTest, StepPerformsInOrderAndSaysHowMany) {
  PushDeletes(3);
  EXPECT_EQ(writer.Step(2), 2);
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(writer.Step(5), 1);
  EXPECT_EQ(writer.Step(5), 0);
  std::string order;
  for (const auto& record : fake.Records(Call::kDelete)) order += record.name;
  EXPECT_EQ(order, "/0/1/2");
}

TEST_F(WriterTest, StepDoesNotCountWhatIsGivenUp) {
  const auto failed = std::make_shared<Database>("/failed");
  Push(NewOperation(OperationKind::kDelete, &failed->main, nullptr));
  PushDeletes(2);
  failed->Fail(SQLITE_FULL);
  EXPECT_EQ(writer.Step(1), 1);
  EXPECT_EQ(fake.Count(Call::kDelete, "/failed"), 0);
  EXPECT_EQ(deletes(), 1);
  EXPECT_EQ(writer.Step(1), 1);
}

TEST_F(WriterTest, StepDoesNothingWhileAWriterRuns) {
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  EXPECT_EQ(writer.Step(1), -1);
}

TEST_F(WriterTest, RunsWhileStartedAndPerformsWhatIsPushedWhileItSleeps) {
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  EXPECT_TRUE(writer.Running());
  for (int i = 0; i < 50; ++i) {
    PushDeletes(2);
    writer.WaitUntilEmpty();
    EXPECT_EQ(deletes(), 2 * (i + 1));
  }
}

TEST_F(WriterTest, SecondStartUnderNeverIsRefused) {
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  EXPECT_EQ(writer.Start(), Writer::StartResult::kRunsAlready);
}

TEST_F(WriterTest, StartWaitsForAWriterThatIsAboutToStop) {
  fake.Block(Call::kDelete, "");
  PushDeletes(1);
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  fake.WaitUntilBlocked();
  writer.SetHalt(Halt::kNow);
  std::thread second([this] { EXPECT_EQ(writer.Start(), Writer::StartResult::kStarted); });
  fake.Unblock();
  second.join();
  EXPECT_TRUE(writer.Wait());
  EXPECT_FALSE(writer.Running());
}

TEST_F(WriterTest, HaltNowStopsAfterTheOperationInHandAndKeepsTheQueue) {
  fake.Block(Call::kDelete, "/1");
  PushDeletes(5);
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  fake.WaitUntilBlocked();
  writer.SetHalt(Halt::kNow);
  fake.Unblock();
  EXPECT_TRUE(writer.Wait());
  EXPECT_EQ(deletes(), 2);
  EXPECT_EQ(count(), 3);
}

TEST_F(WriterTest, HaltIdleStopsWhenTheQueueIsEmpty) {
  PushDeletes(20);
  writer.SetHalt(Halt::kIdle);
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  EXPECT_TRUE(writer.Wait());
  EXPECT_EQ(deletes(), 20);
}

TEST_F(WriterTest, ASleepingWriterHearsThatItIsToStop) {
  for (const Halt halt : {Halt::kIdle, Halt::kNow}) {
    writer.SetHalt(Halt::kNever);
    ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
    writer.WaitUntilEmpty();
    writer.SetHalt(halt);
    EXPECT_TRUE(writer.Wait());
    EXPECT_FALSE(writer.Running());
  }
}

TEST_F(WriterTest, WaitUnderNeverReturnsAtOnceAndSaysSo) {
  EXPECT_FALSE(writer.Wait());
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  EXPECT_FALSE(writer.Wait());
}

TEST_F(WriterTest, WaitWithoutAWriterReturnsAtOnce) {
  PushDeletes(1);
  writer.SetHalt(Halt::kIdle);
  EXPECT_TRUE(writer.Wait());
  EXPECT_EQ(count(), 1);
}

TEST_F(WriterTest, AWaitEndsWhenTheConditionBecomesNever) {
  fake.Block(Call::kDelete, "");
  PushDeletes(1);
  writer.SetHalt(Halt::kIdle);
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  fake.WaitUntilBlocked();
  std::thread waiter([this] { EXPECT_FALSE(writer.Wait()); });
  writer.SetHalt(Halt::kNever);
  waiter.join();  // while the writer is still held up
  fake.Unblock();
}

TEST_F(WriterTest, RunOnTheCallersThreadReturnsAsTheHaltConditionSays) {
  PushDeletes(3);
  writer.SetHalt(Halt::kIdle);
  writer.Run();
  EXPECT_EQ(deletes(), 3);
  writer.SetHalt(Halt::kNow);
  PushDeletes(1);
  writer.Run();
  EXPECT_EQ(deletes(), 3);
}

TEST_F(WriterTest, ASecondRunWaitsForTheFirstToReturn) {
  fake.Block(Call::kDelete, "/0");
  PushDeletes(3);
  std::atomic<bool> released{false};
  std::thread first([this] { writer.Run(); });
  fake.WaitUntilBlocked();
  writer.SetHalt(Halt::kNow);
  std::thread second([this, &released] {
    writer.Run();
    EXPECT_TRUE(released);
  });
  GiveOthersAChance();
  EXPECT_TRUE(writer.Running());
  released = true;
  fake.Unblock();
  first.join();
  second.join();
  EXPECT_EQ(deletes(), 1);
}

TEST_F(WriterTest, TwoRunsAtOncePerformEverythingOnce) {
  PushDeletes(200);
  writer.SetHalt(Halt::kIdle);
  std::thread first([this] { writer.Run(); });
  std::thread second([this] { writer.Run(); });
  first.join();
  second.join();
  EXPECT_EQ(deletes(), 200);
}

TEST_F(WriterTest, AWriterWaitsForAStepThatIsPerforming) {
  fake.Block(Call::kDelete, "/0");
  PushDeletes(3);
  std::atomic<bool> released{false};
  fake.SetObserver([&released](const FakeVfs::Record& record) {
    EXPECT_TRUE(released || record.name == "/0") << record.name;
  });
  std::thread stepper([this] { EXPECT_EQ(writer.Step(1), 1); });
  fake.WaitUntilBlocked();
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  GiveOthersAChance();
  released = true;
  fake.Unblock();
  stepper.join();
  writer.WaitUntilEmpty();
  EXPECT_EQ(deletes(), 3);
}

TEST_F(WriterTest, BetweenOperationsWaitsForTheOperationInHand) {
  fake.Block(Call::kDelete, "");
  PushDeletes(1);
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  fake.WaitUntilBlocked();
  std::atomic<bool> released{false};
  std::thread other([&] { writer.BetweenOperations([&] { EXPECT_TRUE(released); }); });
  GiveOthersAChance();
  released = true;
  fake.Unblock();
  other.join();
}

// An hour after each operation: only if a change of the settings ends the pause does this test end.
constexpr int kAnHour = 3600 * 1000;

TEST_F(WriterTest, AChangedDelayEndsThePauseThatIsGoingOn) {
  writer.SetDelay(kAnHour);
  PushDeletes(3);
  fake.Block(Call::kDelete, "/0");
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  fake.WaitUntilBlocked();
  fake.Unblock();
  EXPECT_EQ(writer.delay(), kAnHour);
  writer.SetDelay(0);
  writer.WaitUntilEmpty();
  EXPECT_EQ(deletes(), 3);
}

TEST_F(WriterTest, HaltNowEndsThePause) {
  writer.SetDelay(kAnHour);
  PushDeletes(3);
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  writer.SetHalt(Halt::kNow);
  EXPECT_TRUE(writer.Wait());
  EXPECT_LE(deletes(), 1);
}

TEST_F(WriterTest, DrainDoesNotPause) {
  writer.SetDelay(kAnHour);
  PushDeletes(30);
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  EXPECT_EQ(writer.Drain(), 0);
  EXPECT_EQ(deletes(), 30);
}

TEST_F(WriterTest, DrainWithoutAWriterSaysHowMuchIsLost) {
  PushDeletes(3);
  const auto database = std::make_shared<Database>("/db");
  Push(NewOperation(OperationKind::kUnlock, &database->main, nullptr));
  EXPECT_EQ(writer.Drain(), 3) << "an unlock is no loss";
  EXPECT_EQ(deletes(), 0);
}

TEST_F(WriterTest, StepDoesNotPause) {
  writer.SetDelay(kAnHour);
  PushDeletes(3);
  EXPECT_EQ(writer.Step(3), 3);
}

class WriterReserveTest : public WriterTest {
 protected:
  void SetUp() override {
    WriterTest::SetUp();
    constexpr int kFlags = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    database = std::make_shared<Database>("/db");
    file = std::make_unique<OpenFile>(database, database->journal, kFlags);
    ASSERT_EQ(file->handle.Open(fake.vfs(), FileName("/db", FileRole::kJournal, {}), kFlags),
              SQLITE_OK);
    queue.SetLimit(100);
  }
  void TearDown() override {
    WriterTest::TearDown();
    file.reset();
    EXPECT_EQ(fake.open_handles(), 0);
  }
  int writes() { return fake.Count(Call::kWrite); }

  std::shared_ptr<Database> database;
  std::unique_ptr<OpenFile> file;
};

TEST_F(WriterReserveTest, WithoutAWriterTheCallerMakesRoomAndNoMoreThanThat) {
  for (int i = 0; i < 10; ++i) Write(*file, 10);
  EXPECT_EQ(writes(), 0);
  Write(*file, 10);
  EXPECT_EQ(writes(), 1);
  Write(*file, 25);
  EXPECT_EQ(writes(), 4);
}

TEST_F(WriterReserveTest, AWriteLargerThanTheLimitIsAdmittedWhenNothingIsQueued) {
  Write(*file, 10);
  Write(*file, 1000);
  EXPECT_EQ(writes(), 1);
  EXPECT_EQ(count(), 1);
  Write(*file, 1);
  EXPECT_EQ(writes(), 2);
}

TEST_F(WriterReserveTest, ARunningWriterIsWaitedForAndTheLimitIsNeverPassed) {
  // Every write is held up, and let go one by one: what has been admitted by then is known.
  constexpr int kWrites = 60;
  std::atomic<int> admitted{0};
  fake.Block(Call::kWrite, "");
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  std::thread application([&] {
    for (int i = 0; i < kWrites; ++i) {
      Write(*file, 10);
      ++admitted;
    }
  });
  for (int performed = 0; performed < kWrites; ++performed) {
    fake.WaitUntilBlocked();
    // Without a limit it would get further; that it gets this far is awaited.
    while (admitted < std::min(kWrites, performed + 10)) std::this_thread::yield();
    EXPECT_LE(admitted, performed + 10);
    fake.ReleaseOne();
  }
  application.join();
  fake.Unblock();
  writer.WaitUntilEmpty();
  EXPECT_EQ(writes(), kWrites);
}

TEST_F(WriterReserveTest, AWriterThatStopsLeavesTheWorkToTheOneThatWaits) {
  fake.Block(Call::kWrite, "");
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  for (int i = 0; i < 10; ++i) Write(*file, 10);
  fake.WaitUntilBlocked();
  std::thread application([this] { Write(*file, 100); });
  writer.SetHalt(Halt::kNow);
  fake.Unblock();
  application.join();  // it has performed the rest itself
  EXPECT_EQ(writes(), 10);
}

TEST_F(WriterReserveTest, ALimitThatIsLiftedLetsAWaitingWriteGoOn) {
  fake.Block(Call::kWrite, "");
  ASSERT_EQ(writer.Start(), Writer::StartResult::kStarted);
  for (int i = 0; i < 10; ++i) Write(*file, 10);
  fake.WaitUntilBlocked();
  std::thread application([this] { Write(*file, 100); });
  queue.SetLimit(0);
  application.join();  // while the writer is still held up
  fake.Unblock();
}

TEST_F(WriterReserveTest, SeveralThreadsWithoutAWriterGetAllTheirWritesIn) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this] {
      for (int i = 0; i < 200; ++i) Write(*file, 30 + i % 40);
    });
  }
  for (std::thread& thread : threads) thread.join();
  writer.Step(1000);
  EXPECT_EQ(writes(), 800);
}

}  // namespace
}  // namespace sqliteasync
