#include "benign.h"

#include "core/sqlite.h"

namespace sqliteasync::sim {

namespace {

thread_local int depth = 0;

void Begin() { ++depth; }
void End() { --depth; }

}  // namespace

void InstallBenignHooks() {
  using Hook = void (*)();
  sqlite3_test_control(SQLITE_TESTCTRL_BENIGN_MALLOC_HOOKS, static_cast<Hook>(Begin),
                       static_cast<Hook>(End));
}

bool InBenignSection() { return depth > 0; }

void LeaveBenignSections() { depth = 0; }

}  // namespace sqliteasync::sim
