#include "trace.h"

#include <cstdarg>
#include <cstdio>

#include "../platform.h"

namespace sqliteasync {

std::atomic<int> trace_flag{0};

void Trace(const char* format, ...) {
  // One call of fwrite per line keeps lines of several threads apart. A line longer than the
  // buffer, of a very long path, is cut.
  char line[2048];
  int length = std::snprintf(line, sizeof(line), "[%lu] ", platform::ThreadNumber());
  std::va_list arguments;
  va_start(arguments, format);
  length +=
      std::vsnprintf(line + length, sizeof(line) - static_cast<size_t>(length), format, arguments);
  va_end(arguments);
  const int last = static_cast<int>(sizeof(line)) - 2;
  if (length > last) length = last;
  line[length] = '\n';
  std::fwrite(line, 1, static_cast<size_t>(length) + 1, stderr);
}

}  // namespace sqliteasync
