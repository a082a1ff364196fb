// The backend's state by name, as SQL and PRAGMAs show it: one list of what there is.
//
// Thread safety: any thread, which holds no mutex of the core. All may throw std::bad_alloc.

#ifndef SQLITEASYNC_CORE_STATUS_REPORT_H_
#define SQLITEASYNC_CORE_STATUS_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "database.h"
#include "statistics.h"

namespace sqliteasync {

struct StatusLine {
  std::optional<std::string> database;  // the path; nullopt: it is the process's
  const char* name;
  int64_t value;
  std::string text = {};  // instead of the number, unless it is empty
  std::optional<int64_t> highwater = {};
};

const char* WriterWord(WriterState state);

// Of the process, and of each database that is open, has something queued, or has failed.
std::vector<StatusLine> ReportStatus();

// Of one.
std::vector<StatusLine> ReportStatus(Database& database);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_STATUS_REPORT_H_
