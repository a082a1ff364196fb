// The platform's part on Linux, the BSDs and macOS.

#include "platform.h"

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace sqliteasync::platform {

std::string CanonicalPath(const std::string& path) {
  if (path.empty() || path.front() != '/') return path;
  std::string result;
  result.reserve(path.size());
  size_t at = 0;
  while (at < path.size()) {
    size_t end = path.find('/', at);
    if (end == std::string::npos) end = path.size();
    const std::string_view component(path.data() + at, end - at);
    if (component == "..") {
      const size_t parent = result.rfind('/');
      result.resize(parent == std::string::npos ? 0 : parent);
    } else if (!component.empty() && component != ".") {
      result += '/';
      result += component;
    }
    at = end + 1;
  }
  if (result.empty()) result.push_back('/');
  return result;
}

std::string OwnLibraryPath() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&OwnLibraryPath), &info) == 0 || info.dli_fname == nullptr) {
    return std::string();
  }
  return info.dli_fname;
}

int AtExit(void (*function)()) { return std::atexit(function); }

void StayLoaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&StayLoaded), &info) == 0 || info.dli_fname == nullptr) return;
  // A reference that nobody gives back.
  static void* const handle = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  (void)handle;
}

void NameThread(const char* name) {
#if defined(__linux__)
  pthread_setname_np(pthread_self(), name);
#elif defined(__APPLE__)
  pthread_setname_np(name);
#else
  (void)name;
#endif
}

unsigned long ProcessNumber() { return static_cast<unsigned long>(getpid()); }

unsigned long ThreadNumber() {
#ifdef __linux__
  return static_cast<unsigned long>(syscall(SYS_gettid));
#else
  return static_cast<unsigned long>(reinterpret_cast<uintptr_t>(pthread_self()));
#endif
}

}  // namespace sqliteasync::platform
