// Prepared statements: preparing, running, finalizing them, and what is known of them.

#include <algorithm>

#include "tcl/test_command_tables.h"
#include "tcl/test_handles.h"

namespace sqliteasync::tester {

namespace {

const NamedValue kStatusCounters[] = {
    {"SQLITE_STMTSTATUS_FULLSCAN_STEP", SQLITE_STMTSTATUS_FULLSCAN_STEP},
    {"SQLITE_STMTSTATUS_SORT", SQLITE_STMTSTATUS_SORT},
    {"SQLITE_STMTSTATUS_AUTOINDEX", SQLITE_STMTSTATUS_AUTOINDEX},
    {"SQLITE_STMTSTATUS_VM_STEP", SQLITE_STMTSTATUS_VM_STEP},
    {"SQLITE_STMTSTATUS_REPREPARE", SQLITE_STMTSTATUS_REPREPARE},
    {"SQLITE_STMTSTATUS_RUN", SQLITE_STMTSTATUS_RUN},
    {"SQLITE_STMTSTATUS_FILTER_MISS", 7},  // these two came with 3.38
    {"SQLITE_STMTSTATUS_FILTER_HIT", 8},
    {"SQLITE_STMTSTATUS_MEMUSED", SQLITE_STMTSTATUS_MEMUSED},
    {nullptr, 0},
};

// What all of them do: prepares, sets the variable for the rest of the SQL, and returns the
// statement. `text` ends with a terminator that is not counted in `size`, `bytes` is what the
// script gives as the number of bytes; no more than there are are read.
// prepare(db, text, bytes, statement, tail) calls SQLite, new_value(bytes, size) makes a Tcl value.
template <typename Char, typename Prepare, typename NewValue>
void PrepareStatement(Call& call, const Char* text, Tcl_Size size, int bytes, int tail_argument,
                      Prepare prepare, NewValue new_value) {
  bytes = static_cast<int>(std::min<Tcl_Size>(bytes, size));
  sqlite3* db = call.Db(0);
  sqlite3_stmt* statement = nullptr;
  const Char* tail = nullptr;
  const bool wants_tail = call.Has(tail_argument);
  const int rc = prepare(db, text, bytes, &statement, wants_tail ? &tail : nullptr);
  AddStatement(statement, false);
  if (wants_tail && tail != nullptr) {
    const auto used = static_cast<Tcl_Size>((tail - text) * sizeof(Char));
    const Tcl_Size given = bytes < 0 ? size : bytes;
    try {
      call.SetVariable(call.Argument(tail_argument),
                       new_value(tail, std::max<Tcl_Size>(given - used, 0)));
    } catch (const FailureInResult&) {
      FinalizeStatement(statement);
      throw;
    }
  }
  if (rc != SQLITE_OK) {
    throw Failure("(" + std::to_string(rc) + ") " + sqlite3_errmsg(db));
  }
  call.ReturnPointer(statement);
}

template <typename Prepare>
void PrepareUtf8(Call& call, int tail_argument, Prepare prepare) {
  Tcl_Size size = 0;
  const char* text = Tcl_GetStringFromObj(call.Argument(1), &size);
  PrepareStatement(call, text, size, call.Int(2), tail_argument, prepare,
                   [](const char* tail, Tcl_Size count) { return Tcl_NewStringObj(tail, count); });
}

// The script gives UTF-16 as a byte array, which may lack the terminator.
template <typename Prepare>
void PrepareUtf16(Call& call, Prepare prepare) {
  const std::string_view bytes = call.Bytes(1);
  std::u16string text((bytes.size() + 1) / 2, u'\0');
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(text.data()));
  const auto size = static_cast<Tcl_Size>(bytes.size());
  const auto wide_prepare = [prepare](sqlite3* db, const char16_t* sql, int count,
                                      sqlite3_stmt** statement, const char16_t** tail) {
    const void* rest = nullptr;
    const int rc = prepare(db, sql, count, statement, tail != nullptr ? &rest : nullptr);
    if (tail != nullptr) *tail = static_cast<const char16_t*>(rest);
    return rc;
  };
  PrepareStatement(call, text.c_str(), size, call.Int(2), 3, wide_prepare,
                   [](const char16_t* tail, Tcl_Size count) {
                     return Tcl_NewByteArrayObj(reinterpret_cast<const unsigned char*>(tail),
                                                count);
                   });
}

// SQL that the number of bytes lets end in the middle of what lies in memory.
void PrepareTicket3134(Call& call) {
  static const char kSql[] = "\0SELECT 1";
  sqlite3* db = call.Db(0);
  sqlite3_stmt* statement = nullptr;
  const int rc = sqlite3_prepare_v2(db, kSql + 1, sizeof kSql - 1, &statement, nullptr);
  if (rc != SQLITE_OK) throw Failure("(" + std::to_string(rc) + ") " + sqlite3_errmsg(db));
  AddStatement(statement, false);
  call.ReturnPointer(statement);
}

const Command kCommands[] = {
    {"sqlite3_prepare", "DB sql bytes ?tailvar?",
     [](Call& c) {
       PrepareUtf8(c, 3, [](auto... arguments) { return sqlite3_prepare(arguments...); });
     }},
    {"sqlite3_prepare_v2", "DB sql bytes ?tailvar?",
     [](Call& c) {
       PrepareUtf8(c, 3, [](auto... arguments) { return sqlite3_prepare_v2(arguments...); });
     }},
    {"sqlite3_prepare_v3", "DB sql bytes flags ?tailvar?",
     [](Call& c) {
       const auto flags = static_cast<unsigned>(c.Int(3));
       PrepareUtf8(c, 4, [flags](sqlite3* db, const char* sql, int bytes, auto... results) {
         return sqlite3_prepare_v3(db, sql, bytes, flags, results...);
       });
     }},
    {"sqlite3_prepare16", "DB sql bytes ?tailvar?",
     [](Call& c) {
       PrepareUtf16(c, [](auto... arguments) { return sqlite3_prepare16(arguments...); });
     }},
    {"sqlite3_prepare16_v2", "DB sql bytes ?tailvar?",
     [](Call& c) {
       PrepareUtf16(c, [](auto... arguments) { return sqlite3_prepare16_v2(arguments...); });
     }},
    {"sqlite3_prepare_tkt3134", "DB", PrepareTicket3134},

    {"sqlite3_step", "STMT", [](Call& c) { c.ReturnCode(sqlite3_step(c.StatementOrNull(0))); }},
    {"sqlite3_reset", "STMT", [](Call& c) { c.ReturnCode(sqlite3_reset(c.StatementOrNull(0))); }},
    {"sqlite3_finalize", "STMT",
     [](Call& c) { c.ReturnCode(FinalizeStatement(c.StatementOrNull(0))); }},

    {"sqlite3_expired", "STMT",
     [](Call& c) { c.ReturnInt(sqlite3_expired(c.StatementOrNull(0))); }},
    {"sqlite3_transfer_bindings", "FROM-STMT TO-STMT",
     [](Call& c) {
       sqlite3_stmt* from = c.Statement(0);
       c.ReturnInt(sqlite3_transfer_bindings(from, c.Statement(1)));
     }},
    {"sqlite3_sql", "STMT", [](Call& c) { c.ReturnText(sqlite3_sql(c.StatementOrNull(0))); }},
    {"sqlite3_expanded_sql", "STMT",
     [](Call& c) { c.ReturnAllocated(sqlite3_expanded_sql(c.StatementOrNull(0))); }},
    {"sqlite3_stmt_readonly", "STMT",
     [](Call& c) { c.ReturnInt(sqlite3_stmt_readonly(c.StatementOrNull(0))); }},
    {"sqlite3_stmt_isexplain", "STMT",
     [](Call& c) { c.ReturnInt(sqlite3_stmt_isexplain(c.StatementOrNull(0))); }},
    {"sqlite3_stmt_busy", "STMT",
     [](Call& c) { c.ReturnInt(sqlite3_stmt_busy(c.StatementOrNull(0))); }},
    {"sqlite3_stmt_status", "STMT PARAMETER RESETFLAG",
     [](Call& c) {
       c.ReturnInt(
           sqlite3_stmt_status(c.Statement(0), c.NamedOrInt(1, kStatusCounters), c.Boolean(2)));
     }},
    {"sqlite3_next_stmt", "DB STMT",
     [](Call& c) {
       sqlite3* db = c.Db(0);
       sqlite3_stmt* next = sqlite3_next_stmt(db, c.StatementOrNull(1));
       AddStatement(next, true);
       c.ReturnPointer(next);
     }},
};

}  // namespace

std::span<const Command> StatementCommands() { return kCommands; }

}  // namespace sqliteasync::tester
