// The backend's settings by name, as Tcl, SQL functions and PRAGMAs show them: one table of what
// there is, what values it takes, and who keeps them.
//
// Thread safety: the table is constant; what its functions do may be done on any thread.

#ifndef SQLITEASYNC_CORE_SETTINGS_H_
#define SQLITEASYNC_CORE_SETTINGS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sqliteasync {

struct Setting {
  enum class Kind {
    kWord,  // one of `words`, and the value is its place there
    kNumber,
    kBoolean,
  };

  const char* name;
  Kind kind;
  const char* const* words;   // behind the last is a null
  int (*set)(int64_t value);  // SQLITE_OK, or SQLITE_MISUSE: refused, and nothing has changed
  int64_t (*get)();
  const char* refusal;  // why that may be
};

// In the order of their names. Behind the last is one whose name is null.
extern const Setting kSettings[];

// Null: there is none. The case of letters doesn't matter, as in SQL.
const Setting* FindSetting(const char* name);

// For where values are text. `text`: the new value, or null to leave it as it is. Returns false,
// and has changed nothing, if it isn't one, and `message` says what is; else `message` is empty.
// Throws std::bad_alloc.
bool ApplySetting(const Setting& setting, const char* text, std::string* message);

// As text: the word, or the number. Throws std::bad_alloc.
std::string SettingAsText(const Setting& setting);

// Decimal, with a sign or without. Returns false if it isn't that, or too large.
bool ReadInteger(std::string_view text, int64_t* value);

// "a, b, or c", as Tcl lists what something must be. Throws std::bad_alloc.
std::string ListOf(const std::vector<std::string_view>& names);

// "bad option \"...\": must be ...", with the names of all settings. Throws std::bad_alloc.
std::string NoSuchSetting(const char* name);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_SETTINGS_H_
