#include "multi_file_transactions.h"

#include <algorithm>
#include <new>
#include <utility>

namespace sqliteasync {

bool MultiFileTransactions::Transaction::Has(const Database& member) const {
  return std::any_of(members.begin(), members.end(),
                     [&member](const auto& shared) { return shared.get() == &member; });
}

int MultiFileTransactions::Transaction::Error() const {
  if (super_journal->error() != SQLITE_OK) return super_journal->error();
  for (const auto& member : members) {
    if (member->error() != SQLITE_OK) return member->error();
  }
  return SQLITE_OK;
}

bool MultiFileTransactions::Transaction::Fail(int code, Databases* failed) const {
  bool grown = super_journal->Fail(code);
  for (const auto& member : members) {
    if (!member->Fail(code)) continue;
    grown = true;
    try {
      failed->push_back(member);
    } catch (const std::bad_alloc&) {
      // That they fail is what matters.
    }
  }
  return grown;
}

MultiFileTransactions::Transaction& MultiFileTransactions::Find(Database& super_journal) {
  Transaction& transaction = transactions_[&super_journal];
  if (transaction.super_journal == nullptr) {
    transaction.super_journal = super_journal.shared_from_this();
  }
  return transaction;
}

void MultiFileTransactions::Join(Database& super_journal, const std::shared_ptr<Database>& member) {
  {
    MutexLock lock(mutex_);
    Transaction& transaction = Find(super_journal);
    if (!transaction.Has(*member)) transaction.members.push_back(member);
  }
  // Who fails from now on finds the other here; who had failed before is found now.
  if (member->error() != SQLITE_OK || super_journal.error() != SQLITE_OK) SpreadErrors();
}

void MultiFileTransactions::JoinForeign(Database& super_journal) {
  MutexLock lock(mutex_);
  Find(super_journal).has_foreign = true;
}

bool MultiFileTransactions::HasForeign(const Database& super_journal) {
  MutexLock lock(mutex_);
  auto at = transactions_.find(&super_journal);
  return at != transactions_.end() && at->second.has_foreign;
}

bool MultiFileTransactions::Knows(const Database& super_journal) {
  MutexLock lock(mutex_);
  return transactions_.contains(&super_journal);
}

void MultiFileTransactions::End(const Database& super_journal) {
  Transaction ended;  // released after the mutex is
  MutexLock lock(mutex_);
  auto at = transactions_.find(&super_journal);
  if (at == transactions_.end()) return;
  ended = std::move(at->second);
  transactions_.erase(at);
}

std::shared_ptr<Database> MultiFileTransactions::TakeFailed(const Database& member) {
  Transaction taken;  // its members are released after the mutex is
  MutexLock lock(mutex_);
  auto at = std::find_if(transactions_.begin(), transactions_.end(), [&](const auto& entry) {
    return entry.second.super_journal->error() != SQLITE_OK && entry.second.Has(member);
  });
  if (at == transactions_.end()) return nullptr;
  taken = std::move(at->second);
  transactions_.erase(at);
  return taken.super_journal;
}

MultiFileTransactions::Databases MultiFileTransactions::SpreadErrors() {
  Databases failed;
  MutexLock lock(mutex_);
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& [super_journal, transaction] : transactions_) {
      const int code = transaction.Error();
      if (code != SQLITE_OK && transaction.Fail(code, &failed)) grown = true;
    }
  }
  return failed;
}

}  // namespace sqliteasync
