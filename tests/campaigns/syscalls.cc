// Counts the system calls of a stream of commits with strace: fewer than one in ten commits, those
// of the writer and of its wake-ups included.
//
// It runs itself below strace twice, with few commits and with many, so that what a program does to
// begin and to end doesn't count. The disk is a simulated one whose syncs take long, so that how
// fast the machine is makes little difference: a group is many commits.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "campaigns/support.h"
#include "sim/sqlite3device.h"
#include "sqlite3async.h"

namespace {

using campaign::Connection;
using campaign::Format;

constexpr int kFew = 1000;
constexpr int kMany = 101000;
constexpr double kAtMost = 0.1;  // of a commit

// The program that is counted: so many commits of one row.
void Commit(int count) {
  char* error = nullptr;
  CHECK(sqlite3device_create("disk", "slow", nullptr, 1, "synctime=20000", &error) == SQLITE_OK);
  CHECK(sqlite3async_initialize(nullptr, 0) == SQLITE_OK);
  // No pause for others.
  CHECK(sqlite3async_control(SQLITEASYNC_LOCKHOLD, 0) == SQLITE_OK);
  std::thread writer(sqlite3async_run);
  {
    Connection connection("stream.db", SQLITEASYNC_VFSNAME, 0);
    connection.Execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    sqlite3_stmt* insert = nullptr;
    CHECK(sqlite3_prepare_v2(connection.handle(), "INSERT INTO t VALUES(NULL, 'a row')", -1,
                             &insert, nullptr) == SQLITE_OK);
    for (int i = 0; i < count; ++i) {
      CHECK(sqlite3_step(insert) == SQLITE_DONE);
      CHECK(sqlite3_reset(insert) == SQLITE_OK);
    }
    sqlite3_finalize(insert);
  }
  CHECK(sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE) == SQLITE_OK);
  writer.join();
  std::remove("stream.db");
}

// The calls in the last line of strace's summary. -1: it could not trace.
long Total(const char* summary) {
  std::ifstream file(summary);
  long total = -1;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    double share = 0;
    double seconds = 0;
    long each = 0;
    long calls = 0;
    if (line.ends_with(" total") && words >> share >> seconds >> each >> calls) total = calls;
  }
  return total;
}

// -1: there is no strace, or it may not trace.
long Count(const char* program, int commits) {
  const std::string count = std::to_string(commits);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    execlp("strace", "strace", "-f", "-c", "-o", "summary", program, "--commit", count.c_str(),
           nullptr);
    _exit(127);
  }
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Total("summary") : -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--commit") == 0) {
    Commit(std::atoi(argv[2]));
    return 0;
  }
  const long few = Count(argv[0], kFew);
  const long many = few < 0 ? -1 : Count(argv[0], kMany);
  if (many < 0) {
    std::puts("SKIPPED: strace is missing, or may not trace here (Debian package: strace)");
    return 0;
  }
  const double each = static_cast<double>(many - few) / (kMany - kFew);
  std::printf("%ld system calls for %d commits more: %.4f each\n", many - few, kMany - kFew, each);
  if (each >= kAtMost) {
    CAMPAIGN_FAIL(
        Format("%.4f system calls a commit, and at most %.1f are allowed", each, kAtMost));
  }
  return 0;
}
