// A process for each pass, so that its memory, its VFSes and its writer are its own. It is a new
// run of this program: a mere fork would begin with the memory that the results of the passes
// before it take.

#ifndef SQLITEASYNC_BENCH_CHILD_H_
#define SQLITEASYNC_BENCH_CHILD_H_

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "measurement.h"

namespace bench {

// A directory that is new, and removed with all it holds when this goes.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::filesystem::path& parent);
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Thrown when the user has had enough.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

// From now on SIGINT and SIGTERM end what RunInChild is waiting for, which then throws Interrupted.
void CatchInterrupts();

// Runs this program anew with `arguments`, and returns the measurement that the child passes to
// Report. What its Report throws there is thrown here as std::runtime_error.
Measurement RunInChild(const std::vector<std::string>& arguments);

// For the child: calls `run` in `directory`, and passes on what it returns, or throws.
void Report(const std::filesystem::path& directory, const std::function<Measurement()>& run);

}  // namespace bench

#endif  // SQLITEASYNC_BENCH_CHILD_H_
