#include "machine.h"

#include <sqlite3.h>
#include <sys/utsname.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace bench {

namespace {

// The value of the first line "NAME : VALUE" in the system's description of its processors.
std::string ProcessorModel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

// The type of the file system that is mounted nearest above `directory`.
std::string FileSystemOf(const std::string& directory) {
  const std::string path = std::filesystem::absolute(directory).lexically_normal().string();
  std::ifstream mounts("/proc/mounts");
  std::string nearest;
  std::string type = "unknown";
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device;
    std::string at;
    std::string type_here;
    words >> device >> at >> type_here;
    const bool above = at == "/" || path == at || path.starts_with(at + "/");
    if (!above || at.size() < nearest.size()) continue;
    nearest = at;
    type = type_here;
  }
  return type;
}

}  // namespace

Json DescribeMachine(const std::string& directory) {
  utsname names = {};
  uname(&names);
  return {{"processor", ProcessorModel()},
          {"processors", std::thread::hardware_concurrency()},
          {"system", std::string(names.sysname) + " " + names.release + " " + names.machine},
          {"file system", FileSystemOf(directory)},
          {"SQLite", sqlite3_libversion()}};
}

}  // namespace bench
