// Syncer: makes durable what was performed without a sync, because SQLite had asked for none
// (synchronous=OFF, and at other settings the end of a journal): files by a handle of its own, so
// that it makes no difference whether a database is still open; a directory, in which a file was
// created or deleted, by a file that is created there and deleted with the sync-directory flag.
//
// Thread safety: as Performer's.

#ifndef SQLITEASYNC_CORE_SYNCER_H_
#define SQLITEASYNC_CORE_SYNCER_H_

#include <string>
#include <vector>

#include "database.h"
#include "sqlite.h"

namespace sqliteasync {

class Syncer {
 public:
  explicit Syncer(sqlite3_vfs* parent) : parent_(parent) {}

  // Syncs what is unsynced of the database. In the order in which a transaction ends: its pages,
  // its journal, the name of that. Returns the parent's code, and then the rest stays unsynced;
  // `failed` is the file whose sync has failed, or null: what was written may be lost then,
  // whatever a later sync says. Throws std::bad_alloc.
  int Sync(Database& database, SharedFile** failed);

 private:
  // A file that is gone needs no sync.
  int SyncFile(Database& database, SharedFile& file, bool* unsynced, SharedFile** failed);
  int SyncDirectory(Database& database);

  sqlite3_vfs* const parent_;
  std::vector<std::string> directories_;  // that have been synced
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_SYNCER_H_
