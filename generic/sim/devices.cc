#include "devices.h"

#include <algorithm>
#include <atomic>

#include "core/mutex.h"
#include "device_values.h"
#include "faults.h"
#include "latency.h"
#include "power_loss.h"

namespace sqliteasync::sim {

namespace {

using List = std::vector<std::unique_ptr<DeviceVfs>>;

Mutex mutex;
List& All() REQUIRES(mutex) {
  static auto* const devices = new List;  // SQLite may use them until the process ends
  return *devices;
}

std::atomic<StandsOn> ask{nullptr};

constexpr char kPlain[] = "plain";

List::iterator Find(List& devices, const std::string& name) {
  const auto found = std::find_if(devices.begin(), devices.end(),
                                  [&](const auto& device) { return device->name() == name; });
  if (found != devices.end()) return found;
  std::vector<std::string> names;
  for (const auto& device : devices) names.push_back(device->name());
  throw DeviceError("no device \"" + name + "\"" +
                    (names.empty() ? ", there is none" : ": should be " + Alternatives(names)));
}

std::string Counted(int64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::unique_ptr<Device> MakeDevice(const std::string& kind) {
  if (kind == kPlain) return std::make_unique<Device>(kPlain);
  if (kind == Faults::kKind) return std::make_unique<Faults>();
  if (kind == PowerLoss::kKind) return std::make_unique<PowerLoss>();
  if (kind == Latency::kKind) return std::make_unique<Latency>();
  throw DeviceError("bad kind of device \"" + kind + "\": should be " +
                    Alternatives(DeviceKinds()));
}

const std::vector<std::string>& DeviceKinds() {
  static const std::vector<std::string> kinds = {kPlain, Faults::kKind, PowerLoss::kKind,
                                                 Latency::kKind};
  return kinds;
}

DeviceVfs& CreateDevice(const std::string& name, const std::string& kind, const std::string& over,
                        bool is_default, const Settings& settings) {
  if (name.empty()) throw DeviceError("a device needs a name");
  const MutexLock lock(mutex);
  if (sqlite3_vfs_find(name.c_str()) != nullptr) {
    throw DeviceError("there is already a VFS \"" + name +
                      "\": delete it first, or choose another name");
  }
  sqlite3_vfs* const parent = sqlite3_vfs_find(over.empty() ? nullptr : over.c_str());
  if (parent == nullptr) {
    throw DeviceError(over.empty() ? "there is no VFS to put the device on"
                                   : "no VFS \"" + over + "\" to put the device on");
  }
  std::unique_ptr<Device> device = MakeDevice(kind);
  Configure(*device, settings);
  auto vfs = std::make_unique<DeviceVfs>(name, std::move(device), parent);
  All().reserve(All().size() + 1);
  if (vfs->Register(is_default) != SQLITE_OK) throw std::bad_alloc();
  All().push_back(std::move(vfs));
  return *All().back();
}

void DeleteDevice(const std::string& name) {
  const MutexLock lock(mutex);
  List& devices = All();
  const auto found = Find(devices, name);
  DeviceVfs& device = **found;
  if (device.open_files() > 0) {
    throw DeviceError("can't delete device \"" + name +
                      "\": " + Counted(device.open_files(), "file") +
                      " open through it; close the databases first");
  }
  for (const auto& other : devices) {
    if (other->parent == device.vfs()) {
      throw DeviceError("can't delete device \"" + name + "\": device \"" + other->name() +
                        "\" stands on it; delete that first");
    }
  }
  const StandsOn stands_on = ask;
  const char* other = stands_on == nullptr ? nullptr : stands_on(device.vfs());
  if (other != nullptr) {
    throw DeviceError("can't delete device \"" + name + "\": the VFS \"" + other +
                      "\" stands on it; unregister that first");
  }
  device.Unregister();
  devices.erase(found);
}

void AskBeforeDeleting(StandsOn stands_on) { ask = stands_on; }

DeviceVfs& FindDevice(const std::string& name) {
  const MutexLock lock(mutex);
  return **Find(All(), name);
}

std::vector<DeviceVfs*> AllDevices() {
  const MutexLock lock(mutex);
  std::vector<DeviceVfs*> devices;
  for (const auto& device : All()) devices.push_back(device.get());
  return devices;
}

const Device::Option& FindOption(const Device& device, const std::string& name) {
  const Device::Option* found = nullptr;
  std::vector<std::string> names;
  bool ambiguous = false;
  for (const Device::Option& option : device.options()) {
    if (name == option.name) return option;
    names.emplace_back(option.name);
    if (!name.empty() && names.back().compare(0, name.size(), name) == 0) {
      ambiguous = found != nullptr;
      found = &option;
    }
  }
  if (found != nullptr && !ambiguous) return *found;
  throw BadOption((ambiguous ? "ambiguous option \"" : "bad option \"") + name + "\" of a " +
                  device.kind() + " device: should be " + Alternatives(names));
}

void Configure(Device& device, const Settings& settings) {
  for (const auto& [name, value] : settings) FindOption(device, name).set(value);
}

}  // namespace sqliteasync::sim
