#include "child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <system_error>

namespace bench {

namespace {

volatile std::sig_atomic_t interrupted = 0;

[[noreturn]] void FailWithErrno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// Reads to the end, or until the user has had enough.
std::string ReadAll(int descriptor) {
  std::string text;
  char buffer[65536];
  while (true) {
    const ssize_t count = read(descriptor, buffer, sizeof(buffer));
    if (interrupted != 0 || count == 0) return text;
    if (count > 0) text.append(buffer, static_cast<size_t>(count));
    if (count < 0 && errno != EINTR) FailWithErrno("read");
  }
}

// In the new process.
[[noreturn]] void Execute(const std::vector<std::string>& arguments, int output) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  if (dup2(output, STDOUT_FILENO) >= 0) execv("/proc/self/exe", pointers.data());
  _exit(127);
}

}  // namespace

ScratchDirectory::ScratchDirectory(const std::filesystem::path& parent) {
  std::string name = (std::filesystem::absolute(parent) / "sqliteasync-bench.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) FailWithErrno(name.c_str());
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void CatchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  // Without SA_RESTART: the read that waits for a child returns.
  for (int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
}

Measurement RunInChild(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) FailWithErrno("pipe2");
  const pid_t child = fork();
  if (child < 0) FailWithErrno("fork");
  if (child == 0) Execute(arguments, ends[1]);

  close(ends[1]);
  const std::string text = ReadAll(ends[0]);
  close(ends[0]);
  if (interrupted != 0) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (interrupted != 0) throw Interrupted();
  if (status != 0 || text.empty()) {
    throw std::runtime_error("the measuring process ended with status " + std::to_string(status));
  }
  const Json json = Json::parse(text);
  if (json.contains("error")) throw std::runtime_error(json.at("error").get<std::string>());
  return Measurement::FromJson(json);
}

void Report(const std::filesystem::path& directory, const std::function<Measurement()>& run) {
  Json json;
  try {
    std::filesystem::current_path(directory);
    json = run().ToJson();
  } catch (const std::exception& e) {
    json = {{"error", e.what()}};
  }
  std::cout << json << std::flush;
}

}  // namespace bench
