// Registry: finds the Database, and the file in it, that a path belongs to.
//
// Thread safety: all methods may be called from any thread.
//
// A Database is found for as long as someone holds a reference to it (a handle, a queued
// operation); the registry itself holds none. It knows all that there are, though, those that are
// not found by a path included, and what those that are gone have counted.

#ifndef SQLITEASYNC_CORE_REGISTRY_H_
#define SQLITEASYNC_CORE_REGISTRY_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "barrier.h"
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
  FileReference Find(std::string_view path) EXCLUDES(mutex_);

  // As Find, but what isn't there is made. Throws std::bad_alloc.
  FileReference FindOrCreate(std::string_view path) EXCLUDES(mutex_);

  // The Database whose main file is `path`, whatever the path ends in. Throws std::bad_alloc.
  std::shared_ptr<Database> DatabaseAt(std::string_view path) EXCLUDES(mutex_);

  // A Database for a file without a name. Throws std::bad_alloc.
  std::shared_ptr<Database> MakeNameless() EXCLUDES(mutex_);

  // As DatabaseAt, but null if there is none.
  std::shared_ptr<Database> Known(std::string_view path) EXCLUDES(mutex_);

  // Those that there are. One that is going is waited for, so that what its Releaser leaves is
  // there. Throws std::bad_alloc.
  std::vector<std::shared_ptr<Database>> All() EXCLUDES(mutex_);

  // What a barrier for the database at `path` is about; nullopt: there is none, and nothing is
  // unsynced of one that is gone. Throws std::bad_alloc.
  std::optional<BarrierTarget> FindTarget(const std::string& path) EXCLUDES(mutex_);
  // And for all: those that are gone and not synced are made anew. Throws std::bad_alloc.
  std::vector<BarrierTarget> AllTargets() EXCLUDES(mutex_);

  // Adds to `status` what all have counted, those that are gone included, and how many
  // transactions wait in groups; and sets the age of the oldest operation. Allocates nothing.
  void SumUp(Status* status) EXCLUDES(mutex_);

  // From now on `database` is detached, and its path leads to another one.
  void Detach(Database& database) EXCLUDES(mutex_);

  // The database that `path` is named after, and what it is to it.
  static std::pair<std::string_view, FileRole> Classify(std::string_view path);

 private:
  struct Releaser;

  // So that a look-up needs no copy of the path.
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view path) const { return std::hash<std::string_view>()(path); }
  };

  // A path, and what is unsynced of Databases that are gone from it.
  struct Entry {
    std::weak_ptr<Database> database;
    Unsynced unsynced;
  };
  using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;

  // Paths of which only the directory is unsynced share an entry, which has one of them.
  struct Directory {
    std::string path;
    Unsynced unsynced;
  };
  using Directories = std::unordered_map<std::string, Directory>;

  // Is a Database of that path between its last reference and its Releaser? What is unsynced of it
  // is found nowhere then.
  bool IsGoing(std::string_view path) REQUIRES(mutex_);

  // False: there is no memory for it.
  bool KeepDirectory(const std::string& path, const Unsynced& unsynced) noexcept REQUIRES(mutex_);

  // The last reference to the database at the entry has gone, or what was unsynced of it has been
  // taken. Removes the entry if it isn't needed.
  void Tidy(Entries::iterator at) REQUIRES(mutex_);
  Unsynced TakeUnsynced(const std::string& path) REQUIRES(mutex_);

  std::shared_ptr<Database> Lookup(std::string_view path) REQUIRES(mutex_);
  std::shared_ptr<Database> LookupOrMake(std::string_view path) EXCLUDES(mutex_);

  // The database that this thread asked for last, if it is that of `path` still: a transaction asks
  // for one several times, and threads with databases of their own need not meet at the mutex.
  std::shared_ptr<Database> Recent(std::string_view path);
  void Remember(const std::shared_ptr<Database>& database);

  std::shared_ptr<Database> Make(std::string_view path) EXCLUDES(mutex_);

  Mutex mutex_;
  CondVar released_;
  std::unordered_set<Database*> all_ GUARDED_BY(mutex_);
  Totals gone_ GUARDED_BY(mutex_);
  Entries databases_ GUARDED_BY(mutex_);
  Directories directories_ GUARDED_BY(mutex_);
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_REGISTRY_H_
