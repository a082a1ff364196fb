// ParentFacts: what the parent has answered about a database, for as long as that can't change:
// while the real lock is held no other process changes the file or makes a write-ahead log, and the
// writer says when it has changed the main file. With it a stream of transactions asks the file
// system nothing.
//
// Thread safety: none of its own; the mutex of the Database it belongs to guards it.

#ifndef SQLITEASYNC_CORE_PARENT_FACTS_H_
#define SQLITEASYNC_CORE_PARENT_FACTS_H_

#include <cstdint>
#include <optional>

namespace sqliteasync {

class ParentFacts {
 public:
  // When the parent was asked. An answer that comes back when things have changed is not kept.
  struct Moment {
    int64_t locks;
    int64_t changes;
  };
  Moment Now() const { return {locks_, changes_}; }

  // The real lock has been taken, or let go of.
  void LockTaken() {
    locked_ = true;
    ++locks_;  // what was asked before may have changed since
  }
  void LockFreed() {
    locked_ = false;
    ++locks_;
    main_size_.reset();
    no_log_ = false;
  }
  // The writer has changed the main file, and its image has just been told.
  void MainChanged() {
    ++changes_;
    main_size_.reset();
  }

  // Of the main file at the parent: the image knows what becomes of it. Bytes.
  std::optional<int64_t> main_size() const { return main_size_; }
  void KeepMainSize(Moment asked, int64_t size) {
    if (locked_ && asked.locks == locks_ && asked.changes == changes_) main_size_ = size;
  }

  // Is it known that there is no write-ahead log?
  bool no_log() const { return no_log_; }
  void KeepNoLog(Moment asked) { no_log_ = locked_ && asked.locks == locks_; }

 private:
  bool locked_ = false;
  int64_t locks_ = 0;
  int64_t changes_ = 0;
  std::optional<int64_t> main_size_;
  bool no_log_ = false;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_PARENT_FACTS_H_
