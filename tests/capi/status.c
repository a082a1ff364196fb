/*
** A C89 program that asks what goes on: SQLITEASYNC_BARRIER,
** SQLITEASYNC_ERRORLOG and sqlite3async_status64. It includes sqlite3async.h
** first, which needs no other header.
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
    fprintf(stderr, "status.c:%d: %s\n", line, what);
    exit(1);
  }
}
#define CHECK(condition) check((condition), #condition, __LINE__)

static void execute(sqlite3 *db, const char *zSql) {
  if (sqlite3_exec(db, zSql, NULL, NULL, NULL) != SQLITE_OK) {
    fprintf(stderr, "%s: %s\n", zSql, sqlite3_errmsg(db));
    exit(1);
  }
}

/* One value, of which there must be one. */
static sqlite3_int64 current(const char *zDatabase, int op) {
  sqlite3async_int64 value = -1;
  CHECK(sqlite3async_status64(zDatabase, op, &value, NULL, 0) == SQLITE_OK);
  return value;
}

static void *run(void *pUnused) {
  (void)pUnused;
  sqlite3async_run();
  return NULL;
}

static int barrier(const char *zDatabase, int ms) {
  return sqlite3async_control(SQLITEASYNC_BARRIER, zDatabase, ms);
}

/* ------------------------------------ a disk on which a write fails, if asked */

static int failing = 0;
static sqlite3_vfs disk;
static sqlite3_vfs *pReal;
static sqlite3_io_methods methods;
static int (*realWrite)(sqlite3_file *, const void *, int, sqlite3_int64);

static int diskWrite(sqlite3_file *pFile, const void *pBytes, int n, sqlite3_int64 offset) {
  return failing ? SQLITE_FULL : realWrite(pFile, pBytes, n, offset);
}

static int diskOpen(sqlite3_vfs *pVfs, const char *zName, sqlite3_file *pFile, int flags,
                    int *pOutFlags) {
  int rc = pReal->xOpen(pReal, zName, pFile, flags, pOutFlags);
  (void)pVfs;
  if (rc == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
    methods = *pFile->pMethods;
    realWrite = methods.xWrite;
    methods.xWrite = diskWrite;
    pFile->pMethods = &methods;
  }
  return rc;
}

/* What the hook has been told, to be read when the writer has ended. */
static int nReported = 0;
static int reportedCode = 0;
static char zReported[1000];

/* What is behind the directory. */
static const char *tail(const char *zPath) {
  const char *zTail = zPath;
  for (; *zPath; zPath++) {
    if (*zPath == '/' || *zPath == '\\') zTail = zPath + 1;
  }
  return zTail;
}

static void report(void *pArg, const char *zDatabase, const char *zFile, const char *zOperation,
                   int rc) {
  sqlite3async_int64 operations = 0;
  CHECK(pArg == (void *)zReported);
  /* It may ask. */
  CHECK(sqlite3async_status64(NULL, SQLITEASYNC_STATUS_OPERATIONS, &operations, NULL, 0) ==
        SQLITE_OK);
  CHECK(barrier(NULL, -1) == SQLITE_MISUSE);
  sqlite3_snprintf((int)sizeof(zReported), zReported, "%s %s %s", tail(zDatabase), tail(zFile),
                   zOperation);
  reportedCode = rc;
  nReported++;
}

int main(void) {
  sqlite3 *db = NULL;
  sqlite3async_int64 value = -1;
  sqlite3async_int64 highest = -1;
  pthread_t writer;
  int i;

  CHECK(sqlite3_initialize() == SQLITE_OK);
  pReal = sqlite3_vfs_find(NULL);
  disk = *pReal;
  disk.zName = "disk";
  disk.xOpen = diskOpen;
  CHECK(sqlite3_vfs_register(&disk, 0) == SQLITE_OK);
  CHECK(barrier(NULL, -1) == SQLITE_MISUSE);
  CHECK(barrier("first.db", -1) == SQLITE_NOTFOUND);
  CHECK(sqlite3async_initialize("disk", 0) == SQLITE_OK);
  CHECK(current(NULL, SQLITEASYNC_STATUS_WRITER) == SQLITEASYNC_WRITER_NONE);

  /* Without a writer. */
  CHECK(sqlite3_open_v2("first.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                        SQLITEASYNC_VFSNAME) == SQLITE_OK);
  execute(db, "PRAGMA synchronous=OFF; CREATE TABLE t(x)");
  for (i = 0; i < 5; i++) execute(db, "INSERT INTO t VALUES(randomblob(100))");
  CHECK(current("first.db", SQLITEASYNC_STATUS_TRANSACTIONS) == 6);
  CHECK(current(NULL, SQLITEASYNC_STATUS_TRANSACTIONS) == 6);
  CHECK(current("first.db", SQLITEASYNC_STATUS_FOLDED) == 6);
  CHECK(current("first.db", SQLITEASYNC_STATUS_BYTES) > 0);
  CHECK(current("first.db", SQLITEASYNC_STATUS_ERROR) == 0);
  CHECK(barrier("first.db", -1) == SQLITE_MISUSE);

  /* Questions that can't be answered change nothing. */
  CHECK(sqlite3async_status64("none.db", SQLITEASYNC_STATUS_BYTES, &value, &highest, 0) ==
        SQLITE_NOTFOUND);
  CHECK(sqlite3async_status64(NULL, 99, &value, &highest, 0) == SQLITE_MISUSE);
  CHECK(sqlite3async_status64("first.db", SQLITEASYNC_STATUS_WRITER, &value, &highest, 0) ==
        SQLITE_MISUSE);
  CHECK(value == -1 && highest == -1);

  /* With one. */
  CHECK(pthread_create(&writer, NULL, run, NULL) == 0);
  while (current(NULL, SQLITEASYNC_STATUS_WRITER) == SQLITEASYNC_WRITER_NONE) sqlite3_sleep(1);
  CHECK(barrier("first.db", -1) == SQLITE_OK);
  CHECK(current("first.db", SQLITEASYNC_STATUS_TRANSACTIONS) == 0);
  CHECK(current("first.db", SQLITEASYNC_STATUS_SYNCS) > 0);
  CHECK(current(NULL, SQLITEASYNC_STATUS_WRITTEN) > 0);
  CHECK(barrier(NULL, 60000) == SQLITE_OK);
  CHECK(barrier("", 60000) == SQLITE_OK);
  CHECK(barrier("none.db", -1) == SQLITE_NOTFOUND);

  /* High-water marks, which can be set back. */
  CHECK(sqlite3async_status64("first.db", SQLITEASYNC_STATUS_TRANSACTIONS, &value, &highest, 1) ==
        SQLITE_OK);
  CHECK(value == 0 && highest == 6);
  CHECK(sqlite3async_status64("first.db", SQLITEASYNC_STATUS_TRANSACTIONS, NULL, &highest, 0) ==
        SQLITE_OK);
  CHECK(highest == 0);

  /* A writer that stands for an hour. */
  CHECK(sqlite3async_control(SQLITEASYNC_GROUPING, SQLITEASYNC_GROUPING_OFF) == SQLITE_OK);
  CHECK(sqlite3async_control(SQLITEASYNC_DELAY, 3600000) == SQLITE_OK);
  execute(db, "INSERT INTO t VALUES(1)");
  CHECK(barrier("first.db", 20) == SQLITE_BUSY);
  CHECK(current(NULL, SQLITEASYNC_STATUS_AGE) > 0);
  CHECK(sqlite3async_control(SQLITEASYNC_DELAY, 0) == SQLITE_OK);
  CHECK(barrier("first.db", -1) == SQLITE_OK);

  /* A write that fails. */
  CHECK(sqlite3async_control(SQLITEASYNC_ERRORLOG, report, (void *)zReported) == SQLITE_OK);
  failing = 1;
  i = sqlite3_exec(db, "INSERT INTO t VALUES(2)", NULL, NULL, NULL);
  CHECK(i == SQLITE_OK || i == SQLITE_FULL); /* the writer may be that fast */
  CHECK(barrier("first.db", -1) == SQLITE_FULL);
  CHECK(barrier(NULL, -1) == SQLITE_FULL);
  CHECK(current("first.db", SQLITEASYNC_STATUS_ERROR) == SQLITE_FULL);
  CHECK(sqlite3_close(db) == SQLITE_OK);
  CHECK(barrier(NULL, -1) == SQLITE_OK);
  failing = 0;
  CHECK(current("first.db", SQLITEASYNC_STATUS_ERROR) == SQLITE_FULL);
  CHECK(sqlite3async_control(SQLITEASYNC_ERRORLOG,
                             (void (*)(void *, const char *, const char *, const char *, int))0,
                             (void *)0) == SQLITE_OK);
  CHECK(nReported == 1 && reportedCode == SQLITE_FULL);
  CHECK(strcmp(zReported, "first.db first.db WRITE") == 0);

  CHECK(sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE) == SQLITE_OK);
  CHECK(pthread_join(writer, NULL) == 0);
  CHECK(barrier(NULL, -1) == SQLITE_MISUSE);
  sqlite3async_shutdown();
  CHECK(sqlite3_vfs_find(SQLITEASYNC_VFSNAME) == NULL);
  printf("status: ok\n");
  return 0;
}
