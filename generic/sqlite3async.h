/*
** sqlite3async.h: the C interface of sqliteasync, a SQLite VFS whose writes
** are performed by a background thread.
**
** Files that SQLite opens through the VFS "sqlite3async" are read as usual,
** but nothing that changes a file waits for the disk: the change joins a write
** queue in memory, and the call returns. A writer, which is a thread of the
** program that has called sqlite3async_run(), takes the changes from the queue
** in order and performs them on the VFS below, the parent. The price is
** durability: a committed transaction that is still queued is lost if the
** process dies. What is on disk is then some earlier state that the database
** really had, never a mixture of two.
**
** A program in outline:
**
**     sqlite3async_initialize(NULL, 1);      over the default, as the default
**     ... start a thread that calls sqlite3async_run() ...
**     ... open, use and close databases ...
**     sqlite3async_control(SQLITEASYNC_HALT, SQLITEASYNC_HALT_IDLE);
**     ... join that thread: the queue is empty, everything is on disk ...
**     sqlite3async_shutdown();
**
** Nothing drains the queue for a C program that ends. What is queued when it
** leaves main() or calls exit() is lost, so it takes the last three steps.
**
** This header needs no other, and may be included before or after sqlite3.h.
** The result codes are SQLite's and are defined there. It is valid C (C89 and
** later) and C++; no function here lets a C++ exception out.
**
** Thread safety: sqlite3async_run(), sqlite3async_control() and
** sqlite3async_status64() may be called on any thread at any time, also at
** once. sqlite3async_initialize() and sqlite3async_shutdown() are not safe
** against each other or themselves: call them from one thread at a time.
** SQLite itself must not be a single-threaded build (SQLITE_THREADSAFE=0).
**
** There is one backend, with one queue and one set of settings, per process.
*/
#ifndef SQLITE3ASYNC_H
#define SQLITE3ASYNC_H

#ifdef __cplusplus
extern "C" {
#endif

/*
** The name under which the VFS is registered: what to pass to
** sqlite3_open_v2() as its last argument, or in a URI as "vfs=sqlite3async",
** when the VFS is not the default.
*/
#define SQLITEASYNC_VFSNAME "sqlite3async"

/*
** Registers the VFS with SQLite.
**
** zParent    Name of the VFS that performs the real work on files. NULL or ""
**            stands for the VFS that is the default at the time of the call.
** isDefault  Non-zero makes the new VFS the default, so that every later
**            sqlite3_open() goes through it; zero leaves the default alone.
**
** Returns SQLITE_OK, or SQLITE_ERROR if no VFS has the name zParent, or if
** another copy of this library in the process has registered its VFS. (Short
** of memory it returns SQLITE_NOMEM.) If the VFS is registered already, the
** call returns SQLITE_OK and changes nothing, whatever its arguments are.
**
** It starts no writer: until some thread calls sqlite3async_run(), changes
** gather in the queue.
**
** Threads: not while another thread is in this function or in
** sqlite3async_shutdown().
*/
int sqlite3async_initialize(const char *zParent, int isDefault);

/*
** Takes the VFS out of SQLite's list again; if it was the default, SQLite
** chooses another as sqlite3_vfs_unregister() does. Settings are kept, and
** sqlite3async_initialize() may register the VFS anew. Does nothing if the VFS
** isn't registered.
**
** The call is refused while a file is open through the VFS, and while changes
** are queued with no writer to perform them: everything stays as it is, and
** SQLite's error log (SQLITE_CONFIG_LOG) gets a line that says how many open
** files and how many changes there are. If a writer is running, the call first
** waits until it has emptied the queue.
**
** Threads: not while another thread is in this function or in
** sqlite3async_initialize(), nor from a thread the writer depends on.
*/
void sqlite3async_shutdown(void);

/*
** The writer: performs queued changes, in order, on the calling thread, until
** the halt condition (SQLITEASYNC_HALT, below) says that it is to stop. Then
** it returns, and may be called again. While the queue is empty and the
** condition is "never", it sleeps.
**
** A change that fails is reported to SQLite's error log, and is returned by
** the next requests on the database it belongs to; it doesn't end the writer.
**
** Threads: any. At most one writer works at a time: a second call waits until
** the first has returned, then becomes the writer, and obeys the halt
** condition in force by then.
*/
void sqlite3async_run(void);

/*
** Changes or reads one setting, or does something with the queue. The first
** argument is a verb from the list below; what follows is stated there: one
** argument for a setting. Settings exist from the start of the process,
** whether the VFS is registered or not.
**
** Returns, for a setting
**   SQLITE_OK      Done.
**   SQLITE_ERROR   There is no such verb.
**   SQLITE_MISUSE  The value is out of range, or can't be changed now. Nothing
**                  was changed.
**
** Threads: any. What one thread has set another sees, a running writer too.
**
** The second argument is read by its type, which the compiler can't check: an
** "int" verb needs an int, an "sqlite3_int64" verb needs that type exactly, so
** cast a literal: (sqlite3_int64)1000000. The verbs that read take a pointer,
** which must not be NULL.
*/
int sqlite3async_control(int op, ...);

/*
** sqlite3_int64, under a name that this header may define.
*/
#ifdef SQLITE_INT64_TYPE
typedef SQLITE_INT64_TYPE sqlite3async_int64;
#elif defined(_MSC_VER)
typedef __int64 sqlite3async_int64;
#elif defined(__GNUC__)
__extension__ typedef long long int sqlite3async_int64;
#else
typedef long long int sqlite3async_int64;
#endif

/*
** What goes on: modelled on sqlite3_status64().
**
** zDatabase   The name of a database as it is opened, relative or not; NULL or
**             "" for all of the process. A database is known while it is open
**             or something of it is queued, and has counted since it was
**             opened.
** op          One of SQLITEASYNC_STATUS_*, below.
** pCurrent    Gets the value; may be NULL.
** pHighwater  Gets the highest value there has been, where that is kept (the
**             first three), else 0; may be NULL.
** resetFlag   Non-zero: then the high-water mark is set to the value.
**
** Returns
**   SQLITE_OK        Done.
**   SQLITE_NOTFOUND  There is no such database.
**   SQLITE_MISUSE    There is no such op, or not for one database.
**   SQLITE_NOMEM     Out of memory.
**
** Threads: any.
*/
int sqlite3async_status64(const char *zDatabase, int op, sqlite3async_int64 *pCurrent,
                          sqlite3async_int64 *pHighwater, int resetFlag);

/*
**     SQLITEASYNC_STATUS_OPERATIONS    Queued, or being performed. A group of
**                                      folded transactions is one.
**     SQLITEASYNC_STATUS_BYTES         What these hold. For the process, what
**                                      counts against the limit: that, and what
**                                      open transactions hold.
**     SQLITEASYNC_STATUS_TRANSACTIONS  Committed, and not on disk yet. One that
**                                      spans databases counts in each.
**     SQLITEASYNC_STATUS_AGE           How long the oldest operation has been
**                                      in the queue, in milliseconds; 0 if none
**                                      is.
**     SQLITEASYNC_STATUS_PERFORMED     Operations performed.
**     SQLITEASYNC_STATUS_FOLDED        Transactions folded into groups.
**     SQLITEASYNC_STATUS_SYNCS         Syncs, of files and of directories.
**     SQLITEASYNC_STATUS_WRITTEN       Bytes written to the parent.
**     SQLITEASYNC_STATUS_READS         Reads that SQLite has asked for.
**     SQLITEASYNC_STATUS_MEMORYREADS   Those answered without the parent.
**     SQLITEASYNC_STATUS_WAITS         How often a thread had to wait for room.
**     SQLITEASYNC_STATUS_WRITER        For the process: one of
**                                      SQLITEASYNC_WRITER_*.
**     SQLITEASYNC_STATUS_ERROR         The extended code of the last failed
**                                      write, 0 for none. It stays when the
**                                      database is closed, and is given for
**                                      one that isn't known any more.
*/
#define SQLITEASYNC_STATUS_OPERATIONS 0
#define SQLITEASYNC_STATUS_BYTES 1
#define SQLITEASYNC_STATUS_TRANSACTIONS 2
#define SQLITEASYNC_STATUS_AGE 3
#define SQLITEASYNC_STATUS_PERFORMED 4
#define SQLITEASYNC_STATUS_FOLDED 5
#define SQLITEASYNC_STATUS_SYNCS 6
#define SQLITEASYNC_STATUS_WRITTEN 7
#define SQLITEASYNC_STATUS_READS 8
#define SQLITEASYNC_STATUS_MEMORYREADS 9
#define SQLITEASYNC_STATUS_WAITS 10
#define SQLITEASYNC_STATUS_WRITER 11
#define SQLITEASYNC_STATUS_ERROR 12

/*
**     SQLITEASYNC_WRITER_NONE       No writer runs.
**     SQLITEASYNC_WRITER_IDLE       It waits for something to be queued.
**     SQLITEASYNC_WRITER_WORKING    It performs an operation.
**     SQLITEASYNC_WRITER_LINGERING  It waits a few milliseconds, so that a
**                                   group takes in more.
**     SQLITEASYNC_WRITER_PAUSED     The delay.
*/
#define SQLITEASYNC_WRITER_NONE 0
#define SQLITEASYNC_WRITER_IDLE 1
#define SQLITEASYNC_WRITER_WORKING 2
#define SQLITEASYNC_WRITER_LINGERING 3
#define SQLITEASYNC_WRITER_PAUSED 4

/*
** SQLITEASYNC_HALT (int)           When the writer stops. To start with NEVER.
** SQLITEASYNC_GET_HALT (int *)
**
**     SQLITEASYNC_HALT_NEVER  Not at all: with an empty queue it waits for
**                             more.
**     SQLITEASYNC_HALT_NOW    After the change in hand. The rest of the queue
**                             is kept for the next sqlite3async_run().
**     SQLITEASYNC_HALT_IDLE   As soon as the queue is empty.
**
**     Takes effect at once on a writer that is running, and on all later ones,
**     until it is set again. Any other value is SQLITE_MISUSE.
*/
#define SQLITEASYNC_HALT 1
#define SQLITEASYNC_GET_HALT 2

/*
** SQLITEASYNC_DELAY (int)          How long the writer pauses after each
** SQLITEASYNC_GET_DELAY (int *)    change it has performed, in milliseconds:
**                                  a slow disk, simulated. To start with 0.
**
**     From 0 up; a negative value is SQLITE_MISUSE. Only the writer pauses, so
**     the program feels it only where it waits for room in the queue.
*/
#define SQLITEASYNC_DELAY 3
#define SQLITEASYNC_GET_DELAY 4

/*
** SQLITEASYNC_LOCKFILES (int)          Whether databases are locked in the file
** SQLITEASYNC_GET_LOCKFILES (int *)    system too, where other processes see
**                                      it: 0 for no, anything else for yes,
**                                      which is reported as 1. To start with 1.
**
**     With 0, only the connections of this process exclude each other. No
**     other process may then use the same databases.
**
**     Can change only while no file is open through the VFS and nothing is
**     queued (the close of a file is queued like any other change); else
**     SQLITE_MISUSE.
*/
#define SQLITEASYNC_LOCKFILES 5
#define SQLITEASYNC_GET_LOCKFILES 6

/*
** SQLITEASYNC_QUEUELIMIT (sqlite3_int64)        How many bytes may be pending
** SQLITEASYNC_GET_QUEUELIMIT (sqlite3_int64 *)  in the queue. To start with
**                                               67108864, which is 64 MiB.
**
**     From 0 up, where 0 stands for no limit; a negative value is
**     SQLITE_MISUSE. A write that would pass the limit waits until the writer
**     has made room; with no writer running, the thread that wants to write
**     performs queued changes itself until there is room. It never fails for
**     that reason, and a single write larger than the limit is admitted once
**     the queue is empty. A limit lower than what is pending holds for the
**     writes that come after.
*/
#define SQLITEASYNC_QUEUELIMIT 7
#define SQLITEASYNC_GET_QUEUELIMIT 8

/*
** SQLITEASYNC_GROUPING (int)         Whether transactions reach the disk in
** SQLITEASYNC_GET_GROUPING (int *)   groups. To start with AUTO.
**
**     A group is carried to disk as one transaction, with the newest version
**     of each page, by SQLite's own protocol: after a crash all of it is there
**     or nothing. It counts as one change for the writer, for its delay and
**     for what halts it.
**
**     SQLITEASYNC_GROUPING_AUTO  Transactions are grouped while there is no
**                                delay.
**     SQLITEASYNC_GROUPING_ON    Also while there is one.
**     SQLITEASYNC_GROUPING_OFF   Each change of a file is queued by itself.
**
**     What can't be grouped is queued change by change whatever this is set
**     to, and in order with the groups: transactions of several databases that
**     SQLite makes atomic, the rollback of a hot journal, a transaction that
**     alone would take more than half of the byte limit. A change of this
**     setting, or of the delay, holds for transactions that begin after it.
**     Any other value is SQLITE_MISUSE.
*/
#define SQLITEASYNC_GROUPING 9
#define SQLITEASYNC_GET_GROUPING 10

/*
** SQLITEASYNC_LOCKHOLD (int)         How long a database's lock in the file
** SQLITEASYNC_GET_LOCKHOLD (int *)   system may be held, in milliseconds,
**                                    without a moment in which other processes
**                                    can get it: 750 to start with.
**
**     Before that time is over, new transactions of this process wait until
**     what is queued for the database is on disk and the lock has been free
**     for 110 milliseconds, two seconds at most. So a process on plain SQLite
**     with a busy timeout of a second gets its turn. Nobody waits while no
**     writer runs, there is a delay, what is queued takes longer to write than
**     this time, or another connection of the process keeps the lock. From 0 up, 0: no
**     transaction ever waits for others; a negative value is SQLITE_MISUSE.
*/
#define SQLITEASYNC_LOCKHOLD 11
#define SQLITEASYNC_GET_LOCKHOLD 12

/*
** SQLITEASYNC_BARRIER (const char *zDatabase, int ms)
**
**     Waits until everything that was queued before the call, of one database
**     with its journal or (zDatabase is NULL or "") of all, is on disk and
**     synced: also what the connection's "synchronous" setting would leave
**     unsynced. zDatabase is the name as it is opened, relative or not. The
**     writer and other threads go on; it keeps to its delay, but doesn't wait
**     for a group to grow. A transaction that is open is not waited for. ms is
**     a time-out in milliseconds, negative: none.
**
**     SQLITE_OK        All of it is.
**     SQLITE_BUSY      The time is up. Nothing else has changed.
**     SQLITE_MISUSE    No writer runs, or it has stopped meanwhile; or this is
**                      its own thread. A thread that was just created may not
**                      be in sqlite3async_run() yet: it is when
**                      SQLITEASYNC_STATUS_WRITER is not SQLITEASYNC_WRITER_NONE.
**     SQLITE_NOTFOUND  No database of that name is open, or has anything that
**                      is queued or not synced.
**     Any other        The code of the database's failed write or sync.
*/
#define SQLITEASYNC_BARRIER 13

/*
** SQLITEASYNC_ERRORLOG
**     (void (*)(void *, const char *zDatabase, const char *zFile,
**               const char *zOperation, int rc), void *)
**
**     From now on the function is called, with the pointer, for each write
**     that fails: the path of the database, "" for a temporary file; that of
**     the file, which may be its journal; the operation ("WRITE", "SYNC",
**     "TRUNCATE", "OPENEX", "DELETE", or "GROUP" for a group of transactions);
**     and the extended result code. It is called on the thread that met the
**     failure, the writer's as a rule, which goes on when it returns. It may
**     use SQLite and this interface, but must not wait for the writer. There is
**     one such function; NULL removes it, and then, when the call returns, it
**     isn't running on another thread any more.
*/
#define SQLITEASYNC_ERRORLOG 14

/*
** The values of SQLITEASYNC_GROUPING.
*/
#define SQLITEASYNC_GROUPING_AUTO 0
#define SQLITEASYNC_GROUPING_ON 1
#define SQLITEASYNC_GROUPING_OFF 2

/*
** The values of SQLITEASYNC_HALT.
*/
#define SQLITEASYNC_HALT_NEVER 0
#define SQLITEASYNC_HALT_NOW 1
#define SQLITEASYNC_HALT_IDLE 2

#ifdef __cplusplus
}
#endif
#endif /* SQLITE3ASYNC_H */
