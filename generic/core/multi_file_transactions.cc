#include "multi_file_transactions.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sqliteasync {

bool MultiFileTransactions::Transaction::Has(const Database& member) const {
  return std::any_of(members.begin(), members.end(),
                     [&member](const auto& weak) { return weak.lock().get() == &member; });
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
  MutexLock lock(mutex_);
  auto at = std::find_if(transactions_.begin(), transactions_.end(), [&](const auto& transaction) {
    return transaction.super_journal.get() == &super_journal;
  });
  if (at == transactions_.end()) {
    transactions_.push_back(Transaction{super_journal.shared_from_this(), {}});
    at = std::prev(transactions_.end());
  }
  at->members.push_back(member);
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

std::shared_ptr<Database> MultiFileTransactions::TakeFailed(const Database& member) {
  Transaction taken;  // its members are released after the mutex is
  MutexLock lock(mutex_);
  auto at = std::find_if(transactions_.begin(), transactions_.end(), [&](const auto& transaction) {
    return transaction.super_journal->error() != SQLITE_OK && transaction.Has(member);
  });
  if (at == transactions_.end()) return nullptr;
  taken = std::move(*at);
  transactions_.erase(at);
  return taken.super_journal;
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
