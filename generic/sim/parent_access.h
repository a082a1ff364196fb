// The parent's files as PowerLoss needs them beside those that SQLite has opened: to see what is
// there, and to leave behind what a power cut leaves.
//
// Thread safety: none beyond the parent's own.

#ifndef SQLITEASYNC_SIM_PARENT_ACCESS_H_
#define SQLITEASYNC_SIM_PARENT_ACCESS_H_

#include <cstdint>
#include <string>

#include "cached_file.h"
#include "core/sqlite.h"

namespace sqliteasync::sim {

// Does the parent have a file of this name? One of no bytes counts, unlike for SQLite.
bool ParentHas(sqlite3_vfs* parent, const char* path);

// Reads through an open file of the parent. Keeps the pointer.
CachedFile::Reader ReaderOf(sqlite3_file* file);

// Throws std::bad_alloc; otherwise returns SQLite's result code.
int ReadWholeFile(sqlite3_vfs* parent, const char* path, std::string* contents);

// These three report what fails to SQLite's error log. They throw std::bad_alloc.
void DeleteAtParent(sqlite3_vfs* parent, const std::string& path);
// Makes `contents` the contents of the file, which is created if need be.
void RestoreContents(sqlite3_vfs* parent, const std::string& path, const std::string& contents);
// Writes the sectors over those of the file, and sets its size. Does nothing if the file is not
// `expected_size` bytes long: someone else has changed it.
void RestoreSectors(sqlite3_vfs* parent, const std::string& path,
                    const CachedFile::Remains& remains, int sector_size, int64_t expected_size);

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_PARENT_ACCESS_H_
