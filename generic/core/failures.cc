#include "failures.h"

#include <algorithm>
#include <new>
#include <utility>

namespace sqliteasync {

namespace {

// Reports that are going on on this thread.
thread_local int own_reports = 0;

}  // namespace

void Failures::Add(const Failure& failure) {
  MutexLock lock(mutex_);
  try {
    kept_.push_back(Kept{failure});
  } catch (const std::bad_alloc&) {
    return;  // SQLite's error log has it
  }
  if (kept_.size() > kMost) kept_.pop_front();
}

std::shared_ptr<Failures::Registered> Failures::Next(ListenerId after) {
  auto at = std::find_if(listeners_.begin(), listeners_.end(),
                         [after](const auto& listener) { return listener->id > after; });
  return at == listeners_.end() ? nullptr : *at;
}

void Failures::Report(const Failure& failure) noexcept {
  MutexLock lock(mutex_);
  ++reports_;
  ++own_reports;
  ListenerId last = 0;
  while (const std::shared_ptr<Registered> next = Next(last)) {
    last = next->id;
    mutex_.Unlock();
    next->listener(failure);
    mutex_.Lock();
  }
  --own_reports;
  --reports_;
  reported_.NotifyAll();
}

void Failures::Tell(std::string_view database) noexcept {
  MutexLock lock(mutex_);
  for (Kept& kept : kept_) {
    if (kept.database == database) kept.told = true;
  }
}

std::optional<Failure> Failures::Untold(std::string_view database) {
  MutexLock lock(mutex_);
  auto at = std::find_if(kept_.begin(), kept_.end(), [database](const Kept& kept) {
    return !kept.told && !kept.database.empty() && (database.empty() || kept.database == database);
  });
  if (at == kept_.end()) return std::nullopt;
  return *at;
}

std::vector<Failure> Failures::All() {
  MutexLock lock(mutex_);
  return {kept_.begin(), kept_.end()};
}

std::optional<Failure> Failures::Last(std::string_view database) {
  MutexLock lock(mutex_);
  auto at = std::find_if(kept_.rbegin(), kept_.rend(), [database](const Failure& failure) {
    return failure.database == database;
  });
  if (at == kept_.rend()) return std::nullopt;
  return *at;
}

void Failures::Clear() {
  MutexLock lock(mutex_);
  kept_.clear();
}

Failures::ListenerId Failures::Listen(Listener listener) {
  auto registered = std::make_shared<Registered>();
  registered->listener = std::move(listener);
  MutexLock lock(mutex_);
  registered->id = last_id_ + 1;
  listeners_.push_back(registered);
  return ++last_id_;
}

void Failures::StopListening(ListenerId id) {
  std::shared_ptr<Registered> stopped;  // released after the mutex is
  MutexLock lock(mutex_);
  auto at = std::find_if(listeners_.begin(), listeners_.end(),
                         [id](const auto& listener) { return listener->id == id; });
  if (at == listeners_.end()) return;
  stopped = std::move(*at);
  listeners_.erase(at);
  while (reports_ > own_reports) reported_.Wait(mutex_);
}

}  // namespace sqliteasync
