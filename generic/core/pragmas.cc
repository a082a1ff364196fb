#include "pragmas.h"

#include <string>
#include <string_view>
#include <vector>

#include "backend.h"
#include "settings.h"
#include "sqlite.h"
#include "status_report.h"

namespace sqliteasync {

namespace {

constexpr std::string_view kPrefix = "sqlite3async_";

// Returns a code; `answer` is the row, none if it is empty, or says what is wrong. `value`: null if
// there is none.
using Action = int (*)(OpenFile& file, const char* value, std::string* answer);

int Start(OpenFile& /*file*/, const char* value, std::string* answer) {
  if (value != nullptr) {
    *answer = "it takes no value";
    return SQLITE_ERROR;
  }
  const Writer::StartResult result = Backend::Get().writer().Start();
  if (result == Writer::StartResult::kStarted) return SQLITE_OK;
  *answer = Writer::Reason(result);
  return SQLITE_ERROR;
}

int ShowStatus(OpenFile& file, const char* value, std::string* answer) {
  if (value != nullptr) {
    *answer = "it takes no value";
    return SQLITE_ERROR;
  }
  for (const StatusLine& line : ReportStatus(*file.database)) {
    if (!answer->empty()) *answer += '\n';
    *answer += line.name;
    *answer += ' ';
    *answer += line.text.empty() ? std::to_string(line.value) : line.text;
    if (line.highwater) *answer += ' ' + std::to_string(*line.highwater);
  }
  return SQLITE_OK;
}

struct Pragma {
  std::string_view name;
  Action action;
};

// Beside these there is one for each setting.
constexpr Pragma kPragmas[] = {{"start", Start}, {"status", ShowStatus}};

bool SameName(std::string_view one, std::string_view other) {
  return one.size() == other.size() &&
         sqlite3_strnicmp(one.data(), other.data(), static_cast<int>(one.size())) == 0;
}

int Answer(OpenFile& file, std::string_view name, const char* value, std::string* answer) {
  for (const auto& [pragma, action] : kPragmas) {
    if (SameName(name, pragma)) return action(file, value, answer);
  }
  if (const Setting* setting = FindSetting(name); setting != nullptr) {
    if (!ApplySetting(*setting, value, answer)) return SQLITE_ERROR;
    *answer = SettingAsText(*setting);
    return SQLITE_OK;
  }
  std::vector<std::string> all;
  for (const auto& [pragma, action] : kPragmas) all.emplace_back(pragma);
  for (const Setting* setting = kSettings; setting->name != nullptr; ++setting) {
    all.emplace_back(setting->name);
  }
  for (std::string& each : all) each.insert(0, kPrefix);
  *answer = "no such pragma: must be " + ListOf({all.begin(), all.end()});
  return SQLITE_ERROR;
}

}  // namespace

int AnswerPragma(OpenFile& file, char** arguments) {
  const std::string_view name = arguments[1];
  if (!SameName(name.substr(0, kPrefix.size()), kPrefix)) return SQLITE_NOTFOUND;
  std::string answer;
  const int rc = Answer(file, name.substr(kPrefix.size()), arguments[2], &answer);
  if (rc != SQLITE_OK) answer = std::string(name) + ": " + answer;
  if (answer.empty()) return rc;
  arguments[0] = sqlite3_mprintf("%s", answer.c_str());
  return arguments[0] != nullptr ? rc : SQLITE_NOMEM;
}

}  // namespace sqliteasync
