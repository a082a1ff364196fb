#include "write_queue.h"

#include <algorithm>

#include "broken.h"

namespace sqliteasync {

namespace {

// The parts of the byte limit that a group may take: as long as the disk keeps up; when half of the
// limit is taken, at most and at least.
constexpr int64_t kGroupsInLimit = 4;
constexpr int64_t kGroupsUnderOverload = 16;
constexpr int64_t kSmallestGroups = 256;
// What a group should take to be carried to disk then: the application is to go on several times a
// second.
constexpr std::chrono::milliseconds kGroupTime{200};

}  // namespace

int64_t WriteQueue::GroupLimit() const {
  const int64_t bytes = limit();
  if (bytes == 0) return std::numeric_limits<int64_t>::max();
  if (!IsTaken(bytes / 2)) return bytes / kGroupsInLimit;
  return std::clamp(group_in_time_.load(std::memory_order_relaxed), bytes / kSmallestGroups,
                    bytes / kGroupsUnderOverload);
}

std::chrono::steady_clock::duration WriteQueue::TimeToWrite() const {
  const auto in_time =
      static_cast<double>(std::max<int64_t>(1, group_in_time_.load(std::memory_order_relaxed)));
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(kGroupTime) * (static_cast<double>(bytes_.now()) / in_time));
}

void WriteQueue::NoteGroup(int64_t bytes, std::chrono::steady_clock::duration time) {
  const double seconds = std::max(std::chrono::duration<double>(time).count(), 1e-6);
  const double in_time =
      static_cast<double>(bytes) * std::chrono::duration<double>(kGroupTime).count() / seconds;
  group_in_time_.store(static_cast<int64_t>(in_time), std::memory_order_relaxed);
}

void WriteQueue::Push(OperationPtr operation) {
  Operation* pushed = operation.release();
  bool wake = false;
  {
    MutexLock lock(mutex);
    if (tail_ == nullptr) {
      head_ = pushed;
    } else {
      tail_->next = pushed;
    }
    tail_ = pushed;
    count_.Add(1);
    ++pushed_;
    changes_ += IsChange(pushed->kind) ? 1 : 0;
    wake = writer_sleeps_;
    writer_sleeps_ = false;  // one wake-up is enough
    NotifyProgress();        // without a writer someone who needs room may now perform this
  }
  if (wake) work.NotifyOne();
}

Operation* WriteQueue::Pop() {
  Operation* operation = head_;
  if (operation == nullptr) return nullptr;
  if (Broken(Variant::kOperationsSwapped) && operation->kind == OperationKind::kSync &&
      operation->next != nullptr && operation->next->kind == OperationKind::kWrite) {
    Operation* const sync = operation;
    operation = sync->next;
    sync->next = operation->next;
    operation->next = sync;
    if (tail_ == operation) tail_ = sync;
  }
  head_ = operation->next;
  if (head_ == nullptr) tail_ = nullptr;
  return operation;
}

void WriteQueue::Done(int64_t cost, bool change) {
  count_.Add(-1);
  changes_ -= change ? 1 : 0;
  bytes_.Add(-cost);
  NotifyProgress();
}

bool WriteQueue::TryReserve(int64_t cost) { return bytes_.AddBelow(limit(), cost); }

bool WriteQueue::TryReserveAlone(int64_t cost) {
  if (TryReserve(cost)) return true;
  if (count_.now > 0) return false;
  bytes_.Add(cost);
  return true;
}

void WriteQueue::GiveBack(int64_t cost) {
  // Who waits counts itself first and looks at the bytes then, with the mutex; this is the other
  // way round. So one of the two sees the other.
  bytes_.Add(-cost);
  if (waiting_.load() == 0) return;
  MutexLock lock(mutex);
  NotifyProgress();
}

void WriteQueue::SetLimit(int64_t bytes) {
  MutexLock lock(mutex);
  limit_.store(bytes, std::memory_order_relaxed);
  NotifyProgress();
}

void WriteQueue::WaitForProgress() {
  const Waiting waiting(*this);
  progress.Wait(mutex);
}

void WriteQueue::NotifyProgress() {
  if (waiting_ > 0) progress.NotifyAll();
}

}  // namespace sqliteasync
