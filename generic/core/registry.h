// Registry: finds the Database, and the file in it, that a path belongs to.
//
// Thread safety: all methods may be called from any thread.
//
// A Database is found for as long as someone holds a reference to it (a handle, a queued
// operation); the registry itself holds none.

#ifndef SQLITEASYNC_CORE_REGISTRY_H_
#define SQLITEASYNC_CORE_REGISTRY_H_

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "database.h"
#include "mutex.h"

namespace sqliteasync {

// A file and the reference that keeps it alive. Empty: `database` is null.
struct FileReference {
  std::shared_ptr<Database> database;
  SharedFile* file = nullptr;
};

class Registry {
 public:
  Registry() = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The file at `path`, canonical. A path that ends like a journal or a log is one, of the database
  // whose name is left without that ending.
  FileReference Find(const std::string& path) EXCLUDES(mutex_);

  // As Find, but what isn't there is made. Throws std::bad_alloc.
  FileReference FindOrCreate(const std::string& path) EXCLUDES(mutex_);

  // The Database whose main file is `path`, whatever the path ends in. Throws std::bad_alloc.
  std::shared_ptr<Database> DatabaseAt(const std::string& path) EXCLUDES(mutex_);

  // From now on the path of `database` leads to another Database. Does nothing if it does already.
  void Detach(Database& database) EXCLUDES(mutex_);

  // The database that `path` is named after, and what it is to it.
  static std::pair<std::string_view, FileRole> Classify(std::string_view path);

 private:
  struct Releaser;

  std::shared_ptr<Database> Lookup(const std::string& path) REQUIRES(mutex_);

  Mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<Database>> databases_ GUARDED_BY(mutex_);
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_REGISTRY_H_
