// SQL run in one go, by sqlite3_exec() and sqlite3_get_table().

#include <cstring>

#include "tcl/test_command_tables.h"
#include "tcl/test_format.h"

namespace sqliteasync::tester {

namespace {

Tcl_Obj* ValueOrNull(const char* text) {
  return Tcl_NewStringObj(text != nullptr ? text : "NULL", -1);
}

// The names of the columns, once, and the values of each row.
int AppendRow(void* list_pointer, int columns, char** values, char** names) {
  auto* list = static_cast<Tcl_Obj*>(list_pointer);
  Tcl_Size length = 0;
  Tcl_ListObjLength(nullptr, list, &length);
  for (int i = 0; length == 0 && i < columns; ++i) {
    Tcl_ListObjAppendElement(nullptr, list, ValueOrNull(names[i]));
  }
  for (int i = 0; i < columns; ++i) {
    Tcl_ListObjAppendElement(nullptr, list, ValueOrNull(values[i]));
  }
  return 0;
}

// The result is a list of the code, as a number, and what AppendRow() made or the error's text.
void Execute(Call& call, const std::string& sql) {
  sqlite3* db = call.Db(0);
  Tcl_Obj* rows = Tcl_NewListObj(0, nullptr);
  Tcl_IncrRefCount(rows);
  char* error = nullptr;
  const int rc = sqlite3_exec(db, sql.c_str(), AppendRow, rows, &error);
  Tcl_Obj* const result[] = {
      Tcl_NewIntObj(rc),
      rc == SQLITE_OK ? rows : Tcl_NewStringObj(error != nullptr ? error : "", -1)};
  call.Return(Tcl_NewListObj(2, result));
  Tcl_DecrRefCount(rows);
  sqlite3_free(error);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Replaces each %HH by the byte that the two digits mean.
std::string DecodePercent(const char* text) {
  std::string result;
  while (*text != '\0') {
    const int high = *text == '%' ? HexDigit(text[1]) : -1;
    const int low = high >= 0 ? HexDigit(text[2]) : -1;
    if (low >= 0) {
      result += static_cast<char>(high * 16 + low);
      text += 3;
    } else {
      result += *text++;
    }
  }
  return result;
}

void GetTable(Call& call) {
  const bool counts = !call.Has(3);
  if (!counts && std::strcmp(call.Text(3), "--no-counts") != 0) {
    throw Failure(std::string("bad option \"") + call.Text(3) + "\": must be --no-counts");
  }
  sqlite3* db = call.Db(0);
  const std::string sql = FormatOne(call.Text(1), call.Text(2));
  char** table = nullptr;
  char* error = nullptr;
  int rows = 0;
  int columns = 0;
  const int rc = sqlite3_get_table(db, sql.c_str(), &table, &rows, &columns, &error);
  Tcl_Obj* result = Tcl_NewListObj(0, nullptr);
  const auto append = [result](Tcl_Obj* value) {
    Tcl_ListObjAppendElement(nullptr, result, value);
  };
  append(Tcl_NewIntObj(rc));
  if (rc != SQLITE_OK) {
    append(Tcl_NewStringObj(error != nullptr ? error : "", -1));
  } else {
    if (counts) {
      append(Tcl_NewIntObj(rows));
      append(Tcl_NewIntObj(columns));
    }
    for (int i = 0; i < (rows + 1) * columns; ++i) append(ValueOrNull(table[i]));
  }
  sqlite3_free_table(table);
  sqlite3_free(error);
  call.Return(result);
}

const Command kCommands[] = {
    {"sqlite3_exec", "DB SQL", [](Call& c) { Execute(c, DecodePercent(c.Text(1))); }},
    {"sqlite3_exec_hex", "DB HEX", [](Call& c) { Execute(c, DecodePercent(c.Text(1))); }},
    {"sqlite3_exec_printf", "DB FORMAT STRING",
     [](Call& c) { Execute(c, FormatOne(c.Text(1), c.Text(2))); }},
    {"sqlite3_exec_nr", "DB SQL",
     [](Call& c) { sqlite3_exec(c.Db(0), c.Text(1), nullptr, nullptr, nullptr); }},
    {"sqlite3_get_table_printf", "DB FORMAT STRING ?--no-counts?", GetTable},
    {"sqlite3_complete", "SQL", [](Call& c) { c.ReturnInt(sqlite3_complete(c.Text(0))); }},
    {"sqlite3_complete16", "utf-16-SQL",
     [](Call& c) {
       const std::string_view bytes = c.Bytes(0);
       std::u16string sql(bytes.size() / 2 + 1, u'\0');
       bytes.copy(reinterpret_cast<char*>(sql.data()), bytes.size());
       c.ReturnInt(sqlite3_complete16(sql.c_str()));
     }},
};

}  // namespace

std::span<const Command> ExecCommands() { return kCommands; }

}  // namespace sqliteasync::tester
