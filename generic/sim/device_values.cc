#include "device_values.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace sqliteasync::sim {

namespace {

const char* const kOperationNames[kOperationCount] = {
    "read", "write",  "sync",     "truncate", "size", "open", "delete", "access",
    "lock", "unlock", "reserved", "path",     "shm",  "map",  "close",
};

struct CodeName {
  const char* name;
  int code;
};

const CodeName kCodes[] = {
    {"ERROR", SQLITE_ERROR},
    {"PERM", SQLITE_PERM},
    {"BUSY", SQLITE_BUSY},
    {"NOMEM", SQLITE_NOMEM},
    {"READONLY", SQLITE_READONLY},
    {"INTERRUPT", SQLITE_INTERRUPT},
    {"IOERR", SQLITE_IOERR},
    {"CORRUPT", SQLITE_CORRUPT},
    {"FULL", SQLITE_FULL},
    {"CANTOPEN", SQLITE_CANTOPEN},
    {"PROTOCOL", SQLITE_PROTOCOL},
    {"NOTADB", SQLITE_NOTADB},
    {"IOERR_READ", SQLITE_IOERR_READ},
    {"IOERR_SHORT_READ", SQLITE_IOERR_SHORT_READ},
    {"IOERR_WRITE", SQLITE_IOERR_WRITE},
    {"IOERR_FSYNC", SQLITE_IOERR_FSYNC},
    {"IOERR_DIR_FSYNC", SQLITE_IOERR_DIR_FSYNC},
    {"IOERR_TRUNCATE", SQLITE_IOERR_TRUNCATE},
    {"IOERR_FSTAT", SQLITE_IOERR_FSTAT},
    {"IOERR_UNLOCK", SQLITE_IOERR_UNLOCK},
    {"IOERR_RDLOCK", SQLITE_IOERR_RDLOCK},
    {"IOERR_DELETE", SQLITE_IOERR_DELETE},
    {"IOERR_DELETE_NOENT", SQLITE_IOERR_DELETE_NOENT},
    {"IOERR_NOMEM", SQLITE_IOERR_NOMEM},
    {"IOERR_ACCESS", SQLITE_IOERR_ACCESS},
    {"IOERR_CHECKRESERVEDLOCK", SQLITE_IOERR_CHECKRESERVEDLOCK},
    {"IOERR_LOCK", SQLITE_IOERR_LOCK},
    {"IOERR_CLOSE", SQLITE_IOERR_CLOSE},
    {"IOERR_SHMOPEN", SQLITE_IOERR_SHMOPEN},
    {"IOERR_SHMSIZE", SQLITE_IOERR_SHMSIZE},
    {"IOERR_SHMLOCK", SQLITE_IOERR_SHMLOCK},
    {"IOERR_SHMMAP", SQLITE_IOERR_SHMMAP},
    {"IOERR_SEEK", SQLITE_IOERR_SEEK},
    {"IOERR_MMAP", SQLITE_IOERR_MMAP},
    {"IOERR_CORRUPTFS", SQLITE_IOERR_CORRUPTFS},
    {"CANTOPEN_ISDIR", SQLITE_CANTOPEN_ISDIR},
    {"CANTOPEN_FULLPATH", SQLITE_CANTOPEN_FULLPATH},
};

std::string Quoted(const std::string& value) { return "\"" + value + "\""; }

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

[[noreturn]] void Refuse(const char* option, const std::string& value, const std::string& should) {
  throw BadOption("bad value " + Quoted(value) + " for " + option + ": should be " + should);
}

}  // namespace

int64_t NumberOf(const char* option, const std::string& value, int64_t least) {
  int64_t number = 0;
  const char* end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || stopped != end || number < least) {
    Refuse(option, value, "an integer from " + std::to_string(least) + " up");
  }
  return number;
}

double FractionOf(const char* option, const std::string& value) {
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  // Written so that it holds for what is not a number, too.
  if (value.empty() || *end != '\0' || !(number >= 0 && number <= 1)) {
    Refuse(option, value, "a number from 0 to 1");
  }
  return number;
}

bool BooleanOf(const char* option, const std::string& value) {
  const std::string word = Lower(value);
  for (const char* yes : {"1", "true", "yes", "on"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"0", "false", "no", "off"}) {
    if (word == no) return false;
  }
  Refuse(option, value, "a boolean: 1, 0, yes, no, true, false, on or off");
}

std::vector<std::string> WordsOf(std::string_view text) {
  constexpr char kSeparators[] = " \t\r\n,";
  std::vector<std::string> words;
  size_t at = text.find_first_not_of(kSeparators);
  while (at != std::string_view::npos) {
    const size_t end = text.find_first_of(kSeparators, at);
    words.emplace_back(text.substr(at, end - at));
    at = end == std::string_view::npos ? end : text.find_first_not_of(kSeparators, end);
  }
  return words;
}

std::string Alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 < words.size() ? ", " : " or ";
    text += words[i];
  }
  return text;
}

const char* NameOf(Operation operation) { return kOperationNames[static_cast<int>(operation)]; }

OperationSet OperationsOf(const char* option, const std::string& value) {
  OperationSet operations = 0;
  for (const std::string& word : WordsOf(value)) {
    int found = 0;
    while (found < kOperationCount && word != kOperationNames[found]) ++found;
    if (found < kOperationCount) {
      operations |= OperationSet{1} << found;
    } else if (word == "all") {
      operations |= (OperationSet{1} << kOperationCount) - 1;
    } else {
      std::vector<std::string> names(kOperationNames, kOperationNames + kOperationCount);
      names.emplace_back("all");
      Refuse(option, word, Alternatives(names));
    }
  }
  return operations;
}

std::string NamesOf(OperationSet operations) {
  std::string text;
  for (int i = 0; i < kOperationCount; ++i) {
    if ((operations & (OperationSet{1} << i)) == 0) continue;
    if (!text.empty()) text += ' ';
    text += kOperationNames[i];
  }
  return text;
}

const std::vector<Characteristic>& AllCharacteristics() {
  static const std::vector<Characteristic> all = {
      {"atomic", SQLITE_IOCAP_ATOMIC},
      {"atomic512", SQLITE_IOCAP_ATOMIC512},
      {"atomic1k", SQLITE_IOCAP_ATOMIC1K},
      {"atomic2k", SQLITE_IOCAP_ATOMIC2K},
      {"atomic4k", SQLITE_IOCAP_ATOMIC4K},
      {"atomic8k", SQLITE_IOCAP_ATOMIC8K},
      {"atomic16k", SQLITE_IOCAP_ATOMIC16K},
      {"atomic32k", SQLITE_IOCAP_ATOMIC32K},
      {"atomic64k", SQLITE_IOCAP_ATOMIC64K},
      {"safe_append", SQLITE_IOCAP_SAFE_APPEND},
      {"sequential", SQLITE_IOCAP_SEQUENTIAL},
      {"undeletable_when_open", SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN},
      {"powersafe_overwrite", SQLITE_IOCAP_POWERSAFE_OVERWRITE},
      {"immutable", SQLITE_IOCAP_IMMUTABLE},
      {"batch-atomic", SQLITE_IOCAP_BATCH_ATOMIC},
  };
  return all;
}

int CharacteristicsOf(const char* option, const std::string& value, int supported) {
  int characteristics = 0;
  for (const std::string& word : WordsOf(value)) {
    int bit = 0;
    std::vector<std::string> names;
    for (const Characteristic& known : AllCharacteristics()) {
      if ((known.bit & supported) == 0) continue;
      names.emplace_back(known.name);
      if (Lower(word) == known.name) bit = known.bit;
    }
    if (bit == 0) Refuse(option, word, Alternatives(names));
    characteristics |= bit;
  }
  return characteristics;
}

std::string CharacteristicNames(int characteristics) {
  std::string text;
  for (const Characteristic& known : AllCharacteristics()) {
    if ((characteristics & known.bit) == 0) continue;
    if (!text.empty()) text += ' ';
    text += known.name;
  }
  return text;
}

int SectorSizeOf(const char* option, const std::string& value) {
  int64_t size = 0;
  const char* end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, size);
  if (error != std::errc() || stopped != end || size < 32 || size > 65536 ||
      (size & (size - 1)) != 0) {
    Refuse(option, value, "a power of two from 32 to 65536");
  }
  return static_cast<int>(size);
}

int ResultCodeOf(const char* option, const std::string& value) {
  std::string name = Upper(value);
  if (name.rfind("SQLITE_", 0) == 0) name.erase(0, 7);
  for (const CodeName& known : kCodes) {
    if (name == known.name) return known.code;
  }
  int number = 0;
  const char* end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, number);
  if (error == std::errc() && stopped == end && number > 0) return number;
  Refuse(option, value, "a result code of SQLite, such as SQLITE_IOERR_WRITE, or its number");
}

std::string ResultCodeName(int code) {
  for (const CodeName& known : kCodes) {
    if (code == known.code) return std::string("SQLITE_") + known.name;
  }
  return std::to_string(code);
}

}  // namespace sqliteasync::sim
