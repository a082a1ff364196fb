/* Notes in a database, through sqliteasync: no note waits for the disk,
** and all of them are there when the program ends.  With the library
** installed, this makes the program:
**
**     cc -o notes notes.c $(pkg-config --cflags --libs sqliteasync)
*/
#include <pthread.h>
#include <sqlite3.h>
#include <sqlite3async.h>
#include <stdio.h>

#define NOTES 1000

/* What fails on the disk has no call of SQLite left to return from.
** Here it is reported. */
static void logMessage(void *unused, int code, const char *message) {
  (void)unused;
  fprintf(stderr, "SQLite (%d): %s\n", code, message);
}

static void *writer(void *unused) {
  (void)unused;
  sqlite3async_run();
  return NULL;
}

/* Each INSERT is a transaction, which plain SQLite would carry to the
** disk before the next. */
static int writeNotes(const char *file) {
  sqlite3 *db;
  int rc = sqlite3_open_v2(file, &db,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                           SQLITEASYNC_VFSNAME);
  if (rc == SQLITE_OK) {
    rc = sqlite3_exec(
        db,
        "CREATE TABLE IF NOT EXISTS note(body TEXT); DELETE FROM note",
        0, 0, 0);
  }
  for (int i = 0; rc == SQLITE_OK && i < NOTES; i++) {
    rc = sqlite3_exec(db, "INSERT INTO note VALUES('returns at once')",
                      0, 0, 0);
  }
  if (rc != SQLITE_OK)
    fprintf(stderr, "%s: %s\n", file, sqlite3_errmsg(db));
  sqlite3_close(db);
  return rc;
}

/* By plain SQLite, which knows nothing of what is queued.  -1: they
** can't be counted. */
static int notesOnDisk(const char *file) {
  sqlite3 *db;
  sqlite3_stmt *statement = NULL;
  int count = -1;
  if (sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) ==
          SQLITE_OK &&
      sqlite3_prepare_v2(db, "SELECT count(*) FROM note", -1,
                         &statement, NULL) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    count = sqlite3_column_int(statement, 0);
  } else {
    fprintf(stderr, "%s: %s\n", file, sqlite3_errmsg(db));
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return count;
}

int main(int argc, char **argv) {
  const char *file = argc > 1 ? argv[1] : "notes.db";
  pthread_t thread;
  int count;
  int rc;

  sqlite3_config(SQLITE_CONFIG_LOG, logMessage, NULL);
  rc = sqlite3async_initialize(NULL, 0);
  if (rc != SQLITE_OK) {
    fprintf(stderr, "sqlite3async_initialize: %s\n",
            sqlite3_errstr(rc));
    return 1;
  }
  if (pthread_create(&thread, NULL, writer, NULL) != 0) {
    fprintf(stderr, "no thread for the writer\n");
    return 1;
  }

  rc = writeNotes(file);
  if (rc == SQLITE_OK) printf("%d notes are committed\n", NOTES);

  /* Have all of it written, and only then exit. */
  sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE);
  pthread_join(thread, NULL);
  sqlite3async_shutdown();
  if (rc != SQLITE_OK) return 1;

  count = notesOnDisk(file);
  printf("%d notes are on disk\n", count);
  return count == NOTES ? 0 : 1;
}
