#include "faults.h"

#include <memory>

#include "allocation.h"
#include "benign.h"
#include "device_values.h"
#include "fault_variables.h"
#include "glob.h"

namespace sqliteasync::sim {

namespace {

constexpr OperationSet kDefaultOperations =
    SetOf(Operation::kRead, Operation::kWrite, Operation::kSync, Operation::kTruncate,
          Operation::kSize, Operation::kOpen, Operation::kDelete, Operation::kAccess,
          Operation::kLock, Operation::kReserved, Operation::kShm, Operation::kMap);

// A file that counts in the variables.
struct CountedFile : FileState {
  explicit CountedFile(bool syncs) : syncs_directory(syncs) { ++sqliteasync_open_file_count; }
  ~CountedFile() override { --sqliteasync_open_file_count; }
  CountedFile(const CountedFile&) = delete;
  CountedFile& operator=(const CountedFile&) = delete;

  bool syncs_directory;  // at its first sync, as the unix VFS does with a new journal
};

// The unix VFS syncs directories, that of Windows can't.
#ifdef _WIN32
constexpr bool kSyncsDirectories = false;
#else
constexpr bool kSyncsDirectories = true;
#endif

bool IsNewJournal(int flags) {
  constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
  return (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kJournals) != 0;
}

constexpr char kAutomatic[] = "auto";

}  // namespace

Faults::Faults() : Device(kKind), operations_(kDefaultOperations) {
  InstallBenignHooks();
  AddOption({"fail",
             [this](const std::string& value) {
               const int64_t count = NumberOf("fail", value, 0);
               const MutexLock lock(mutex_);
               countdown_ = count;
               failing_ = false;
             },
             [this] {
               const MutexLock lock(mutex_);
               return std::to_string(countdown_);
             }});
  AddOption({"persist",
             [this](const std::string& value) {
               const bool persist = BooleanOf("persist", value);
               const MutexLock lock(mutex_);
               persist_ = persist;
             },
             [this] {
               const MutexLock lock(mutex_);
               return persist_ ? "1" : "0";
             }});
  AddOption({"operations",
             [this](const std::string& value) {
               const OperationSet operations = OperationsOf("operations", value);
               const MutexLock lock(mutex_);
               operations_ = operations;
             },
             [this] {
               const MutexLock lock(mutex_);
               return NamesOf(operations_);
             }});
  AddOption({"files",
             [this](const std::string& value) {
               const MutexLock lock(mutex_);
               files_ = value;
             },
             [this] {
               const MutexLock lock(mutex_);
               return files_;
             }});
  AddOption({"code",
             [this](const std::string& value) {
               const int code = value == kAutomatic ? SQLITE_OK : ResultCodeOf("code", value);
               const MutexLock lock(mutex_);
               code_ = code;
             },
             [this] {
               const MutexLock lock(mutex_);
               return code_ == SQLITE_OK ? kAutomatic : ResultCodeName(code_);
             }});
  AddBoolean("variables", &variables_);
  AddBoolean("syncs", &syncs_);
}

Device::Counters Faults::ReadCounters() {
  Counters counters = Device::ReadCounters();
  const MutexLock lock(mutex_);
  counters.emplace_back("failures", failures_);
  return counters;
}

int Faults::OwnFailure(const Request& request) {
  const MutexLock lock(mutex_);
  if (countdown_ == 0 && !failing_) return SQLITE_OK;
  if ((operations_ & SetOf(request.operation)) == 0) return SQLITE_OK;
  if (!FileMatches(files_, request.name == nullptr ? "" : request.name)) return SQLITE_OK;
  if (!failing_ && --countdown_ > 0) return SQLITE_OK;
  failing_ = persist_;
  ++failures_;
  return code_ == SQLITE_OK ? UsualCode(request) : code_;
}

int Faults::Before(const Request& request) {
  const int rc = OwnFailure(request);
  if (rc != SQLITE_OK || !variables_) return rc;
  return FailureByVariables(request.operation, UsualCode(request));
}

int Faults::Open(sqlite3_vfs* parent, const char* name, DeviceFile& file, int flags,
                 int* out_flags) {
  const bool variables = variables_;
  if (variables && (flags & SQLITE_OPEN_DELETEONCLOSE) != 0) ++sqliteasync_opentemp_count;
  const int rc = Device::Open(parent, name, file, flags, out_flags);
  if (rc == SQLITE_OK && variables) {
    const AllocationExemption exemption;
    file.state = std::make_unique<CountedFile>(kSyncsDirectories && IsNewJournal(flags));
  }
  return rc;
}

int Faults::Close(DeviceFile& file) {
  file.state = nullptr;
  return Device::Close(file);
}

int Faults::Delete(sqlite3_vfs* parent, const char* name, int sync_directory) {
  const int rc = Device::Delete(parent, name, syncs_ ? sync_directory : 0);
  if (rc == SQLITE_OK && kSyncsDirectories && (sync_directory & 1) != 0 && variables_) {
    ++sqliteasync_sync_count;
  }
  return rc;
}

int Faults::Sync(DeviceFile& file, int flags) {
  if (auto* counted = static_cast<CountedFile*>(file.state.get())) {
    ++sqliteasync_sync_count;
    if ((flags & 0x0f) == SQLITE_SYNC_FULL) ++sqliteasync_fullsync_count;
    if (counted->syncs_directory) {
      ++sqliteasync_sync_count;
      counted->syncs_directory = false;
    }
  }
  return syncs_ ? Device::Sync(file, flags) : SQLITE_OK;
}

}  // namespace sqliteasync::sim
