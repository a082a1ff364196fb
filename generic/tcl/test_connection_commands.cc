// Connections: opening and closing them, errors, settings, counters.

#include <algorithm>

#include "tcl/test_command_tables.h"
#include "tcl/test_handles.h"

namespace sqliteasync::tester {

namespace {

#define NAMED(name) \
  { #name, name }

const NamedValue kOpenFlags[] = {
    NAMED(SQLITE_OPEN_READONLY),
    NAMED(SQLITE_OPEN_READWRITE),
    NAMED(SQLITE_OPEN_CREATE),
    NAMED(SQLITE_OPEN_DELETEONCLOSE),
    NAMED(SQLITE_OPEN_EXCLUSIVE),
    NAMED(SQLITE_OPEN_AUTOPROXY),
    NAMED(SQLITE_OPEN_MAIN_DB),
    NAMED(SQLITE_OPEN_TEMP_DB),
    NAMED(SQLITE_OPEN_TRANSIENT_DB),
    NAMED(SQLITE_OPEN_MAIN_JOURNAL),
    NAMED(SQLITE_OPEN_TEMP_JOURNAL),
    NAMED(SQLITE_OPEN_SUBJOURNAL),
    NAMED(SQLITE_OPEN_SUPER_JOURNAL),
    {"SQLITE_OPEN_MASTER_JOURNAL", SQLITE_OPEN_SUPER_JOURNAL},
    NAMED(SQLITE_OPEN_NOMUTEX),
    NAMED(SQLITE_OPEN_FULLMUTEX),
    NAMED(SQLITE_OPEN_SHAREDCACHE),
    NAMED(SQLITE_OPEN_PRIVATECACHE),
    NAMED(SQLITE_OPEN_WAL),
    NAMED(SQLITE_OPEN_URI),
    NAMED(SQLITE_OPEN_MEMORY),
    NAMED(SQLITE_OPEN_NOFOLLOW),
    {nullptr, 0},
};

const NamedValue kLimits[] = {
    NAMED(SQLITE_LIMIT_LENGTH),
    NAMED(SQLITE_LIMIT_SQL_LENGTH),
    NAMED(SQLITE_LIMIT_COLUMN),
    NAMED(SQLITE_LIMIT_EXPR_DEPTH),
    NAMED(SQLITE_LIMIT_COMPOUND_SELECT),
    NAMED(SQLITE_LIMIT_VDBE_OP),
    NAMED(SQLITE_LIMIT_FUNCTION_ARG),
    NAMED(SQLITE_LIMIT_ATTACHED),
    NAMED(SQLITE_LIMIT_LIKE_PATTERN_LENGTH),
    NAMED(SQLITE_LIMIT_VARIABLE_NUMBER),
    NAMED(SQLITE_LIMIT_TRIGGER_DEPTH),
    NAMED(SQLITE_LIMIT_WORKER_THREADS),
    // Of no limit, on either side.
    {"SQLITE_LIMIT_TOOSMALL", -1},
    {"SQLITE_LIMIT_TOOBIG", 1000},  // later versions of SQLite have more limits
    {nullptr, 0},
};

#undef NAMED

// Without the prefixes that scripts may leave out.
const NamedValue kSettings[] = {
    {"FKEY", SQLITE_DBCONFIG_ENABLE_FKEY},
    {"TRIGGER", SQLITE_DBCONFIG_ENABLE_TRIGGER},
    {"VIEW", SQLITE_DBCONFIG_ENABLE_VIEW},
    {"FTS3_TOKENIZER", SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER},
    {"LOAD_EXTENSION", SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION},
    {"NO_CKPT_ON_CLOSE", SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE},
    {"QPSG", SQLITE_DBCONFIG_ENABLE_QPSG},
    {"TRIGGER_EQP", SQLITE_DBCONFIG_TRIGGER_EQP},
    {"RESET_DATABASE", SQLITE_DBCONFIG_RESET_DATABASE},
    {"DEFENSIVE", SQLITE_DBCONFIG_DEFENSIVE},
    {"WRITABLE_SCHEMA", SQLITE_DBCONFIG_WRITABLE_SCHEMA},
    {"LEGACY_ALTER_TABLE", SQLITE_DBCONFIG_LEGACY_ALTER_TABLE},
    {"DQS_DML", SQLITE_DBCONFIG_DQS_DML},
    {"DQS_DDL", SQLITE_DBCONFIG_DQS_DDL},
    {"LEGACY_FILE_FORMAT", SQLITE_DBCONFIG_LEGACY_FILE_FORMAT},
    {"TRUSTED_SCHEMA", SQLITE_DBCONFIG_TRUSTED_SCHEMA},
    {nullptr, 0},
};

const NamedValue kCheckpointModes[] = {
    {"passive", SQLITE_CHECKPOINT_PASSIVE},
    {"full", SQLITE_CHECKPOINT_FULL},
    {"restart", SQLITE_CHECKPOINT_RESTART},
    {"truncate", SQLITE_CHECKPOINT_TRUNCATE},
    {nullptr, 0},
};

// Also a failed opening makes a connection, which has the error and must be closed.
void ReturnOpened(const Call& call, sqlite3* db) {
  AddConnection(db);
  call.ReturnText(PointerText(db).c_str());
}

void Open(Call& call) {
  sqlite3* db = nullptr;
  sqlite3_open(call.Has(0) ? call.Text(0) : nullptr, &db);
  ReturnOpened(call, db);
}

void Open16(Call& call) {
  const std::string_view bytes = call.Bytes(0);
  std::u16string name(bytes.size() / 2 + 1, u'\0');
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(name.data()));
  sqlite3* db = nullptr;
  sqlite3_open16(name.c_str(), &db);
  ReturnOpened(call, db);
}

void OpenV2(Call& call) {
  Tcl_Size count = 0;
  Tcl_Obj** words = nullptr;
  if (Tcl_ListObjGetElements(call.interp(), call.Argument(1), &count, &words) != TCL_OK) {
    throw FailureInResult();
  }
  int flags = 0;
  for (Tcl_Size i = 0; i < count; ++i) {
    flags |= NamedWord(call.interp(), words[i], kOpenFlags, "flag");
  }
  sqlite3* db = nullptr;
  sqlite3_open_v2(call.Text(0), &db, flags, call.TextOrNull(2));
  ReturnOpened(call, db);
}

void Configure(Call& call) {
  std::string_view name = call.Text(1);
  for (const std::string_view prefix : {"SQLITE_", "DBCONFIG_", "ENABLE_"}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  const NamedValue* setting = kSettings;
  while (setting->name != nullptr && name != setting->name) ++setting;
  if (setting->name == nullptr) throw Failure("unknown sqlite3_db_config setting");
  sqlite3* db = call.Db(0);
  int value = call.Has(2) ? call.Int(2) : -1;  // -1: only asks
  sqlite3_db_config(db, setting->value, value, &value);
  call.ReturnInt(value);
}

// Calls the procedure unlock_notify for each connection that waited.
void NotifyUnlock(void** interps, int count) {
  for (int i = 0; i < count; ++i) {
    Tcl_EvalEx(static_cast<Tcl_Interp*>(interps[i]), "unlock_notify", -1, TCL_EVAL_GLOBAL);
  }
}

void AwaitUnlock(Call& call) {
  if (sqlite3_api->unlock_notify == nullptr) {
    throw Failure("this SQLite was built without ENABLE_UNLOCK_NOTIFY");
  }
  call.ReturnCode(sqlite3_unlock_notify(call.Db(0), NotifyUnlock, call.interp()));
}

void Limit(Call& call) {
  sqlite3* db = call.Db(0);
  const NamedValue* limit = kLimits;
  while (limit->name != nullptr && std::string_view(call.Text(1)) != limit->name) ++limit;
  if (limit->name == nullptr) throw Failure(std::string("unknown limit type: ") + call.Text(1));
  call.ReturnInt(sqlite3_limit(db, limit->value, call.Int(2)));
}

void Checkpoint(Call& call) {
  sqlite3* db = call.Db(0);
  int mode = 0;
  if (Tcl_GetIntFromObj(nullptr, call.Argument(1), &mode) != TCL_OK) {
    mode = call.Named(1, kCheckpointModes, "mode");
  }
  int log_frames = -555;
  int written_frames = -555;
  const int rc =
      sqlite3_wal_checkpoint_v2(db, call.TextOrNull(2), mode, &log_frames, &written_frames);
  if (rc != SQLITE_OK && rc != SQLITE_BUSY) {
    throw Failure(CodeName(rc) + " - " + sqlite3_errmsg(db));
  }
  call.ReturnInts({rc == SQLITE_BUSY ? 1 : 0, log_frames, written_frames});
}

void ColumnMetadata(Call& call) {
  sqlite3* db = call.Db(0);
  const char* type = nullptr;
  const char* collation = nullptr;
  int not_null = 0;
  int primary_key = 0;
  int auto_increment = 0;
  const int rc =
      sqlite3_table_column_metadata(db, call.TextOrNull(1), call.Text(2), call.TextOrNull(3), &type,
                                    &collation, &not_null, &primary_key, &auto_increment);
  if (rc != SQLITE_OK) throw Failure(sqlite3_errmsg(db));
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const char* text : {type, collation}) {
    Tcl_ListObjAppendElement(nullptr, list, Tcl_NewStringObj(text != nullptr ? text : "", -1));
  }
  for (const int flag : {not_null, primary_key, auto_increment}) {
    Tcl_ListObjAppendElement(nullptr, list, Tcl_NewIntObj(flag));
  }
  call.Return(list);
}

const Command kCommands[] = {
    {"sqlite3_connection_pointer", "SQLITE-CONNECTION", [](Call& c) { c.ReturnPointer(c.Db(0)); }},

    {"sqlite3_open", "?filename? ?options-list?", Open},
    {"sqlite3_open16", "filename options-list", Open16},
    {"sqlite3_open_v2", "FILENAME FLAGS VFS", OpenV2},
    {"sqlite3_close", "DB", [](Call& c) { c.ReturnCode(CloseConnection(c.DbOrNull(0), false)); }},
    {"sqlite3_close_v2", "DB", [](Call& c) { c.ReturnCode(CloseConnection(c.DbOrNull(0), true)); }},

    {"sqlite3_errcode", "DB", [](Call& c) { c.ReturnCode(sqlite3_errcode(c.DbOrNull(0))); }},
    {"sqlite3_extended_errcode", "DB",
     [](Call& c) { c.ReturnCode(sqlite3_extended_errcode(c.DbOrNull(0))); }},
    {"sqlite3_errmsg", "DB", [](Call& c) { c.ReturnText(sqlite3_errmsg(c.DbOrNull(0))); }},
    {"sqlite3_errmsg16", "DB",
     [](Call& c) { c.ReturnText16(sqlite3_errmsg16(c.DbOrNull(0)), false); }},
    {"sqlite3_system_errno", "DB", [](Call& c) { c.ReturnInt(sqlite3_system_errno(c.Db(0))); }},
    {"sqlite3_extended_result_codes", "DB BOOLEAN",
     [](Call& c) { c.ReturnCode(sqlite3_extended_result_codes(c.Db(0), c.Boolean(1))); }},
    {"sqlite3_test_errstr", "CODE", [](Call& c) { c.ReturnText(sqlite3_errstr(c.Int(0))); }},

    {"sqlite3_changes", "DB", [](Call& c) { c.ReturnInt(sqlite3_changes(c.Db(0))); }},
    {"sqlite3_total_changes", "DB", [](Call& c) { c.ReturnInt(sqlite3_total_changes(c.Db(0))); }},
    {"sqlite3_last_insert_rowid", "DB",
     [](Call& c) { c.ReturnInt(sqlite3_last_insert_rowid(c.Db(0))); }},
    {"sqlite3_set_last_insert_rowid", "DB ROWID",
     [](Call& c) { sqlite3_set_last_insert_rowid(c.Db(0), c.Wide(1)); }},
    {"sqlite3_get_autocommit", "DB", [](Call& c) { c.ReturnInt(sqlite3_get_autocommit(c.Db(0))); }},
    {"sqlite3_txn_state", "DB ?SCHEMA?",
     [](Call& c) { c.ReturnInt(sqlite3_txn_state(c.Db(0), c.Has(1) ? c.Text(1) : nullptr)); }},
    {"sqlite3_busy_timeout", "DB MS",
     [](Call& c) { c.ReturnCode(sqlite3_busy_timeout(c.Db(0), c.Int(1))); }},
    {"sqlite3_interrupt", "DB", [](Call& c) { sqlite3_interrupt(c.Db(0)); }},
    {"enter_db_mutex", "DB", [](Call& c) { sqlite3_mutex_enter(sqlite3_db_mutex(c.Db(0))); }},
    {"leave_db_mutex", "DB", [](Call& c) { sqlite3_mutex_leave(sqlite3_db_mutex(c.Db(0))); }},
    {"sqlite3_unlock_notify", "DB", AwaitUnlock},
    {"sqlite3_db_config", "DB SETTING ?VALUE?", Configure},
    {"sqlite3_limit", "DB ID VALUE", Limit},

    {"sqlite3_db_filename", "DB DBNAME",
     [](Call& c) { c.ReturnText(sqlite3_db_filename(c.Db(0), c.Text(1))); }},
    {"sqlite3_db_readonly", "DB DBNAME",
     [](Call& c) { c.ReturnInt(sqlite3_db_readonly(c.Db(0), c.Text(1))); }},
    {"sqlite3_db_cacheflush", "DB",
     [](Call& c) {
       const int rc = sqlite3_db_cacheflush(c.Db(0));
       if (rc != SQLITE_OK) throw Failure(sqlite3_errstr(rc));
     }},
    {"sqlite3_db_release_memory", "DB",
     [](Call& c) { c.ReturnInt(sqlite3_db_release_memory(c.Db(0))); }},
    {"sqlite3_table_column_metadata", "DB dbname tblname colname", ColumnMetadata},

    {"sqlite3_wal_checkpoint", "DB ?NAME?",
     [](Call& c) { c.ReturnCode(sqlite3_wal_checkpoint(c.Db(0), c.TextOrNull(1))); }},
    {"sqlite3_wal_checkpoint_v2", "DB MODE ?NAME?", Checkpoint},
    {"sqlite3_wal_autocheckpoint", "DB VALUE",
     [](Call& c) { c.ReturnCode(sqlite3_wal_autocheckpoint(c.Db(0), c.Int(1))); }},
};

}  // namespace

std::span<const Command> ConnectionCommands() { return kCommands; }

}  // namespace sqliteasync::tester
