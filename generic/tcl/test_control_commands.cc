// sqlite3_test_control() and other doors that SQLite has for its tests.

#include <cstdlib>
#include <vector>

#include "tcl/test_command_tables.h"

namespace sqliteasync::tester {

namespace {

const Command kTestControls[] = {
    {"SQLITE_TESTCTRL_LOCALTIME_FAULT", "ONOFF",
     [](Call& c) { sqlite3_test_control(SQLITE_TESTCTRL_LOCALTIME_FAULT, c.Boolean(0) ? 1 : 0); }},
    {"SQLITE_TESTCTRL_SORTER_MMAP", "DB LIMIT",
     [](Call& c) { sqlite3_test_control(SQLITE_TESTCTRL_SORTER_MMAP, c.Db(0), c.Int(1)); }},
    {"SQLITE_TESTCTRL_IMPOSTER", "DB dbName onOff tnum",
     [](Call& c) {
       c.ReturnCode(
           sqlite3_test_control(SQLITE_TESTCTRL_IMPOSTER, c.Db(0), c.Text(1), c.Int(2), c.Int(3)));
     }},
    {"SQLITE_TESTCTRL_INTERNAL_FUNCTIONS", "DB",
     [](Call& c) { sqlite3_test_control(SQLITE_TESTCTRL_INTERNAL_FUNCTIONS, c.Db(0)); }},
    {nullptr, "", nullptr},
};

// The query planner's optimizations that scripts know, with their bits in SQLite 3.34 to 3.4x.
const NamedValue kOptimizations[] = {
    {"all", -1},
    {"none", 0},
    {"query-flattener", 0x0001},
    {"groupby-order", 0x0004},
    {"factor-constants", 0x0008},
    {"distinct-opt", 0x0010},
    {"cover-idx-scan", 0x0020},
    {"order-by-idx-join", 0x0040},
    {"transitive", 0x0080},
    {"omit-noop-join", 0x0100},
    {"stat4", 0x0800},
    {"push-down", 0x1000},
    {"skip-scan", 0x4000},
    {nullptr, 0},
};

// Switches all others on, or off, too; what is given to SQLite says which are off.
void ControlOptimization(Call& call) {
  sqlite3* db = call.Db(0);
  const NamedValue* optimization = kOptimizations;
  std::string names;
  while (optimization->name != nullptr && std::string_view(call.Text(1)) != optimization->name) {
    names += std::string(" ") + optimization->name;
    ++optimization;
  }
  if (optimization->name == nullptr) {
    throw Failure("unknown optimization - should be one of:" + names);
  }
  const int mask = call.Boolean(2) ? ~optimization->value : optimization->value;
  sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, db, mask);
}

int pending_byte = 0;  // linked to a read-only variable

void SetPendingByte(Call& call) {
  const int position = call.Int(0);
  const int before = sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, position);
  pending_byte = sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0);
  call.ReturnInt(before);
}

// Runs a program of numbers on a bit vector of that size. It ends with a zero, and SQLite writes to
// it. Any characters may stand between the numbers.
void TestBitvec(Call& call) {
  std::vector<int> program;
  const char* p = call.Text(1);
  while (*p != '\0' && program.size() < 99) {
    if (*p < '0' || *p > '9') {
      ++p;
      continue;
    }
    char* end = nullptr;
    program.push_back(static_cast<int>(std::strtol(p, &end, 10)));
    p = end;
  }
  program.push_back(0);
  call.ReturnInt(sqlite3_test_control(SQLITE_TESTCTRL_BITVEC_TEST, call.Int(0), program.data()));
}

const Command kCommands[] = {
    {"sqlite3_test_control", "VERB ?ARG ...?", [](Call& c) { c.RunVerb(kTestControls, "VERB"); }},
    {"sqlite3_test_control_pending_byte", "PENDING-BYTE", SetPendingByte},
    {"optimization_control", "DB OPT BOOLEAN", ControlOptimization},

    {"sqlite3BitvecBuiltinTest", "SIZE PROGRAM", TestBitvec},

    {"save_prng_state", "", [](Call&) { sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SAVE); }},
    {"restore_prng_state", "", [](Call&) { sqlite3_test_control(SQLITE_TESTCTRL_PRNG_RESTORE); }},
    {"reset_prng_state", "", [](Call&) { sqlite3_randomness(0, nullptr); }},
    {"prng_seed", "SEED ?DB?",
     [](Call& c) {
       sqlite3* db = c.Has(1) ? c.Db(1) : nullptr;
       sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, c.Int(0), db);
     }},
    {"database_may_be_corrupt", "",
     [](Call&) { sqlite3_test_control(SQLITE_TESTCTRL_NEVER_CORRUPT, 0); }},
    {"database_never_corrupt", "",
     [](Call&) { sqlite3_test_control(SQLITE_TESTCTRL_NEVER_CORRUPT, 1); }},
    {"extra_schema_checks", "BOOLEAN",
     [](Call& c) {
       sqlite3_test_control(SQLITE_TESTCTRL_EXTRA_SCHEMA_CHECKS, c.Boolean(0) ? 1 : 0);
     }},

    {"working_64bit_int", "", [](Call& c) { c.ReturnInt(1); }},
    {"tcl_variable_type", "VARIABLE",
     [](Call& c) {
       Tcl_Obj* value = Tcl_GetVar2Ex(c.interp(), c.Text(0), nullptr, TCL_LEAVE_ERR_MSG);
       if (value == nullptr) throw FailureInResult();
       if (value->typePtr != nullptr) c.ReturnText(value->typePtr->name);
     }},
    {"breakpoint", "?ARG ...?", [](Call&) {}},
};

}  // namespace

std::span<const Command> TestControlCommands() { return kCommands; }

int LinkPendingByte(Tcl_Interp* interp) {
  pending_byte = sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0);
  return Tcl_LinkVar(interp, "sqlite_pending_byte", reinterpret_cast<char*>(&pending_byte),
                     TCL_LINK_INT | TCL_LINK_READ_ONLY);
}

}  // namespace sqliteasync::tester
