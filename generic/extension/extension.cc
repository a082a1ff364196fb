#include "extension.h"

#include <atomic>

#include "core/backend.h"
#include "core/sqlite.h"
#include "platform.h"

SQLITE_EXTENSION_INIT1

namespace {

std::atomic<long> binding_count{0};

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
  SQLITE_EXTENSION_INIT2(api);
  return SQLITE_OK;
}

}  // namespace

long BindingCount() { return binding_count.load(); }

int sqlite3_sqliteasync_tcl_init(sqlite3* /*db*/, char** error, const sqlite3_api_routines* api) {
  const int rc = Bind(api, error);
  if (rc != SQLITE_OK) return rc;
  binding_count.fetch_add(1);
  return SQLITE_OK_LOAD_PERMANENTLY;
}

int sqlite3_sqliteasync_init(sqlite3* /*db*/, char** error, const sqlite3_api_routines* api) {
  int rc = Bind(api, error);
  if (rc != SQLITE_OK) return rc;
  sqliteasync::Backend& backend = sqliteasync::Backend::Get();
  if (backend.Registered()) return SQLITE_OK_LOAD_PERMANENTLY;
  rc = backend.Register(nullptr, nullptr);
  if (rc != SQLITE_OK) return Refuse(api, error, "could not register the VFS");
  if (backend.writer().Start() == sqliteasync::Writer::StartResult::kOutOfThreads) {
    backend.Unregister();
    return Refuse(api, error, "the system gives no thread for the writer");
  }
  sqliteasync::platform::AtExit([] { sqliteasync::Backend::Get().Finish(); });
  return SQLITE_OK_LOAD_PERMANENTLY;
}

int sqlite3_tclsqliteasync_init(sqlite3* db, char** error, const sqlite3_api_routines* api) {
  return sqlite3_sqliteasync_init(db, error, api);
}
