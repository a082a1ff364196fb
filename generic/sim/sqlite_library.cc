#include "sqlite_library.h"

#include "core/sqlite.h"

#ifndef SQLITE_CORE
#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif
#endif

namespace sqliteasync::sim {

#ifdef SQLITE_CORE

bool FindSqliteLibrary(SqliteLibrary* library, std::string* /*why*/) {
  library->config = sqlite3_config;
  library->shutdown = sqlite3_shutdown;
  library->initialize = sqlite3_initialize;
  library->temp_directory = &sqlite3_temp_directory;
  library->data_directory = &sqlite3_data_directory;
  return true;
}

#else

namespace {

// The file that SQLite's code was loaded from, and what it exports.
#ifdef _WIN32

class LoadedFile {
 public:
  LoadedFile() {
    GetModuleHandleExA(
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
        reinterpret_cast<LPCSTR>(sqlite3_api->libversion_number), &module_);
  }
  void* Symbol(const char* name) const {
    return module_ == nullptr ? nullptr : reinterpret_cast<void*>(GetProcAddress(module_, name));
  }
  std::string name() const {
    char path[MAX_PATH] = "";
    if (module_ != nullptr) GetModuleFileNameA(module_, path, sizeof(path));
    return path;
  }

 private:
  HMODULE module_ = nullptr;
};

#else

class LoadedFile {
 public:
  LoadedFile() {
    if (dladdr(reinterpret_cast<void*>(sqlite3_api->libversion_number), &info_) == 0) return;
    // The name of the program itself need not be that of a file.
    handle_ = dlopen(info_.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (handle_ == nullptr) handle_ = dlopen(nullptr, RTLD_LAZY);
  }
  ~LoadedFile() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  LoadedFile(const LoadedFile&) = delete;
  LoadedFile& operator=(const LoadedFile&) = delete;

  void* Symbol(const char* name) const {
    if (handle_ == nullptr) return nullptr;
    // A handle also finds what is in the libraries that this one needs, maybe another SQLite.
    void* found = dlsym(handle_, name);
    Dl_info info;
    if (found == nullptr || dladdr(found, &info) == 0 || info.dli_fbase != info_.dli_fbase) {
      return nullptr;
    }
    return found;
  }
  std::string name() const { return info_.dli_fname == nullptr ? "" : info_.dli_fname; }

 private:
  Dl_info info_ = {};
  void* handle_ = nullptr;
};

#endif

}  // namespace

bool FindSqliteLibrary(SqliteLibrary* library, std::string* why) {
  const LoadedFile file;
  library->config = reinterpret_cast<int (*)(int, ...)>(file.Symbol("sqlite3_config"));
  library->shutdown = reinterpret_cast<int (*)()>(file.Symbol("sqlite3_shutdown"));
  library->initialize = reinterpret_cast<int (*)()>(file.Symbol("sqlite3_initialize"));
  library->temp_directory = static_cast<char**>(file.Symbol("sqlite3_temp_directory"));
  library->data_directory = static_cast<char**>(file.Symbol("sqlite3_data_directory"));
  if (library->config != nullptr && library->shutdown != nullptr &&
      library->initialize != nullptr) {
    return true;
  }
  *why = "the SQLite in " + (file.name().empty() ? "this program" : file.name()) +
         " does not export sqlite3_config, sqlite3_shutdown and sqlite3_initialize";
  return false;
}

#endif

}  // namespace sqliteasync::sim
