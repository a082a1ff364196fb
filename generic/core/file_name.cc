#include "file_name.h"

#include <new>

namespace sqliteasync {

UriParameters UriParametersOf(const char* sqlite_name) {
  UriParameters parameters;
  if (sqlite_name == nullptr) return parameters;
  for (int i = 0; const char* key = sqlite3_uri_key(sqlite_name, i); ++i) {
    const char* value = sqlite3_uri_parameter(sqlite_name, key);
    parameters.emplace_back(key, value == nullptr ? "" : value);
  }
  return parameters;
}

std::string DirectoryOf(const std::string& path) {
  return path.substr(0, path.find_last_of("/\\") + 1);
}

FileName::FileName(const std::string& database_path, FileRole role,
                   const UriParameters& parameters) {
  std::vector<const char*> pairs;
  pairs.reserve(2 * parameters.size() + 1);
  for (const auto& [key, value] : parameters) {
    pairs.push_back(key.c_str());
    pairs.push_back(value.c_str());
  }
  pairs.push_back(nullptr);
  const std::string journal = database_path + kJournalSuffix;
  const std::string log = database_path + kLogSuffix;
  database_ =
      const_cast<char*>(sqlite3_create_filename(database_path.c_str(), journal.c_str(), log.c_str(),
                                                static_cast<int>(parameters.size()), pairs.data()));
  if (database_ == nullptr) throw std::bad_alloc();
  switch (role) {
    case FileRole::kMain:
      name_ = database_;
      break;
    case FileRole::kJournal:
      name_ = sqlite3_filename_journal(database_);
      break;
    case FileRole::kLog:
      name_ = sqlite3_filename_wal(database_);
      break;
  }
}

}  // namespace sqliteasync
