#include "device.h"

#include <string_view>

#include "device_values.h"

namespace sqliteasync::sim {

namespace {

constexpr char kParentsWord[] = "parent";

}  // namespace

Device::Device(const char* kind) : kind_(kind) {
  AddOption({"sectorsize",
             [this](const std::string& value) {
               declared_sector_size =
                   value == kParentsWord ? kFromParent : SectorSizeOf("sectorsize", value);
             },
             [this] {
               const int size = declared_sector_size;
               return size == kFromParent ? kParentsWord : std::to_string(size);
             }});
  AddOption({"characteristics",
             [this](const std::string& value) {
               declared_characteristics = value == kParentsWord
                                              ? kFromParent
                                              : CharacteristicsOf("characteristics", value);
             },
             [this] {
               const int bits = declared_characteristics;
               return bits == kFromParent ? kParentsWord : CharacteristicNames(bits);
             }});
}

void Device::ReplaceOption(const Option& option) {
  for (Option& old : options_) {
    if (std::string_view(old.name) == option.name) old = option;
  }
}

void Device::AddNumber(const char* name, std::atomic<int64_t>* value, int64_t least) {
  AddOption({name, [=](const std::string& text) { *value = NumberOf(name, text, least); },
             [=] { return std::to_string(value->load()); }});
}

void Device::AddBoolean(const char* name, std::atomic<bool>* value) {
  AddOption({name, [=](const std::string& text) { *value = BooleanOf(name, text); },
             [=] { return value->load() ? "1" : "0"; }});
}

Device::Counters Device::ReadCounters() {
  Counters counters;
  for (int i = 0; i < kOperationCount; ++i) {
    counters.emplace_back(NameOf(static_cast<Operation>(i)), counts_[static_cast<size_t>(i)]);
  }
  counters.emplace_back("bytesread", bytes_read_);
  counters.emplace_back("byteswritten", bytes_written_);
  return counters;
}

void Device::Count(const Request& request) {
  counts_[static_cast<size_t>(request.operation)].fetch_add(1, std::memory_order_relaxed);
  if (request.operation == Operation::kRead) {
    bytes_read_.fetch_add(request.size, std::memory_order_relaxed);
  } else if (request.operation == Operation::kWrite) {
    bytes_written_.fetch_add(request.size, std::memory_order_relaxed);
  }
}

int Device::Open(sqlite3_vfs* parent, const char* name, DeviceFile& file, int flags,
                 int* out_flags) {
  return parent->xOpen(parent, name, file.parent, flags, out_flags);
}

int Device::Delete(sqlite3_vfs* parent, const char* name, int sync_directory) {
  return parent->xDelete(parent, name, sync_directory);
}

int Device::Close(DeviceFile& file) { return file.parent->pMethods->xClose(file.parent); }

int Device::Write(DeviceFile& file, const void* bytes, int size, int64_t offset) {
  return file.parent->pMethods->xWrite(file.parent, bytes, size, offset);
}

int Device::Truncate(DeviceFile& file, int64_t size) {
  return file.parent->pMethods->xTruncate(file.parent, size);
}

int Device::Sync(DeviceFile& file, int flags) {
  return file.parent->pMethods->xSync(file.parent, flags);
}

int Device::Control(DeviceFile& file, int verb, void* argument) {
  return file.parent->pMethods->xFileControl(file.parent, verb, argument);
}

int Device::SectorSize(DeviceFile& file) {
  const int declared = declared_sector_size;
  return declared != kFromParent ? declared : file.parent->pMethods->xSectorSize(file.parent);
}

int Device::Characteristics(DeviceFile& file) {
  const int declared = declared_characteristics;
  return declared != kFromParent ? declared
                                 : file.parent->pMethods->xDeviceCharacteristics(file.parent);
}

}  // namespace sqliteasync::sim
