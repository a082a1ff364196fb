// The columns of a statement's row, and what they are called.

#include "tcl/test_command_tables.h"

namespace sqliteasync::tester {

namespace {

void ColumnType(Call& call) {
  switch (sqlite3_column_type(call.StatementOrNull(0), call.Int(1))) {
    case SQLITE_INTEGER:
      return call.ReturnText("INTEGER");
    case SQLITE_FLOAT:
      return call.ReturnText("FLOAT");
    case SQLITE_TEXT:
      return call.ReturnText("TEXT");
    case SQLITE_BLOB:
      return call.ReturnText("BLOB");
    default:
      return call.ReturnText("NULL");
  }
}

void ColumnBlob(Call& call) {
  sqlite3_stmt* statement = call.StatementOrNull(0);
  const int column = call.Int(1);
  const void* bytes = sqlite3_column_blob(statement, column);
  call.ReturnBytes(bytes, sqlite3_column_bytes(statement, column));
}

// The rows of a function that answers with a column's name of some kind, in both encodings. SQLite
// has those of a column's origin only if it was built with them.
#define NAME_ROWS(function)                                                                \
  {"sqlite3_" #function, "STMT column",                                                    \
   [](Call& c) {                                                                           \
     if (sqlite3_api->function == nullptr) throw Failure("this SQLite has no " #function); \
     c.ReturnText(sqlite3_api->function(c.Statement(0), c.Int(1)));                        \
   }},                                                                                     \
  {                                                                                        \
    "sqlite3_" #function "16", "STMT column", [](Call& c) {                                \
      if (sqlite3_api->function##16 == nullptr) {                                          \
        throw Failure("this SQLite has no " #function "16");                               \
      }                                                                                    \
      c.ReturnText16(sqlite3_api->function##16(c.Statement(0), c.Int(1)), true);           \
    }                                                                                      \
  }

const Command kCommands[] = {
    {"sqlite3_column_count", "STMT",
     [](Call& c) { c.ReturnInt(sqlite3_column_count(c.StatementOrNull(0))); }},
    {"sqlite3_data_count", "STMT",
     [](Call& c) { c.ReturnInt(sqlite3_data_count(c.StatementOrNull(0))); }},

    {"sqlite3_column_type", "STMT column", ColumnType},
    {"sqlite3_column_int", "STMT column",
     [](Call& c) { c.ReturnInt(sqlite3_column_int(c.StatementOrNull(0), c.Int(1))); }},
    {"sqlite3_column_int64", "STMT column",
     [](Call& c) { c.ReturnInt(sqlite3_column_int64(c.StatementOrNull(0), c.Int(1))); }},
    {"sqlite3_column_double", "STMT column",
     [](Call& c) { c.ReturnDouble(sqlite3_column_double(c.StatementOrNull(0), c.Int(1))); }},
    {"sqlite3_column_text", "STMT column",
     [](Call& c) {
       c.ReturnText(
           reinterpret_cast<const char*>(sqlite3_column_text(c.StatementOrNull(0), c.Int(1))));
     }},
    {"sqlite3_column_text16", "STMT column",
     [](Call& c) { c.ReturnText16(sqlite3_column_text16(c.StatementOrNull(0), c.Int(1)), true); }},
    {"sqlite3_column_blob", "STMT column", ColumnBlob},
    {"sqlite3_column_bytes", "STMT column",
     [](Call& c) { c.ReturnInt(sqlite3_column_bytes(c.StatementOrNull(0), c.Int(1))); }},
    {"sqlite3_column_bytes16", "STMT column",
     [](Call& c) { c.ReturnInt(sqlite3_column_bytes16(c.StatementOrNull(0), c.Int(1))); }},

    NAME_ROWS(column_name),
    NAME_ROWS(column_decltype),
    NAME_ROWS(column_database_name),
    NAME_ROWS(column_table_name),
    NAME_ROWS(column_origin_name),
};

#undef NAME_ROWS

}  // namespace

std::span<const Command> ColumnCommands() { return kCommands; }

}  // namespace sqliteasync::tester
