#include "writer.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>
#include <thread>

#include "../platform.h"
#include "broken.h"
#include "process.h"
#include "trace.h"

namespace sqliteasync {

void Writer::SetHalt(Halt halt) {
  MutexLock lock(queue_.mutex);
  halt_ = halt;
  queue_.work.NotifyAll();
  queue_.hurry.NotifyAll();
  queue_.progress.NotifyAll();
  settings_.NotifyAll();
}

Halt Writer::halt() {
  MutexLock lock(queue_.mutex);
  return halt_;
}

void Writer::SetDelay(int milliseconds) {
  MutexLock lock(queue_.mutex);
  delay_ = milliseconds;
  delays_.store(milliseconds > 0, std::memory_order_relaxed);
  settings_.NotifyAll();
}

int Writer::delay() {
  MutexLock lock(queue_.mutex);
  return delay_;
}

void Writer::SetLinger(std::chrono::milliseconds linger) {
  MutexLock lock(queue_.mutex);
  linger_ = linger;
}

WriterState Writer::State() {
  if (ForkedOff()) return WriterState::kNone;
  MutexLock lock(queue_.mutex);
  // One that is asleep, but has been woken.
  if (state_ == WriterState::kIdle && !queue_.writer_sleeps()) return WriterState::kWorking;
  return state_;
}

bool Writer::Running() { return State() != WriterState::kNone; }

void Writer::Run() {
  if (!ClaimForThisProcess()) return;
  {
    MutexLock lock(queue_.mutex);
    CountExpected(1);
  }
  MutexLock run(run_mutex_);
  queue_.mutex.Lock();
  state_ = WriterState::kWorking;
  thread_ = std::this_thread::get_id();
  ++runs_;
  queue_.progress.NotifyAll();
  while (halt_ != Halt::kNow) {
    if (queue_.Empty()) {
      if (halt_ == Halt::kIdle) break;
      if (Tracing()) Trace("IDLE");
      group_done_.reset();
      state_ = WriterState::kIdle;
      queue_.SetWriterSleeps(true);
      queue_.work.Wait(queue_.mutex);
      queue_.SetWriterSleeps(false);
      state_ = WriterState::kWorking;
      if (Tracing()) Trace("WAKEUP");
      continue;
    }
    const bool is_group = queue_.Next()->kind == OperationKind::kGroup;
    if (is_group && group_done_.has_value()) {
      state_ = WriterState::kLingering;
      Linger();
      state_ = WriterState::kWorking;
      if (halt_ == Halt::kNow) break;
    }
    queue_.mutex.Unlock();
    bool performed = false;
    PerformNext(&performed);
    queue_.mutex.Lock();
    if (is_group) group_done_ = std::chrono::steady_clock::now();
    if (!performed) continue;
    state_ = WriterState::kPaused;
    Pause();
    state_ = WriterState::kWorking;
  }
  group_done_.reset();
  state_ = WriterState::kNone;
  thread_ = std::thread::id();
  CountExpected(-1);
  queue_.progress.NotifyAll();
  queue_.mutex.Unlock();
}

void Writer::Linger() {
  const auto end = *group_done_ + linger_;
  // The bytes that come in don't wake the writer. In so short a time they can't be many.
  constexpr std::chrono::milliseconds kLook{4};
  for (auto now = std::chrono::steady_clock::now(); now < end;
       now = std::chrono::steady_clock::now()) {
    const bool hurry = halt_ != Halt::kNever || queue_.SomeoneWaits() ||
                       queue_.done() < drain_until_ || queue_.QuarterIsTaken();
    if (hurry) return;
    queue_.hurry.WaitUntil(queue_.mutex, std::min(end, now + kLook));
  }
}

void Writer::Pause() {
  const auto begin = std::chrono::steady_clock::now();
  while (halt_ != Halt::kNow && delay_ > 0 && queue_.done() >= drain_until_) {
    if (!settings_.WaitUntil(queue_.mutex, begin + std::chrono::milliseconds(delay_))) return;
  }
}

const char* Writer::Reason(StartResult result) {
  switch (result) {
    case StartResult::kRunsAlready:
      return "a writer is running already, and its halt condition is \"never\"";
    case StartResult::kForkedOff:
      return kForkedOff;
    case StartResult::kOutOfThreads:
      return "the system gives no thread for the writer";
    case StartResult::kStarted:
      break;
  }
  return "";
}

Writer::StartResult Writer::Start() {
  if (!ClaimForThisProcess()) return StartResult::kForkedOff;
  MutexLock start(start_mutex_);
  MutexLock lock(queue_.mutex);
  CountExpected(1);
  const StartResult result = StartThread();
  CountExpected(-1);
  return result;
}

void Writer::CountExpected(int more) {
  expected_ += more;
  if (expected_ == 0) barriers_.NotifyAll();
}

Writer::StartResult Writer::StartThread() {
  while (running()) {
    if (halt_ == Halt::kNever) return StartResult::kRunsAlready;
    queue_.WaitForProgress();
  }
  const int64_t runs_before = runs_;
  try {
    std::thread([this] {
      platform::NameThread("sqliteasync");
      Run();
    }).detach();
  } catch (const std::system_error&) {
    return StartResult::kOutOfThreads;
  } catch (const std::bad_alloc&) {
    return StartResult::kOutOfThreads;
  }
  while (runs_ == runs_before) queue_.WaitForProgress();
  return StartResult::kStarted;
}

bool Writer::Wait() {
  MutexLock lock(queue_.mutex);
  if (halt_ != Halt::kNever && Tracing()) Trace(running() ? "WAIT" : "NO-WAIT");
  while (halt_ != Halt::kNever) {
    if (!running()) return true;
    queue_.WaitForProgress();
  }
  return false;
}

int64_t Writer::Step(int64_t limit) {
  if (Running()) return -1;
  int64_t count = 0;
  while (count < limit && !Running()) {
    bool performed = false;
    if (!PerformNext(&performed)) break;
    if (performed) ++count;
  }
  return count;
}

bool Writer::PerformNext(bool* performed) {
  std::vector<Failure> failed;
  const bool one = PerformNext(performed, &failed);
  for (const Failure& failure : failed) performer_.failures().Report(failure);
  return one;
}

bool Writer::PerformNext(bool* performed, std::vector<Failure>* failed) {
  MutexLock perform(perform_mutex_);
  OperationPtr operation;
  {
    MutexLock lock(queue_.mutex);
    operation.reset(queue_.Pop());
  }
  if (operation == nullptr) return false;
  const auto begin = std::chrono::steady_clock::now();
  std::shared_ptr<BarrierState> barrier;
  if (operation->kind == OperationKind::kBarrier) {
    barrier = static_cast<Barrier&>(*operation).state;
    performer_.PerformBarrier(*barrier);
  } else {
    *performed = performer_.Perform(*operation);
  }
  *failed = performer_.TakeFailures();
  const int64_t cost = operation->cost();
  if (*performed && operation->kind == OperationKind::kGroup) {
    queue_.NoteGroup(cost, std::chrono::steady_clock::now() - begin);
  }
  const bool change = IsChange(operation->kind);
  queue_.CountTransactions(-operation->transactions());
  operation.reset();
  MutexLock lock(queue_.mutex);
  queue_.Done(cost, change);
  if (barrier != nullptr) {
    barrier->done = true;
    barriers_.NotifyAll();
  }
  return true;
}

void Writer::WaitUntilEmpty() {
  MutexLock lock(queue_.mutex);
  while (running() && queue_.count() > 0) queue_.WaitForProgress();
}

int64_t Writer::Drain() {
  MutexLock lock(queue_.mutex);
  drain_until_ = queue_.pushed();
  settings_.NotifyAll();
  while (running() && queue_.done() < drain_until_) queue_.WaitForProgress();
  return queue_.changes();
}

template <typename Done>
void Writer::WorkUntil(Done done) {
  while (!done()) {
    if (running() || queue_.Empty()) {
      // Without a writer, and with nothing to perform, it's another thread's turn: one that is
      // performing the last operation, or has reserved bytes and is about to push.
      queue_.WaitForProgress();
      continue;
    }
    queue_.mutex.Unlock();
    bool performed = false;
    PerformNext(&performed);
    queue_.mutex.Lock();
  }
}

void Writer::Reserve(int64_t cost, Counter& waits) {
  if (queue_.TryReserve(cost)) return;
  waits.Add();
  MutexLock lock(queue_.mutex);
  const WriteQueue::Waiting waiting(queue_);
  WorkUntil([&]() REQUIRES(queue_.mutex) { return queue_.TryReserveAlone(cost); });
}

bool Writer::ReserveBehindQueue(int64_t cost, Counter& waits) {
  if (queue_.TryReserve(cost)) return true;
  waits.Add();
  MutexLock lock(queue_.mutex);
  const WriteQueue::Waiting waiting(queue_);
  bool reserved = false;
  WorkUntil([&]() REQUIRES(queue_.mutex) {
    reserved = queue_.TryReserve(cost);
    return reserved || queue_.count() == 0;
  });
  return reserved;
}

void Writer::WaitForRoom(int64_t bytes, Counter& waits) {
  waits.Add();
  MutexLock lock(queue_.mutex);
  const WriteQueue::Waiting waiting(queue_);
  const auto end = Clock::now() + room_patience_;
  while (running() && queue_.count() > 0 && !queue_.HasRoom(bytes)) {
    if (!queue_.progress.WaitUntil(queue_.mutex, end)) return;
  }
}

void Writer::SetRoomPatience(std::chrono::milliseconds patience) {
  MutexLock lock(queue_.mutex);
  room_patience_ = patience;
}

void Writer::Complete() {
  MutexLock lock(queue_.mutex);
  const int64_t target = queue_.pushed();
  WorkUntil([&]() REQUIRES(queue_.mutex) { return queue_.done() >= target; });
}

BarrierResult::Outcome Writer::Await(const std::shared_ptr<BarrierState>& barrier,
                                     std::optional<Clock::time_point> deadline) {
  using Outcome = BarrierResult::Outcome;
  {
    MutexLock lock(queue_.mutex);
    if (expected_ == 0 || thread_ == std::this_thread::get_id()) return Outcome::kNoWriter;
  }
  if (Broken(Variant::kBarrierTooSoon)) return Outcome::kDone;
  queue_.Push(OperationPtr(new Barrier(barrier)));
  MutexLock lock(queue_.mutex);
  const WriteQueue::Waiting waiting(queue_);  // the writer hurries
  bool in_time = true;
  while (!barrier->done) {
    if (expected_ == 0 || !in_time) {
      barrier->abandoned.store(true);
      return in_time ? Outcome::kNoWriter : Outcome::kTimedOut;
    }
    if (deadline.has_value()) {
      in_time = barriers_.WaitUntil(queue_.mutex, *deadline);
    } else {
      barriers_.Wait(queue_.mutex);
    }
  }
  return barrier->code == SQLITE_OK ? Outcome::kDone : Outcome::kFailed;
}

}  // namespace sqliteasync
