// The functions of sqlite3device.h.

#include <new>
#include <string>

#include "allocation.h"
#include "devices.h"
#include "fault_variables.h"
#include "memory_faults.h"
#include "power_loss.h"
#include "sqlite3device.h"

namespace sqliteasync::sim {

namespace {

std::string Text(const char* text) { return text == nullptr ? "" : text; }

void Store(char** error, const char* message) {
  if (error != nullptr) *error = sqlite3_mprintf("%s", message);
}

// Calls `action`, which throws what goes wrong.
template <typename Action>
int Guarded(char** error, Action action) noexcept {
  const AllocationExemption exemption;
  if (error != nullptr) *error = nullptr;
  try {
    return action();
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  } catch (const std::exception& exception) {
    Store(error, exception.what());
    return SQLITE_ERROR;
  }
}

// The pieces "name=value" of a text.
Settings SettingsOf(const std::string& text) {
  constexpr char kBlanks[] = " \t\r\n";
  Settings settings;
  size_t at = text.find_first_not_of(kBlanks);
  while (at != std::string::npos) {
    const size_t equals = text.find('=', at);
    if (equals == std::string::npos || equals > text.find_first_of(kBlanks, at)) {
      throw BadOption("bad setting \"" + text.substr(at, text.find_first_of(kBlanks, at) - at) +
                      "\": should be name=value");
    }
    std::string name = text.substr(at, equals - at);
    size_t end;
    std::string value;
    if (equals + 1 < text.size() && text[equals + 1] == '"') {
      end = text.find('"', equals + 2);
      if (end == std::string::npos) {
        throw BadOption("bad setting \"" + name + "\": no quote at the end of its value");
      }
      value = text.substr(equals + 2, end - equals - 2);
      ++end;
    } else {
      end = std::min(text.find_first_of(kBlanks, equals), text.size());
      value = text.substr(equals + 1, end - equals - 1);
    }
    settings.emplace_back(std::move(name), std::move(value));
    at = text.find_first_not_of(kBlanks, end);
  }
  return settings;
}

PowerLoss& FindPowerLoss(const char* name) {
  auto* device = dynamic_cast<PowerLoss*>(&FindDevice(Text(name)).device());
  if (device == nullptr) {
    throw DeviceError("device \"" + Text(name) + "\" is not of the kind \"power\"");
  }
  return *device;
}

}  // namespace

}  // namespace sqliteasync::sim

using namespace sqliteasync::sim;

int sqlite3device_create(const char* zName, const char* zKind, const char* zOver, int isDefault,
                         const char* zSettings, char** pzErr) {
  return Guarded(pzErr, [&] {
    CreateDevice(Text(zName), Text(zKind), Text(zOver), isDefault != 0,
                 SettingsOf(Text(zSettings)));
    return SQLITE_OK;
  });
}

int sqlite3device_delete(const char* zName, char** pzErr) {
  return Guarded(pzErr, [&] {
    FindDevice(Text(zName));
    try {
      DeleteDevice(Text(zName));
    } catch (const DeviceError& in_use) {
      Store(pzErr, in_use.what());
      return SQLITE_BUSY;
    }
    return SQLITE_OK;
  });
}

int sqlite3device_configure(const char* zName, const char* zSettings, char** pzErr) {
  return Guarded(pzErr, [&] {
    Device& device = FindDevice(Text(zName)).device();
    Configure(device, SettingsOf(Text(zSettings)));
    return SQLITE_OK;
  });
}

char* sqlite3device_setting(const char* zName, const char* zSetting) {
  char* value = nullptr;
  Guarded(nullptr, [&] {
    const Device& device = FindDevice(Text(zName)).device();
    value = sqlite3_mprintf("%s", FindOption(device, Text(zSetting)).get().c_str());
    return SQLITE_OK;
  });
  return value;
}

sqlite3device_int64 sqlite3device_counter(const char* zName, const char* zCounter) {
  sqlite3device_int64 value = -1;
  Guarded(nullptr, [&] {
    for (const auto& [name, count] : FindDevice(Text(zName)).device().ReadCounters()) {
      if (name == Text(zCounter)) value = count;
    }
    return SQLITE_OK;
  });
  return value;
}

int sqlite3device_crash(const char* zName, char** pzErr) {
  return Guarded(pzErr, [&] {
    FindPowerLoss(zName).FailPower();
    return SQLITE_OK;
  });
}

int sqlite3device_restart(const char* zName, char** pzErr) {
  return Guarded(pzErr, [&] {
    FindPowerLoss(zName).Restart();
    return SQLITE_OK;
  });
}

int sqlite3device_hook(const char* zName, void (*xHook)(void*), void* pArg, char** pzErr) {
  return Guarded(pzErr, [&] {
    PowerLoss& device = FindPowerLoss(zName);
    if (xHook == nullptr) {
      device.SetHook(nullptr);
    } else {
      device.SetHook([=] { xHook(pArg); });
    }
    return SQLITE_OK;
  });
}

int* sqlite3device_variable(const char* zName) {
  if (zName == nullptr) return nullptr;
  for (const FaultVariable& variable : FaultVariables()) {
    if (std::string_view(variable.name) == zName) return reinterpret_cast<int*>(variable.variable);
  }
  return nullptr;
}

int sqlite3device_memory_install(int onoff, char** pzErr) {
  return Guarded(pzErr, [&] {
    std::string why;
    const bool done = onoff != 0 ? InstallMemoryFaults(&why) : UninstallMemoryFaults(&why);
    if (!done) throw DeviceError(why);
    return SQLITE_OK;
  });
}

int sqlite3device_memory_fail(int nSuccess, int nRepeat, int* pnBenign) {
  const MemoryFailures failures = FailAllocation(nSuccess, nRepeat);
  if (pnBenign != nullptr) *pnBenign = failures.benign;
  return failures.all;
}

int sqlite3device_memory_pending(void) { return PendingAllocationFailure(); }
