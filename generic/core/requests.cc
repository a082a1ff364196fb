#include "requests.h"

#include <optional>

#include "backend.h"
#include "process.h"
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
  *message = WhyNot(result, milliseconds, sqlite3_errstr(result.code));
  return message->empty();
}

std::string WhyNot(const BarrierResult& result, int64_t milliseconds, const std::string& code) {
  switch (result.outcome) {
    case BarrierResult::Outcome::kDone:
      break;
    case BarrierResult::Outcome::kTimedOut:
      return "not everything is on disk after " + std::to_string(milliseconds) + " ms";
    case BarrierResult::Outcome::kNoWriter:
      return "no writer is running, so nothing gets to disk; start one (sqlite3async_start)";
    case BarrierResult::Outcome::kForkedOff:
      return kForkedOff;
    case BarrierResult::Outcome::kUnknown:
      return "database \"" + result.database + "\" is not open, and nothing of it is queued";
    case BarrierResult::Outcome::kFailed: {
      std::string why = "writing \"" + result.database + "\" has failed: " + code;
      const std::optional<Failure> failure = Backend::Get().failures().Last(result.database);
      if (failure.has_value() && failure->code == result.code) {
        why += std::string(" (") + OperationName(failure->operation) + " of \"" + failure->file +
               "\")";
      }
      return why + "; close its connections, and open it again";
    }
  }
  return "";
}

}  // namespace sqliteasync
