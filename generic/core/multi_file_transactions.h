// MultiFileTransactions: which databases share a transaction that SQLite makes atomic with a
// super-journal, while that super-journal still exists on disk or in the queue.
//
// Deleting the super-journal is the commit of all of them. So a member that fails takes the others
// with it, and the super-journal too: it must not be deleted any more. The Databases of both are
// kept until the transaction is over or given up, so that a super-journal that has failed is known
// as failed when SQLite asks to delete it, and a member when it is opened again: only then may the
// recovery of its journal see that the super-journal lies on disk.
//
// Thread safety: all methods may be called from any thread.

#ifndef SQLITEASYNC_CORE_MULTI_FILE_TRANSACTIONS_H_
#define SQLITEASYNC_CORE_MULTI_FILE_TRANSACTIONS_H_

#include <memory>
#include <unordered_map>
#include <vector>

#include "database.h"
#include "mutex.h"

namespace sqliteasync {

class MultiFileTransactions {
 public:
  // The super-journal names `member`'s journal. `super_journal` is the Database that the
  // super-journal's file makes up on its own. An error of either is the other's. Throws
  // std::bad_alloc.
  void Join(Database& super_journal, const std::shared_ptr<Database>& member) EXCLUDES(mutex_);

  // The super-journal names a database that another VFS keeps.
  void JoinForeign(Database& super_journal) EXCLUDES(mutex_);

  // Does the super-journal name a database that another VFS keeps?
  bool HasForeign(const Database& super_journal) EXCLUDES(mutex_);

  // Has a super-journal that this VFS keeps been joined, and not been ended?
  bool Knows(const Database& super_journal) EXCLUDES(mutex_);

  // The super-journal has been deleted on disk: the transaction is over.
  void End(const Database& super_journal) EXCLUDES(mutex_);

  // All connections to `member`, which has failed, are closed. So the connection that would delete
  // the super-journal of a transaction that failed with it is gone, and the transaction is given
  // up: takes one such transaction out and gives its super-journal, or null if there is none left.
  std::shared_ptr<Database> TakeFailed(const Database& member) EXCLUDES(mutex_);

  using Databases = std::vector<std::shared_ptr<Database>>;

  // Where one database or super-journal of an unfinished transaction has failed, all others of that
  // transaction fail with the same code, and so on through the transactions that these share.
  // Returns the databases that have failed by that, less those there is no memory for.
  Databases SpreadErrors() EXCLUDES(mutex_);

 private:
  struct Transaction {
    std::shared_ptr<Database> super_journal;
    std::vector<std::shared_ptr<Database>> members;
    bool has_foreign = false;

    // The error of the first that has one, or SQLITE_OK.
    int Error() const;
    // Returns true if one of them hadn't failed before. The databases among them go to `failed`,
    // as far as there is memory.
    bool Fail(int code, Databases* failed) const;
    bool Has(const Database& member) const;
  };

  Mutex mutex_;
  Transaction& Find(Database& super_journal) REQUIRES(mutex_);

  std::unordered_map<const Database*, Transaction> transactions_ GUARDED_BY(mutex_);
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_MULTI_FILE_TRANSACTIONS_H_
