#include "syncer.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "parent_file.h"

namespace sqliteasync {

int Syncer::Sync(Database& database, SharedFile** failed) {
  *failed = nullptr;
  Unsynced& unsynced = database.unsynced;
  int rc = SyncFile(database, database.main, &unsynced.main, failed);
  if (rc == SQLITE_OK) rc = SyncFile(database, database.journal, &unsynced.journal, failed);
  if (rc == SQLITE_OK && (unsynced.directory || unsynced.name)) rc = SyncDirectory(database);
  return rc;
}

int Syncer::SyncFile(Database& database, SharedFile& file, bool* unsynced, SharedFile** failed) {
  if (!*unsynced) return SQLITE_OK;
  UriParameters parameters;
  {
    MutexLock lock(database.lock_mutex);
    parameters = database.parameters();
  }
  // What has never been opened as a database is a super-journal.
  const int type = file.role == FileRole::kJournal ? SQLITE_OPEN_MAIN_JOURNAL
                   : database.has_been_open()      ? SQLITE_OPEN_MAIN_DB
                                                   : SQLITE_OPEN_SUPER_JOURNAL;
  ParentFile handle;
  FileName name(database.main.path, file.role, parameters);
  int rc = handle.Open(parent_, std::move(name), type | SQLITE_OPEN_READWRITE);
  if (rc != SQLITE_OK) {
    int exists = 0;
    const int asked = parent_->xAccess(parent_, file.path.c_str(), SQLITE_ACCESS_EXISTS, &exists);
    if (asked != SQLITE_OK || exists != 0) return rc;
  } else {
    rc = handle.Sync(SQLITE_SYNC_NORMAL);
    if (rc != SQLITE_OK) {
      *failed = &file;
      return rc;
    }
    database.syncs.Add();
  }
  *unsynced = false;
  return SQLITE_OK;
}

int Syncer::SyncDirectory(Database& database) {
  const std::string& path = database.main.path;
  const std::string directory = DirectoryOf(path);
  const bool synced =
      std::find(directories_.begin(), directories_.end(), directory) != directories_.end();
  if (!synced && parent_->xDelete != nullptr) {
    uint32_t random = 0;
    sqlite3_randomness(sizeof(random), &random);
    char suffix[16];
    std::snprintf(suffix, sizeof(suffix), "-sync%08x", static_cast<unsigned>(random));
    const std::string path_beside = path + suffix;
    ParentFile beside;
    int rc = beside.Open(parent_, FileName(path_beside, FileRole::kMain, {}),
                         SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    // Where no file can be created the database wasn't either.
    if (rc != SQLITE_OK && database.unsynced.directory) return rc;
    if (rc != SQLITE_OK) {
      database.unsynced.DirectorySynced();
      return SQLITE_OK;
    }
    beside.Close();
    rc = DeletePath(parent_, FileName(path_beside, FileRole::kMain, {}), true);
    if (rc != SQLITE_OK) return rc;
    database.syncs.Add();
    directories_.push_back(directory);
  }
  database.unsynced.DirectorySynced();
  return SQLITE_OK;
}

}  // namespace sqliteasync
