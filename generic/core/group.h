// PageChanges, Group: what becomes of a main database in the transactions that are folded into one.
//
// A write transaction that is folded queues nothing (folded_transaction.h). At the commit its pages
// move into the group of the database that is queued and not yet begun, and versions that they
// replace are freed; without one the commit queues a new group. The writer carries a group to disk
// as one transaction of its own (group_writer.h).
//
// Thread safety: none of their own; the mutex of the Database guards a group until it is sealed,
// then it is the writer's.
//
// Invariants:
//   - The pages of one PageChanges are all of one size, at multiples of it.
//   - Each page and the truncation of a group are applied to the image of the database.

#ifndef SQLITEASYNC_CORE_GROUP_H_
#define SQLITEASYNC_CORE_GROUP_H_

#include <cstdint>
#include <memory>

#include "operation.h"
#include "page_set.h"

namespace sqliteasync {

// The newest version of each page that was written, and how far the file was cut.
struct PageChanges {
  PageSet pages;
  // The TRUNCATE that cut the file shortest; null: none has. What lay behind it at the parent shows
  // no more, even if the file has grown again.
  OperationPtr cut;
  int page_size = 0;  // 0: no page was written

  bool Empty() const { return pages.empty() && cut == nullptr; }
  int64_t bytes() const { return static_cast<int64_t>(pages.size()) * page_size; }
};

// How a transaction has asked for its changes to be made durable.
struct Durability {
  int sync_flags = 0;           // of the database: SQLITE_SYNC_*; 0: it wasn't synced
  bool sync_directory = false;  // after the journal was deleted
  bool sync_journal = false;    // after the journal was truncated or overwritten
};

// What the journals of the transactions looked like.
struct JournalUse {
  bool used = false;     // else journal_mode MEMORY or OFF
  bool deleted = false;  // at the end; else it was truncated or its header overwritten
  int sector_size = 0;   // from its header, bytes; 0: none was written
  int page_size = 0;     // likewise
};

// The transactions of one database that are carried to disk as one. An entry of the queue.
struct Group : Operation {
  Group() : Operation(OperationKind::kGroup) {}

  PageChanges changes;
  Durability durability;
  JournalUse journal;
  int64_t transactions = 0;
  // Of the main file once all are applied, bytes; -1: as the pages have it.
  int64_t size_after = -1;
};

using GroupPtr = std::unique_ptr<Group, Operation::Deleter>;

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_GROUP_H_
