// Patterns for the names of files.

#ifndef SQLITEASYNC_SIM_GLOB_H_
#define SQLITEASYNC_SIM_GLOB_H_

#include <string>
#include <string_view>

namespace sqliteasync::sim {

// Does `pattern` match the file `name`? "*" stands for any text, "?" for any one character,
// "[a-z]" for one of these and "[!a-z]" or "[^a-z]" for any other; letters are told apart by case.
// A pattern without a slash is compared with the last component of the name, any other with all of
// it. An empty pattern matches every file. Never allocates.
bool FileMatches(std::string_view pattern, std::string_view name);

// The pattern that matches `text` and nothing else. Throws std::bad_alloc.
std::string LiteralPattern(std::string_view text);

// The last component of a path. On Windows a backslash separates, too.
std::string_view BaseName(std::string_view path);

// All of a path before its last component, the separator included.
std::string_view DirectoryOf(std::string_view path);

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_GLOB_H_
