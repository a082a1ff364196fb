// The public C API of sqlite3async.h.

#include <atomic>
#include <cstdarg>
#include <new>
#include <optional>

#include "../sqlite3async.h"
#include "async_vfs.h"
#include "backend.h"
#include "operation.h"
#include "sqlite.h"

static_assert(SQLITEASYNC_HALT_NEVER == static_cast<int>(sqliteasync::Halt::kNever) &&
              SQLITEASYNC_HALT_NOW == static_cast<int>(sqliteasync::Halt::kNow) &&
              SQLITEASYNC_HALT_IDLE == static_cast<int>(sqliteasync::Halt::kIdle));

static_assert(SQLITEASYNC_GROUPING_AUTO == static_cast<int>(sqliteasync::Grouping::kAuto) &&
              SQLITEASYNC_GROUPING_ON == static_cast<int>(sqliteasync::Grouping::kOn) &&
              SQLITEASYNC_GROUPING_OFF == static_cast<int>(sqliteasync::Grouping::kOff));

// The values of SQLITEASYNC_STATUS_WRITER.
static_assert(SQLITEASYNC_WRITER_NONE == static_cast<int>(sqliteasync::WriterState::kNone) &&
              SQLITEASYNC_WRITER_IDLE == static_cast<int>(sqliteasync::WriterState::kIdle) &&
              SQLITEASYNC_WRITER_WORKING == static_cast<int>(sqliteasync::WriterState::kWorking) &&
              SQLITEASYNC_WRITER_LINGERING ==
                  static_cast<int>(sqliteasync::WriterState::kLingering) &&
              SQLITEASYNC_WRITER_PAUSED == static_cast<int>(sqliteasync::WriterState::kPaused));

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

namespace {

using sqliteasync::Failures;
using sqliteasync::Level;
using sqliteasync::Status;

using Hook = void (*)(void*, const char*, const char*, const char*, int);

// No exception passes to C.
template <typename Action>
int WithoutExceptions(Action action) noexcept {
  try {
    return action();
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
}

// The one hook that a C program has at a time. Throws std::bad_alloc.
void SetErrorLog(Hook hook, void* argument) {
  static std::atomic<Failures::ListenerId> current{0};
  Failures& failures = Backend::Get().failures();
  Failures::ListenerId fresh = 0;
  if (hook != nullptr) {
    fresh = failures.Listen([hook, argument](const sqliteasync::Failure& failure) {
      hook(argument, failure.database.c_str(), failure.file.c_str(),
           sqliteasync::OperationName(failure.operation), failure.code);
    });
  }
  failures.StopListening(current.exchange(fresh));
}

// What a SQLITEASYNC_STATUS_* asks for: a level, which has a high-water mark, or a number.
struct StatusOp {
  int op;
  Level Status::*level;
  int64_t (*number)(const Status&);
};
constexpr StatusOp kStatusOps[] = {
    {SQLITEASYNC_STATUS_OPERATIONS, &Status::operations, nullptr},
    {SQLITEASYNC_STATUS_BYTES, &Status::bytes, nullptr},
    {SQLITEASYNC_STATUS_TRANSACTIONS, &Status::transactions, nullptr},
    {SQLITEASYNC_STATUS_AGE, nullptr, [](const Status& status) { return status.age; }},
    {SQLITEASYNC_STATUS_PERFORMED, nullptr,
     [](const Status& status) { return status.totals.performed; }},
    {SQLITEASYNC_STATUS_FOLDED, nullptr, [](const Status& status) { return status.totals.folded; }},
    {SQLITEASYNC_STATUS_SYNCS, nullptr, [](const Status& status) { return status.totals.syncs; }},
    {SQLITEASYNC_STATUS_WRITTEN, nullptr,
     [](const Status& status) { return status.totals.written; }},
    {SQLITEASYNC_STATUS_READS, nullptr, [](const Status& status) { return status.totals.reads; }},
    {SQLITEASYNC_STATUS_MEMORYREADS, nullptr,
     [](const Status& status) { return status.totals.memory_reads; }},
    {SQLITEASYNC_STATUS_WAITS, nullptr, [](const Status& status) { return status.totals.waits; }},
};

int ReadStatus(const char* name, int op, sqlite3_int64* current, sqlite3_int64* highest,
               bool reset) {
  Backend& backend = Backend::Get();
  const bool all = name == nullptr || name[0] == '\0';
  *current = 0;
  *highest = 0;
  if (op == SQLITEASYNC_STATUS_WRITER) {
    if (!all) return SQLITE_MISUSE;
    *current = static_cast<int>(backend.writer().State());
    return SQLITE_OK;
  }
  if (op == SQLITEASYNC_STATUS_ERROR) {
    const std::optional<sqliteasync::Failure> failure = backend.LastFailure(all ? nullptr : name);
    if (failure.has_value()) *current = failure->code;
    if (failure.has_value() || all || backend.ReadStatus(name).has_value()) return SQLITE_OK;
    return SQLITE_NOTFOUND;
  }
  for (const StatusOp& known : kStatusOps) {
    if (known.op != op) continue;
    const std::optional<Status> status = all ? backend.ReadStatus() : backend.ReadStatus(name);
    if (!status.has_value()) return SQLITE_NOTFOUND;
    if (known.level == nullptr) {
      *current = known.number(*status);
      return SQLITE_OK;
    }
    *current = ((*status).*known.level).now;
    *highest = ((*status).*known.level).highest;
    if (!reset) return SQLITE_OK;
    if (all) {
      backend.ResetHighest(known.level);
    } else {
      backend.ResetHighest(name, known.level);
    }
    return SQLITE_OK;
  }
  return SQLITE_MISUSE;
}

}  // namespace

int sqlite3async_status64(const char* zDatabase, int op, sqlite3async_int64* pCurrent,
                          sqlite3async_int64* pHighwater, int resetFlag) {
  sqlite3_int64 current = 0;
  sqlite3_int64 highest = 0;
  const int rc = WithoutExceptions(
      [&] { return ReadStatus(zDatabase, op, &current, &highest, resetFlag != 0); });
  if (rc != SQLITE_OK) return rc;
  if (pCurrent != nullptr) *pCurrent = current;
  if (pHighwater != nullptr) *pHighwater = highest;
  return SQLITE_OK;
}

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
    case SQLITEASYNC_BARRIER: {
      const char* const name = va_arg(arguments, const char*);
      const int milliseconds = va_arg(arguments, int);
      rc = WithoutExceptions([&] { return backend.Barrier(name, milliseconds).code; });
      break;
    }
    case SQLITEASYNC_ERRORLOG: {
      const Hook hook = va_arg(arguments, Hook);
      void* const argument = va_arg(arguments, void*);
      rc = WithoutExceptions([&] {
        SetErrorLog(hook, argument);
        return SQLITE_OK;
      });
      break;
    }
    default:
      rc = SQLITE_ERROR;
      break;
  }
  va_end(arguments);
  return rc;
}
