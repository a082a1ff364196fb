/*
** A program written for the second generation's C API. It uses nothing but
** sqlite3async.h, sqlite3.h, libsqliteasync.a and threads, and is to compile
** as C99 and run unchanged.
**
** It works in the current directory, which should be empty. The first check
** that fails ends it with a message and the exit status 1.
*/
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3async.h"

static void check(int passed, const char *what, int line) {
  if (!passed) {
    fprintf(stderr, "second_generation.c:%d: %s\n", line, what);
    exit(1);
  }
}
#define CHECK(condition) check((condition), #condition, __LINE__)

/* ------------------------------------------------- SQLite, without ceremony */

/* How often SQLite's error log was written to, and its last message. */
static int nLogged = 0;
static char zLogged[500];

static void logMessage(void *pUnused, int code, const char *zMessage) {
  (void)pUnused;
  (void)code;
  nLogged++;
  sqlite3_snprintf((int)sizeof(zLogged), zLogged, "%s", zMessage);
}

static sqlite3 *openDatabase(const char *zName, const char *zVfs) {
  sqlite3 *db = NULL;
  int rc = sqlite3_open_v2(zName, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, zVfs);
  if (rc != SQLITE_OK) {
    fprintf(stderr, "open %s: %s\n", zName, sqlite3_errmsg(db));
    exit(1);
  }
  return db;
}

static void execute(sqlite3 *db, const char *zSql) {
  char *zError = NULL;
  if (sqlite3_exec(db, zSql, NULL, NULL, &zError) != SQLITE_OK) {
    fprintf(stderr, "%s: %s\n", zSql, zError);
    exit(1);
  }
}

/* The first column of the first row, in memory that lasts until the next call. */
static const char *text(sqlite3 *db, const char *zSql) {
  static char zResult[200];
  sqlite3_stmt *pStmt = NULL;
  if (sqlite3_prepare_v2(db, zSql, -1, &pStmt, NULL) != SQLITE_OK ||
      sqlite3_step(pStmt) != SQLITE_ROW) {
    fprintf(stderr, "%s: %s\n", zSql, sqlite3_errmsg(db));
    exit(1);
  }
  sqlite3_snprintf((int)sizeof(zResult), zResult, "%s",
                   (const char *)sqlite3_column_text(pStmt, 0));
  sqlite3_finalize(pStmt);
  return zResult;
}

static int integer(sqlite3 *db, const char *zSql) { return atoi(text(db, zSql)); }

/* Adds nRow rows to the table t, each in a transaction of its own. */
static void addRows(sqlite3 *db, int nRow) {
  int i;
  for (i = 0; i < nRow; i++) {
    execute(db, "INSERT INTO t(x) VALUES(randomblob(100))");
  }
}

/*
** True if the file exists and is not empty in the VFS below: that is what the
** unix VFS calls existing. Asked of that VFS, so nothing queued counts.
*/
static int isOnDisk(const char *zName) {
  sqlite3_vfs *pParent = sqlite3_vfs_find("unix");
  char zFull[5000];
  int exists = 0;
  if (pParent == NULL) pParent = sqlite3_vfs_find("win32");
  CHECK(pParent != NULL);
  CHECK(pParent->mxPathname < (int)sizeof(zFull));
  CHECK(pParent->xFullPathname(pParent, zName, (int)sizeof(zFull), zFull) == SQLITE_OK);
  CHECK(pParent->xAccess(pParent, zFull, SQLITE_ACCESS_EXISTS, &exists) == SQLITE_OK);
  return exists;
}

/* ------------------------------------------------------------- the settings */

static int getInt(int verb) {
  int value = -12345;
  CHECK(sqlite3async_control(verb, &value) == SQLITE_OK);
  return value;
}

static sqlite3_int64 getLimit(void) {
  sqlite3_int64 value = -12345;
  CHECK(sqlite3async_control(SQLITEASYNC_GET_QUEUELIMIT, &value) == SQLITE_OK);
  return value;
}

static void set(int verb, int value) { CHECK(sqlite3async_control(verb, value) == SQLITE_OK); }

/* Nothing is open and nothing queued: only then may "lockfiles" change. */
static int isAtRest(void) {
  int rc = sqlite3async_control(SQLITEASYNC_LOCKFILES, 0);
  if (rc == SQLITE_OK) {
    CHECK(getInt(SQLITEASYNC_GET_LOCKFILES) == 0);
    set(SQLITEASYNC_LOCKFILES, 1);
  } else {
    CHECK(rc == SQLITE_MISUSE);
  }
  CHECK(getInt(SQLITEASYNC_GET_LOCKFILES) == 1);
  return rc == SQLITE_OK;
}

static void settingsBeforeAnything(void) {
  CHECK(strcmp(SQLITEASYNC_VFSNAME, "sqlite3async") == 0);
  CHECK(SQLITEASYNC_HALT == 1 && SQLITEASYNC_GET_HALT == 2);
  CHECK(SQLITEASYNC_DELAY == 3 && SQLITEASYNC_GET_DELAY == 4);
  CHECK(SQLITEASYNC_LOCKFILES == 5 && SQLITEASYNC_GET_LOCKFILES == 6);
  CHECK(SQLITEASYNC_QUEUELIMIT == 7 && SQLITEASYNC_GET_QUEUELIMIT == 8);
  CHECK(SQLITEASYNC_HALT_NEVER == 0);
  CHECK(SQLITEASYNC_HALT_NOW == 1);
  CHECK(SQLITEASYNC_HALT_IDLE == 2);

  CHECK(getInt(SQLITEASYNC_GET_HALT) == SQLITEASYNC_HALT_NEVER);
  CHECK(getInt(SQLITEASYNC_GET_DELAY) == 0);
  CHECK(getInt(SQLITEASYNC_GET_LOCKFILES) == 1);
  CHECK(getLimit() == 64 * 1024 * 1024);

  /* Verbs that there are not. */
  CHECK(sqlite3async_control(0, 1) == SQLITE_ERROR);
  CHECK(sqlite3async_control(-1, 1) == SQLITE_ERROR);
  CHECK(sqlite3async_control(1000, 1) == SQLITE_ERROR);

  /* Values out of range change nothing. */
  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE);
  CHECK(sqlite3async_control(SQLITEASYNC_HALT, -1) == SQLITE_MISUSE);
  CHECK(sqlite3async_control(SQLITEASYNC_HALT, 3) == SQLITE_MISUSE);
  CHECK(getInt(SQLITEASYNC_GET_HALT) == SQLITEASYNC_HALT_IDLE);
  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NOW);
  CHECK(getInt(SQLITEASYNC_GET_HALT) == SQLITEASYNC_HALT_NOW);
  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NEVER);
  CHECK(getInt(SQLITEASYNC_GET_HALT) == SQLITEASYNC_HALT_NEVER);

  set(SQLITEASYNC_DELAY, 7);
  CHECK(sqlite3async_control(SQLITEASYNC_DELAY, -1) == SQLITE_MISUSE);
  CHECK(getInt(SQLITEASYNC_GET_DELAY) == 7);
  set(SQLITEASYNC_DELAY, 0);

  CHECK(sqlite3async_control(SQLITEASYNC_QUEUELIMIT, (sqlite3_int64)5000000000) == SQLITE_OK);
  CHECK(sqlite3async_control(SQLITEASYNC_QUEUELIMIT, (sqlite3_int64)-1) == SQLITE_MISUSE);
  CHECK(getLimit() == (sqlite3_int64)5000000000);
  CHECK(sqlite3async_control(SQLITEASYNC_QUEUELIMIT, (sqlite3_int64)0) == SQLITE_OK);
  CHECK(getLimit() == 0);
  CHECK(sqlite3async_control(SQLITEASYNC_QUEUELIMIT, (sqlite3_int64)64 * 1024 * 1024) == SQLITE_OK);

  set(SQLITEASYNC_LOCKFILES, 0);
  CHECK(getInt(SQLITEASYNC_GET_LOCKFILES) == 0);
  set(SQLITEASYNC_LOCKFILES, 2);
  CHECK(getInt(SQLITEASYNC_GET_LOCKFILES) == 1);
  CHECK(isAtRest());
}

/* ------------------------------------------- registering and unregistering */

static void registration(void) {
  sqlite3_vfs *pDefault = sqlite3_vfs_find(NULL);

  CHECK(sqlite3async_initialize("no such VFS", 0) == SQLITE_ERROR);
  CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) == NULL);
  sqlite3async_shutdown(); /* nothing to do */

  CHECK(sqlite3async_initialize(NULL, 0) == SQLITE_OK);
  CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) != NULL);
  CHECK(sqlite3_vfs_find("async") != NULL);
  CHECK(sqlite3_vfs_find(NULL) == pDefault);

  /* It is registered, so nothing changes whatever the arguments are. */
  CHECK(sqlite3async_initialize("no such VFS", 1) == SQLITE_OK);
  CHECK(sqlite3_vfs_find(NULL) == pDefault);

  sqlite3async_shutdown();
  CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) == NULL);
  CHECK(sqlite3_vfs_find("async") == NULL);
  CHECK(sqlite3_vfs_find(NULL) == pDefault);

  CHECK(sqlite3async_initialize("", 1) == SQLITE_OK);
  CHECK(strcmp(sqlite3_vfs_find(NULL)->zName, SQLITEASYNC_VFSNAME) == 0);
  sqlite3async_shutdown();
  CHECK(sqlite3_vfs_find(NULL) == pDefault);

  /* By name, and not the default: the rest uses it so. */
  CHECK(sqlite3async_initialize(pDefault->zName, 0) == SQLITE_OK);
  CHECK(sqlite3_vfs_find(NULL) == pDefault);
}

/* --------------------------------------------------------------- the writer */

typedef struct WriterThread WriterThread;
struct WriterThread {
  pthread_t thread;
  pthread_mutex_t mutex;
  int hasReturned; /* from sqlite3async_run(); guarded by mutex */
};

static void *writerMain(void *pArgument) {
  WriterThread *pWriter = (WriterThread *)pArgument;
  sqlite3async_run();
  pthread_mutex_lock(&pWriter->mutex);
  pWriter->hasReturned = 1;
  pthread_mutex_unlock(&pWriter->mutex);
  return NULL;
}

static void startWriter(WriterThread *pWriter) {
  pWriter->hasReturned = 0;
  CHECK(pthread_mutex_init(&pWriter->mutex, NULL) == 0);
  CHECK(pthread_create(&pWriter->thread, NULL, writerMain, pWriter) == 0);
}

static int isRunning(WriterThread *pWriter) {
  int hasReturned;
  pthread_mutex_lock(&pWriter->mutex);
  hasReturned = pWriter->hasReturned;
  pthread_mutex_unlock(&pWriter->mutex);
  return !hasReturned;
}

static void joinWriter(WriterThread *pWriter) {
  CHECK(pthread_join(pWriter->thread, NULL) == 0);
  CHECK(!isRunning(pWriter));
  pthread_mutex_destroy(&pWriter->mutex);
}

/* Without a writer everything works, and nothing reaches the disk. */
static void withoutWriter(void) {
  sqlite3 *db = openDatabase("first.db", SQLITEASYNC_VFSNAME);
  sqlite3 *db2;
  int nBefore;

  execute(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, x)");
  addRows(db, 10);
  db2 = openDatabase("first.db", SQLITEASYNC_VFSNAME);
  CHECK(integer(db2, "SELECT count(*) FROM t") == 10);
  CHECK(!isOnDisk("first.db"));

  /* Files are open, then at least their closes are queued. */
  CHECK(!isAtRest());
  nBefore = nLogged;
  sqlite3async_shutdown();
  CHECK(nLogged > nBefore && zLogged[0] != 0);
  CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) != NULL);
  CHECK(sqlite3_close(db2) == SQLITE_OK);
  CHECK(sqlite3_close(db) == SQLITE_OK);
  CHECK(!isAtRest());
  nBefore = nLogged;
  sqlite3async_shutdown();
  CHECK(nLogged > nBefore);
  CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) != NULL);
  CHECK(!isOnDisk("first.db"));
}

/* "idle": the writer returns when all is done. */
static void haltIdle(void) {
  WriterThread writer;
  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE);
  startWriter(&writer);
  joinWriter(&writer);
  CHECK(isOnDisk("first.db"));
  CHECK(isAtRest());

  sqlite3async_run(); /* nothing to do: returns at once */
}

/* "now": the writer returns with the queue as it is. */
static void haltNow(void) {
  WriterThread writer;
  sqlite3 *db;

  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NEVER);
  set(SQLITEASYNC_DELAY, 20);
  startWriter(&writer);
  db = openDatabase("first.db", SQLITEASYNC_VFSNAME);
  addRows(db, 50); /* several hundred operations */
  CHECK(isRunning(&writer));
  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NOW);
  joinWriter(&writer);
  CHECK(integer(db, "SELECT count(*) FROM t") == 60);
  CHECK(sqlite3_close(db) == SQLITE_OK);
  CHECK(!isAtRest());

  sqlite3async_run(); /* "now" still holds */
  CHECK(!isAtRest());

  set(SQLITEASYNC_DELAY, 0);
  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE);
  sqlite3async_run();
  CHECK(isAtRest());
}

/* "never": the writer waits for more. Two of them take turns. */
static void haltNever(void) {
  WriterThread writers[2];
  sqlite3 *db;
  int i;

  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NEVER);
  startWriter(&writers[0]);
  startWriter(&writers[1]);
  for (i = 0; i < 3; i++) {
    db = openDatabase("second.db", SQLITEASYNC_VFSNAME);
    if (i == 0) execute(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, x)");
    addRows(db, 20);
    CHECK(sqlite3_close(db) == SQLITE_OK);
    while (!isAtRest()) sqlite3_sleep(1);
    CHECK(isOnDisk("second.db"));
  }
  CHECK(isRunning(&writers[0]) && isRunning(&writers[1]));

  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE);
  joinWriter(&writers[0]);
  joinWriter(&writers[1]);
}

/* More than the limit, with nobody to make room: the caller does. */
static void pastTheLimit(void) {
  sqlite3 *db = openDatabase("third.db", SQLITEASYNC_VFSNAME);
  CHECK(sqlite3async_control(SQLITEASYNC_QUEUELIMIT, (sqlite3_int64)65536) == SQLITE_OK);
  execute(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, x)");
  addRows(db, 100);
  execute(db, "INSERT INTO t(x) VALUES(zeroblob(1000000))");
  CHECK(isOnDisk("third.db"));
  CHECK(integer(db, "SELECT count(*) FROM t") == 101);
  CHECK(sqlite3_close(db) == SQLITE_OK);
  CHECK(sqlite3async_control(SQLITEASYNC_QUEUELIMIT, (sqlite3_int64)64 * 1024 * 1024) == SQLITE_OK);
  sqlite3async_run(); /* the condition is still "idle" */
  CHECK(isAtRest());
}

/* A running writer is waited for. */
static void shutdownWithWriter(void) {
  WriterThread writer;
  sqlite3 *db;

  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_NEVER);
  set(SQLITEASYNC_DELAY, 1);
  startWriter(&writer);
  db = openDatabase("fourth.db", SQLITEASYNC_VFSNAME);
  execute(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, x)");
  addRows(db, 20);
  sqlite3async_shutdown(); /* refused, the database is open */
  CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) != NULL);
  while (!isOnDisk("fourth.db")) sqlite3_sleep(1); /* the writer runs */
  CHECK(sqlite3_close(db) == SQLITE_OK);
  CHECK(!isAtRest());
  sqlite3async_shutdown();
  CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) == NULL);
  CHECK(isAtRest());

  CHECK(isRunning(&writer));
  set(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE);
  joinWriter(&writer);

  /* Settings outlive the registration. */
  CHECK(getInt(SQLITEASYNC_GET_DELAY) == 1);
  CHECK(getInt(SQLITEASYNC_GET_HALT) == SQLITEASYNC_HALT_IDLE);
}

/* What plain SQLite finds. */
static void verify(const char *zName, int nRow) {
  sqlite3 *db = openDatabase(zName, NULL);
  CHECK(strcmp(text(db, "PRAGMA integrity_check"), "ok") == 0);
  CHECK(integer(db, "SELECT count(*) FROM t") == nRow);
  CHECK(integer(db, "SELECT max(id) FROM t") == nRow);
  CHECK(sqlite3_close(db) == SQLITE_OK);
}

int main(void) {
  CHECK(sqlite3_config(SQLITE_CONFIG_LOG, logMessage, NULL) == SQLITE_OK);
  CHECK(sqlite3_initialize() == SQLITE_OK);
  settingsBeforeAnything();
  registration();
  withoutWriter();
  haltIdle();
  haltNow();
  haltNever();
  pastTheLimit();
  shutdownWithWriter();
  verify("first.db", 60);
  verify("second.db", 60);
  verify("third.db", 101);
  verify("fourth.db", 20);
  printf("second_generation: ok\n");
  return 0;
}
