// The values that settings of devices have, as texts: numbers, names of operations, of result codes
// and of device characteristics. Every function that reads one throws BadOption with a text that
// names the value and the way out.
//
// Thread safety: pure functions.

#ifndef SQLITEASYNC_SIM_DEVICE_VALUES_H_
#define SQLITEASYNC_SIM_DEVICE_VALUES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "device.h"

namespace sqliteasync::sim {

// `option` is the name of the setting, for the message.
int64_t NumberOf(const char* option, const std::string& value, int64_t least);
double FractionOf(const char* option, const std::string& value);  // 0 to 1
bool BooleanOf(const char* option, const std::string& value);

// The words of a list, separated by blanks or commas.
std::vector<std::string> WordsOf(std::string_view text);
// `words`, with ", " between them and " or " before the last.
std::string Alternatives(const std::vector<std::string>& words);

const char* NameOf(Operation operation);
// A list of names of operations, or "all".
OperationSet OperationsOf(const char* option, const std::string& value);
std::string NamesOf(OperationSet operations);

// A list of SQLite's device characteristics, in any case: "atomic", "atomic512" to "atomic64k",
// "safe_append", "sequential", "undeletable_when_open", "powersafe_overwrite", "immutable",
// "batch-atomic". What `supported` lacks is refused.
inline constexpr int kAllCharacteristics = 0x7fff;
int CharacteristicsOf(const char* option, const std::string& value,
                      int supported = kAllCharacteristics);
std::string CharacteristicNames(int characteristics);
// The names themselves, in the order of their bits, and the bits.
struct Characteristic {
  const char* name;
  int bit;
};
const std::vector<Characteristic>& AllCharacteristics();

// The size of a sector: a power of two from 32 to 65536.
int SectorSizeOf(const char* option, const std::string& value);

// A result code by SQLite's name for it, with or without "SQLITE_", or as a number from 1 up.
int ResultCodeOf(const char* option, const std::string& value);
std::string ResultCodeName(int code);

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_DEVICE_VALUES_H_
