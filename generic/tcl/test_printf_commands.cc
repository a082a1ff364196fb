// SQLite's printf with arguments of the types that a command's name says.

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tcl/test_command_tables.h"
#include "tcl/test_format.h"

namespace sqliteasync::tester {

namespace {

// The text of a %-conversion's end at `p`, which stands behind the percent sign, as the letters of
// the arguments that it takes. Moves `p` behind it.
std::string ArgumentsOf(const char*& p) {
  std::string types;
  int longs = 0;
  for (; *p != '\0'; ++p) {
    if (*p == '*') {
      types += 'i';
    } else if (*p == 'l') {
      ++longs;
    } else if (std::strchr("-+ #0!,.123456789", *p) == nullptr) {
      break;
    }
  }
  if (*p == '\0') return types;
  const char conversion = *p++;
  if (std::strchr("diouxXcrp", conversion) != nullptr) {
    types += longs > 0 || conversion == 'p' ? 'l' : 'i';
  } else if (std::strchr("feEgG", conversion) != nullptr) {
    types += 'd';
  } else if (std::strchr("sqQw", conversion) != nullptr) {
    types += 's';
  } else if (conversion != '%') {
    throw Failure(std::string("the conversion %") + conversion + " can't be used here");
  }
  return types;
}

// What one of SQLite's functions made of a format and arguments that CheckFormat() accepts.
template <typename... Arguments>
void Print(Call& call, const char* format, Arguments... arguments) {
  call.ReturnAllocated(sqlite3_mprintf(format, arguments...));
}

// sqlite3_snprintf() with a buffer of the size that the script gave.
template <typename... Arguments>
void PrintInto(Call& call, int size, const char* format, Arguments... arguments) {
  if (size < 0) throw Failure("N must be non-negative");
  std::vector<char> buffer(static_cast<size_t>(size) + 1);
  sqlite3_snprintf(size, buffer.data(), format, arguments...);
  call.ReturnText(buffer.data());
}

const char* Checked(const char* format, const char* types) {
  CheckFormat(format, types);
  return format;
}

double DoubleOfHex(const char* digits) {
  uint64_t bits = 0;
  const char* end = digits + std::strlen(digits);
  const auto [stop, error] = std::from_chars(digits, end, bits, 16);
  if (end - digits != 16 || error != std::errc() || stop != end) {
    throw Failure("2nd argument should be 16-characters of hex");
  }
  return std::bit_cast<double>(bits);
}

const Command kCommands[] = {
    {"sqlite3_mprintf_int", "FORMAT INT INT INT",
     [](Call& c) { Print(c, Checked(c.Text(0), "iii"), c.Int(1), c.Int(2), c.Int(3)); }},
    {"sqlite3_mprintf_int64", "FORMAT INT INT INT",
     [](Call& c) { Print(c, Checked(c.Text(0), "lll"), c.Wide(1), c.Wide(2), c.Wide(3)); }},
    {"sqlite3_mprintf_long", "FORMAT INT INT INT",
     [](Call& c) {
       const auto low = [&c](int i) { return static_cast<long>(static_cast<unsigned>(c.Int(i))); };
       Print(c, Checked(c.Text(0), "lll"), low(1), low(2), low(3));
     }},
    {"sqlite3_mprintf_str", "FORMAT INT INT ?STRING?",
     [](Call& c) {
       Print(c, Checked(c.Text(0), "iis"), c.Int(1), c.Int(2), c.Has(3) ? c.Text(3) : nullptr);
     }},
    {"sqlite3_mprintf_double", "FORMAT INT INT DOUBLE",
     [](Call& c) { Print(c, Checked(c.Text(0), "iid"), c.Int(1), c.Int(2), c.Double(3)); }},
    {"sqlite3_mprintf_scaled", "FORMAT DOUBLE DOUBLE",
     [](Call& c) { Print(c, Checked(c.Text(0), "d"), c.Double(1) * c.Double(2)); }},
    {"sqlite3_mprintf_stronly", "FORMAT STRING",
     [](Call& c) { Print(c, Checked(c.Text(0), "s"), c.Text(1)); }},
    {"sqlite3_mprintf_hexdouble", "FORMAT HEX",
     [](Call& c) { Print(c, Checked(c.Text(0), "d"), DoubleOfHex(c.Text(1))); }},
    {"sqlite3_mprintf_z_test", "SEPARATOR ?STRING ...?",
     [](Call& c) {
       char* result = nullptr;
       for (int i = 1; i < c.count(); ++i) {
         result = sqlite3_mprintf("%z%s%s", result, c.Text(0), c.Text(i));
       }
       c.ReturnAllocated(result);
     }},
    {"sqlite3_snprintf_int", "SIZE FORMAT INT",
     [](Call& c) { PrintInto(c, c.Int(0), Checked(c.Text(1), "i"), c.Int(2)); }},
    {"sqlite3_snprintf_str", "INT FORMAT INT INT ?STRING?",
     [](Call& c) {
       PrintInto(c, c.Int(0), Checked(c.Text(1), "iis"), c.Int(2), c.Int(3),
                 c.Has(4) ? c.Text(4) : nullptr);
     }},
};

}  // namespace

void CheckFormat(const char* format, const char* types) {
  std::string taken;
  for (const char* p = format; *p != '\0';) {
    if (*p++ == '%') taken += ArgumentsOf(p);
  }
  if (std::strncmp(taken.c_str(), types, taken.size()) != 0) {
    throw Failure(std::string("the format \"") + format + "\" takes arguments of the types \"" +
                  taken + "\", and \"" + types + "\" are given");
  }
}

std::string FormatOne(const char* format, const char* text) {
  CheckFormat(format, "s");
  char* printed = sqlite3_mprintf(format, text);
  std::string result = printed != nullptr ? printed : "";
  sqlite3_free(printed);
  return result;
}

std::span<const Command> PrintfCommands() { return kCommands; }

}  // namespace sqliteasync::tester
