// What the library was built with, as scripts ask for it: "ifcapable" reads the array
// sqlite_options, whose keys are those of SQLite's own harness.

#include <cstring>

#include "tcl/test_command_tables.h"

namespace sqliteasync::tester {

namespace {

// Does the library have the option? Without its list nothing is known, and it counts as built with
// the defaults.
bool Used(const char* option) {
  return sqlite3_api->compileoption_used != nullptr && sqlite3_compileoption_used(option) != 0;
}

// The number that an option was given, or `otherwise`.
Tcl_WideInt OptionValue(const std::string& option, Tcl_WideInt otherwise) {
  if (sqlite3_api->compileoption_get == nullptr) return otherwise;
  for (int i = 0; const char* text = sqlite3_compileoption_get(i); ++i) {
    if (std::strncmp(text, option.c_str(), option.size()) != 0 || text[option.size()] != '=') {
      continue;
    }
    Tcl_Obj* value = Tcl_NewStringObj(text + option.size() + 1, -1);
    Tcl_IncrRefCount(value);
    Tcl_WideInt number = otherwise;
    Tcl_GetWideIntFromObj(nullptr, value, &number);
    Tcl_DecrRefCount(value);
    return number;
  }
  return otherwise;
}

// 1 if the library was built with the option, or, after "!", without it.
struct Option {
  const char* key;
  const char* option;
};

const Option kOptions[] = {
    {"8_3_names", "ENABLE_8_3_NAMES"},
    {"altertable", "!OMIT_ALTERTABLE"},
    {"analyze", "!OMIT_ANALYZE"},
    {"api_armor", "ENABLE_API_ARMOR"},
    {"atomicwrite", "ENABLE_ATOMIC_WRITE"},
    {"attach", "!OMIT_ATTACH"},
    {"auth", "!OMIT_AUTHORIZATION"},
    {"autoinc", "!OMIT_AUTOINCREMENT"},
    {"autoindex", "!OMIT_AUTOMATIC_INDEX"},
    {"autoreset", "!OMIT_AUTORESET"},
    {"autovacuum", "!OMIT_AUTOVACUUM"},
    {"batch_atomic_write", "ENABLE_BATCH_ATOMIC_WRITE"},
    {"between_opt", "!OMIT_BETWEEN_OPTIMIZATION"},
    {"bloblit", "!OMIT_BLOB_LITERAL"},
    {"builtin_test", "!UNTESTABLE"},
    {"bytecode_vtab", "ENABLE_BYTECODE_VTAB"},
    {"case_sensitive_like", "CASE_SENSITIVE_LIKE"},
    {"cast", "!OMIT_CAST"},
    {"check", "!OMIT_CHECK"},
    {"columnmetadata", "ENABLE_COLUMN_METADATA"},
    {"compileoption_diags", "!OMIT_COMPILEOPTION_DIAGS"},
    {"complete", "!OMIT_COMPLETE"},
    {"compound", "!OMIT_COMPOUND_SELECT"},
    {"conflict", "!OMIT_CONFLICT_CLAUSE"},
    {"cte", "!OMIT_CTE"},
    {"cursorhints", "ENABLE_CURSOR_HINTS"},
    {"datetime", "!OMIT_DATETIME_FUNCS"},
    {"dbpage_vtab", "ENABLE_DBPAGE_VTAB"},
    {"dbstat_vtab", "ENABLE_DBSTAT_VTAB"},
    {"debug", "DEBUG"},
    {"decltype", "!OMIT_DECLTYPE"},
    {"default_ckptfullfsync", "DEFAULT_CKPTFULLFSYNC"},
    {"deprecated", "!OMIT_DEPRECATED"},
    {"direct_read", "DIRECT_OVERFLOW_READ"},
    {"dirsync", "!DISABLE_DIRSYNC"},
    {"diskio", "!OMIT_DISKIO"},
    {"explain", "!OMIT_EXPLAIN"},
    {"fast_secure_delete", "FAST_SECURE_DELETE"},
    {"floatingpoint", "!OMIT_FLOATING_POINT"},
    {"foreignkey", "!OMIT_FOREIGN_KEY"},
    {"fts1", "ENABLE_FTS1"},
    {"fts2", "ENABLE_FTS2"},
    {"fts3_tokenizer", "ENABLE_FTS3_TOKENIZER"},
    {"fts3_unicode", "!DISABLE_FTS3_UNICODE"},
    {"fts4", "ENABLE_FTS4"},
    {"fts4_deferred", "!DISABLE_FTS4_DEFERRED"},
    {"fts5", "ENABLE_FTS5"},
    {"gencol", "!OMIT_GENERATED_COLUMNS"},
    {"geopoly", "ENABLE_GEOPOLY"},
    {"gettable", "!OMIT_GET_TABLE"},
    {"hiddencolumns", "ENABLE_HIDDEN_COLUMNS"},
    {"icu", "ENABLE_ICU"},
    {"icu_collations", "ENABLE_ICU_COLLATIONS"},
    {"incrblob", "!OMIT_INCRBLOB"},
    {"integrityck", "!OMIT_INTEGRITY_CHECK"},
    {"lfs", "!DISABLE_LFS"},
    {"like_match_blobs", "!LIKE_DOESNT_MATCH_BLOBS"},
    {"like_opt", "!OMIT_LIKE_OPTIMIZATION"},
    {"load_ext", "!OMIT_LOAD_EXTENSION"},
    {"localtime", "!OMIT_LOCALTIME"},
    {"lookaside", "!OMIT_LOOKASIDE"},
    {"mathlib", "ENABLE_MATH_FUNCTIONS"},
    {"mem3", "ENABLE_MEMSYS3"},
    {"mem5", "ENABLE_MEMSYS5"},
    {"memdb", "!OMIT_MEMORYDB"},
    {"memdebug", "MEMDEBUG"},
    {"memorydb", "!OMIT_MEMORYDB"},
    {"memorymanage", "ENABLE_MEMORY_MANAGEMENT"},
    {"mergesort", "!OMIT_MERGE_SORT"},
    {"multiplex_ext_overwrite", "MULTIPLEX_EXT_OVWR"},
    {"mutex_noop", "MUTEX_NOOP"},
    {"normalize", "ENABLE_NORMALIZE"},
    {"null_trim", "ENABLE_NULL_TRIM"},
    {"offset_sql_func", "ENABLE_OFFSET_SQL_FUNC"},
    {"or_opt", "!OMIT_OR_OPTIMIZATION"},
    {"ordered_set_aggregates", "ENABLE_ORDERED_SET_AGGREGATES"},
    {"ordered_set_funcs", "ENABLE_ORDERED_SET_FUNCS"},
    {"oversize_cell_check", "ENABLE_OVERSIZE_CELL_CHECK"},
    {"pagecache_overflow_stats", "!DISABLE_PAGECACHE_OVERFLOW_STATS"},
    {"pager_pragmas", "!OMIT_PAGER_PRAGMAS"},
    {"pragma", "!OMIT_PRAGMA"},
    {"prefer_proxy_locking", "PREFER_PROXY_LOCKING"},
    {"preupdate", "ENABLE_PREUPDATE_HOOK"},
    {"progress", "!OMIT_PROGRESS_CALLBACK"},
    {"rbu", "ENABLE_RBU"},
    {"reindex", "!OMIT_REINDEX"},
    {"rowid32", "32BIT_ROWID"},
    {"rtree", "ENABLE_RTREE"},
    {"rtree_int_only", "RTREE_INT_ONLY"},
    {"scanstatus", "ENABLE_STMT_SCANSTATUS"},
    {"schema_pragmas", "!OMIT_SCHEMA_PRAGMAS"},
    {"schema_version", "!OMIT_SCHEMA_VERSION_PRAGMAS"},
    {"secure_delete", "SECURE_DELETE"},
    {"session", "ENABLE_SESSION"},
    {"setlk_timeout", "ENABLE_SETLK_TIMEOUT"},
    {"shared_cache", "!OMIT_SHARED_CACHE"},
    {"snapshot", "ENABLE_SNAPSHOT"},
    {"sqllog", "ENABLE_SQLLOG"},
    {"stat4", "ENABLE_STAT4"},
    {"stmtvtab", "ENABLE_STMTVTAB"},
    {"subquery", "!OMIT_SUBQUERY"},
    {"tclvar", "!OMIT_TCL_VARIABLE"},
    {"tempdb", "!OMIT_TEMPDB"},
    {"temptable", "!OMIT_TEMPDB"},
    {"trace", "!OMIT_TRACE"},
    {"trigger", "!OMIT_TRIGGER"},
    {"truncate_opt", "!OMIT_TRUNCATE_OPTIMIZATION"},
    {"unlock_notify", "ENABLE_UNLOCK_NOTIFY"},
    {"userauth", "USER_AUTHENTICATION"},
    {"utf16", "!OMIT_UTF16"},
    {"vacuum", "!OMIT_VACUUM"},
    {"view", "!OMIT_VIEW"},
    {"vtab", "!OMIT_VIRTUALTABLE"},
    {"wal", "!OMIT_WAL"},
    {"win32malloc", "WIN32_MALLOC"},
    {"windowfunc", "!OMIT_WINDOWFUNC"},
    {"wsd", "!OMIT_WSD"},
    {"xfer_opt", "!OMIT_XFER_OPT"},
    {"yytrackmaxstackdepth", "YYTRACKMAXSTACKDEPTH"},
    {"zlib", "HAVE_ZLIB"},
};

// The constants of the build, as variables. Those that are limits of a connection are asked for;
// the rest, where the library doesn't list them, are SQLite's defaults.
const struct {
  const char* name;  // after SQLITE_
  int limit;         // -1: none
  Tcl_WideInt otherwise;
} kConstants[] = {
    {"MAX_LENGTH", SQLITE_LIMIT_LENGTH, 0},
    {"MAX_SQL_LENGTH", SQLITE_LIMIT_SQL_LENGTH, 0},
    {"MAX_COLUMN", SQLITE_LIMIT_COLUMN, 0},
    {"MAX_EXPR_DEPTH", SQLITE_LIMIT_EXPR_DEPTH, 0},
    {"MAX_COMPOUND_SELECT", SQLITE_LIMIT_COMPOUND_SELECT, 0},
    {"MAX_VDBE_OP", SQLITE_LIMIT_VDBE_OP, 0},
    {"MAX_FUNCTION_ARG", SQLITE_LIMIT_FUNCTION_ARG, 0},
    {"MAX_ATTACHED", SQLITE_LIMIT_ATTACHED, 0},
    {"MAX_LIKE_PATTERN_LENGTH", SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 0},
    {"MAX_VARIABLE_NUMBER", SQLITE_LIMIT_VARIABLE_NUMBER, 0},
    {"MAX_TRIGGER_DEPTH", SQLITE_LIMIT_TRIGGER_DEPTH, 0},
    {"MAX_WORKER_THREADS", SQLITE_LIMIT_WORKER_THREADS, 0},
    {"MAX_PAGE_SIZE", -1, 65536},
    {"MAX_PAGE_COUNT", -1, 1073741823},
    {"MAX_DEFAULT_PAGE_SIZE", -1, 8192},
    {"DEFAULT_CACHE_SIZE", -1, -2000},
    {"DEFAULT_FILE_FORMAT", -1, 4},
    {"DEFAULT_SYNCHRONOUS", -1, 2},
    {"DEFAULT_WAL_SYNCHRONOUS", -1, 2},
};

// A connection to ask, in memory.
class Probe {
 public:
  Probe() {
    if (sqlite3_open(":memory:", &db_) != SQLITE_OK) {
      const std::string message = sqlite3_errmsg(db_);
      sqlite3_close(db_);
      throw Failure(message);
    }
  }
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe() { sqlite3_close(db_); }

  // The greatest value that a limit can have.
  int Limit(int id) const {
    sqlite3_limit(db_, id, 0x7fffffff);
    return sqlite3_limit(db_, id, -1);
  }

  // The first value of the first row as an integer; 0 if there is none, -1 for bad SQL.
  int Ask(const char* sql) const {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) return -1;
    const int value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    sqlite3_finalize(statement);
    return value;
  }

 private:
  sqlite3* db_ = nullptr;
};

// What takes more than one look at the list.
void SetDerived(const Probe& probe, void (*set)(Tcl_Interp*, const char*, Tcl_WideInt),
                Tcl_Interp* interp) {
  const int version = sqlite3_libversion_number();
  const int threads = sqlite3_threadsafe();
  const bool json = version >= 3038000 ? !Used("OMIT_JSON") : Used("ENABLE_JSON1");
  const bool fts3 = Used("ENABLE_FTS3") || Used("ENABLE_FTS4");
#ifdef __APPLE__
  const bool proxy_locks = Used("ENABLE_LOCKING_STYLE");
#else
  const bool proxy_locks = false;
#endif
  const struct {
    const char* key;
    bool value;
  } kDerived[] = {
      {"default_autovacuum", probe.Ask("PRAGMA auto_vacuum") > 0},
      {"deserialize", version >= 3036000 ? !Used("OMIT_DESERIALIZE") : Used("ENABLE_DESERIALIZE")},
      {"fts3", fts3},
      {"json", json},
      {"json1", json},
      {"legacyformat", OptionValue("DEFAULT_FILE_FORMAT", 4) == 1},
      {"lock_proxy_pragmas", proxy_locks},
      {"mmap", OptionValue("MAX_MMAP_SIZE", 1) > 0},
      {"mutex", threads != 0},
      {"threadsafe", threads != 0},
      {"threadsafe1", threads == 1},
      {"threadsafe2", threads == 2},
      {"update_delete_limit", probe.Ask("DELETE FROM sqliteasync_probe LIMIT 1") >= 0},
      {"worker_threads", probe.Limit(SQLITE_LIMIT_WORKER_THREADS) > 0},
      // What doesn't depend on the library: what this harness offers, or can't.
      {"crashtest", true},
      {"curdir", true},
      {"has_codec", false},
      {"long_double", sizeof(long double) > sizeof(double)},
  };
  for (const auto& [key, value] : kDerived) set(interp, key, value ? 1 : 0);
}

}  // namespace

void SetOptions(Tcl_Interp* interp) {
  const auto set = [](Tcl_Interp* in, const char* key, Tcl_WideInt value) {
    Tcl_SetVar2Ex(in, "sqlite_options", key, Tcl_NewWideIntObj(value), TCL_GLOBAL_ONLY);
  };
  for (const auto& [key, option] : kOptions) {
    set(interp, key, *option == '!' ? !Used(option + 1) : Used(option));
  }
  const Probe probe;
  probe.Ask("CREATE TABLE sqliteasync_probe(x)");
  SetDerived(probe, set, interp);

  const auto set_variable = [interp](const std::string& name, Tcl_WideInt value) {
    Tcl_SetVar2Ex(interp, name.c_str(), nullptr, Tcl_NewWideIntObj(value), TCL_GLOBAL_ONLY);
  };
  for (const auto& [name, limit, otherwise] : kConstants) {
    set_variable(std::string("SQLITE_") + name,
                 limit >= 0 ? probe.Limit(limit) : OptionValue(name, otherwise));
  }
  set_variable("SQLITE_DEFAULT_PAGE_SIZE", kPageSize);
  set_variable("TEMP_STORE", OptionValue("TEMP_STORE", 1));
  set_variable("bitmask_size", 64);
  set_variable("longdouble_size", sizeof(long double));
}

}  // namespace sqliteasync::tester
