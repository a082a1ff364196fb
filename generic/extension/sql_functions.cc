#include "sql_functions.h"

#include <new>
#include <string>

#include "core/requests.h"
#include "core/settings.h"

namespace sqliteasync {

namespace {

void Fail(sqlite3_context* context, const std::string& message) {
  sqlite3_result_error(context, message.c_str(), static_cast<int>(message.size()));
}

// As text; "NULL" for that, which is no option and no value.
const char* TextOf(sqlite3_value* value) {
  if (sqlite3_value_type(value) == SQLITE_NULL) return "NULL";
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  if (text == nullptr) throw std::bad_alloc();
  return text;
}

void Control(sqlite3_context* context, int count, sqlite3_value** arguments) {
  const char* const name = TextOf(arguments[0]);
  const Setting* const setting = FindSetting(name);
  if (setting == nullptr) return Fail(context, NoSuchSetting(name));
  std::string message;
  if (!ApplySetting(*setting, count > 1 ? TextOf(arguments[1]) : nullptr, &message)) {
    return Fail(context, message);
  }
  if (setting->kind == Setting::Kind::kWord) {
    sqlite3_result_text(context, SettingAsText(*setting).c_str(), -1, SQLITE_TRANSIENT);
  } else {
    sqlite3_result_int64(context, setting->get());
  }
}

void Await(sqlite3_context* context, int count, sqlite3_value** arguments) {
  std::string message;
  if (!RequestBarrier(nullptr, count > 0 ? TextOf(arguments[0]) : nullptr, &message)) {
    return Fail(context, message);
  }
  sqlite3_result_int(context, 1);
}

void Start(sqlite3_context* context, int /*count*/, sqlite3_value** /*arguments*/) {
  std::string message;
  if (!RequestStart(&message)) return Fail(context, message);
  sqlite3_result_int(context, 1);
}

using Function = void (*)(sqlite3_context*, int, sqlite3_value**);

// No exception passes into SQLite.
template <Function function>
void Guarded(sqlite3_context* context, int count, sqlite3_value** arguments) noexcept {
  try {
    function(context, count, arguments);
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

}  // namespace

int DefineFunctions(sqlite3* db) {
  struct Definition {
    const char* name;
    int arguments;
    Function function;
  };
  static const Definition kDefinitions[] = {
      {"sqlite3async_barrier", 0, Guarded<Await>},   {"sqlite3async_barrier", 1, Guarded<Await>},
      {"sqlite3async_control", 1, Guarded<Control>}, {"sqlite3async_control", 2, Guarded<Control>},
      {"sqlite3async_start", 0, Guarded<Start>},
  };
  for (const auto& [name, arguments, function] : kDefinitions) {
    const int rc = sqlite3_create_function_v2(db, name, arguments, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                              nullptr, function, nullptr, nullptr, nullptr);
    // Busy: while statements run, such as the one that loads the extension, SQLite does not replace
    // a function, and there is one only if it was defined by an earlier load.
    if (rc != SQLITE_OK && rc != SQLITE_BUSY) return rc;
  }
  return SQLITE_OK;
}

}  // namespace sqliteasync
