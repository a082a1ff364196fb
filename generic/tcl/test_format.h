// SQLite's printf with a format that a script wrote.

#ifndef SQLITEASYNC_TCL_TEST_FORMAT_H_
#define SQLITEASYNC_TCL_TEST_FORMAT_H_

#include <string>

namespace sqliteasync::tester {

// The arguments that follow a format are "i" (int), "l" (a 64-bit integer), "d" (double) or "s"
// (text); `types` has one letter for each. Throws Failure if the format would take others, or more:
// SQLite would read what isn't there.
void CheckFormat(const char* format, const char* types);

// sqlite3_mprintf(format, text).
std::string FormatOne(const char* format, const char* text);

}  // namespace sqliteasync::tester

#endif  // SQLITEASYNC_TCL_TEST_FORMAT_H_
