#include "fault_variables.h"

#include "benign.h"

std::atomic<int> sqliteasync_io_error_pending{0};
std::atomic<int> sqliteasync_io_error_persist{0};
std::atomic<int> sqliteasync_io_error_hit{0};
std::atomic<int> sqliteasync_io_error_hardhit{0};
std::atomic<int> sqliteasync_io_error_benign{0};
std::atomic<int> sqliteasync_diskfull_pending{0};
std::atomic<int> sqliteasync_diskfull{0};
std::atomic<int> sqliteasync_sync_count{0};
std::atomic<int> sqliteasync_fullsync_count{0};
std::atomic<int> sqliteasync_open_file_count{0};
std::atomic<int> sqliteasync_opentemp_count{0};

namespace sqliteasync::sim {

namespace {

constexpr OperationSet kCanFail = SetOf(Operation::kRead, Operation::kWrite, Operation::kSync,
                                        Operation::kTruncate, Operation::kSize, Operation::kDelete,
                                        Operation::kAccess, Operation::kReserved, Operation::kPath);

void Hit() {
  ++sqliteasync_io_error_hit;
  if (sqliteasync_io_error_benign == 0) ++sqliteasync_io_error_hardhit;
}

bool IoError() {
  if ((sqliteasync_io_error_persist != 0 && sqliteasync_io_error_hit != 0) ||
      sqliteasync_io_error_pending.fetch_sub(1) == 1) {
    Hit();
    return true;
  }
  return false;
}

bool DiskFull() {
  int pending = sqliteasync_diskfull_pending;
  if (pending == 0) return false;
  if (pending == 1) {
    Hit();
    sqliteasync_diskfull = 1;
    sqliteasync_io_error_hit = 1;
    return true;
  }
  sqliteasync_diskfull_pending.compare_exchange_strong(pending, pending - 1);
  return false;
}

}  // namespace

std::span<const FaultVariable> FaultVariables() {
  static const FaultVariable all[] = {
      {"sqlite_io_error_pending", &sqliteasync_io_error_pending},
      {"sqlite_io_error_persist", &sqliteasync_io_error_persist},
      {"sqlite_io_error_hit", &sqliteasync_io_error_hit},
      {"sqlite_io_error_hardhit", &sqliteasync_io_error_hardhit},
      {"sqlite_io_error_benign", &sqliteasync_io_error_benign},
      {"sqlite_diskfull_pending", &sqliteasync_diskfull_pending},
      {"sqlite_diskfull", &sqliteasync_diskfull},
      {"sqlite_sync_count", &sqliteasync_sync_count},
      {"sqlite_fullsync_count", &sqliteasync_fullsync_count},
      {"sqlite_open_file_count", &sqliteasync_open_file_count},
      {"sqlite_opentemp_count", &sqliteasync_opentemp_count},
  };
  return all;
}

int FailureByVariables(Operation operation, int code) {
  if ((SetOf(operation) & kCanFail) == 0 || InBenignSection()) return SQLITE_OK;
  if (operation == Operation::kSync && DiskFull()) return SQLITE_FULL;
  if (IoError()) return code;
  if (operation == Operation::kWrite && DiskFull()) return SQLITE_FULL;
  return SQLITE_OK;
}

int UsualCode(const Request& request) {
  switch (request.operation) {
    case Operation::kRead:
      return SQLITE_IOERR_READ;
    case Operation::kWrite:
      return SQLITE_IOERR_WRITE;
    case Operation::kSync:
      return SQLITE_IOERR_FSYNC;
    case Operation::kTruncate:
      return SQLITE_IOERR_TRUNCATE;
    case Operation::kSize:
      return SQLITE_IOERR_FSTAT;
    case Operation::kOpen:
      return SQLITE_CANTOPEN;
    case Operation::kDelete:
      return SQLITE_IOERR_DELETE;
    case Operation::kAccess:
      return SQLITE_IOERR_ACCESS;
    case Operation::kLock:
      return SQLITE_IOERR_LOCK;
    case Operation::kUnlock:
      return SQLITE_IOERR_UNLOCK;
    case Operation::kReserved:
      return SQLITE_IOERR_CHECKRESERVEDLOCK;
    case Operation::kPath:
      return SQLITE_ERROR;
    case Operation::kShm:
      return request.flags != 0 ? SQLITE_IOERR_SHMLOCK : SQLITE_IOERR_SHMMAP;
    case Operation::kMap:
      return SQLITE_IOERR_MMAP;
    case Operation::kClose:
      return SQLITE_IOERR_CLOSE;
  }
  return SQLITE_IOERR;
}

}  // namespace sqliteasync::sim
