// The ways of running SQLite that are compared.

#ifndef SQLITEASYNC_BENCH_MODES_H_
#define SQLITEASYNC_BENCH_MODES_H_

#include <string>
#include <vector>

namespace bench {

enum class Below {
  kDisk,    // SQLite's own VFS
  kMemory,  // memory_vfs.h
  kAsync,   // sqliteasync over SQLite's own
};

// The setting `grouping` of sqliteasync.
enum class Grouping { kOff, kOn };

struct Mode {
  const char* name;
  const char* title;
  Below below;
  const char* pragmas;                 // of each connection
  Grouping grouping = Grouping::kOff;  // matters with kAsync alone
};

// sqliteasync, operation by operation.
inline bool IsSingle(const Mode& mode) {
  return mode.below == Below::kAsync && mode.grouping == Grouping::kOff;
}

// In the order in which they are run and shown.
const std::vector<Mode>& AllModes();

// Throws std::invalid_argument, whose text lists the names there are.
const Mode& ModeNamed(const std::string& name);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_MODES_H_
