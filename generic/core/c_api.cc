// The public C API of sqlite3async.h.

#include <cstdarg>

#include "../sqlite3async.h"
#include "async_vfs.h"
#include "backend.h"
#include "sqlite.h"

static_assert(SQLITEASYNC_HALT_NEVER == static_cast<int>(sqliteasync::Halt::kNever) &&
              SQLITEASYNC_HALT_NOW == static_cast<int>(sqliteasync::Halt::kNow) &&
              SQLITEASYNC_HALT_IDLE == static_cast<int>(sqliteasync::Halt::kIdle));

static_assert(SQLITEASYNC_GROUPING_AUTO == static_cast<int>(sqliteasync::Grouping::kAuto) &&
              SQLITEASYNC_GROUPING_ON == static_cast<int>(sqliteasync::Grouping::kOn) &&
              SQLITEASYNC_GROUPING_OFF == static_cast<int>(sqliteasync::Grouping::kOff));

using sqliteasync::Backend;

int sqlite3async_initialize(const char* zParent, int isDefault) {
  return Backend::Get().Register(zParent,
                                 isDefault != 0 ? sqliteasync::kSecondGenerationName : nullptr);
}

void sqlite3async_shutdown(void) {
  const Backend::Refusal refusal = Backend::Get().Unregister();
  if (refusal.refused()) {
    sqlite3_log(SQLITE_MISUSE,
                "sqlite3async_shutdown: refused: %lld files are open, %lld changes are queued",
                static_cast<sqlite3_int64>(refusal.open_files),
                static_cast<sqlite3_int64>(refusal.queued_changes));
  }
}

void sqlite3async_run(void) { Backend::Get().writer().Run(); }

int sqlite3async_control(int op, ...) {
  Backend& backend = Backend::Get();
  int rc = SQLITE_OK;
  va_list arguments;
  va_start(arguments, op);
  switch (op) {
    case SQLITEASYNC_HALT:
      rc = backend.SetHalt(va_arg(arguments, int));
      break;
    case SQLITEASYNC_GET_HALT:
      *va_arg(arguments, int*) = backend.halt();
      break;
    case SQLITEASYNC_DELAY:
      rc = backend.SetDelay(va_arg(arguments, int));
      break;
    case SQLITEASYNC_GET_DELAY:
      *va_arg(arguments, int*) = backend.delay();
      break;
    case SQLITEASYNC_LOCKFILES:
      rc = backend.SetLockFiles(va_arg(arguments, int));
      break;
    case SQLITEASYNC_GET_LOCKFILES:
      *va_arg(arguments, int*) = backend.lock_files();
      break;
    case SQLITEASYNC_QUEUELIMIT:
      rc = backend.SetQueueLimit(va_arg(arguments, sqlite3_int64));
      break;
    case SQLITEASYNC_GET_QUEUELIMIT:
      *va_arg(arguments, sqlite3_int64*) = backend.queue_limit();
      break;
    case SQLITEASYNC_GROUPING:
      rc = backend.SetGrouping(va_arg(arguments, int));
      break;
    case SQLITEASYNC_GET_GROUPING:
      *va_arg(arguments, int*) = backend.grouping();
      break;
    case SQLITEASYNC_LOCKHOLD:
      rc = backend.SetLockHold(va_arg(arguments, int));
      break;
    case SQLITEASYNC_GET_LOCKHOLD:
      *va_arg(arguments, int*) = backend.lock_hold();
      break;
    default:
      rc = SQLITE_ERROR;
      break;
  }
  va_end(arguments);
  return rc;
}
