// GroupWriter: carries a group to disk by SQLite's own protocol, so that plain SQLite recovers from
// a crash at any moment of it:
//
//   1. The rollback journal: the pre-image of every page that will change, each read from the
//      parent at this moment. If any transaction asked for a sync: the records, a sync, then the
//      mark that makes the journal valid, a sync.
//   2. The pages, ascending, neighbours in one call; a sync.
//   3. The journal is deleted, or truncated to nothing: the commit. The file is shortened only now.
//
// Transactions without a journal (journal_mode MEMORY and OFF) have step 2 alone, as they have on
// plain SQLite, and so has a database whose path belongs to another file by now.
//
// Thread safety: as Performer's.

#ifndef SQLITEASYNC_CORE_GROUP_WRITER_H_
#define SQLITEASYNC_CORE_GROUP_WRITER_H_

#include <cstdint>
#include <vector>

#include "database.h"
#include "group.h"
#include "parent_file.h"
#include "sqlite.h"

namespace sqliteasync {

class GroupWriter {
 public:
  GroupWriter(sqlite3_vfs* parent, Database& database);

  // Returns the parent's code. Not SQLITE_OK: if the journal is valid by then it stays, for
  // recovery. Throws std::bad_alloc.
  int Write(const Group& group);

 private:
  // Where the group has no page, but the file was cut and has grown again: they read as zeros.
  std::vector<int64_t> Holes(const Group& group) const;

  // The pages that need a pre-image, as numbers from 1, ascending.
  std::vector<uint32_t> PagesToSave(const Group& group, const std::vector<int64_t>& holes) const;

  // How long the file is when the pages are written.
  int64_t EndOfFile(const Group& group) const;

  int Sync(ParentFile& file, int flags);
  int OpenJournal(const FileName& name);
  int WriteJournal(const Group& group, const std::vector<uint32_t>& pages);
  int WritePages(const Group& group, const std::vector<int64_t>& holes);
  int FinaliseJournal(const Group& group);

  sqlite3_vfs* const parent_;
  Database& database_;
  ParentFile* file_ = nullptr;
  UriParameters parameters_;
  bool detached_ = false;
  ParentFile journal_;
  int64_t size_before_ = 0;  // of the file at the parent
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_GROUP_WRITER_H_
