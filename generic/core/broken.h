// Deliberately broken variants of the backend, to show that the campaigns in tests/ can fail: each
// does one thing wrong that would lose or spoil data, and tests/broken.sh says which campaign
// catches it. They are compiled in by configure --enable-broken-variants only; then the environment
// variable SQLITEASYNC_BROKEN names the one that is on. In any other build Broken() is the constant
// false, and nothing of this is left.

#ifndef SQLITEASYNC_CORE_BROKEN_H_
#define SQLITEASYNC_CORE_BROKEN_H_

namespace sqliteasync {

// The order is that of the names in broken.cc.
enum class Variant {
  kSyncSkipped,          // no SYNC reaches the parent
  kJournalDeletedEarly,  // the journal goes when the first page of its transaction is written
  kOperationsSwapped,    // what is behind a SYNC is performed ahead of it
  kSuperJournalSkipped,  // a super-journal never reaches the parent
  kUnlockTooSoon,        // the real lock goes ahead of the changes queued under it
  kLockKept,             // and this one never lets go of it
  kErrorIgnored,         // a failed operation does not stop what is queued behind it
  kWriteDropped,         // a write that finds no memory to be queued is a success
  kReadUnguarded,        // a read asks the parent first, the overlay second
  kErrorNotSpread,       // one database of a multi-file transaction fails, the others go on
  kCleanStartTooSoon,    // a failed database starts clean while a connection is still open
  // Of groups:
  kPreImageTooLate,        // the journal has the pages as the group makes them
  kGroupJournalNotSynced,  // nor are its records ahead of its mark
  kPageBeforeJournal,      // a page is written before the journal is valid
  kCutTooSoon,       // the file is cut before the journal, which lacks those pages, is finalised
  kHeaderZeroed,     // a journal is finalised and begun without being truncated
  kMultiFileFolded,  // databases of a multi-file transaction are folded each for itself
  kOpenPageInGroup,  // a page enters the group when it is written, not at the commit
  kLockPageRecord,   // the journal has a record of the page that SQLite keeps its locks on
  kUnfoldedJournalValidFirst,  // a journal that is queued after all is valid ahead of its records
  kRolledBackLayerKept,        // a transaction still has what was rolled back in it as a whole
  kJournalNotRestarted,        // one that is queued writes over a journal that lies there
  // Of barriers:
  kBarrierTooSoon,    // it returns at once
  kBarrierNotSynced,  // it returns when all is written
};

#ifdef SQLITEASYNC_BROKEN_VARIANTS
bool Broken(Variant variant);
#else
constexpr bool Broken(Variant /*variant*/) { return false; }
#endif

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_BROKEN_H_
