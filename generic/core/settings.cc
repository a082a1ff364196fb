#include "settings.h"

#include <charconv>

#include "backend.h"
#include "sqlite.h"

namespace sqliteasync {

namespace {

// In the order of Grouping and of Halt.
const char* const kGroupingWords[] = {"auto", "on", "off", nullptr};
const char* const kHaltWords[] = {"never", "now", "idle", nullptr};

Backend& Of() { return Backend::Get(); }

bool ReadWord(const char* const* words, const char* text, int64_t* value) {
  for (int64_t i = 0; words[i] != nullptr; ++i) {
    if (sqlite3_stricmp(text, words[i]) != 0) continue;
    *value = i;
    return true;
  }
  return false;
}

bool ReadBoolean(const char* text, int64_t* value) {
  // By turns no and yes.
  static const char* const kWords[] = {"no", "yes", "off", "on", "false", "true", nullptr};
  if (!ReadWord(kWords, text, value)) return ReadInteger(text, value);
  *value %= 2;
  return true;
}

}  // namespace

const Setting kSettings[] = {
    {"delay", Setting::Kind::kNumber, nullptr, [](int64_t value) { return Of().SetDelay(value); },
     []() -> int64_t { return Of().delay(); }, "must be milliseconds, from 0 to 2147483647"},
    {"grouping", Setting::Kind::kWord, kGroupingWords,
     [](int64_t value) { return Of().SetGrouping(static_cast<int>(value)); },
     []() -> int64_t { return Of().grouping(); }, ""},
    {"halt", Setting::Kind::kWord, kHaltWords,
     [](int64_t value) { return Of().SetHalt(static_cast<int>(value)); },
     []() -> int64_t { return Of().halt(); }, ""},
    {"lockfiles", Setting::Kind::kBoolean, nullptr,
     [](int64_t value) { return Of().SetLockFiles(value != 0 ? 1 : 0); },
     []() -> int64_t { return Of().lock_files(); },
     "can change only while no file is open through the VFS and nothing is queued"},
    {"lockhold", Setting::Kind::kNumber, nullptr,
     [](int64_t value) { return Of().SetLockHold(value); },
     []() -> int64_t { return Of().lock_hold(); }, "must be milliseconds, from 0 to 2147483647"},
    {"queuelimit", Setting::Kind::kNumber, nullptr,
     [](int64_t value) { return Of().SetQueueLimit(value); },
     []() -> int64_t { return Of().queue_limit(); },
     "must be bytes, from 0, which is no limit, up"},
    {nullptr, Setting::Kind::kWord, nullptr, nullptr, nullptr, nullptr},
};

const Setting* FindSetting(const char* name) {
  for (const Setting* setting = kSettings; setting->name != nullptr; ++setting) {
    if (sqlite3_stricmp(name, setting->name) == 0) return setting;
  }
  return nullptr;
}

bool ApplySetting(const Setting& setting, const char* text, std::string* message) {
  message->clear();
  if (text == nullptr) return true;
  const std::string quoted = "\"" + std::string(text) + "\"";
  const std::string name = setting.name;
  int64_t value = 0;
  switch (setting.kind) {
    case Setting::Kind::kWord:
      if (ReadWord(setting.words, text, &value)) break;
      {
        std::vector<std::string_view> words;
        for (const char* const* word = setting.words; *word != nullptr; ++word) {
          words.emplace_back(*word);
        }
        *message = "bad " + name + " option " + quoted + ": must be " + ListOf(words);
      }
      return false;
    case Setting::Kind::kNumber:
      if (ReadInteger(text, &value)) break;
      *message = "expected integer but got " + quoted + ": " + name + " " + setting.refusal;
      return false;
    case Setting::Kind::kBoolean:
      if (ReadBoolean(text, &value)) break;
      *message = "expected boolean value but got " + quoted;
      return false;
  }
  if (setting.set(value) == SQLITE_OK) return true;
  *message = "cannot set " + name + " to " + quoted + ": it " + setting.refusal;
  return false;
}

std::string SettingAsText(const Setting& setting) {
  const int64_t value = setting.get();
  return setting.kind == Setting::Kind::kWord ? setting.words[value] : std::to_string(value);
}

bool ReadInteger(std::string_view text, int64_t* value) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && last == end;
}

std::string ListOf(const std::vector<std::string_view>& names) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += names.size() > 2 ? ", " : " ";
    if (i > 0 && i + 1 == names.size()) list += "or ";
    list += names[i];
  }
  return list;
}

std::string NoSuchSetting(const char* name) {
  std::vector<std::string_view> names;
  for (const Setting* setting = kSettings; setting->name != nullptr; ++setting) {
    names.emplace_back(setting->name);
  }
  return "bad option \"" + std::string(name) + "\": must be " + ListOf(names);
}

}  // namespace sqliteasync
