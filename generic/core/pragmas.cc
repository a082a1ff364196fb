#include "pragmas.h"

#include <string>
#include <vector>

#include "requests.h"
#include "settings.h"
#include "sqlite.h"
#include "status_report.h"

namespace sqliteasync {

namespace {

constexpr char kPrefix[] = "sqlite3async_";

// `value`: null if there is none. Returns false if it isn't possible, and `answer` says why; else
// that is the row: SQLite gives the column of a PRAGMA without one no name, at which Python fails.
using Action = bool (*)(OpenFile& file, const char* value, std::string* answer);

bool Await(OpenFile& file, const char* value, std::string* answer) {
  if (!RequestBarrier(file.database->main.path.c_str(), value, answer)) return false;
  *answer = "1";
  return true;
}

bool TakesNoValue(const char* value, std::string* answer) {
  if (value != nullptr) *answer = "it takes no value";
  return value == nullptr;
}

bool Start(OpenFile& /*file*/, const char* value, std::string* answer) {
  if (!TakesNoValue(value, answer) || !RequestStart(answer)) return false;
  *answer = "1";
  return true;
}

bool ShowStatus(OpenFile& file, const char* value, std::string* answer) {
  if (!TakesNoValue(value, answer)) return false;
  for (const StatusLine& line : ReportStatus(*file.database)) {
    if (!answer->empty()) *answer += '\n';
    *answer += line.name;
    *answer += ' ';
    *answer += line.text.empty() ? std::to_string(line.value) : line.text;
    if (line.highwater) *answer += ' ' + std::to_string(*line.highwater);
  }
  return true;
}

struct Pragma {
  const char* name;
  Action action;
};

// Beside these there is one for each setting.
constexpr Pragma kPragmas[] = {{"barrier", Await}, {"start", Start}, {"status", ShowStatus}};

bool Answer(OpenFile& file, const char* name, const char* value, std::string* answer) {
  for (const auto& [pragma, action] : kPragmas) {
    if (sqlite3_stricmp(name, pragma) == 0) return action(file, value, answer);
  }
  if (const Setting* setting = FindSetting(name); setting != nullptr) {
    if (!ApplySetting(*setting, value, answer)) return false;
    *answer = SettingAsText(*setting);
    return true;
  }
  std::vector<std::string> all;
  for (const auto& [pragma, action] : kPragmas) all.emplace_back(pragma);
  for (const Setting* setting = kSettings; setting->name != nullptr; ++setting) {
    all.emplace_back(setting->name);
  }
  for (std::string& each : all) each.insert(0, kPrefix);
  *answer = "no such pragma: must be " + ListOf({all.begin(), all.end()});
  return false;
}

}  // namespace

int AnswerPragma(OpenFile& file, char** arguments) {
  constexpr size_t kLength = sizeof(kPrefix) - 1;
  const char* const name = arguments[1];
  if (sqlite3_strnicmp(name, kPrefix, kLength) != 0) return SQLITE_NOTFOUND;
  std::string answer;
  const bool done = Answer(file, name + kLength, arguments[2], &answer);
  if (!done) answer = std::string(name) + ": " + answer;
  arguments[0] = sqlite3_mprintf("%s", answer.c_str());
  if (arguments[0] == nullptr) return SQLITE_NOMEM;
  return done ? SQLITE_OK : SQLITE_ERROR;
}

}  // namespace sqliteasync
