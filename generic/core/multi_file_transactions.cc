#include "multi_file_transactions.h"

#include <algorithm>
#include <utility>

namespace sqliteasync {

bool MultiFileTransactions::Transaction::Abandoned() const {
  return std::all_of(members.begin(), members.end(), [](const auto& weak) {
    const auto member = weak.lock();
    return member == nullptr || member->detached();
  });
}

int MultiFileTransactions::Transaction::Error() const {
  if (super_journal->error() != SQLITE_OK) return super_journal->error();
  for (const auto& weak : members) {
    const auto member = weak.lock();
    if (member != nullptr && member->error() != SQLITE_OK) return member->error();
  }
  return SQLITE_OK;
}

bool MultiFileTransactions::Transaction::Fail(int code) const {
  bool grown = super_journal->Fail(code);
  for (const auto& weak : members) {
    const auto member = weak.lock();
    if (member != nullptr && member->Fail(code)) grown = true;
  }
  return grown;
}

void MultiFileTransactions::Join(Database& super_journal, const std::shared_ptr<Database>& member) {
  std::vector<Transaction> abandoned;  // released after the mutex is
  MutexLock lock(mutex_);
  auto at = std::find_if(transactions_.begin(), transactions_.end(), [&](const auto& transaction) {
    return transaction.super_journal.get() == &super_journal;
  });
  if (at != transactions_.end()) {
    at->members.push_back(member);
    return;
  }
  // A transaction that failed is never ended; here is where such a one is dropped.
  auto rest = std::partition(transactions_.begin(), transactions_.end(),
                             [](const auto& transaction) { return !transaction.Abandoned(); });
  abandoned.assign(std::make_move_iterator(rest), std::make_move_iterator(transactions_.end()));
  transactions_.erase(rest, transactions_.end());
  transactions_.push_back(Transaction{super_journal.shared_from_this(), {member}});
}

void MultiFileTransactions::End(const Database& super_journal) {
  Transaction ended;  // released after the mutex is
  MutexLock lock(mutex_);
  auto at = std::find_if(transactions_.begin(), transactions_.end(), [&](const auto& transaction) {
    return transaction.super_journal.get() == &super_journal;
  });
  if (at == transactions_.end()) return;
  ended = std::move(*at);
  transactions_.erase(at);
}

void MultiFileTransactions::SpreadErrors() {
  MutexLock lock(mutex_);
  for (bool grown = true; grown;) {
    grown = false;
    for (const Transaction& transaction : transactions_) {
      const int code = transaction.Error();
      if (code != SQLITE_OK && transaction.Fail(code)) grown = true;
    }
  }
}

}  // namespace sqliteasync
