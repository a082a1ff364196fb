// What the campaigns of crashes share: a disk whose power is cut, processes that are cut off, and
// what plain SQLite finds afterwards.

#ifndef SQLITEASYNC_CAMPAIGNS_CRASHING_H_
#define SQLITEASYNC_CAMPAIGNS_CRASHING_H_

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include "campaigns/support.h"
#include "sim/sqlite3device.h"

namespace campaign {

inline constexpr char kPlainVfs[] = "unix";
inline constexpr char kDisk[] = "disk";

// --------------------------------------------------------------------- memory of several processes

// A value, to begin with all zero, that this process shares with those that it forks, and that
// outlives them.
template <typename Value>
Value* NewShared() {
  void* memory =
      mmap(nullptr, sizeof(Value), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  return new (memory) Value{};
}

// Has the process that was begun last met the power cut?
inline std::atomic<bool>& MetPowerCut() {
  static auto* const met = NewShared<std::atomic<bool>>();
  return *met;
}

// ------------------------------------------------------------------------------------ the disk

inline void CreateDevice(const char* name, const char* kind, const std::string& settings) {
  char* error = nullptr;
  if (sqlite3device_create(name, kind, nullptr, 1, settings.c_str(), &error) != SQLITE_OK) {
    CAMPAIGN_FAIL(error);
  }
}

// A device takes 63 bits.
inline uint64_t DeviceSeed(uint64_t seed) { return seed >> 1; }

// Makes the disk, as the default VFS. `power`: what was not synced is lost when it is cut off; else
// nothing is, as when a process dies. `settings`: the rest.
inline void CreateDisk(bool power, const char* characteristics, int sector_size,
                       const std::string& settings) {
  CreateDevice(kDisk, "power",
               Format("volatile=%s realsync=no characteristics=\"%s\" sectorsize=%d ",
                      power ? "yes" : "no", characteristics, sector_size) +
                   settings);
  const auto on_power_cut = [](void*) {
    MetPowerCut() = true;
    _exit(1);
  };
  CHECK(sqlite3device_hook(kDisk, on_power_cut, nullptr, nullptr) == SQLITE_OK);
  // The writer has met the power cut, and this thread the dead device, before the process is ended.
  before_failure = [] {
    if (sqlite3device_counter(kDisk, "crashes") <= 0) return;
    for (;;) pause();
  };
}

// How many changes the disk has seen: what its setting crashchange counts.
inline int64_t DiskChanges() {
  int64_t changes = 0;
  for (const char* counter : {"write", "truncate", "sync", "delete"}) {
    changes += sqlite3device_counter(kDisk, counter);
  }
  return changes;
}

// ------------------------------------------------------------------------------- the processes

enum class Ending { kFinished, kCutOff, kFailed };

// Calls `child`, which ends its process, in a process of its own, which is killed after
// `microseconds` if that isn't 0. One that fails says why on stderr.
template <typename Child>
Ending RunProcess(int64_t microseconds, Child child) {
  MetPowerCut() = false;
  std::fflush(nullptr);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) child();
  if (microseconds > 0) {
    SleepFor(static_cast<int>(microseconds));
    kill(pid, SIGKILL);
  }
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return Ending::kCutOff;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && MetPowerCut()) return Ending::kCutOff;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Ending::kFinished;
  std::fprintf(stderr, "a process of the workload ended with status %d\n", status);
  return Ending::kFailed;
}

// As that, and returns whether it was cut off. One that fails fails the campaign.
template <typename Child>
bool CutOff(int64_t microseconds, Child child) {
  const Ending ending = RunProcess(microseconds, child);
  if (ending == Ending::kFailed) CAMPAIGN_FAIL("a process of the workload failed");
  return ending == Ending::kCutOff;
}

// ----------------------------------------------------------------------------- what is left

// The SQL aggregate content(...): FNV-1a over the values.
inline void AddChecksum(sqlite3* db) {
  const int rc = sqlite3_create_function_v2(
      db, "content", -1, SQLITE_UTF8, nullptr, nullptr,
      [](sqlite3_context* context, int count, sqlite3_value** values) {
        auto* state = static_cast<uint64_t*>(sqlite3_aggregate_context(context, sizeof(uint64_t)));
        for (int i = 0; i < count; ++i) {
          const auto* bytes = static_cast<const unsigned char*>(sqlite3_value_blob(values[i]));
          const int size = sqlite3_value_bytes(values[i]);
          *state = (*state ^ static_cast<uint64_t>(size + 1)) * 0x100000001b3;
          for (int k = 0; k < size; ++k) *state = (*state ^ bytes[k]) * 0x100000001b3;
        }
      },
      [](sqlite3_context* context) {
        const auto* state = static_cast<uint64_t*>(sqlite3_aggregate_context(context, 0));
        sqlite3_result_int64(context, state == nullptr ? 0 : static_cast<int64_t>(*state));
      },
      nullptr);
  CHECK(rc == SQLITE_OK);
}

// Has plain SQLite open the database, roll back what there is to be rolled back, check the
// integrity, and answer `queries`, by the first column of the last row each. Returns what is wrong;
// "" if nothing.
inline std::string ReadLeft(const std::string& path, const std::vector<std::string>& queries,
                            std::vector<std::string>* answers) {
  sqlite3* db = nullptr;
  std::string problem;
  const auto ask = [&](const std::string& sql) {
    std::string answer;
    const auto keep = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0] == nullptr ? "" : values[0];
      return 0;
    };
    char* message = nullptr;
    if (sqlite3_exec(db, sql.c_str(), keep, &answer, &message) != SQLITE_OK) problem = message;
    sqlite3_free(message);
    return answer;
  };
  if (sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, kPlainVfs) != SQLITE_OK) {
    problem = "can't be opened";
  } else {
    AddChecksum(db);
    const std::string integrity = ask("PRAGMA integrity_check");
    if (problem.empty() && integrity != "ok") problem = "integrity check: " + integrity;
  }
  answers->clear();
  for (const std::string& query : queries) {
    if (problem.empty()) answers->push_back(ask(query));
  }
  sqlite3_close(db);
  return problem;
}

}  // namespace campaign

#endif  // SQLITEASYNC_CAMPAIGNS_CRASHING_H_
