// The simulated devices of the process, by name: what the Tcl commands and the C functions work on.
//
// Thread safety: all functions may be called from any thread, but one device must not be deleted
// while another thread uses it or opens a database with it.
//
// Invariant: a device has a name that no other VFS has, and stays where it is until it is deleted.

#ifndef SQLITEASYNC_SIM_DEVICES_H_
#define SQLITEASYNC_SIM_DEVICES_H_

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "device_vfs.h"

namespace sqliteasync::sim {

// A request that can't be granted; the text says why, and what to do.
struct DeviceError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The names of the kinds that there are.
//
//   plain   passes everything on, and counts; may declare characteristics
//   faults  see faults.h
//   power   see power_loss.h
//   slow    see latency.h
const std::vector<std::string>& DeviceKinds();

// A device of that kind, not registered and not in the list: to find out what options there are,
// and whether values are right. Throws DeviceError if there is no such kind.
std::unique_ptr<Device> MakeDevice(const std::string& kind);

// Settings by name; a name may be abbreviated as long as it is clear.
using Settings = std::vector<std::pair<std::string, std::string>>;

// Makes a device, sets it, and registers it as a VFS. `over`: the name of the parent VFS, "" for
// the default. Throws DeviceError, BadOption (and then there is no device) or std::bad_alloc.
DeviceVfs& CreateDevice(const std::string& name, const std::string& kind, const std::string& over,
                        bool is_default, const Settings& settings);

// Throws DeviceError while a file is open through it or another VFS stands on it, as far as it is
// known.
void DeleteDevice(const std::string& name);

// Another part of the program says which of its VFSes stands on the given one: its name, or null.
// Asked before a device is deleted; devices know of each other without it.
using StandsOn = const char* (*)(const sqlite3_vfs* vfs);
void AskBeforeDeleting(StandsOn stands_on);

// Throws DeviceError, which lists the names that there are.
DeviceVfs& FindDevice(const std::string& name);

// In the order of their creation.
std::vector<DeviceVfs*> AllDevices();

// The option of that name or unique abbreviation. Throws BadOption, which lists them.
const Device::Option& FindOption(const Device& device, const std::string& name);

// Sets them in that order. The first that is refused throws BadOption; those before it stand.
void Configure(Device& device, const Settings& settings);

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_DEVICES_H_
