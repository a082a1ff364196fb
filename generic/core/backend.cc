#include "backend.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "async_vfs.h"
#include "process.h"

namespace sqliteasync {

Backend& Backend::Get() {
  // In static memory, so that getting it can't fail.
  alignas(Backend) static unsigned char memory[sizeof(Backend)];
  static auto* backend = new (memory) Backend;
  return *backend;
}

Backend::Backend()
    : performer_(transactions_, failures_),
      writer_(queue_, performer_),
      foreground_(registry_, transactions_, failures_, queue_, writer_) {}

int Backend::Register(const char* parent_name, const char* default_name) {
  MutexLock lock(registration_mutex_);
  if (registered_) return SQLITE_OK;
  const bool named = parent_name != nullptr && parent_name[0] != '\0';
  sqlite3_vfs* parent = sqlite3_vfs_find(named ? parent_name : nullptr);
  if (parent == nullptr) return SQLITE_ERROR;
  if (sqlite3_vfs_find(kSecondGenerationName) != nullptr) {
    sqlite3_log(SQLITE_ERROR,
                "sqliteasync: there is a VFS \"%s\" already, of another copy of the library",
                kSecondGenerationName);
    return SQLITE_ERROR;
  }
  performer_.SetParent(parent);
  foreground_.SetParent(parent);
  first_ = MakeAsyncVfs(kFirstGenerationName, parent, &foreground_);
  second_ = MakeAsyncVfs(kSecondGenerationName, parent, &foreground_);
  for (sqlite3_vfs* vfs : {&first_, &second_}) {
    const bool is_default = default_name != nullptr && std::string_view(default_name) == vfs->zName;
    const int rc = sqlite3_vfs_register(vfs, is_default ? 1 : 0);
    if (rc != SQLITE_OK) {
      sqlite3_vfs_unregister(&first_);
      return rc;
    }
  }
  registered_ = true;
  parent_ = parent;
  return SQLITE_OK;
}

int Backend::MakeDefault(const char* name) {
  MutexLock lock(registration_mutex_);
  const sqlite3_vfs* current = sqlite3_vfs_find(nullptr);
  if (current == &first_ || current == &second_) return SQLITE_OK;
  return sqlite3_vfs_register(std::string_view(name) == first_.zName ? &first_ : &second_, 1);
}

bool Backend::Registered() {
  MutexLock lock(registration_mutex_);
  return registered_;
}

bool Backend::StandsOn(const sqlite3_vfs* vfs) {
  MutexLock lock(registration_mutex_);
  return registered_ && parent_ == vfs;
}

Backend::Refusal Backend::Unregister() {
  MutexLock lock(registration_mutex_);
  Refusal refusal;
  if (!registered_) return refusal;
  refusal.open_files = foreground_.open_files();
  if (!refusal.refused()) writer_.WaitUntilEmpty();
  {
    MutexLock queue_lock(queue_.mutex);
    refusal.queued_changes = queue_.changes();
  }
  if (refusal.refused()) return refusal;
  // CLOSEs and UNLOCKs at most, unless a writer has been started again, which performs them itself.
  writer_.Step(std::numeric_limits<int64_t>::max());
  sqlite3_vfs_unregister(&first_);
  sqlite3_vfs_unregister(&second_);
  registered_ = false;
  writer_is_due_.store(false);
  return refusal;
}

bool Backend::StartDueWriter() {
  if (!writer_is_due_.exchange(false)) return true;  // another thread does it
  if (writer_.Start() != Writer::StartResult::kOutOfThreads) return true;
  writer_is_due_.store(true);
  return false;
}

int Backend::SetHalt(int halt) {
  if (halt < static_cast<int>(Halt::kNever) || halt > static_cast<int>(Halt::kIdle)) {
    return SQLITE_MISUSE;
  }
  writer_.SetHalt(static_cast<Halt>(halt));
  return SQLITE_OK;
}

int Backend::SetDelay(int64_t milliseconds) {
  if (milliseconds < 0 || milliseconds > Writer::kMaximumDelay) return SQLITE_MISUSE;
  writer_.SetDelay(static_cast<int>(milliseconds));
  return SQLITE_OK;
}

int Backend::SetLockFiles(int lock_files) {
  {
    MutexLock lock(queue_.mutex);
    if (queue_.count() > 0 || foreground_.open_files() > 0) return SQLITE_MISUSE;
  }
  foreground_.SetLockFiles(lock_files != 0);
  return SQLITE_OK;
}

int Backend::SetQueueLimit(int64_t bytes) {
  if (bytes < 0) return SQLITE_MISUSE;
  queue_.SetLimit(bytes);
  return SQLITE_OK;
}

int Backend::SetGrouping(int grouping) {
  if (grouping < static_cast<int>(Grouping::kAuto) || grouping > static_cast<int>(Grouping::kOff)) {
    return SQLITE_MISUSE;
  }
  foreground_.SetGrouping(static_cast<Grouping>(grouping));
  return SQLITE_OK;
}

int Backend::SetLockHold(int64_t milliseconds) {
  if (milliseconds < 0 || milliseconds > std::numeric_limits<int>::max()) return SQLITE_MISUSE;
  foreground_.SetLockHold(static_cast<int>(milliseconds));
  return SQLITE_OK;
}

std::string Backend::PathOf(const char* name) {
  const sqlite3_vfs* parent;
  {
    MutexLock lock(registration_mutex_);
    parent = registered_ ? parent_ : nullptr;
  }
  // What was queued before, or has failed, is known by its full path still.
  if (parent == nullptr) return name;
  std::string path(static_cast<size_t>(parent->mxPathname) + 1, '\0');
  const int rc = foreground_.FullPathname(name, static_cast<int>(path.size()), path.data());
  if (rc != SQLITE_OK && rc != SQLITE_OK_SYMLINK) return name;
  path.resize(path.find('\0'));
  return path;
}

BarrierResult Backend::Barrier(const char* name, int64_t milliseconds) {
  using Outcome = BarrierResult::Outcome;
  BarrierResult result;
  if (ForkedOff()) return {Outcome::kForkedOff, SQLITE_MISUSE, ""};
  std::optional<Writer::Clock::time_point> deadline;
  constexpr int64_t kForEver = int64_t{1000} * 3600 * 24 * 365 * 10;  // the clock has its limits
  if (milliseconds >= 0 && milliseconds < kForEver) {
    deadline = Writer::Clock::now() + std::chrono::milliseconds(milliseconds);
  }
  const auto barrier = std::make_shared<BarrierState>();
  const std::string path = name == nullptr || name[0] == '\0' ? "" : PathOf(name);
  if (path.empty()) {
    barrier->targets = registry_.AllTargets();
    result.outcome = writer_.Await(barrier, deadline);
  } else if (std::optional<BarrierTarget> target = registry_.FindTarget(path)) {
    barrier->targets.push_back(std::move(*target));
    result.outcome = writer_.Await(barrier, deadline);
  } else {
    result = {Outcome::kUnknown, SQLITE_NOTFOUND, path};
  }
  if (result.outcome == Outcome::kDone || result.outcome == Outcome::kUnknown) {
    // What has failed may have been closed before, and started clean.
    if (const std::optional<Failure> untold = failures_.Untold(path)) {
      failures_.Tell(untold->database);
      return {Outcome::kFailed, untold->code, untold->database};
    }
  }
  switch (result.outcome) {
    case Outcome::kDone:
    case Outcome::kUnknown:
    case Outcome::kForkedOff:
      break;
    case Outcome::kTimedOut:
      result.code = SQLITE_BUSY;
      break;
    case Outcome::kNoWriter:
      result.code = SQLITE_MISUSE;
      break;
    case Outcome::kFailed:
      result.code = barrier->code;
      result.database = barrier->failed->main.path;
      failures_.Tell(result.database);
      break;
  }
  return result;
}

Status Backend::ReadStatus() {
  Status status;
  status.bytes = queue_.bytes().Read();
  status.transactions = queue_.transactions().Read();
  {
    MutexLock lock(queue_.mutex);
    status.operations = queue_.operations();
  }
  registry_.SumUp(&status);
  return status;
}

std::optional<Status> Backend::ReadStatus(const char* name) {
  const std::shared_ptr<Database> database = registry_.Known(PathOf(name));
  if (database == nullptr) return std::nullopt;
  return database->ReadStatus();
}

void Backend::ResetHighest(Level Status::*level) {
  if (level == &Status::bytes) {
    queue_.bytes().ResetHighest();
  } else if (level == &Status::transactions) {
    queue_.transactions().ResetHighest();
  } else {
    MutexLock lock(queue_.mutex);
    queue_.operations().ResetHighest();
  }
}

bool Backend::ResetHighest(const char* name, Level Status::*level) {
  const std::shared_ptr<Database> database = registry_.Known(PathOf(name));
  if (database == nullptr) return false;
  database->ResetHighest(level);
  return true;
}

std::vector<std::string> Backend::Databases() {
  std::vector<std::string> paths;
  for (const std::shared_ptr<Database>& database : registry_.All()) {
    if (database->has_been_open() && !database->detached()) paths.push_back(database->main.path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::optional<Failure> Backend::LastFailure(const char* name) {
  if (name != nullptr) return failures_.Last(PathOf(name));
  std::vector<Failure> all = failures_.All();
  if (all.empty()) return std::nullopt;
  return std::move(all.back());
}

void Backend::ReportUntold() noexcept {
  try {
    for (const std::shared_ptr<Database>& database : registry_.All()) {
      if (database->told()) failures_.Tell(database->main.path);
    }
    while (const std::optional<Failure> failure = failures_.Untold("")) {
      failures_.Tell(failure->database);
      std::fprintf(stderr,
                   "sqliteasync: %s of %s failed, code %d: what was queued for %s is lost\n",
                   OperationName(failure->operation), failure->file.c_str(), failure->code,
                   failure->database.c_str());
    }
  } catch (const std::bad_alloc&) {
    // SQLite's error log has it.
  }
}

void Backend::Finish() {
  if (ForkedOff()) return;  // it has no business with the files of the process it comes from
  const int64_t lost = writer_.Drain();
  ReportUntold();
  if (lost == 0 || lost == reported_lost_.exchange(lost)) return;
  std::fprintf(stderr,
               "sqliteasync: no writer runs at exit: what is queued is lost (operations: %lld, "
               "transactions in groups: %lld)\n",
               static_cast<long long>(lost), static_cast<long long>(ReadStatus().grouped));
}

}  // namespace sqliteasync
