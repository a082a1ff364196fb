// SQL functions that scripts count on.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "sim/allocation.h"
#include "tcl/md5.h"
#include "tcl/test_command_tables.h"

namespace sqliteasync::tester {

namespace {

using SqlFunction = void (*)(sqlite3_context*, int, sqlite3_value**);

// The function as SQLite may call it: running out of memory is an error of the statement.
template <SqlFunction function>
void Safely(sqlite3_context* context, int count, sqlite3_value** values) noexcept {
  try {
    function(context, count, values);
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

void ReturnText(sqlite3_context* context, const std::string& text) {
  sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

const char* TextOf(sqlite3_value* value) {
  return reinterpret_cast<const char*>(sqlite3_value_text(value));
}

void AppendHex(std::string& text, unsigned value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    text += "0123456789abcdef"[value >> shift & 15];
  }
}

// --- In every connection ---

// randstr(MIN, MAX): so many characters that a file can hold as they are.
void RandomText(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  static const char kCharacters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-!,:*^+=_|?/<> ";
  const int least = std::max(sqlite3_value_int(values[0]), 0);
  const int most = std::max(sqlite3_value_int(values[1]), least);
  unsigned size = static_cast<unsigned>(least);
  if (most > least) {
    unsigned random;
    sqlite3_randomness(sizeof random, &random);
    size += (random & 0x7fffffff) % static_cast<unsigned>(most + 1 - least);
  }
  std::string text(std::min(size, 999U), '\0');
  sqlite3_randomness(static_cast<int>(text.size()), text.data());
  for (char& c : text) c = kCharacters[static_cast<unsigned char>(c) % (sizeof kCharacters - 1)];
  ReturnText(context, text);
}

// test_auxdata(X, ...): for each argument 1 if the function saw it earlier in this statement.
void AuxiliaryData(sqlite3_context* context, int count, sqlite3_value** values) {
  std::string result;
  for (int i = 0; i < count; ++i) {
    const char* text = TextOf(values[i]);
    if (text == nullptr) text = "";
    const auto* seen = static_cast<const char*>(sqlite3_get_auxdata(context, i));
    if (seen != nullptr && std::strcmp(seen, text) != 0) {
      return sqlite3_result_error(context, "Auxilary data corruption", -1);
    }
    if (i > 0) result += ' ';
    result += seen != nullptr ? '1' : '0';
    if (seen == nullptr) {
      sqlite3_set_auxdata(context, i, sqlite3_mprintf("%s", text), sqlite3_api->free);
    }
  }
  ReturnText(context, result);
}

// test_counter(START): one more at each call of a statement.
void Counter(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  auto* counter = static_cast<int*>(sqlite3_get_auxdata(context, 0));
  if (counter != nullptr) return sqlite3_result_int(context, ++*counter);
  const int start = sqlite3_value_int(values[0]);
  counter = static_cast<int*>(sqlite3_malloc(sizeof start));
  if (counter == nullptr) return sqlite3_result_error_nomem(context);
  *counter = start;
  sqlite3_set_auxdata(context, 0, counter, sqlite3_api->free);
  sqlite3_result_int(context, start);
}

// test_error(MESSAGE ?, CODE?)
void Error(sqlite3_context* context, int count, sqlite3_value** values) {
  sqlite3_result_error(context, TextOf(values[0]), -1);
  if (count == 2) sqlite3_result_error_code(context, sqlite3_value_int(values[1]));
}

// test_eval(SQL): the first value of the first row.
void Evaluate(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  sqlite3* db = sqlite3_context_db_handle(context);
  sqlite3_stmt* statement = nullptr;
  int rc = sqlite3_prepare_v2(db, TextOf(values[0]), -1, &statement, nullptr);
  if (rc == SQLITE_OK) {
    if (sqlite3_step(statement) == SQLITE_ROW) {
      sqlite3_result_value(context, sqlite3_column_value(statement, 0));
    }
    rc = sqlite3_finalize(statement);
  }
  if (rc == SQLITE_OK) return;
  sqlite3_result_error(context, (std::string("test_eval: ") + sqlite3_errmsg(db)).c_str(), -1);
  sqlite3_result_error_code(context, rc);
}

// test_isolation(A, B): B, after A has been made to change its representation.
void Isolation(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  sqlite3_value_text16(values[0]);
  sqlite3_value_text(values[0]);
  sqlite3_value_text16(values[0]);
  sqlite3_value_text(values[0]);
  sqlite3_result_value(context, values[1]);
}

// real2hex(X): the bytes of a floating-point number, the most significant first.
void RealToHex(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  const auto bits = std::bit_cast<uint64_t>(sqlite3_value_double(values[0]));
  std::string text;
  AppendHex(text, static_cast<unsigned>(bits >> 32), 8);
  AppendHex(text, static_cast<unsigned>(bits), 8);
  ReturnText(context, text);
}

struct DigestAggregate {
  bool started;  // the memory comes zeroed
  Md5 md5;
};

// md5sum(X, ...): the digest of the text of all arguments in all rows.
void DigestStep(sqlite3_context* context, int count, sqlite3_value** values) {
  auto* aggregate =
      static_cast<DigestAggregate*>(sqlite3_aggregate_context(context, sizeof(DigestAggregate)));
  if (aggregate == nullptr) return;
  if (!aggregate->started) {
    aggregate->started = true;
    aggregate->md5.Reset();
  }
  for (int i = 0; i < count; ++i) {
    if (const char* text = TextOf(values[i])) aggregate->md5.Add(text, std::strlen(text));
  }
}

void DigestFinal(sqlite3_context* context) noexcept {
  const sim::AllocationExemption exemption;
  auto* aggregate = static_cast<DigestAggregate*>(sqlite3_aggregate_context(context, 0));
  Md5 nothing;
  nothing.Reset();
  ReturnText(context, HexOf(aggregate != nullptr ? aggregate->md5.Finish() : nothing.Finish()));
}

// --- By the command sqlite3_create_function ---

// x_coalesce(X, ...): the first that is not null, as text.
void Coalesce(sqlite3_context* context, int count, sqlite3_value** values) {
  for (int i = 0; i < count; ++i) {
    if (sqlite3_value_type(values[i]) == SQLITE_NULL) continue;
    return ReturnText(context, TextOf(values[i]));
  }
}

// hex8(X), hex16(X): the text's bytes, or UTF-16 units.
void Hex8(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  std::string text;
  const auto* p = sqlite3_value_text(values[0]);
  for (; p != nullptr && *p != 0; ++p) AppendHex(text, *p, 2);
  ReturnText(context, text);
}

void Hex16(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  std::string text;
  const auto* p = static_cast<const uint16_t*>(sqlite3_value_text16(values[0]));
  for (; p != nullptr && *p != 0; ++p) AppendHex(text, *p, 4);
  ReturnText(context, text);
}

struct Function {
  const char* name;
  int arguments;
  SqlFunction function;
};

const Function kEverywhere[] = {
    {"randstr", 2, Safely<RandomText>},       {"test_auxdata", -1, Safely<AuxiliaryData>},
    {"test_counter", 1, Safely<Counter>},     {"test_error", 1, Safely<Error>},
    {"test_error", 2, Safely<Error>},         {"test_eval", 1, Safely<Evaluate>},
    {"test_isolation", 2, Safely<Isolation>}, {"real2hex", 1, Safely<RealToHex>},
};

const Function kOnDemand[] = {
    {"x_coalesce", -1, Safely<Coalesce>}, {"hex8", 1, Safely<Hex8>}, {"hex16", 1, Safely<Hex16>}};

int Create(sqlite3* db, std::span<const Function> functions) {
  int rc = SQLITE_OK;
  for (const auto& [name, arguments, function] : functions) {
    if (rc != SQLITE_OK) break;
    rc = sqlite3_create_function(db, name, arguments, SQLITE_UTF8, nullptr, function, nullptr,
                                 nullptr);
  }
  return rc;
}

// SQLite's own harness is built with small pages, and its scripts count on sizes of files and
// numbers of operations that come from that: databases begin with pages of that size, or of the
// device's sectors if those are larger. Only new databases: VACUUM would change the pages of
// others.
int MakePagesSmall(sqlite3* db) {
  const sim::AllocationExemption exemption;
  constexpr int kLargestSize = 8192;
  const char* name = sqlite3_db_filename(db, "main");
  std::error_code error;
  if (name != nullptr && *name != '\0' && std::filesystem::file_size(name, error) > 0 && !error) {
    return SQLITE_OK;
  }
  int size = kPageSize;
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
      file != nullptr && file->pMethods != nullptr &&
      (file->pMethods->xDeviceCharacteristics(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) == 0) {
    size = std::clamp(file->pMethods->xSectorSize(file), kPageSize, kLargestSize);
  }
  const std::string sql = "PRAGMA page_size = " + std::to_string(size);
  return sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
}

int CreateEverywhere(sqlite3* db, char** /*error*/, const sqlite3_api_routines* /*api*/) {
  int rc = MakePagesSmall(db);
  if (rc == SQLITE_OK) rc = Create(db, kEverywhere);
  if (rc != SQLITE_OK) return rc;
  return sqlite3_create_function(db, "md5sum", -1, SQLITE_UTF8, nullptr, nullptr, DigestStep,
                                 DigestFinal);
}

const Command kCommands[] = {
    {"sqlite3_create_function", "DB", [](Call& c) { c.ReturnCode(Create(c.Db(0), kOnDemand)); }},
    {"sqlite3_delete_function", "DB function-name",
     [](Call& c) {
       c.ReturnCode(sqlite3_create_function(c.Db(0), c.Text(1), -1, SQLITE_UTF8, nullptr, nullptr,
                                            nullptr, nullptr));
     }},
    {"sqlite3_delete_collation", "DB collation-name",
     [](Call& c) {
       c.ReturnCode(sqlite3_create_collation(c.Db(0), c.Text(1), SQLITE_UTF8, nullptr, nullptr));
     }},
    {"autoinstall_test_functions", "", [](Call& c) { c.ReturnInt(InstallTestFunctions()); }},
    {"sqlite3_reset_auto_extension", "", [](Call&) { sqlite3_reset_auto_extension(); }},
};

}  // namespace

int InstallTestFunctions() {
  return sqlite3_auto_extension(reinterpret_cast<void (*)()>(CreateEverywhere));
}

std::span<const Command> FunctionCommands() { return kCommands; }

}  // namespace sqliteasync::tester
