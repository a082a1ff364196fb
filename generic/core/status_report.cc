#include "status_report.h"

#include <algorithm>

#include "backend.h"
#include "failures.h"

namespace sqliteasync {

namespace {

using Lines = std::vector<StatusLine>;

void Add(const Status& status, const std::optional<std::string>& database, Lines* lines) {
  auto level = [&](const char* name, const Level& of) {
    lines->push_back({database, name, of.now, {}, of.highest});
  };
  auto number = [&](const char* name, int64_t value) { lines->push_back({database, name, value}); };
  level("operations", status.operations);
  level("bytes", status.bytes);
  level("transactions", status.transactions);
  number("age", status.age);
  number("performed", status.totals.performed);
  number("folded", status.totals.folded);
  number("syncs", status.totals.syncs);
  number("written", status.totals.written);
  number("reads", status.totals.reads);
  number("memoryreads", status.totals.memory_reads);
  number("waits", status.totals.waits);
}

void Add(const Failure& failure, Lines* lines) {
  lines->push_back({failure.database, "failed_operation", 0, OperationName(failure.operation)});
  lines->push_back({failure.database, "failed_file", 0, failure.file});
  lines->push_back({failure.database, "failed_code", failure.code});
  lines->push_back({failure.database, "failed_time", failure.time});
}

}  // namespace

const char* WriterWord(WriterState state) {
  // In the order of the states.
  static const char* const kWords[] = {"none", "idle", "working", "lingering", "paused"};
  return kWords[static_cast<int>(state)];
}

Lines ReportStatus() {
  Backend& backend = Backend::Get();
  Lines lines;
  Add(backend.ReadStatus(), {}, &lines);
  lines.push_back({{}, "writer", 0, WriterWord(backend.writer().State())});
  std::vector<std::string> databases = backend.Databases();
  for (const Failure& failure : backend.failures().All()) {
    if (!failure.database.empty()) databases.push_back(failure.database);
  }
  std::sort(databases.begin(), databases.end());
  databases.erase(std::unique(databases.begin(), databases.end()), databases.end());
  for (const std::string& database : databases) {
    const std::optional<Status> status = backend.ReadStatus(database.c_str());
    if (status) Add(*status, database, &lines);
    const std::optional<Failure> failure = backend.failures().Last(database);
    if (failure) Add(*failure, &lines);
  }
  return lines;
}

Lines ReportStatus(Database& database) {
  const std::string& path = database.main.path;
  Lines lines;
  Add(database.ReadStatus(), path, &lines);
  const std::optional<Failure> failure = Backend::Get().failures().Last(path);
  if (failure) Add(*failure, &lines);
  return lines;
}

}  // namespace sqliteasync
