// Device: what stands between SQLite and a parent VFS, and how it behaves. The base class passes
// everything on as it came; its subclasses fail, forget or delay.
//
//   SQLite ... DeviceVfs (C callbacks) ... Device ... parent VFS
//
// For each call of SQLite, DeviceVfs counts it, asks Before() whether it is to be performed at all,
// and then calls the method of that name below.
//
// Thread safety: all methods may be called from any thread; a subclass guards what it adds.
//
// Invariants:
//   - A name that SQLite gives is passed on as the same pointer, since the parent may keep it or
//     look for URI parameters behind it.
//   - What a Device refuses in Before() has not reached the parent.

#ifndef SQLITEASYNC_SIM_DEVICE_H_
#define SQLITEASYNC_SIM_DEVICE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/sqlite.h"

namespace sqliteasync::sim {

// What SQLite may ask of a device. The order is that of kOperationNames in device_values.cc.
enum class Operation {
  kRead,
  kWrite,
  kSync,
  kTruncate,
  kSize,
  kOpen,
  kDelete,
  kAccess,
  kLock,
  kUnlock,
  kReserved,  // "does anyone hold RESERVED?"
  kPath,      // the full pathname of a name
  kShm,       // mapping and locking of shared memory
  kMap,       // a page by memory mapping
  kClose,
};
inline constexpr int kOperationCount = 15;

// A set of operations: bit 1 << operation.
using OperationSet = uint32_t;
constexpr OperationSet SetOf(Operation operation) {
  return OperationSet{1} << static_cast<int>(operation);
}
template <typename... Rest>
constexpr OperationSet SetOf(Operation operation, Rest... rest) {
  return SetOf(operation) | SetOf(rest...);
}

// What a subclass keeps for one open file.
struct FileState {
  virtual ~FileState() = default;
};

class DeviceVfs;

// What SQLite holds for an open file. The parent's file lies behind it in the same memory.
struct DeviceFile : sqlite3_file {
  DeviceVfs* vfs = nullptr;
  sqlite3_file* parent = nullptr;
  const char* name = nullptr;  // null for a nameless temporary file
  int flags = 0;               // of xOpen
  std::unique_ptr<FileState> state;
  sqlite3_io_methods methods = {};  // as many as the parent's file has
};

// One call, for Before().
struct Request {
  Operation operation;
  const char* name;        // of the file; null for a nameless one
  const DeviceFile* file;  // null for an operation on a name; not yet opened for kOpen
  int64_t offset = 0;      // kRead, kWrite, kMap; the new size for kTruncate
  int64_t size = 0;        // bytes of kRead, kWrite, kMap
  int flags = 0;           // of xOpen, xSync, xAccess; the level of a lock
};

// Thrown by a setting that is refused; the text names the value and what it should be.
struct BadOption : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

class Device {
 public:
  // A setting, by name. Values are texts, as they come from a script.
  struct Option {
    const char* name;
    std::function<void(const std::string& value)> set;  // throws BadOption, std::bad_alloc
    std::function<std::string()> get;
  };
  using Counters = std::vector<std::pair<std::string, int64_t>>;

  // `kind`: a literal, the name by which this sort of device is created.
  explicit Device(const char* kind);
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const char* kind() const { return kind_; }
  const std::vector<Option>& options() const { return options_; }

  // How often each operation was asked for, bytes read and written, and what the subclass counts.
  // Throws std::bad_alloc.
  virtual Counters ReadCounters();

  // --- For DeviceVfs; those that take a file also for subclasses ---

  void Count(const Request& request);

  // Called ahead of each operation. What isn't SQLITE_OK is returned to SQLite, and the operation
  // is not performed; for kClose the answer is ignored. May wait.
  virtual int Before(const Request& /*request*/) { return SQLITE_OK; }

  virtual int Open(sqlite3_vfs* parent, const char* name, DeviceFile& file, int flags,
                   int* out_flags);
  virtual int Delete(sqlite3_vfs* parent, const char* name, int sync_directory);
  virtual int Close(DeviceFile& file);
  virtual int Write(DeviceFile& file, const void* bytes, int size, int64_t offset);
  virtual int Truncate(DeviceFile& file, int64_t size);
  virtual int Sync(DeviceFile& file, int flags);
  virtual int Control(DeviceFile& file, int verb, void* argument);
  int SectorSize(DeviceFile& file);
  int Characteristics(DeviceFile& file);

 protected:
  void AddOption(Option option) { options_.push_back(std::move(option)); }
  // One takes the place of that of its name.
  void ReplaceOption(const Option& option);
  // An option whose value is a number of at least `least`.
  void AddNumber(const char* name, std::atomic<int64_t>* value, int64_t least);
  void AddBoolean(const char* name, std::atomic<bool>* value);

  // What the device declares; kFromParent: what the parent says.
  static constexpr int kFromParent = -1;
  std::atomic<int> declared_sector_size{kFromParent};
  std::atomic<int> declared_characteristics{kFromParent};

 private:
  const char* const kind_;
  std::vector<Option> options_;  // constant once constructed
  std::array<std::atomic<int64_t>, kOperationCount> counts_ = {};
  std::atomic<int64_t> bytes_read_{0};
  std::atomic<int64_t> bytes_written_{0};
};

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_DEVICE_H_
