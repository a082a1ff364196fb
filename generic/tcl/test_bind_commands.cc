// Values for a statement's parameters.
//
// Where SQLite's own harness can be told that a value is longer than it is, and then reads past its
// end, these answer with an error; a terminator may be counted.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "tcl/test_command_tables.h"

namespace sqliteasync::tester {

namespace {

// Binding text and blobs fails with the name of the code, the other commands with an empty text.
void CheckNamed(int rc) {
  if (rc != SQLITE_OK) throw Failure(CodeName(rc));
}

void CheckSilently(int rc) {
  if (rc != SQLITE_OK) throw Failure("");
}

double FromBits(uint64_t bits) {
  double value;
  static_assert(sizeof value == sizeof bits);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Values that Tcl can't write, under the names that scripts have for them.
double DoubleOf(const Call& call, int i) {
  static const struct {
    const char* name;
    uint64_t bits;
  } kSpecial[] = {
      {"NaN", 0x7fffffffffffffff},
      {"SNaN", 0x7ff7ffffffffffff},
      {"-NaN", 0xffffffffffffffff},
      {"-SNaN", 0xfff7ffffffffffff},
      {"+Inf", 0x7ff0000000000000},
      {"-Inf", 0xfff0000000000000},
      {"Epsilon", 0x1},
      {"-Epsilon", 0x8000000000000001},
      {"NaN0", 0x7ff8000000000000},
      {"-NaN0", 0xfff8000000000000},
  };
  for (const auto& [name, bits] : kSpecial) {
    if (std::strcmp(call.Text(i), name) == 0) return FromBits(bits);
  }
  return call.Double(i);
}

// The bytes that are bound as UTF-8. Scripts give text that isn't valid UTF-8 as characters below
// U+0100, one for each byte; only if there are others is the value encoded.
std::string_view TextBytes(const Call& call, int i) {
  Tcl_Size size = 0;
  const Tcl_UniChar* text = Tcl_GetUnicodeFromObj(call.Argument(i), &size);
  if (std::all_of(text, text + size, [](Tcl_UniChar c) { return c < 0x100; })) {
    return call.Bytes(i);
  }
  const char* bytes = Tcl_GetStringFromObj(call.Argument(i), &size);
  return {bytes, static_cast<size_t>(size)};
}

// A value with the number of its bytes, as the last arguments give them: STMT N VALUE BYTES, with
// -static, which is taken for what it is when SQLite makes its own copy, before them.
// bind(statement, n, data, bytes) calls SQLite. `terminator` is the size of what may be counted
// beyond the value's end.
template <typename Value, typename Bind>
void BindBytes(Call& call, const char* what, int terminator, Value value_of, Bind bind) {
  const int first = call.count() - 4;
  if (first == 1 && std::strcmp(call.Text(0), "-static") != 0) {
    throw Failure(std::string("bad option \"") + call.Text(0) + "\": must be -static");
  }
  sqlite3_stmt* statement = call.StatementOrNull(first);
  const int index = call.Int(first + 1);
  const int bytes = call.Int(first + 3);
  const std::string_view value = value_of(call, first + 2);
  const auto size = static_cast<int64_t>(value.size());
  if (bytes > size + terminator) {
    throw Failure("cannot use " + std::to_string(bytes) + " " + what + " bytes, have " +
                  std::to_string(size));
  }
  // char16_t, so that UTF-16 is aligned; and all of it is a terminator where one is missing.
  std::u16string copy(value.size() / 2 + 2, u'\0');
  std::copy(value.begin(), value.end(), reinterpret_cast<char*>(copy.data()));
  CheckNamed(bind(statement, index, copy.data(), bytes));
}

std::string_view RawBytes(const Call& call, int i) { return call.Bytes(i); }

const Command kCommands[] = {
    {"sqlite3_bind_int", "STMT N VALUE",
     [](Call& c) { CheckSilently(sqlite3_bind_int(c.StatementOrNull(0), c.Int(1), c.Int(2))); }},
    {"sqlite3_bind_int64", "STMT N VALUE",
     [](Call& c) { CheckSilently(sqlite3_bind_int64(c.StatementOrNull(0), c.Int(1), c.Wide(2))); }},
    {"sqlite3_bind_double", "STMT N VALUE",
     [](Call& c) {
       CheckSilently(sqlite3_bind_double(c.StatementOrNull(0), c.Int(1), DoubleOf(c, 2)));
     }},
    {"sqlite3_bind_null", "STMT N",
     [](Call& c) { CheckSilently(sqlite3_bind_null(c.StatementOrNull(0), c.Int(1))); }},
    {"sqlite3_bind_zeroblob", "STMT IDX N",
     [](Call& c) {
       CheckSilently(sqlite3_bind_zeroblob(c.StatementOrNull(0), c.Int(1), c.Int(2)));
     }},
    {"sqlite3_bind_zeroblob64", "STMT IDX N",
     [](Call& c) {
       const auto size = static_cast<sqlite3_uint64>(c.Wide(2));
       CheckNamed(sqlite3_bind_zeroblob64(c.Statement(0), c.Int(1), size));
     }},
    {"sqlite3_bind_text", "STMT N STRING BYTES",
     [](Call& c) {
       BindBytes(c, "text", 1, TextBytes, [](sqlite3_stmt* s, int n, const void* data, int bytes) {
         return sqlite3_bind_text(s, n, static_cast<const char*>(data), bytes, SQLITE_TRANSIENT);
       });
     }},
    {"sqlite3_bind_text16", "?-static? STMT N STRING BYTES",
     [](Call& c) {
       BindBytes(c, "text", 2, RawBytes, [](sqlite3_stmt* s, int n, const void* data, int bytes) {
         return sqlite3_bind_text16(s, n, data, bytes, SQLITE_TRANSIENT);
       });
     }},
    {"sqlite3_bind_blob", "?-static? STMT N DATA BYTES",
     [](Call& c) {
       BindBytes(c, "blob", 0, RawBytes, [](sqlite3_stmt* s, int n, const void* data, int bytes) {
         return sqlite3_bind_blob(s, n, data, bytes, SQLITE_TRANSIENT);
       });
     }},
    {"sqlite3_bind_parameter_count", "STMT",
     [](Call& c) { c.ReturnInt(sqlite3_bind_parameter_count(c.StatementOrNull(0))); }},
    {"sqlite3_bind_parameter_name", "STMT N",
     [](Call& c) { c.ReturnText(sqlite3_bind_parameter_name(c.StatementOrNull(0), c.Int(1))); }},
    {"sqlite3_bind_parameter_index", "STMT NAME",
     [](Call& c) { c.ReturnInt(sqlite3_bind_parameter_index(c.StatementOrNull(0), c.Text(1))); }},
    {"sqlite3_clear_bindings", "STMT",
     [](Call& c) { c.ReturnInt(sqlite3_clear_bindings(c.Statement(0))); }},
};

}  // namespace

std::span<const Command> BindCommands() { return kCommands; }

}  // namespace sqliteasync::tester
