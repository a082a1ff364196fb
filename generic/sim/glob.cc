#include "glob.h"

namespace sqliteasync::sim {

namespace {

#ifdef _WIN32
constexpr char kSeparators[] = "/\\";
#else
constexpr char kSeparators[] = "/";
#endif

// Is `c` in the set whose text begins behind "["? `*length` becomes that of the set with its
// brackets, or 0 if it has no end, and then "[" stands for itself.
bool InSet(std::string_view pattern, char c, size_t* length) {
  size_t at = 1;
  const bool inverted = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (inverted) ++at;
  const size_t first = at;
  bool found = false;
  // A "]" right at the beginning belongs to the set.
  for (; at < pattern.size() && (pattern[at] != ']' || at == first); ++at) {
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      found = found || (pattern[at] <= c && c <= pattern[at + 2]);
      at += 2;
    } else {
      found = found || pattern[at] == c;
    }
  }
  *length = at < pattern.size() ? at + 1 : 0;
  return found != inverted;
}

bool Matches(std::string_view pattern, std::string_view text) {
  // Where to go on if what follows the last "*" does not match: one "*" is enough to go back to.
  size_t star = std::string_view::npos;
  size_t star_text = 0;
  size_t p = 0;
  size_t t = 0;
  while (t < text.size()) {
    bool matched = false;
    size_t step = 1;
    if (p < pattern.size()) {
      if (pattern[p] == '*') {
        star = p++;
        star_text = t;
        continue;
      }
      if (pattern[p] == '[') {
        matched = InSet(pattern.substr(p), text[t], &step);
        if (step == 0) {
          matched = text[t] == '[';
          step = 1;
        }
      } else {
        matched = pattern[p] == '?' || pattern[p] == text[t];
      }
    }
    if (matched) {
      p += step;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool FileMatches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return true;
  if (pattern.find_first_of(kSeparators) == std::string_view::npos) name = BaseName(name);
  return Matches(pattern, name);
}

std::string LiteralPattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[') {
      pattern += '[';
      pattern += c;
      pattern += ']';
    } else {
      pattern += c;
    }
  }
  return pattern;
}

std::string_view BaseName(std::string_view path) {
  const size_t separator = path.find_last_of(kSeparators);
  return separator == std::string_view::npos ? path : path.substr(separator + 1);
}

std::string_view DirectoryOf(std::string_view path) {
  return path.substr(0, path.size() - BaseName(path).size());
}

}  // namespace sqliteasync::sim
