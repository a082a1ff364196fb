// FileName: a name as SQLite hands it to a VFS, in memory of our own.
//
// A VFS may call sqlite3_uri_parameter(), sqlite3_filename_database() and their like on the names
// it is given, and the unix VFS keeps the pointer for as long as the file is open. So a plain copy
// of the text would not do: the name is made by sqlite3_create_filename(), with the URI parameters
// and with the database, journal and log names that belong together.
//
// Thread safety: immutable.

#ifndef SQLITEASYNC_CORE_FILE_NAME_H_
#define SQLITEASYNC_CORE_FILE_NAME_H_

#include <string>
#include <utility>
#include <vector>

#include "sqlite.h"

namespace sqliteasync {

// What a path is to the database it belongs to.
enum class FileRole {
  kMain,     // the database itself; also a super-journal, a temporary file: whatever stands alone
  kJournal,  // its rollback journal
  kLog,      // its write-ahead log
};

// URI parameters, key and value.
using UriParameters = std::vector<std::pair<std::string, std::string>>;

// The URI parameters of a name that SQLite gave to xOpen for a main database, its journal or its
// log. Throws std::bad_alloc.
UriParameters UriParametersOf(const char* sqlite_name);

// The suffixes by which SQLite names the journal and the log of a database.
inline constexpr char kJournalSuffix[] = "-journal";
inline constexpr char kLogSuffix[] = "-wal";

// With the separator at its end; "" for a path without one.
std::string DirectoryOf(const std::string& path);

class FileName {
 public:
  // The name NULL: the parent chooses one, as it does for temporary files.
  FileName() = default;

  // The name of the file that plays `role` for the database at `database_path`.
  // Throws std::bad_alloc.
  FileName(const std::string& database_path, FileRole role, const UriParameters& parameters);

  FileName(FileName&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)),
        name_(std::exchange(other.name_, nullptr)) {}
  FileName& operator=(FileName&& other) noexcept {
    std::swap(database_, other.database_);
    std::swap(name_, other.name_);
    return *this;
  }
  ~FileName() { sqlite3_free_filename(database_); }

  const char* get() const { return name_; }

 private:
  char* database_ = nullptr;
  const char* name_ = nullptr;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_FILE_NAME_H_
