#include "modes.h"

#include <stdexcept>

namespace bench {

const std::vector<Mode>& AllModes() {
  static const std::vector<Mode> modes = {
      {"delete", "plain, SQLite's defaults (DELETE, FULL)", Below::kDisk, ""},
      {"truncate", "plain, TRUNCATE, FULL", Below::kDisk, "PRAGMA journal_mode=TRUNCATE"},
      {"wal-full", "plain, WAL, FULL", Below::kDisk,
       "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"},
      {"wal-normal", "plain, WAL, NORMAL", Below::kDisk,
       "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"},
      {"off", "plain, DELETE, synchronous=OFF", Below::kDisk, "PRAGMA synchronous=OFF"},
      {"floor", "the floor: DELETE, FULL, on files that are memory", Below::kMemory, ""},
      {"single", "sqliteasync, grouping off (DELETE, FULL)", Below::kAsync, "", Grouping::kOff},
      {"grouped", "sqliteasync, grouping on (DELETE, FULL)", Below::kAsync, "", Grouping::kOn},
  };
  return modes;
}

const Mode& ModeNamed(const std::string& name) {
  std::string names;
  for (const Mode& mode : AllModes()) {
    if (mode.name == name) return mode;
    names += names.empty() ? "" : ", ";
    names += mode.name;
  }
  throw std::invalid_argument("no mode \"" + name + "\"; there are " + names);
}

}  // namespace bench
