#include "device_command.h"

#include <climits>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "command_support.h"
#include "core/mutex.h"
#include "sim/allocation.h"
#include "sim/device_values.h"
#include "sim/devices.h"
#include "sim/end_process.h"
#include "sim/fault_variables.h"
#include "sim/glob.h"
#include "sim/latency.h"
#include "sim/memory_faults.h"
#include "sim/power_loss.h"

namespace sqliteasync {

namespace {

using sim::BadOption;
using sim::Device;
using sim::DeviceError;
using sim::DeviceVfs;

// Thrown where the interpreter's result says already what is wrong.
struct FailedInTcl {};

void SetResult(Tcl_Interp* interp, const std::string& text) {
  Tcl_SetObjResult(interp, NewString(text));
}

// Runs a command; what it throws becomes Tcl's error.
template <typename Action>
int Run(Tcl_Interp* interp, Action action) noexcept {
  const sim::AllocationExemption exemption;
  try {
    action();
    return TCL_OK;
  } catch (const FailedInTcl&) {
    return TCL_ERROR;
  } catch (const std::bad_alloc&) {
    Tcl_SetObjResult(interp, Tcl_NewStringObj("out of memory", -1));
    return TCL_ERROR;
  } catch (const std::exception& exception) {
    Tcl_SetObjResult(interp, Tcl_NewStringObj(exception.what(), -1));
    return TCL_ERROR;
  }
}

bool BooleanOf(Tcl_Interp* interp, Tcl_Obj* object) {
  int value = 0;
  if (Tcl_GetBooleanFromObj(interp, object, &value) != TCL_OK) throw FailedInTcl();
  return value != 0;
}

int IntOf(Tcl_Interp* interp, Tcl_Obj* object) {
  int value = 0;
  if (Tcl_GetIntFromObj(interp, object, &value) != TCL_OK) throw FailedInTcl();
  return value;
}

[[noreturn]] void WrongCount(Tcl_Interp* interp, int words, Tcl_Obj* const objv[],
                             const char* usage) {
  Tcl_WrongNumArgs(interp, words, objv, usage);
  throw FailedInTcl();
}

// The index of `word` among `names`, or of the one that it abbreviates. The table is one of the
// moment, so Tcl must not remember it in the word's object.
size_t IndexOf(Tcl_Interp* interp, Tcl_Obj* word, const std::vector<std::string>& names,
               const char* what) {
  std::vector<const char*> table;
  table.reserve(names.size() + 1);
  for (const std::string& name : names) table.push_back(name.c_str());
  table.push_back(nullptr);
  Tcl_Obj* copy = Tcl_NewStringObj(Tcl_GetString(word), -1);
  Tcl_IncrRefCount(copy);
  int index = 0;
  const int rc = Tcl_GetIndexFromObj(interp, copy, table.data(), what, 0, &index);
  Tcl_DecrRefCount(copy);
  if (rc != TCL_OK) throw FailedInTcl();
  return static_cast<size_t>(index);
}

// ----- sqlite3_device

// The words after "sqlite3_device SUBCOMMAND".
struct Arguments {
  Tcl_Interp* interp;
  int objc;  // of the whole command
  Tcl_Obj* const* objv;

  int count() const { return objc - 2; }
  Tcl_Obj* operator[](int i) const { return objv[i + 2]; }
  std::string Text(int i) const { return Tcl_GetString((*this)[i]); }
  void Expect(int least, int most, const char* usage) const {
    if (count() < least || count() > most) WrongCount(interp, 2, objv, usage);
  }
};

// The names of a device's options as Tcl has them, with "-" before.
std::vector<std::string> OptionNames(const Device& device) {
  std::vector<std::string> names;
  for (const Device::Option& option : device.options()) {
    names.push_back(std::string("-") + option.name);
  }
  return names;
}

const Device::Option& OptionOf(const Arguments& arguments, int i, const Device& device) {
  return device.options()[IndexOf(arguments.interp, arguments[i], OptionNames(device), "option")];
}

// Sets an option; the message of what is refused gets the "-".
void Set(const Device::Option& option, const std::string& value) {
  try {
    option.set(value);
  } catch (const BadOption& bad) {
    std::string message = bad.what();
    const std::string name = std::string(" for ") + option.name + ":";
    const size_t at = message.rfind(name);
    if (at != std::string::npos) message.insert(at + 5, "-");
    throw BadOption(message);
  }
}

[[noreturn]] void NoValue(const std::string& option) {
  throw BadOption("value for \"" + option + "\" missing");
}

void Create(const Arguments& arguments) {
  if (arguments.count() < 2) {
    WrongCount(arguments.interp, 2, arguments.objv,
               "name kind ?-over vfs? ?-default boolean? ?-option value ...?");
  }
  const std::string kind =
      sim::DeviceKinds()[IndexOf(arguments.interp, arguments[1], sim::DeviceKinds(), "kind")];
  // All options are checked on a device that is never registered, so that a create that is refused
  // leaves nothing behind.
  const std::unique_ptr<Device> sample = sim::MakeDevice(kind);
  std::vector<std::string> names = OptionNames(*sample);
  const size_t own = names.size();
  names.emplace_back("-over");
  names.emplace_back("-default");
  std::string over;
  bool is_default = false;
  sim::Settings settings;
  for (int i = 2; i < arguments.count(); i += 2) {
    const size_t option = IndexOf(arguments.interp, arguments[i], names, "option");
    if (i + 1 == arguments.count()) NoValue(names[option]);
    if (option == own) {
      over = arguments.Text(i + 1);
    } else if (option == own + 1) {
      is_default = BooleanOf(arguments.interp, arguments[i + 1]);
    } else {
      Set(sample->options()[option], arguments.Text(i + 1));
      settings.emplace_back(sample->options()[option].name, arguments.Text(i + 1));
    }
  }
  SetResult(arguments.interp,
            sim::CreateDevice(arguments.Text(0), kind, over, is_default, settings).name());
}

void Configure(const Arguments& arguments) {
  if (arguments.count() < 1) {
    WrongCount(arguments.interp, 2, arguments.objv, "name ?-option? ?value -option value ...?");
  }
  Device& device = sim::FindDevice(arguments.Text(0)).device();
  if (arguments.count() == 1) {
    Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
    for (const Device::Option& option : device.options()) {
      Tcl_ListObjAppendElement(nullptr, list, NewString(std::string("-") + option.name));
      Tcl_ListObjAppendElement(nullptr, list, NewString(option.get()));
    }
    Tcl_SetObjResult(arguments.interp, list);
    return;
  }
  if (arguments.count() == 2) {
    SetResult(arguments.interp, OptionOf(arguments, 1, device).get());
    return;
  }
  for (int i = 1; i < arguments.count(); i += 2) {
    const Device::Option& option = OptionOf(arguments, i, device);
    if (i + 1 == arguments.count()) NoValue(std::string("-") + option.name);
    Set(option, arguments.Text(i + 1));
  }
}

void Cget(const Arguments& arguments) {
  arguments.Expect(2, 2, "name -option");
  const Device& device = sim::FindDevice(arguments.Text(0)).device();
  SetResult(arguments.interp, OptionOf(arguments, 1, device).get());
}

void Delete(const Arguments& arguments) {
  if (arguments.count() < 1) WrongCount(arguments.interp, 2, arguments.objv, "name ?name ...?");
  for (int i = 0; i < arguments.count(); ++i) sim::DeleteDevice(arguments.Text(i));
}

void List(const Arguments& arguments) {
  arguments.Expect(0, 0, nullptr);
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const DeviceVfs* device : sim::AllDevices()) {
    Tcl_ListObjAppendElement(nullptr, list, NewString(device->name()));
  }
  Tcl_SetObjResult(arguments.interp, list);
}

void Put(Tcl_Obj* dictionary, const std::string& key, Tcl_Obj* value) {
  Tcl_DictObjPut(nullptr, dictionary, NewString(key), value);
}

void Info(const Arguments& arguments) {
  arguments.Expect(1, 1, "name");
  DeviceVfs& device = sim::FindDevice(arguments.Text(0));
  Tcl_Obj* dictionary = Tcl_NewDictObj();
  Put(dictionary, "kind", NewString(device.device().kind()));
  Put(dictionary, "over", NewString(device.parent->zName));
  Put(dictionary, "default", Tcl_NewIntObj(sqlite3_vfs_find(nullptr) == device.vfs() ? 1 : 0));
  Put(dictionary, "openfiles", Tcl_NewWideIntObj(device.open_files()));
  if (const auto* power = dynamic_cast<const sim::PowerLoss*>(&device.device())) {
    Put(dictionary, "dead", Tcl_NewIntObj(power->dead() ? 1 : 0));
  }
  Tcl_SetObjResult(arguments.interp, dictionary);
}

void Counters(const Arguments& arguments) {
  arguments.Expect(1, 2, "name ?counter?");
  const Device::Counters counters = sim::FindDevice(arguments.Text(0)).device().ReadCounters();
  if (arguments.count() == 2) {
    std::vector<std::string> names;
    for (const auto& [name, value] : counters) names.push_back(name);
    const size_t index = IndexOf(arguments.interp, arguments[1], names, "counter");
    Tcl_SetObjResult(arguments.interp, Tcl_NewWideIntObj(counters[index].second));
    return;
  }
  Tcl_Obj* dictionary = Tcl_NewDictObj();
  for (const auto& [name, value] : counters) Put(dictionary, name, Tcl_NewWideIntObj(value));
  Tcl_SetObjResult(arguments.interp, dictionary);
}

sim::PowerLoss& PowerLossOf(const std::string& name) {
  Device& device = sim::FindDevice(name).device();
  auto* power = dynamic_cast<sim::PowerLoss*>(&device);
  if (power == nullptr) {
    throw DeviceError("device \"" + name + "\" is of kind \"" + device.kind() +
                      "\": only one of kind \"power\" can crash");
  }
  return *power;
}

void Crash(const Arguments& arguments) {
  arguments.Expect(1, 1, "name");
  PowerLossOf(arguments.Text(0)).FailPower();
}

void Restart(const Arguments& arguments) {
  arguments.Expect(1, 1, "name");
  PowerLossOf(arguments.Text(0)).Restart();
}

void Kinds(const Arguments& arguments) {
  arguments.Expect(0, 0, nullptr);
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const std::string& kind : sim::DeviceKinds()) {
    Tcl_ListObjAppendElement(nullptr, list, NewString(kind));
  }
  Tcl_SetObjResult(arguments.interp, list);
}

void Presets(const Arguments& arguments) {
  arguments.Expect(0, 1, "?preset?");
  std::vector<std::string> names;
  for (const sim::LatencyPreset& preset : sim::LatencyPresets()) names.emplace_back(preset.name);
  if (arguments.count() == 0) {
    Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
    for (const std::string& name : names) {
      Tcl_ListObjAppendElement(nullptr, list, NewString(name));
    }
    Tcl_SetObjResult(arguments.interp, list);
    return;
  }
  const sim::LatencyPreset& preset =
      sim::LatencyPresets()[IndexOf(arguments.interp, arguments[0], names, "preset")];
  const sim::LatencyFigures& figures = preset.figures;
  Tcl_Obj* dictionary = Tcl_NewDictObj();
  const std::pair<const char*, int64_t> numbers[] = {
      {"-readtime", figures.readtime},   {"-writetime", figures.writetime},
      {"-othertime", figures.othertime}, {"-synctime", figures.synctime},
      {"-readrate", figures.readrate},   {"-writerate", figures.writerate},
      {"-seektime", figures.seektime},   {"-hostcache", figures.hostcache ? 1 : 0},
  };
  for (const auto& [name, number] : numbers) Put(dictionary, name, Tcl_NewWideIntObj(number));
  Tcl_SetObjResult(arguments.interp, dictionary);
}

void Memory(const Arguments& arguments) {
  arguments.Expect(0, 1, "?boolean?");
  std::string why;
  if (arguments.count() == 1) {
    const bool done = BooleanOf(arguments.interp, arguments[0]) ? sim::InstallMemoryFaults(&why)
                                                                : sim::UninstallMemoryFaults(&why);
    if (!done) throw DeviceError(why);
  }
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  if (sim::MemoryFaultsInstalled()) {
    Tcl_ListObjAppendElement(nullptr, list, Tcl_NewStringObj("sqlite", -1));
  }
  if (sim::OwnAllocationsCanFail()) {
    Tcl_ListObjAppendElement(nullptr, list, Tcl_NewStringObj("sqliteasync", -1));
  }
  Tcl_SetObjResult(arguments.interp, list);
}

int DeviceCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  static const struct {
    const char* name;
    void (*run)(const Arguments&);
  } kSubcommands[] = {{"cget", Cget},     {"configure", Configure}, {"counters", Counters},
                      {"crash", Crash},   {"create", Create},       {"delete", Delete},
                      {"info", Info},     {"kinds", Kinds},         {"list", List},
                      {"memory", Memory}, {"presets", Presets},     {"restart", Restart},
                      {nullptr, nullptr}};
  return Run(interp, [&] {
    if (objc < 2) WrongCount(interp, 1, objv, "subcommand ?arg ...?");
    int index = 0;
    if (Tcl_GetIndexFromObjStruct(interp, objv[1], kSubcommands, sizeof(kSubcommands[0]),
                                  "subcommand", 0, &index) != TCL_OK) {
      throw FailedInTcl();
    }
    kSubcommands[index].run({interp, objc, objv});
  });
}

// ----- The names of SQLite's harness

// The words "?-characteristics LIST? ?-sectorsize N?".
struct DeclaredWords {
  bool has_characteristics = false;
  std::string characteristics;
  bool has_sector_size = false;
  std::string sector_size;
};

bool Abbreviates(const std::string& word, const char* option) {
  return word.size() >= 2 && std::strncmp(word.c_str(), option, word.size()) == 0;
}

DeclaredWords DeclaredWordsOf(Tcl_Interp* interp, int count, Tcl_Obj* const words[]) {
  DeclaredWords declared;
  std::vector<std::string> names;
  for (const sim::Characteristic& known : sim::AllCharacteristics()) names.emplace_back(known.name);
  for (int i = 0; i < count; i += 2) {
    const std::string option = Tcl_GetString(words[i]);
    const bool sector_size = Abbreviates(option, "-sectorsize");
    if (!sector_size && !Abbreviates(option, "-characteristics")) {
      throw BadOption("Bad option: \"" + option +
                      "\" - must be \"-characteristics\" or \"-sectorsize\"");
    }
    if (i + 1 == count) throw BadOption("Option requires an argument: \"" + option + "\"");
    if (sector_size) {
      // Zero is what the device has without being told.
      const int size = IntOf(interp, words[i + 1]);
      declared.sector_size = std::to_string(size == 0 ? 512 : size);
      declared.has_sector_size = true;
      continue;
    }
    Tcl_Size length = 0;
    Tcl_Obj** elements = nullptr;
    if (Tcl_ListObjGetElements(interp, words[i + 1], &length, &elements) != TCL_OK) {
      throw FailedInTcl();
    }
    declared.has_characteristics = true;
    declared.characteristics.clear();
    for (Tcl_Size j = 0; j < length; ++j) {
      Tcl_Obj* lower = Tcl_NewStringObj(Tcl_GetString(elements[j]), -1);
      Tcl_IncrRefCount(lower);
      Tcl_SetObjLength(lower, Tcl_UtfToLower(Tcl_GetString(lower)));
      try {
        declared.characteristics += names[IndexOf(interp, lower, names, "no such flag")] + " ";
      } catch (const FailedInTcl&) {
        Tcl_DecrRefCount(lower);
        throw;
      }
      Tcl_DecrRefCount(lower);
    }
  }
  return declared;
}

void Declare(Device& device, const DeclaredWords& declared) {
  if (declared.has_characteristics) {
    sim::FindOption(device, "characteristics").set(declared.characteristics);
  }
  if (declared.has_sector_size) sim::FindOption(device, "sectorsize").set(declared.sector_size);
}

DeviceVfs* FindOrNull(const std::string& name) {
  for (DeviceVfs* device : sim::AllDevices()) {
    if (device->name() == name) return device;
  }
  return nullptr;
}

constexpr char kCrashDevice[] = "crash";
constexpr char kSimulatedDevice[] = "devsym";

// What sqlite3_crashparams has set, which may be before or after sqlite3_crash_enable.
Mutex crash_mutex;
sim::Settings crash_settings GUARDED_BY(crash_mutex);

int CrashEnableCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  return Run(interp, [&] {
    if (objc != 2 && objc != 3) WrongCount(interp, 1, objv, "ENABLE ?DEFAULT?");
    const bool enable = BooleanOf(interp, objv[1]);
    const bool is_default = objc == 2 || BooleanOf(interp, objv[2]);
    if (enable == (FindOrNull(kCrashDevice) != nullptr)) return;
    const MutexLock lock(crash_mutex);
    if (enable) {
      sim::CreateDevice(kCrashDevice, sim::PowerLoss::kKind, "", is_default, crash_settings);
    } else {
      sim::DeleteDevice(kCrashDevice);
    }
  });
}

int CrashParamsCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  return Run(interp, [&] {
    if (objc < 3) WrongCount(interp, 1, objv, "?OPTIONS? DELAY CRASHFILE");
    const int delay = IntOf(interp, objv[objc - 2]);
    const DeclaredWords declared = DeclaredWordsOf(interp, objc - 3, objv + 1);
    // A "*" at the end stands for any text, and nothing else does.
    std::string file = Tcl_GetString(objv[objc - 1]);
    const bool prefix = !file.empty() && file.back() == '*';
    if (prefix) file.pop_back();
    sim::Settings settings = {{"crashfile", sim::LiteralPattern(file) + (prefix ? "*" : "")},
                              {"crashsync", std::to_string(delay < 0 ? 0 : delay)}};
    if (declared.has_characteristics) {
      settings.emplace_back("characteristics", declared.characteristics);
    }
    if (declared.has_sector_size) settings.emplace_back("sectorsize", declared.sector_size);
    // On a device that is never registered first: it throws what is wrong with them.
    sim::Configure(*sim::MakeDevice(sim::PowerLoss::kKind), settings);
    if (DeviceVfs* device = FindOrNull(kCrashDevice)) sim::Configure(device->device(), settings);
    const MutexLock lock(crash_mutex);
    for (auto& setting : settings) crash_settings.push_back(std::move(setting));
  });
}

int CrashNowCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  return Run(interp, [&] {
    if (objc != 1) WrongCount(interp, 1, objv, "");
    DeviceVfs* device = FindOrNull(kCrashDevice);
    if (device == nullptr) {
      for (DeviceVfs* other : sim::AllDevices()) {
        if (dynamic_cast<sim::PowerLoss*>(&other->device()) != nullptr) device = other;
      }
    }
    // Without such a device nothing is in a cache.
    if (device == nullptr) sim::EndProcess(1);
    PowerLossOf(device->name()).FailPower();
  });
}

int SimulateDeviceCommand(ClientData /*data*/, Tcl_Interp* interp, int objc,
                          Tcl_Obj* const objv[]) {
  return Run(interp, [&] {
    DeclaredWords declared = DeclaredWordsOf(interp, objc - 1, objv + 1);
    // What is not said is as on a disk that promises nothing.
    declared.has_characteristics = true;
    if (!declared.has_sector_size) declared.sector_size = "512";
    declared.has_sector_size = true;
    DeviceVfs* device = FindOrNull(kSimulatedDevice);
    if (device == nullptr) {
      device = &sim::CreateDevice(kSimulatedDevice, "plain", "", false, {});
    }
    Declare(device->device(), declared);
  });
}

int UnregisterSimulatedCommand(ClientData /*data*/, Tcl_Interp* interp, int objc,
                               Tcl_Obj* const objv[]) {
  return Run(interp, [&] {
    if (objc != 1) WrongCount(interp, 1, objv, "");
    if (FindOrNull(kSimulatedDevice) != nullptr) sim::DeleteDevice(kSimulatedDevice);
  });
}

// ----- Memory, under the names of SQLite's harness

// Makes what can fail fail. Where SQLite's allocations are out of reach for good, our own are all
// there is, and stderr is told so, once.
void InstallForCommand() {
  if (sim::MemoryFaultsInstalled()) return;
  std::string why;
  if (sim::InstallMemoryFaults(&why)) return;
  std::string out_of_reach;
  if (!sim::OwnAllocationsCanFail() || sim::SqliteAllocatorInReach(&out_of_reach)) {
    throw DeviceError("SQLite's allocations can't be made to fail: " + why);
  }
  static const bool told = [&] {
    std::fprintf(
        stderr, "sqlite3_memdebug_fail: only allocations of sqliteasync itself can fail here: %s\n",
        out_of_reach.c_str());
    return true;
  }();
  (void)told;
}

int MemdebugFailCommand(ClientData /*data*/, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  return Run(interp, [&] {
    if (objc < 2) WrongCount(interp, 1, objv, "COUNTER ?OPTIONS?");
    const int counter = IntOf(interp, objv[1]);
    int repeat = 1;
    Tcl_Obj* benign_variable = nullptr;
    for (int i = 2; i < objc; i += 2) {
      const std::string option = Tcl_GetString(objv[i]);
      const bool is_repeat = Abbreviates(option, "-repeat");
      if (!is_repeat && !Abbreviates(option, "-benigncnt")) {
        throw BadOption("unknown option: " + option);
      }
      if (i + 1 == objc) throw BadOption("option requires an argument: " + option);
      if (!is_repeat) {
        benign_variable = objv[i + 1];
      } else if (Tcl_GetIntFromObj(nullptr, objv[i + 1], &repeat) != TCL_OK) {
        // Not a count: yes or no.
        int boolean = 0;
        if (Tcl_GetBooleanFromObj(nullptr, objv[i + 1], &boolean) != TCL_OK) {
          repeat = IntOf(interp, objv[i + 1]);  // has Tcl say what is wrong
        }
        repeat = boolean != 0 ? INT_MAX : 1;
      }
    }
    if (counter >= 0) InstallForCommand();
    const sim::MemoryFailures failures = sim::FailAllocation(counter, repeat);
    if (benign_variable != nullptr &&
        Tcl_ObjSetVar2(interp, benign_variable, nullptr, Tcl_NewIntObj(failures.benign),
                       TCL_LEAVE_ERR_MSG) == nullptr) {
      sim::FailAllocation(-1, 0);
      throw FailedInTcl();
    }
    Tcl_SetObjResult(interp, Tcl_NewIntObj(failures.all));
  });
}

int MemdebugPendingCommand(ClientData /*data*/, Tcl_Interp* interp, int objc,
                           Tcl_Obj* const objv[]) {
  return Run(interp, [&] {
    if (objc != 1) WrongCount(interp, 1, objv, "");
    Tcl_SetObjResult(interp, Tcl_NewIntObj(sim::PendingAllocationFailure()));
  });
}

int InstallFaultsimCommand(ClientData /*data*/, Tcl_Interp* interp, int objc,
                           Tcl_Obj* const objv[]) {
  return Run(interp, [&] {
    if (objc != 2) WrongCount(interp, 1, objv, "BOOLEAN");
    const bool install = BooleanOf(interp, objv[1]);
    // As there: it is an error if it is so already.
    if (install == sim::MemoryFaultsInstalled()) {
      SetResult(interp, "SQLITE_ERROR");
      return;
    }
    std::string why;
    const bool done = install ? sim::InstallMemoryFaults(&why) : sim::UninstallMemoryFaults(&why);
    if (!done) throw DeviceError(why);
    SetResult(interp, "SQLITE_OK");
  });
}

}  // namespace

int InitDeviceCommands(Tcl_Interp* interp) {
  static const struct {
    const char* name;
    Tcl_ObjCmdProc* command;
  } kCommands[] = {
      {"sqlite3_device", DeviceCommand},
      {"sqlite3_crash_enable", CrashEnableCommand},
      {"sqlite3_crashparams", CrashParamsCommand},
      {"sqlite3_crash_now", CrashNowCommand},
      {"sqlite3_simulate_device", SimulateDeviceCommand},
      {"unregister_devsim", UnregisterSimulatedCommand},
      {"sqlite3_memdebug_fail", MemdebugFailCommand},
      {"sqlite3_memdebug_pending", MemdebugPendingCommand},
      {"install_malloc_faultsim", InstallFaultsimCommand},
  };
  for (const auto& [name, command] : kCommands) {
    Tcl_CreateObjCommand(interp, name, command, nullptr, nullptr);
  }
  for (const sim::FaultVariable& variable : sim::FaultVariables()) {
    if (Tcl_LinkVar(interp, variable.name, reinterpret_cast<char*>(variable.variable),
                    TCL_LINK_INT) != TCL_OK) {
      return TCL_ERROR;
    }
  }
  return TCL_OK;
}

}  // namespace sqliteasync
