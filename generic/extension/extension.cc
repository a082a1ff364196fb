#include "extension.h"

#include <atomic>
#include <mutex>

#include "core/async_vfs.h"
#include "core/backend.h"
#include "core/sqlite.h"
#include "platform.h"
#include "sql_functions.h"
#include "status_table.h"

SQLITE_EXTENSION_INIT1

namespace {

std::atomic<long> binding_count{0};

// Held by a load in progress: connections may load the extension on several threads at once.
std::mutex loading;

int Refuse(const sqlite3_api_routines* api, char** error, const char* why) {
  *error = api->mprintf("sqliteasync: %s", why);
  return SQLITE_ERROR;
}

// From now on the core calls SQLite through `api`. There is one backend in the process, and its
// VFSes can be in the list of one copy of SQLite only.
int Bind(const sqlite3_api_routines* api, char** error) {
  if (sqlite3_api == api) return SQLITE_OK;
  if (sqlite3_api != nullptr) {
    return Refuse(api, error,
                  "in use with another copy of SQLite in this process; one process can use it with "
                  "one copy only");
  }
  if (api->libversion_number() < sqliteasync::kMinimumSqliteVersion) {
    return Refuse(api, error, "needs SQLite 3.34.0 or later");
  }
  if (api->xthreadsafe() == 0) {
    return Refuse(api, error,
                  "this SQLite was built without threads (SQLITE_THREADSAFE=0); its VFS can't be "
                  "called by a writer thread");
  }
  if (api->vfs_find(sqliteasync::kSecondGenerationName) != nullptr) {
    return Refuse(
        api, error,
        "this process has a VFS \"sqlite3async\" already, of another copy of the library; "
        "use that one, or don't load it");
  }
  SQLITE_EXTENSION_INIT2(api);
  return SQLITE_OK;
}

void FinishAtExit() { sqliteasync::Backend::Get().Finish(); }

}  // namespace

long BindingCount() { return binding_count.load(); }

int sqlite3_sqliteasync_tcl_init(sqlite3* /*db*/, char** error, const sqlite3_api_routines* api) {
  const std::lock_guard<std::mutex> lock(loading);
  const int rc = Bind(api, error);
  if (rc != SQLITE_OK) return rc;
  binding_count.fetch_add(1);
  return SQLITE_OK_LOAD_PERMANENTLY;
}

int sqlite3_sqliteasync_init(sqlite3* db, char** error, const sqlite3_api_routines* api) {
  const std::lock_guard<std::mutex> lock(loading);
  int rc = Bind(api, error);
  if (rc != SQLITE_OK) return rc;
  sqliteasync::Backend& backend = sqliteasync::Backend::Get();
  if (!backend.Registered()) {
    if (sqlite3_vfs_find(sqliteasync::kSecondGenerationName) != nullptr) {
      return Refuse(api, error,
                    "another copy of this library in the process has registered the VFS");
    }
    // What SQLite is told from here on outlasts a refusal.
    sqliteasync::platform::StayLoaded();
    static const bool finishes = sqliteasync::platform::AtExit(FinishAtExit) == 0;
    if (!finishes) {
      return Refuse(api, error, "the queue could not be emptied at the end of the process");
    }
    rc = backend.Register(nullptr, nullptr);
    if (rc != SQLITE_OK) return Refuse(api, error, "could not register the VFS");
    backend.StartWriterAtFirstOpen();
  }
  rc = sqliteasync::DefineFunctions(db);
  if (rc == SQLITE_OK) rc = sqliteasync::DefineStatusTable(db);
  if (rc != SQLITE_OK) return Refuse(api, error, sqlite3_errstr(rc));
  return SQLITE_OK_LOAD_PERMANENTLY;
}

int sqlite3_tclsqliteasync_init(sqlite3* db, char** error, const sqlite3_api_routines* api) {
  return sqlite3_sqliteasync_init(db, error, api);
}
