/*
** sqlite3device.h: the C interface of the simulated devices of sqliteasync.
**
** A simulated device is a SQLite VFS that stands on top of another one, its
** parent, and behaves as disks do on a bad day: operations fail, the power is
** cut and what was not synced is lost, everything takes its time. Devices may
** be stacked in any order and number, below the asynchronous VFS or without
** it. All of them can be repeated: what is left to chance comes from a seed.
**
** A program in outline, for a power cut at the third sync of a database:
**
**     char *zErr = 0;
**     sqlite3device_create("disk", "power", NULL, 1,
**                          "crashfile=test.db crashsync=3 seed=7", &zErr);
**     ... open, use and close databases; the process ends in between ...
**
** The kinds of devices and their settings are described in the manual page
** sqliteasync_device(n), under the same names as here, and these functions, with
** programs, in sqlite3device(3).
**
** This header needs no other, and may be included before or after sqlite3.h.
** The result codes are SQLite's and are defined there. It is valid C (C89 and
** later) and C++; no function here lets a C++ exception out.
**
** Messages: where a function has a parameter pzErr, and it is not NULL, a call
** that fails stores there a text that says what is wrong and what to do, to be
** freed with sqlite3_free(); one that succeeds, or is short of memory, stores
** NULL.
**
** Thread safety: any function may be called on any thread, except that a
** device must not be deleted while another thread uses it, and that
** sqlite3device_memory_install() needs SQLite for itself.
*/
#ifndef SQLITE3DEVICE_H
#define SQLITE3DEVICE_H

#ifdef __cplusplus
extern "C" {
#endif

/*
** Makes a device and registers it with SQLite as the VFS zName.
**
** zName      A name that no VFS has yet. It is copied.
** zKind      "plain" passes everything on, and counts.
**            "faults": operations fail.
**            "power": the power is cut.
**            "slow": everything takes its time.
** zOver      Name of the parent VFS; NULL or "" stands for the default.
** isDefault  Non-zero makes the device the default VFS.
** zSettings  Settings, as for sqlite3device_configure(); may be NULL.
**
** Returns SQLITE_OK; SQLITE_ERROR if a name, the kind or a setting is wrong;
** SQLITE_NOMEM. If it is not SQLITE_OK, there is no device.
*/
int sqlite3device_create(const char *zName, const char *zKind, const char *zOver, int isDefault,
                         const char *zSettings, char **pzErr);

/*
** Deletes the device: it is no longer a VFS. If it was the default, its parent
** becomes that.
**
** Returns SQLITE_OK; SQLITE_BUSY while a file is open through it or another
** device stands on it; SQLITE_ERROR if there is no such device. A VFS of
** another sort that stands on it, such as "sqlite3async", must have been
** unregistered: this is not checked.
*/
int sqlite3device_delete(const char *zName, char **pzErr);

/*
** Changes settings of a device. zSettings is a text of "name=value" pieces with
** blanks between them; a value that contains blanks stands in double quotes.
** Names may be abbreviated as long as they are clear.
**
**     "fail=3 persist=yes operations=\"write sync\" files=*-journal"
**
** Returns SQLITE_OK; SQLITE_ERROR if there is no such device or a piece is
** wrong, and then the pieces before that one have been obeyed; SQLITE_NOMEM.
*/
int sqlite3device_configure(const char *zName, const char *zSettings, char **pzErr);

/*
** The value of one setting, to be freed with sqlite3_free(). NULL if there is
** no such device or setting, or no memory.
*/
char *sqlite3device_setting(const char *zName, const char *zSetting);

/*
** The value of one counter of a device: "read", "write", "sync" and the other
** operations, "bytesread", "byteswritten", and those of its kind. -1 if there
** is no such device or counter.
**
** The type is SQLite's sqlite3_int64, by a name that C89 has.
*/
#if defined(_MSC_VER)
typedef __int64 sqlite3device_int64;
#else
__extension__ typedef long long sqlite3device_int64;
#endif
sqlite3device_int64 sqlite3device_counter(const char *zName, const char *zCounter);

/*
** Cuts the power of the "power" device zName, and of all others of that kind,
** for it is that of the whole machine. What was not synced is kept, lost, torn
** or turned to garbage. Then the process ends at once, with exit status 1, and
** the call does not return; unless the device has a hook or its setting
** "action" is "halt". Then the call returns SQLITE_OK, and the device is dead:
** every request but unlocking and closing fails with SQLITE_IOERR, until
** sqlite3device_restart().
**
** Returns SQLITE_ERROR if there is no such device, or it is of another kind.
*/
int sqlite3device_crash(const char *zName, char **pzErr);

/*
** Brings a dead "power" device back. Files that were open at the crash stay
** dead; close them first.
**
** Returns SQLITE_OK, also if it was not dead; SQLITE_ERROR if there is no such
** device, or it is of another kind.
*/
int sqlite3device_restart(const char *zName, char **pzErr);

/*
** xHook(pArg) is called after a crash of the "power" device zName, when the
** files of the parent are as the power cut has left them, instead of ending
** the process. NULL: no hook, as to start with.
**
** Threads: the hook is called on the thread whose request met the crash, from
** within SQLite: it must not use the database that it happened to.
**
** Returns SQLITE_OK; SQLITE_ERROR if there is no such device, or it is of
** another kind; SQLITE_NOMEM.
*/
int sqlite3device_hook(const char *zName, void (*xHook)(void *), void *pArg, char **pzErr);

/*
** The variables by which SQLite's test scripts control and watch I/O errors,
** with the meaning that they have in SQLite's test builds. They belong to the
** process; every "faults" device whose setting "variables" is on obeys them.
** Returns a pointer to the variable, valid for good, or NULL if there is none
** of that name:
**
**     sqlite_io_error_pending   counts down; the operation that finds it at 1
**                               fails
**     sqlite_io_error_persist   non-zero: once one has failed, all do
**     sqlite_io_error_hit       how many failed
**     sqlite_io_error_hardhit   how many of them while
**     sqlite_io_error_benign    was 0
**     sqlite_diskfull_pending   counts down with writes and syncs; at 1 they
**                               fail with SQLITE_FULL
**     sqlite_diskfull           1 once that has happened
**     sqlite_sync_count         how many syncs there were, of directories too
**     sqlite_fullsync_count     how many of them with SQLITE_SYNC_FULL
**     sqlite_open_file_count    how many files are open
**     sqlite_opentemp_count     how many temporary files were opened
**
** Threads: write to them while no other thread uses a "faults" device.
*/
int *sqlite3device_variable(const char *zName);

/*
** Puts an allocator that can fail between SQLite and the one it has (onoff
** non-zero), or takes it away again (zero). SQLite is shut down for it and
** initialised again: no database may be open, no other thread may use SQLite,
** and automatic extensions (sqlite3_auto_extension()) are forgotten.
**
** Returns SQLITE_OK, also if it was so already; SQLITE_ERROR if it can't be
** done.
*/
int sqlite3device_memory_install(int onoff, char **pzErr);

/*
** After nSuccess more allocations the next one fails, and as many after it that
** nRepeat fail in a row (0 and 1: one). nSuccess below 0: none fails. Counted
** are SQLite's allocations, once sqlite3device_memory_install(1) was called,
** and, in the shared library, those of sqliteasync itself.
**
** Returns how many have failed since the last call. If pnBenign is not NULL,
** how many of them did no harm, as SQLite says, is stored there.
*/
int sqlite3device_memory_fail(int nSuccess, int nRepeat, int *pnBenign);

/*
** How many allocations will succeed before the one that fails; -1 if none is
** going to fail.
*/
int sqlite3device_memory_pending(void);

#ifdef __cplusplus
}
#endif
#endif /* SQLITE3DEVICE_H */
