#include "core/multi_file_transactions.h"

#include <gtest/gtest.h>

#include <memory>

namespace sqliteasync {
namespace {

class MultiFileTransactionsTest : public testing::Test {
 protected:
  static std::shared_ptr<Database> Make(const char* path) {
    return std::make_shared<Database>(path);
  }

  MultiFileTransactions transactions;
  std::shared_ptr<Database> a = Make("/a");
  std::shared_ptr<Database> b = Make("/b");
  std::shared_ptr<Database> c = Make("/c");
  std::shared_ptr<Database> super_ab = Make("/a-mj1");
  std::shared_ptr<Database> super_bc = Make("/b-mj2");
};

TEST_F(MultiFileTransactionsTest, AMemberThatFailsTakesPartnersAndSuperJournalWithIt) {
  transactions.Join(*super_ab, a);
  transactions.Join(*super_ab, b);
  a->Fail(SQLITE_FULL);
  transactions.SpreadErrors();
  EXPECT_EQ(b->error(), SQLITE_FULL);
  EXPECT_EQ(super_ab->error(), SQLITE_FULL) << "it must not be deleted any more";
  EXPECT_EQ(c->error(), SQLITE_OK);
}

TEST_F(MultiFileTransactionsTest, ASuperJournalThatFailsTakesTheMembersWithIt) {
  transactions.Join(*super_ab, a);
  transactions.Join(*super_ab, b);
  super_ab->Fail(SQLITE_IOERR_WRITE);
  transactions.SpreadErrors();
  EXPECT_EQ(a->error(), SQLITE_IOERR_WRITE);
  EXPECT_EQ(b->error(), SQLITE_IOERR_WRITE);
}

TEST_F(MultiFileTransactionsTest, ErrorsSpreadThroughADatabaseThatIsInTwoTransactions) {
  // The later transaction first, so that one pass over them would not do.
  transactions.Join(*super_bc, c);
  transactions.Join(*super_bc, b);
  transactions.Join(*super_ab, a);
  transactions.Join(*super_ab, b);
  a->Fail(SQLITE_FULL);
  transactions.SpreadErrors();
  EXPECT_EQ(c->error(), SQLITE_FULL);
  EXPECT_EQ(super_bc->error(), SQLITE_FULL);
}

TEST_F(MultiFileTransactionsTest, ATransactionThatHasEndedBindsNobody) {
  transactions.Join(*super_ab, a);
  transactions.Join(*super_ab, b);
  transactions.End(*super_ab);
  a->Fail(SQLITE_FULL);
  transactions.SpreadErrors();
  EXPECT_EQ(b->error(), SQLITE_OK);
  EXPECT_EQ(super_ab->error(), SQLITE_OK);
}

TEST_F(MultiFileTransactionsTest, TheFirstErrorOfADatabaseStays) {
  transactions.Join(*super_ab, a);
  transactions.Join(*super_ab, b);
  b->Fail(SQLITE_CORRUPT);
  a->Fail(SQLITE_FULL);
  transactions.SpreadErrors();
  EXPECT_EQ(a->error(), SQLITE_FULL);
  EXPECT_EQ(b->error(), SQLITE_CORRUPT);
}

TEST_F(MultiFileTransactionsTest, TheSuperJournalIsKeptUntilTheEndAndNoLonger) {
  transactions.Join(*super_ab, a);
  std::weak_ptr<Database> weak = super_ab;
  Database* raw = super_ab.get();
  super_ab.reset();
  EXPECT_FALSE(weak.expired());
  transactions.End(*raw);
  EXPECT_TRUE(weak.expired());
}

TEST_F(MultiFileTransactionsTest, AMemberIsKeptUntilTheEndAndNoLonger) {
  transactions.Join(*super_ab, a);
  std::weak_ptr<Database> weak = a;
  a.reset();
  EXPECT_FALSE(weak.expired()) << "opened again, it would not be known as failed";
  transactions.End(*super_ab);
  EXPECT_TRUE(weak.expired());
}

TEST_F(MultiFileTransactionsTest, AMemberIsKeptUntilAFailedTransactionIsTakenOut) {
  transactions.Join(*super_ab, a);
  transactions.Join(*super_ab, b);
  std::weak_ptr<Database> weak = b;
  b.reset();
  super_ab->Fail(SQLITE_FULL);
  transactions.SpreadErrors();
  ASSERT_FALSE(weak.expired());
  EXPECT_EQ(weak.lock()->error(), SQLITE_FULL);
  transactions.TakeFailed(*a);
  EXPECT_TRUE(weak.expired());
}

TEST_F(MultiFileTransactionsTest, AFailedTransactionCanBeTakenOutByAnyMemberOnce) {
  transactions.Join(*super_ab, a);
  transactions.Join(*super_ab, b);
  transactions.Join(*super_bc, b);
  transactions.Join(*super_bc, c);
  EXPECT_EQ(transactions.TakeFailed(*b), nullptr) << "none has failed";
  super_ab->Fail(SQLITE_FULL);
  EXPECT_EQ(transactions.TakeFailed(*c), nullptr) << "it is no member of the one that has failed";
  EXPECT_EQ(transactions.TakeFailed(*b), super_ab);
  EXPECT_EQ(transactions.TakeFailed(*b), nullptr);
  EXPECT_EQ(transactions.TakeFailed(*a), nullptr);
  super_bc->Fail(SQLITE_CORRUPT);
  transactions.SpreadErrors();
  EXPECT_EQ(c->error(), SQLITE_CORRUPT) << "the other transaction still binds its members";
  EXPECT_EQ(a->error(), SQLITE_OK) << "the one that was taken out does not";
}

}  // namespace
}  // namespace sqliteasync
