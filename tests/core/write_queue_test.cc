#include "core/write_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <utility>

namespace sqliteasync {
namespace {

OperationPtr Make(OperationKind kind, int64_t mark = 0) {
  OperationPtr operation = NewOperation(kind, nullptr, nullptr);
  operation->offset = mark;
  return operation;
}

// Pops an operation and returns its mark; -1 if there is none.
int64_t PopMark(WriteQueue& queue) {
  MutexLock lock(queue.mutex);
  const OperationPtr operation(queue.Pop());
  if (operation == nullptr) return -1;
  queue.Done(operation->cost(), IsChange(operation->kind));
  return operation->offset;
}

// Pops an operation, and returns its bytes.
int64_t Popped(WriteQueue& queue) REQUIRES(queue.mutex) {
  const OperationPtr operation(queue.Pop());
  return operation->cost();
}

TEST(WriteQueueTest, FirstInFirstOut) {
  WriteQueue queue;
  for (int64_t mark = 1; mark <= 3; ++mark) queue.Push(Make(OperationKind::kTruncate, mark));
  EXPECT_EQ(PopMark(queue), 1);
  queue.Push(Make(OperationKind::kTruncate, 4));
  EXPECT_EQ(PopMark(queue), 2);
  EXPECT_EQ(PopMark(queue), 3);
  EXPECT_EQ(PopMark(queue), 4);
  EXPECT_EQ(PopMark(queue), -1);
  queue.Push(Make(OperationKind::kTruncate, 5));
  EXPECT_EQ(PopMark(queue), 5) << "pushed after it was empty";
}

TEST(WriteQueueTest, AnOperationCountsAsQueuedUntilItIsDone) {
  WriteQueue queue;
  queue.Push(Make(OperationKind::kSync));
  MutexLock lock(queue.mutex);
  const OperationPtr operation(queue.Pop());
  EXPECT_TRUE(queue.Empty());
  EXPECT_EQ(queue.count(), 1);
  EXPECT_EQ(queue.changes(), 1);
  EXPECT_EQ(queue.pushed(), 1);
  EXPECT_EQ(queue.done(), 0);
  queue.Done(0, true);
  EXPECT_EQ(queue.count(), 0);
  EXPECT_EQ(queue.changes(), 0);
  EXPECT_EQ(queue.done(), 1);
}

TEST(WriteQueueTest, ClosesAndUnlocksAreNoChanges) {
  WriteQueue queue;
  for (const OperationKind kind : {OperationKind::kClose, OperationKind::kUnlock}) {
    queue.Push(Make(kind));
  }
  for (const OperationKind kind :
       {OperationKind::kWrite, OperationKind::kSync, OperationKind::kTruncate,
        OperationKind::kDelete, OperationKind::kOpen}) {
    queue.Push(Make(kind));
  }
  {
    MutexLock lock(queue.mutex);
    EXPECT_EQ(queue.count(), 7);
    EXPECT_EQ(queue.changes(), 5);
  }
  while (PopMark(queue) >= 0) {
  }
  MutexLock lock(queue.mutex);
  EXPECT_EQ(queue.count(), 0);
  EXPECT_EQ(queue.changes(), 0);
}

TEST(WriteQueueTest, RoomIsWhatTheLimitLeaves) {
  WriteQueue queue;
  queue.SetLimit(100);
  EXPECT_TRUE(queue.TryReserve(60));
  EXPECT_FALSE(queue.TryReserve(41));
  {
    MutexLock lock(queue.mutex);
    EXPECT_TRUE(queue.TryReserveAlone(1000)) << "open transactions' alone, nobody can make room";
  }
  queue.GiveBack(1000);
  queue.Push(Make(OperationKind::kSync));
  MutexLock lock(queue.mutex);
  EXPECT_FALSE(queue.TryReserveAlone(41));
  EXPECT_TRUE(queue.TryReserveAlone(40));
  EXPECT_FALSE(queue.TryReserve(1));
  EXPECT_TRUE(queue.TryReserve(0));
  queue.Done(Popped(queue), true);
}

TEST(WriteQueueTest, BytesThatWereNotUsedAreGivenBack) {
  WriteQueue queue;
  queue.SetLimit(100);
  EXPECT_TRUE(queue.TryReserve(100));
  EXPECT_FALSE(queue.TryReserve(1));
  queue.GiveBack(50);
  EXPECT_FALSE(queue.TryReserve(51));
  EXPECT_TRUE(queue.TryReserve(50));
}

TEST(WriteQueueTest, BytesLeaveWithTheOperation) {
  WriteQueue queue;
  queue.SetLimit(8);
  EXPECT_TRUE(queue.TryReserve(8));
  queue.Push(NewWrite(nullptr, nullptr, "12345678", 8, 0));
  MutexLock lock(queue.mutex);
  const OperationPtr operation(queue.Pop());
  EXPECT_FALSE(queue.TryReserveAlone(1)) << "they are in memory while it is performed";
  queue.Done(operation->cost(), true);
  EXPECT_TRUE(queue.TryReserveAlone(8));
}

TEST(WriteQueueTest, LimitZeroIsNone) {
  WriteQueue queue;
  queue.SetLimit(0);
  EXPECT_TRUE(queue.TryReserve(int64_t{1} << 40));
  EXPECT_TRUE(queue.TryReserve(int64_t{1} << 40));
}

TEST(WriteQueueTest, StartsWithSixtyFourMebibytes) {
  WriteQueue queue;
  MutexLock lock(queue.mutex);
  EXPECT_EQ(queue.limit(), 64 * 1024 * 1024);
}

TEST(WriteQueueTest, GroupsAreSmallerUnderOverloadAndOnASlowDisk) {
  constexpr int64_t kLimit = 64 << 20;
  WriteQueue queue;
  queue.NoteGroup(1 << 20, std::chrono::seconds(2));
  EXPECT_EQ(queue.GroupLimit(), kLimit / 4) << "the disk keeps up";
  EXPECT_TRUE(queue.TryReserve(kLimit / 2));
  EXPECT_EQ(queue.GroupLimit(), kLimit / 256);
  queue.NoteGroup(10 << 20, std::chrono::seconds(2));
  EXPECT_EQ(queue.GroupLimit(), 1 << 20) << "what it writes in a fifth of a second";
  queue.NoteGroup(1 << 20, std::chrono::milliseconds(1));
  EXPECT_EQ(queue.GroupLimit(), kLimit / 16);
  queue.NoteGroup(1, std::chrono::seconds(0));
  EXPECT_GE(queue.GroupLimit(), kLimit / 256);
  queue.SetLimit(0);
  EXPECT_GT(queue.GroupLimit(), int64_t{1} << 60);
}

TEST(WriteQueueTest, RoomIsSeenWithoutTakingIt) {
  WriteQueue queue;
  queue.SetLimit(100);
  EXPECT_TRUE(queue.TryReserve(60));
  EXPECT_TRUE(queue.HasRoom(40));
  EXPECT_FALSE(queue.HasRoom(41));
  EXPECT_TRUE(queue.TryReserve(40));
  queue.SetLimit(0);
  EXPECT_TRUE(queue.HasRoom(int64_t{1} << 40));
}

TEST(OperationTest, AWriteHoldsACopyOfTheBytes) {
  char bytes[] = "abc";
  const OperationPtr write = NewWrite(nullptr, nullptr, bytes, 3, 7);
  bytes[0] = 'X';
  EXPECT_EQ(write->bytes()[0], 'a');
  EXPECT_EQ(write->offset, 7);
  EXPECT_EQ(write->end(), 10);
  EXPECT_EQ(write->cost(), 3);
}

TEST(OperationTest, NamesAreTheHistoricalOnes) {
  EXPECT_STREQ(OperationName(OperationKind::kWrite), "WRITE");
  EXPECT_STREQ(OperationName(OperationKind::kSync), "SYNC");
  EXPECT_STREQ(OperationName(OperationKind::kTruncate), "TRUNCATE");
  EXPECT_STREQ(OperationName(OperationKind::kClose), "CLOSE");
  EXPECT_STREQ(OperationName(OperationKind::kDelete), "DELETE");
  EXPECT_STREQ(OperationName(OperationKind::kOpen), "OPENEX");
  EXPECT_STREQ(OperationName(OperationKind::kUnlock), "UNLOCK");
  EXPECT_STREQ(OperationName(OperationKind::kGroup), "GROUP") << "this one isn't";
}

}  // namespace
}  // namespace sqliteasync
