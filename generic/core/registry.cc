#include "registry.h"

#include <algorithm>
#include <new>
#include <utility>

namespace sqliteasync {

// Deletes a Database to which the last reference has gone, and its entry. By then a new Database
// may have taken the path; its entry stays.
struct Registry::Releaser {
  Registry* registry;

  void operator()(Database* database) const {
    {
      MutexLock lock(registry->mutex_);
      auto at = registry->databases_.find(database->main.path);
      Unsynced left = database->unsynced;
      if (database->detached() || database->error() != SQLITE_OK) left.main = left.journal = false;
      if (at != registry->databases_.end()) {
        at->second.unsynced.Add(left);
        registry->Tidy(at);
      } else if (!database->main.path.empty()) {
        registry->KeepDirectory(database->main.path, left);
      }
      registry->all_.erase(database);
      registry->gone_ += database->ReadStatus().totals;
      registry->released_.NotifyAll();
    }
    delete database;
  }
};

std::pair<std::string_view, FileRole> Registry::Classify(std::string_view path) {
  const std::string_view journal = kJournalSuffix;
  const std::string_view log = kLogSuffix;
  if (path.ends_with(journal)) {
    path.remove_suffix(journal.size());
    return {path, FileRole::kJournal};
  }
  if (path.ends_with(log)) {
    path.remove_suffix(log.size());
    return {path, FileRole::kLog};
  }
  return {path, FileRole::kMain};
}

namespace {

// Set when the thread, or the program, is past the destruction of what follows: a connection that
// is closed by a destructor may come later still. It needs no destruction itself.
thread_local bool recent_gone = false;

struct RecentDatabase {
  std::weak_ptr<Database> database;
  const Registry* registry = nullptr;

  ~RecentDatabase() { recent_gone = true; }
};
thread_local RecentDatabase recent;

// GCC for Windows frees what a thread has of its own before it calls the destructors (its bug
// 83562): there every look-up goes by the table.
#ifdef __MINGW32__
constexpr bool kKeepsRecent = false;
#else
constexpr bool kKeepsRecent = true;
#endif

}  // namespace

std::shared_ptr<Database> Registry::Recent(std::string_view path) {
  if (!kKeepsRecent || recent_gone || recent.registry != this) return nullptr;
  std::shared_ptr<Database> database = recent.database.lock();
  const bool holds = database != nullptr && !database->detached() && database->main.path == path;
  return holds ? database : nullptr;
}

void Registry::Remember(const std::shared_ptr<Database>& database) {
  if (!kKeepsRecent || recent_gone) return;
  recent.database = database;
  recent.registry = this;
}

std::shared_ptr<Database> Registry::Lookup(std::string_view path) {
  auto at = databases_.find(path);
  return at == databases_.end() ? nullptr : at->second.database.lock();
}

FileReference Registry::Find(std::string_view path) {
  const auto [stem, role] = Classify(path);
  FileReference found;
  found.database = Recent(stem);
  if (found.database == nullptr) {
    {
      MutexLock lock(mutex_);
      found.database = Lookup(stem);
    }
    if (found.database != nullptr) Remember(found.database);
  }
  if (found.database != nullptr) found.file = &found.database->File(role);
  return found;
}

FileReference Registry::FindOrCreate(std::string_view path) {
  const auto [stem, role] = Classify(path);
  FileReference found;
  found.database = DatabaseAt(stem);
  found.file = &found.database->File(role);
  return found;
}

std::shared_ptr<Database> Registry::DatabaseAt(std::string_view path) {
  if (std::shared_ptr<Database> found = Recent(path); found != nullptr) return found;
  std::shared_ptr<Database> found = LookupOrMake(path);
  Remember(found);
  return found;
}

std::shared_ptr<Database> Registry::LookupOrMake(std::string_view path) {
  // Made before the mutex is taken: a Database that turns out not to be needed is released, by
  // Releaser, after it has been let go of.
  std::shared_ptr<Database> fresh;
  {
    MutexLock lock(mutex_);
    std::shared_ptr<Database> found = Lookup(path);
    if (found != nullptr) return found;
  }
  fresh = Make(path);
  MutexLock lock(mutex_);
  std::weak_ptr<Database>& entry = databases_[std::string(path)].database;
  std::shared_ptr<Database> found = entry.lock();
  if (found != nullptr) return found;
  entry = fresh;
  return fresh;
}

std::shared_ptr<Database> Registry::Make(std::string_view path) {
  std::shared_ptr<Database> fresh(new Database(std::string(path)), Releaser{this});
  MutexLock lock(mutex_);
  all_.insert(fresh.get());
  return fresh;
}

std::shared_ptr<Database> Registry::MakeNameless() { return Make(""); }

std::shared_ptr<Database> Registry::Known(std::string_view path) {
  MutexLock lock(mutex_);
  return Lookup(path);
}

std::vector<std::shared_ptr<Database>> Registry::All() {
  std::vector<std::shared_ptr<Database>> all;  // released, if need be, after the mutex is
  MutexLock lock(mutex_);
  for (bool complete = false; !complete;) {
    complete = true;
    all.reserve(all_.size());
    for (Database* database : all_) {
      std::shared_ptr<Database> held = database->weak_from_this().lock();
      if (held == nullptr) {
        complete = false;
      } else if (std::find(all.begin(), all.end(), held) == all.end()) {
        all.push_back(std::move(held));
      }
    }
    if (!complete) released_.Wait(mutex_);
  }
  return all;
}

bool Registry::KeepDirectory(const std::string& path, const Unsynced& unsynced) noexcept {
  if (!unsynced.directory && !unsynced.name) return true;
  try {
    Directory& directory = directories_[DirectoryOf(path)];
    if (directory.path.empty()) directory.path = path;
    directory.unsynced.directory |= unsynced.directory;
    directory.unsynced.name |= unsynced.name;
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void Registry::Tidy(Entries::iterator at) {
  Entry& entry = at->second;
  if (!entry.database.expired()) return;
  const Unsynced& unsynced = entry.unsynced;
  if (!unsynced.main && !unsynced.journal && KeepDirectory(at->first, unsynced)) {
    databases_.erase(at);
  }
}

Unsynced Registry::TakeUnsynced(const std::string& path) {
  Unsynced taken;
  auto at = databases_.find(path);
  if (at != databases_.end()) taken = std::exchange(at->second.unsynced, Unsynced());
  return taken;
}

bool Registry::IsGoing(std::string_view path) {
  return std::any_of(all_.begin(), all_.end(), [path](const Database* database) {
    return database->main.path == path && database->weak_from_this().expired();
  });
}

std::optional<BarrierTarget> Registry::FindTarget(const std::string& path) {
  const std::string directory = DirectoryOf(path);
  BarrierTarget target;
  {
    MutexLock lock(mutex_);
    for (;;) {
      target.database = Lookup(path);
      if (target.database != nullptr || !IsGoing(path)) break;
      released_.Wait(mutex_);
    }
    if (!databases_.contains(path)) return std::nullopt;
  }
  if (target.database == nullptr) target.database = LookupOrMake(path);
  MutexLock lock(mutex_);
  target.found = TakeUnsynced(path);
  if (auto at = directories_.find(directory); at != directories_.end()) {
    target.found.Add(at->second.unsynced);
  }
  return target;
}

std::vector<BarrierTarget> Registry::AllTargets() {
  // Those that there are first: one that goes later has them as its reference, and of one that has
  // gone before it is known what is unsynced.
  std::vector<std::shared_ptr<Database>> all = All();
  std::vector<std::string> gone;
  Directories directories;
  {
    MutexLock lock(mutex_);
    for (const auto& [path, entry] : databases_) {
      if (entry.unsynced.Any() && entry.database.expired()) gone.push_back(path);
    }
    directories = directories_;
  }
  const auto add = [&](const std::string& path) {
    std::shared_ptr<Database> made = LookupOrMake(path);
    if (std::find(all.begin(), all.end(), made) == all.end()) all.push_back(std::move(made));
  };
  for (const std::string& path : gone) add(path);
  for (const auto& [name, directory] : directories) add(directory.path);
  std::vector<BarrierTarget> targets;
  for (std::shared_ptr<Database>& database : all) {
    if (database->main.path.empty() || database->detached()) continue;
    targets.push_back({std::move(database), Unsynced()});
  }
  MutexLock lock(mutex_);
  for (BarrierTarget& target : targets) {
    const std::string& path = target.database->main.path;
    target.found = TakeUnsynced(path);
    for (const auto& [name, directory] : directories) {
      if (directory.path != path) continue;
      target.found.Add(directory.unsynced);
      directories_.erase(name);
    }
  }
  return targets;
}

void Registry::SumUp(Status* status) {
  MutexLock lock(mutex_);
  status->totals += gone_;
  for (Database* database : all_) {
    const Status one = database->ReadStatus();
    status->totals += one.totals;
    status->grouped += one.grouped;
    status->age = std::max(status->age, one.age);
  }
}

void Registry::Detach(Database& database) {
  database.Detach();
  std::shared_ptr<Database> at_path;  // perhaps the last reference: released after the mutex is
  MutexLock lock(mutex_);
  auto at = databases_.find(database.main.path);
  if (at == databases_.end()) return;
  at_path = at->second.database.lock();
  if (at_path.get() == &database) databases_.erase(at);
}

}  // namespace sqliteasync
