#include "status_table.h"

#include <new>
#include <vector>

#include "core/status_report.h"

namespace sqliteasync {

namespace {

// The order of the columns.
enum Column { kDatabase, kName, kValue, kHighwater };

struct Cursor : sqlite3_vtab_cursor {
  std::vector<StatusLine> lines;
  size_t at = 0;
};

// The first three of the arguments are the module, the schema and the table. SQLite shows a table
// with the module's name in main without being asked; under another name, main and other files
// don't get one, because whoever opened the file without the library would find a table that can't
// be read.
int Connect(sqlite3* db, void* /*data*/, int count, const char* const* arguments,
            sqlite3_vtab** table, char** error) {
  const char* module = arguments[0];
  const char* schema = arguments[1];
  const char* name = arguments[2];
  if (count > 3) {
    *error = sqlite3_mprintf("%s takes no argument: %s", module, arguments[3]);
    return SQLITE_ERROR;
  }
  const bool temporary = sqlite3_stricmp(schema, "temp") == 0;
  if (!temporary && (sqlite3_stricmp(schema, "main") != 0 || sqlite3_stricmp(name, module) != 0)) {
    *error =
        sqlite3_mprintf("%s can not be kept in a file; use CREATE VIRTUAL TABLE temp.%s USING %s",
                        module, name, module);
    return SQLITE_ERROR;
  }
  sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  const int rc = sqlite3_declare_vtab(
      db, "CREATE TABLE x(database TEXT, name TEXT, value, highwater INTEGER)");
  if (rc != SQLITE_OK) return rc;
  *table = new (std::nothrow) sqlite3_vtab{};
  return *table != nullptr ? SQLITE_OK : SQLITE_NOMEM;
}

int Disconnect(sqlite3_vtab* table) {
  delete table;
  return SQLITE_OK;
}

// There are few lines: SQLite looks through all.
int BestIndex(sqlite3_vtab* /*table*/, sqlite3_index_info* info) {
  info->estimatedCost = 100;
  info->estimatedRows = 100;
  return SQLITE_OK;
}

int Open(sqlite3_vtab* /*table*/, sqlite3_vtab_cursor** cursor) {
  *cursor = new (std::nothrow) Cursor{};
  return *cursor != nullptr ? SQLITE_OK : SQLITE_NOMEM;
}

int Close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int Filter(sqlite3_vtab_cursor* cursor, int /*index*/, const char* /*name*/, int /*count*/,
           sqlite3_value** /*arguments*/) {
  auto* own = static_cast<Cursor*>(cursor);
  own->at = 0;
  try {
    own->lines = ReportStatus();
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
  return SQLITE_OK;
}

int Next(sqlite3_vtab_cursor* cursor) {
  ++static_cast<Cursor*>(cursor)->at;
  return SQLITE_OK;
}

int AtEnd(sqlite3_vtab_cursor* cursor) {
  const auto* own = static_cast<Cursor*>(cursor);
  return own->at >= own->lines.size() ? 1 : 0;
}

int Value(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
  const auto* own = static_cast<Cursor*>(cursor);
  const StatusLine& line = own->lines[own->at];
  switch (column) {
    case kDatabase:
      if (line.database) sqlite3_result_text(context, line.database->c_str(), -1, SQLITE_TRANSIENT);
      break;
    case kName:
      sqlite3_result_text(context, line.name, -1, SQLITE_STATIC);
      break;
    case kValue:
      if (line.text.empty()) {
        sqlite3_result_int64(context, line.value);
      } else {
        sqlite3_result_text(context, line.text.c_str(), -1, SQLITE_TRANSIENT);
      }
      break;
    case kHighwater:
      if (line.highwater) sqlite3_result_int64(context, *line.highwater);
      break;
    default:
      break;
  }
  return SQLITE_OK;
}

int RowId(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
  *id = static_cast<sqlite3_int64>(static_cast<Cursor*>(cursor)->at) + 1;
  return SQLITE_OK;
}

// xCreate is xConnect, by which SQLite knows that the table is there without being made. One that
// is made in temp can be read while main has failed or is locked; the other belongs to main, which
// is locked with it.
sqlite3_module MakeModule() {
  sqlite3_module module{};
  module.xCreate = Connect;
  module.xConnect = Connect;
  module.xBestIndex = BestIndex;
  module.xDisconnect = Disconnect;
  module.xDestroy = Disconnect;
  module.xOpen = Open;
  module.xClose = Close;
  module.xFilter = Filter;
  module.xNext = Next;
  module.xEof = AtEnd;
  module.xColumn = Value;
  module.xRowid = RowId;
  return module;
}

}  // namespace

int DefineStatusTable(sqlite3* db) {
  if (sqlite3_create_module_v2 == nullptr) {
    sqlite3_log(SQLITE_NOTICE,
                "sqliteasync: this SQLite was built without virtual tables: there is no table "
                "sqlite3async_status; PRAGMA sqlite3async_status shows the same");
    return SQLITE_OK;
  }
  static const sqlite3_module kModule = MakeModule();
  return sqlite3_create_module_v2(db, "sqlite3async_status", &kModule, nullptr, nullptr);
}

}  // namespace sqliteasync
