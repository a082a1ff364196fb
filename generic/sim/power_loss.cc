#include "power_loss.h"

#include <algorithm>
#include <utility>

#include "allocation.h"
#include "core/file_name.h"
#include "device_values.h"
#include "end_process.h"
#include "fault_variables.h"
#include "glob.h"
#include "parent_access.h"

namespace sqliteasync::sim {

namespace {

constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;

// What the model knows of.
constexpr int kModelled = SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_ATOMIC512 | SQLITE_IOCAP_ATOMIC1K |
                          SQLITE_IOCAP_ATOMIC2K | SQLITE_IOCAP_ATOMIC4K | SQLITE_IOCAP_ATOMIC8K |
                          SQLITE_IOCAP_ATOMIC16K | SQLITE_IOCAP_ATOMIC32K | SQLITE_IOCAP_ATOMIC64K |
                          SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL |
                          SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN;

// The devices of the process: one machine, one power supply. Taken before any device's mutex.
Mutex machine_mutex;
std::vector<PowerLoss*>& Machine() REQUIRES(machine_mutex) {
  static auto* const devices = new std::vector<PowerLoss*>;  // used until the process ends
  return *devices;
}

}  // namespace

PowerLoss::PowerLoss() : Device(kKind) {
  declared_sector_size = 512;
  declared_characteristics = 0;
  ReplaceOption({"sectorsize",
                 [this](const std::string& value) {
                   declared_sector_size = SectorSizeOf("sectorsize", value);
                 },
                 [this] { return std::to_string(declared_sector_size); }});
  ReplaceOption({"characteristics",
                 [this](const std::string& value) {
                   declared_characteristics =
                       CharacteristicsOf("characteristics", value, kModelled);
                 },
                 [this] { return CharacteristicNames(declared_characteristics); }});
  AddOption({"seed",
             [this](const std::string& value) {
               const auto seed = static_cast<uint64_t>(NumberOf("seed", value, 0));
               const MutexLock lock(mutex_);
               seed_ = seed;
               random_ = Random(seed);
             },
             [this] {
               const MutexLock lock(mutex_);
               return std::to_string(seed_);
             }});
  AddOption({"crashsync",
             [this](const std::string& value) {
               const int64_t count = NumberOf("crashsync", value, 0);
               const MutexLock lock(mutex_);
               crash_sync_ = count;
             },
             [this] {
               const MutexLock lock(mutex_);
               return std::to_string(crash_sync_);
             }});
  AddOption({"crashfile",
             [this](const std::string& value) {
               const MutexLock lock(mutex_);
               crash_file_ = value;
             },
             [this] {
               const MutexLock lock(mutex_);
               return crash_file_;
             }});
  AddOption({"crashchange",
             [this](const std::string& value) {
               const int64_t count = NumberOf("crashchange", value, 0);
               const MutexLock lock(mutex_);
               crash_change_ = count;
             },
             [this] {
               const MutexLock lock(mutex_);
               return std::to_string(crash_change_);
             }});
  AddOption({"action",
             [this](const std::string& value) {
               if (value != "exit" && value != "halt") {
                 throw BadOption("bad value \"" + value + "\" for action: should be exit or halt");
               }
               exits_ = value == "exit";
             },
             [this] { return exits_ ? "exit" : "halt"; }});
  AddOption({"cache",
             [this](const std::string& value) {
               const int64_t bytes = NumberOf("cache", value, 0);
               const MutexLock lock(mutex_);
               cache_limit_ = bytes;
             },
             [this] {
               const MutexLock lock(mutex_);
               return std::to_string(cache_limit_);
             }});
  AddBoolean("volatile", &volatile_);
  AddBoolean("realsync", &real_sync_);
  const MutexLock lock(machine_mutex);
  Machine().push_back(this);
}

PowerLoss::~PowerLoss() {
  const MutexLock lock(machine_mutex);
  std::erase(Machine(), this);
}

void PowerLoss::SetHook(std::function<void()> hook) {
  const MutexLock lock(mutex_);
  hook_ = std::move(hook);
}

bool PowerLoss::Sequential() const {
  return (declared_characteristics & SQLITE_IOCAP_SEQUENTIAL) != 0;
}

Device::Counters PowerLoss::ReadCounters() {
  Counters counters = Device::ReadCounters();
  const MutexLock lock(mutex_);
  int64_t cached_bytes = 0;
  int64_t cached_entries = 0;
  for (const auto& [path, entry] : entries_) {
    if (entry.current() != nullptr) cached_bytes += entry.current()->cache.cached_bytes();
    cached_entries += static_cast<int64_t>(entry.changes.size());
  }
  counters.emplace_back("cachedbytes", cached_bytes);
  counters.emplace_back("cachedentries", cached_entries);
  counters.emplace_back("crashes", crashes_);
  counters.emplace_back("sectorskept", kept_);
  counters.emplace_back("sectorslost", lost_);
  counters.emplace_back("sectorstorn", torn_);
  counters.emplace_back("sectorsgarbage", garbage_);
  counters.emplace_back("entriesundone", undone_);
  return counters;
}

// ----- The crash comes

bool PowerLoss::CountsDown(int64_t& countdown) { return countdown > 0 && --countdown == 0; }

int PowerLoss::Before(const Request& request) {
  const Operation operation = request.operation;
  if (operation == Operation::kUnlock || operation == Operation::kClose) return SQLITE_OK;
  const auto* handle =
      request.file == nullptr ? nullptr : static_cast<const Handle*>(request.file->state.get());
  if (handle == nullptr ? dead_.load() : CutOff(*handle)) return SQLITE_IOERR;

  constexpr OperationSet kChanges = SetOf(Operation::kWrite, Operation::kTruncate, Operation::kSync,
                                          Operation::kDelete, Operation::kOpen);
  if ((SetOf(operation) & kChanges) == 0) return SQLITE_OK;
  if (operation == Operation::kOpen && (request.flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_OK;
  const AllocationExemption exemption;
  {
    const MutexLock lock(mutex_);
    bool crash = CountsDown(crash_change_);
    if (operation == Operation::kSync && request.name != nullptr &&
        FileMatches(crash_file_, request.name)) {
      crash = CountsDown(crash_sync_) || crash;
    }
    if (!crash) return SQLITE_OK;
  }
  FailPower();
  return SQLITE_IOERR;
}

void PowerLoss::FailPower() {
  const AllocationExemption exemption;
  {
    const MutexLock lock(machine_mutex);
    for (PowerLoss* device : Machine()) device->CutPower();
  }
  std::function<void()> hook;
  {
    const MutexLock lock(mutex_);
    hook = hook_;
  }
  if (hook) {
    hook();
  } else if (exits_) {
    EndProcess(1);
  }
}

// ----- Changes

PowerLoss::FilePointer PowerLoss::Known(sqlite3_vfs* parent, const char* path) {
  parent_ = parent;
  const bool exists = ParentHas(parent, path);
  const auto found = entries_.find(path);
  if (found != entries_.end()) {
    const FilePointer& current = found->second.current();
    // If the entry says otherwise than the parent, someone else has created or deleted the file.
    if (exists == (current != nullptr)) return current;
    entries_.erase(found);
  }
  if (!exists) return nullptr;
  Entry& entry = entries_[path];
  entry.durable = std::make_shared<File>(declared_sector_size);
  return entry.durable;
}

int PowerLoss::Open(sqlite3_vfs* parent, const char* name, DeviceFile& file, int flags,
                    int* out_flags) {
  const AllocationExemption exemption;
  auto handle = std::make_unique<Handle>();
  handle->life = life_;
  handle->syncs_directory = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kJournals) != 0;
  if (name == nullptr || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0) {
    const int rc = Device::Open(parent, name, file, flags, out_flags);
    if (rc == SQLITE_OK) file.state = std::move(handle);
    return rc;
  }
  const MutexLock lock(mutex_);
  if (dead_) return SQLITE_IOERR;
  handle->path = name;
  handle->file = Known(parent, name);
  const int rc = Device::Open(parent, name, file, flags, out_flags);
  if (rc != SQLITE_OK) {
    ForgetIfClean(handle->path);
    return rc;
  }
  if (handle->file == nullptr) {
    handle->file = std::make_shared<File>(declared_sector_size);
    entries_[handle->path].changes.push_back({++last_change_, handle->file});
  }
  ++handle->file->handles;
  file.state = std::move(handle);
  return SQLITE_OK;
}

int PowerLoss::Close(DeviceFile& file) {
  const AllocationExemption exemption;
  const int rc = Device::Close(file);
  Handle& handle = HandleOf(file);
  if (handle.file != nullptr) {
    const MutexLock lock(mutex_);
    --handle.file->handles;
    handle.file = nullptr;
    if (!CutOff(handle)) ForgetIfClean(handle.path);
  }
  return rc;
}

int PowerLoss::Delete(sqlite3_vfs* parent, const char* name, int sync_directory) {
  const AllocationExemption exemption;
  const MutexLock lock(mutex_);
  if (dead_) return SQLITE_IOERR;
  const FilePointer known = Known(parent, name);
  const bool syncs = (sync_directory & 1) != 0;
  // If the deletion is undone its contents are needed again.
  std::string image;
  if (known != nullptr && !syncs) {
    const int rc = ReadWholeFile(parent, name, &image);
    if (rc != SQLITE_OK) return rc;
  }
  const int rc = Device::Delete(parent, name, sync_directory);
  if (rc != SQLITE_OK) {
    ForgetIfClean(name);
    return rc;
  }
  if (known != nullptr) {
    known->image = std::move(image);
    entries_[name].changes.push_back({++last_change_, nullptr});
  }
  if (syncs) {
    if (Sequential()) {
      SettleAll();
    } else {
      SettleDirectory(DirectoryOf(name));
    }
  }
  LimitCache();
  return SQLITE_OK;
}

CachedFile& PowerLoss::CacheForChange(File& file) {
  if (!file.cache.dirty() && file.cache.sector_size() != declared_sector_size) {
    file.cache = CachedFile(declared_sector_size);
  }
  return file.cache;
}

int PowerLoss::Write(DeviceFile& file, const void* bytes, int size, int64_t offset) {
  Handle& handle = HandleOf(file);
  if (handle.file == nullptr) return Device::Write(file, bytes, size, offset);
  const AllocationExemption exemption;
  const MutexLock lock(mutex_);
  if (CutOff(handle)) return SQLITE_IOERR;
  sqlite3_int64 current_size = 0;
  int rc = file.parent->pMethods->xFileSize(file.parent, &current_size);
  if (rc != SQLITE_OK) return rc;
  CachedFile& cache = CacheForChange(*handle.file);
  const uint64_t number = ++last_change_;
  rc = cache.NoteWrite(number, offset, static_cast<const char*>(bytes), size, current_size,
                       ReaderOf(file.parent));
  if (rc != SQLITE_OK) return rc;
  rc = Device::Write(file, bytes, size, offset);
  if (rc != SQLITE_OK) cache.ForgetLast(number);
  LimitCache();
  return rc;
}

int PowerLoss::Truncate(DeviceFile& file, int64_t size) {
  Handle& handle = HandleOf(file);
  if (handle.file == nullptr) return Device::Truncate(file, size);
  const AllocationExemption exemption;
  const MutexLock lock(mutex_);
  if (CutOff(handle)) return SQLITE_IOERR;
  sqlite3_int64 current_size = 0;
  int rc = file.parent->pMethods->xFileSize(file.parent, &current_size);
  if (rc != SQLITE_OK) return rc;
  CachedFile& cache = CacheForChange(*handle.file);
  const uint64_t number = ++last_change_;
  rc = cache.NoteTruncate(number, size, current_size, ReaderOf(file.parent));
  if (rc != SQLITE_OK) return rc;
  rc = Device::Truncate(file, size);
  if (rc != SQLITE_OK) cache.ForgetLast(number);
  LimitCache();
  return rc;
}

int PowerLoss::Sync(DeviceFile& file, int flags) {
  Handle& handle = HandleOf(file);
  if (handle.file == nullptr) return Device::Sync(file, flags);
  const AllocationExemption exemption;
  const MutexLock lock(mutex_);
  if (CutOff(handle)) return SQLITE_IOERR;
  if (real_sync_) {
    const int rc = Device::Sync(file, flags);
    if (rc != SQLITE_OK) return rc;
  }
  if (Sequential()) {
    SettleAll();
  } else {
    handle.file->cache.Synced();
    if (handle.syncs_directory) SettleDirectory(DirectoryOf(handle.path));
  }
  handle.syncs_directory = false;
  return SQLITE_OK;
}

int PowerLoss::Control(DeviceFile& file, int verb, void* argument) {
  switch (verb) {
    case SQLITE_FCNTL_SIZE_HINT:
    case SQLITE_FCNTL_CHUNK_SIZE:
      return SQLITE_OK;
    case SQLITE_FCNTL_BEGIN_ATOMIC_WRITE:
    case SQLITE_FCNTL_COMMIT_ATOMIC_WRITE:
    case SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE:
      return SQLITE_NOTFOUND;
    default:
      return Device::Control(file, verb, argument);
  }
}

// ----- What reaches the medium

void PowerLoss::SettleDirectory(std::string_view directory) {
  for (auto at = entries_.lower_bound(directory); at != entries_.end();) {
    const auto here = at++;
    if (here->first.compare(0, directory.size(), directory) != 0) break;
    if (DirectoryOf(here->first) != directory) continue;  // in a directory below it
    Entry& entry = here->second;
    entry.durable = entry.current();
    entry.changes.clear();
    ForgetIfClean(here->first);
  }
}

void PowerLoss::SettleAll() {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto here = at++;
    Entry& entry = here->second;
    entry.durable = entry.current();
    entry.changes.clear();
    if (entry.durable != nullptr) entry.durable->cache.Synced();
    ForgetIfClean(here->first);
  }
}

void PowerLoss::ForgetIfClean(const std::string& path) {
  const auto found = entries_.find(path);
  if (found == entries_.end() || !found->second.changes.empty()) return;
  const FilePointer& file = found->second.durable;
  if (file == nullptr || (file->handles == 0 && !file->cache.dirty())) entries_.erase(found);
}

void PowerLoss::LimitCache() {
  if (cache_limit_ == 0) return;
  for (;;) {
    int64_t bytes = 0;
    uint64_t oldest = UINT64_MAX;
    auto oldest_entry = entries_.end();
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
      const auto note = [&](const FilePointer& file) {
        if (file == nullptr) return;
        bytes += file->cache.cached_bytes() + static_cast<int64_t>(file->image.size());
        if (file->cache.dirty() && file->cache.oldest_change() < oldest) {
          oldest = file->cache.oldest_change();
          oldest_entry = at;
        }
      };
      note(at->second.durable);
      for (const Entry::Change& change : at->second.changes) {
        note(change.to);
        if (change.number < oldest) {
          oldest = change.number;
          oldest_entry = at;
        }
      }
    }
    if (bytes <= cache_limit_ || oldest_entry == entries_.end()) return;
    if (Sequential()) {
      SettleAll();
      return;
    }
    // The oldest change, with what belongs to it: the rest of its file, or of its directory.
    const Entry& entry = oldest_entry->second;
    if (entry.changes.empty()) {
      entry.durable->cache.Synced();
      const std::string path = oldest_entry->first;
      ForgetIfClean(path);
    } else {
      if (entry.current() != nullptr) entry.current()->cache.Synced();
      const std::string directory(DirectoryOf(oldest_entry->first));
      SettleDirectory(directory);
    }
  }
}

// ----- The crash

uint64_t PowerLoss::OldestChange() {
  uint64_t oldest = last_change_ + 1;
  const auto note = [&](const FilePointer& file) {
    if (file != nullptr && file->cache.dirty()) {
      oldest = std::min(oldest, file->cache.oldest_change());
    }
  };
  for (const auto& [path, entry] : entries_) {
    note(entry.durable);
    for (const Entry::Change& change : entry.changes) {
      oldest = std::min(oldest, change.number);
      note(change.to);
    }
  }
  return oldest;
}

void PowerLoss::CutPower() {
  const MutexLock lock(mutex_);
  if (dead_) return;
  dead_ = true;
  ++life_;
  ++crashes_;
  if (!volatile_) {
    // The parent's files hold all that was written.
    entries_.clear();
    return;
  }

  // Some crashes lose everything that can be lost, some nothing; most are in between.
  const int64_t mood = random_.Below(8);
  PowerCut cut{.random = &random_,
               .characteristics = declared_characteristics,
               .keep = mood == 0   ? 0
                       : mood == 1 ? 1
                                   : random_.Fraction(),
               .first_lost = 0};
  const uint64_t oldest = OldestChange();
  cut.first_lost = oldest + static_cast<uint64_t>(
                                random_.Below(static_cast<int64_t>(last_change_ - oldest) + 2));

  for (const auto& [path, entry] : entries_) {
    FilePointer left = entry.durable;
    for (const Entry::Change& change : entry.changes) {
      const bool kept = Sequential() ? change.number < cut.first_lost ||
                                           (change.number == cut.first_lost && cut.Chance(0.5))
                                     : cut.Chance(cut.keep);
      if (!kept) {
        ++undone_;
        break;
      }
      left = change.to;
    }
    Restore(path, entry.current(), left, cut);
  }
  entries_.clear();
  kept_ += cut.kept;
  lost_ += cut.lost;
  torn_ += cut.torn;
  garbage_ += cut.garbage;
}

void PowerLoss::Restore(const std::string& path, const FilePointer& from, const FilePointer& to,
                        PowerCut& cut) {
  if (to == nullptr) {
    if (from != nullptr) DeleteAtParent(parent_, path);
    return;
  }
  if (to == from) {
    if (to->cache.dirty())
      RestoreSectors(parent_, path, to->cache.AfterPowerCut(cut), to->cache.sector_size(),
                     to->cache.newest_size());
    return;
  }
  std::string contents = to->image;
  if (to->cache.dirty()) {
    const CachedFile::Remains remains = to->cache.AfterPowerCut(cut);
    contents.resize(static_cast<size_t>(remains.size), '\0');
    for (const auto& [number, bytes] : remains.sectors) {
      const auto at = static_cast<size_t>(number) * bytes.size();
      if (at < contents.size()) {
        contents.replace(at, std::min(bytes.size(), contents.size() - at), bytes, 0,
                         std::min(bytes.size(), contents.size() - at));
      }
    }
  }
  RestoreContents(parent_, path, contents);
}

}  // namespace sqliteasync::sim
