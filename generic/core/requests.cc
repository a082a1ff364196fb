#include "requests.h"

#include <cstdint>

#include "backend.h"
#include "settings.h"
#include "sqlite.h"

namespace sqliteasync {

bool RequestStart(std::string* message) {
  const Writer::StartResult result = Backend::Get().writer().Start();
  if (result == Writer::StartResult::kStarted) return true;
  *message = Writer::Reason(result);
  return false;
}

bool RequestBarrier(const char* database, const char* timeout, std::string* message) {
  int64_t milliseconds = -1;
  if (timeout != nullptr && (!ReadInteger(timeout, &milliseconds) || milliseconds < 0)) {
    *message = "bad timeout \"" + std::string(timeout) + "\": must be milliseconds, from 0 up";
    return false;
  }
  const BarrierResult result = Backend::Get().Barrier(database, milliseconds);
  switch (result.outcome) {
    case BarrierResult::Outcome::kDone:
      return true;
    case BarrierResult::Outcome::kTimedOut:
      *message = "timed out after " + std::to_string(milliseconds) +
                 " ms: what is queued is not all on disk yet";
      break;
    case BarrierResult::Outcome::kNoWriter:
      *message = "no writer is running";
      break;
    case BarrierResult::Outcome::kUnknown:
      *message = "no such database: " + result.database;
      break;
    case BarrierResult::Outcome::kFailed:
      *message = "not all is on disk: " + result.database + ": " + sqlite3_errstr(result.code);
      break;
  }
  return false;
}

}  // namespace sqliteasync
