// Random SQL through the whole backend: the result is that of plain SQLite, and after a death of
// the process at any moment each database recovers to a state that was committed.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "core/random.h"
#include "core/sqlite_support.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

// All that can be seen of both databases.
constexpr char kDigest[] =
    "SELECT 'a', a, token, length(pad) FROM main.t UNION ALL "
    "SELECT 'b', a, token, length(pad) FROM b.t ORDER BY 1, 2";

// Random statements on a database and one that is attached to it as "b".
class Script {
 public:
  explicit Script(uint64_t seed) : random_(seed) {}

  std::string Setup(const std::string& journal_mode) {
    static constexpr const char* kSynchronous[] = {"off", "normal", "full", "extra"};
    const std::string synchronous = kSynchronous[random_.Below(4)];
    // Without syncs SQLite makes no super-journal, and a transaction on two files is not atomic.
    attached_too_ = synchronous != "off";
    const std::string page_size = std::to_string(512 << random_.Below(5));
    const std::string auto_vacuum = std::to_string(random_.Below(3));
    std::string sql;
    for (const std::string database : {"main", "b"}) {
      const std::string pragma = "PRAGMA " + database + ".";
      sql += pragma + "page_size = " + page_size + ";" + pragma + "auto_vacuum = " + auto_vacuum +
             ";" + pragma + "journal_mode = " + journal_mode + ";" + pragma +
             "synchronous = " + synchronous + ";" + pragma + "cache_size = 8;" + "CREATE TABLE " +
             database + ".t(a INTEGER PRIMARY KEY, token, pad);";
    }
    return sql;
  }

  std::string Next(bool in_transaction) {
    const std::string database = random_.Percent(60) || !attached_too_ ? "main" : "b";
    const std::string table = database + ".t";
    switch (random_.Below(14)) {
      case 0:
        return in_transaction ? "COMMIT" : "BEGIN";
      case 1:
        return in_transaction ? (random_.Percent(50) ? "ROLLBACK" : "COMMIT") : "BEGIN IMMEDIATE";
      case 2:
        return "SAVEPOINT s";
      case 3:
        return "SAVEPOINT s; DELETE FROM " + table + "; ROLLBACK TO s; RELEASE s";
      case 4:
        if (in_transaction) return "COMMIT";
        return random_.Percent(30) ? "VACUUM " + database
                                   : "PRAGMA " + database + ".incremental_vacuum";
      case 5:
        return "DELETE FROM " + table + Some();
      case 6:
        return "UPDATE " + table + " SET token = " + Token() + Some();
      case 7:
        return "CREATE INDEX IF NOT EXISTS " + database + ".i ON t(token)";
      case 8:
        return "DROP INDEX IF EXISTS " + database + ".i";
      case 9:
        return "UPDATE " + table + " SET pad = " + Pad(3000) + Some();
      case 10:
        return "BEGIN; INSERT INTO main.t(token, pad) VALUES(" + Token() + ", " + Pad(3000) +
               "); UPDATE " + table + " SET token = " + Token() + "; COMMIT";
      default:
        return "INSERT INTO " + table + "(token, pad) VALUES(" + Token() + ", " + Pad(9000) + ")";
    }
  }

  Random& random() { return random_; }

 private:
  std::string Token() { return std::to_string(++token_); }
  std::string Pad(int limit) {
    return random_.Percent(50) ? "NULL" : "zeroblob(" + std::to_string(random_.Below(limit)) + ")";
  }
  std::string Some() {
    const int modulus = 2 + random_.Below(5);
    return " WHERE a % " + std::to_string(modulus) + " = " + std::to_string(random_.Below(modulus));
  }

  Random random_;
  int token_ = 0;
  bool attached_too_ = true;
};

class WorkloadTest : public BackendTest,
                     public testing::WithParamInterface<std::tuple<const char*, int>> {
 protected:
  // What a process that dies now leaves, after plain SQLite's recovery.
  std::string AfterDeath() {
    fake.CopyFilesTo(grave_);
    Connection connection("grave", "/a");
    connection.TryQuery("ATTACH '/b' AS b");
    const std::string checks =
        connection.TryQuery("PRAGMA main.integrity_check; PRAGMA b.integrity_check");
    return checks == "ok ok" ? connection.TryQuery(kDigest) : "damaged: " + checks;
  }

  // The states that were found after deaths, matched with the committed ones, in order.
  void MatchDeaths() {
    for (const std::string& found : found_) {
      const auto from = committed_.begin() + static_cast<std::ptrdiff_t>(reached_);
      const auto at = std::find(from, committed_.end(), found);
      ASSERT_NE(at, committed_.end()) << "not committed, or lost again: " << found.substr(0, 200);
      reached_ = static_cast<size_t>(at - committed_.begin());
    }
    found_.clear();
  }

  FakeVfs grave_{"grave's parent", "grave"};
  std::vector<std::string> committed_;
  std::vector<std::string> found_;
  size_t reached_ = 0;
};

TEST_P(WorkloadTest, GivesWhatPlainSqliteGivesAndSurvivesADeathAtAnyMoment) {
  const auto [journal_mode, number] = GetParam();
  const uint64_t seed = Seed() * 1000 + static_cast<uint64_t>(number);
  SCOPED_TRACE(HowToRepeat(Seed()));
  const std::string mode = journal_mode;
  const bool has_journal = mode != "memory" && mode != "off";
  Script script(seed);
  // Some runs have a limit so low that statements perform operations themselves.
  ASSERT_EQ(backend().SetQueueLimit(number % 2 == 0 ? 0 : 30000), SQLITE_OK);

  Connection app(kAsync, "/a");
  FakeVfs reference("reference's parent", "reference");
  Connection plain("reference", "/a");
  const std::string setup = "ATTACH '/b' AS b;" + script.Setup(mode);
  EXPECT_EQ(app.Query(setup), plain.Query(setup));
  StepAll();
  committed_.push_back(app.Query(kDigest));

  if (has_journal) {
    fake.SetObserver([this](const FakeVfs::Record& record) {
      if (record.call == Call::kWrite || record.call == Call::kTruncate ||
          record.call == Call::kDelete || record.call == Call::kOpen) {
        found_.push_back(AfterDeath());
      }
    });
  }
  for (int64_t i = 0; i < Scaled(60); ++i) {
    const bool in_transaction = sqlite3_get_autocommit(app.get()) == 0;
    const std::string sql = script.Next(in_transaction);
    SCOPED_TRACE(sql);
    // In mode "off" a rollback is undefined.
    if (mode == "off" && sql.find("ROLLBACK") != std::string::npos) continue;
    ASSERT_EQ(app.TryQuery(sql), plain.TryQuery(sql));
    ASSERT_EQ(app.Query(kDigest), plain.Query(kDigest));
    if (sqlite3_get_autocommit(app.get()) != 0) committed_.push_back(app.Query(kDigest));
    MatchDeaths();
    if (script.random().Percent(60)) Step(script.random().Below(25));
    MatchDeaths();
    if (HasFatalFailure()) return;
    if (script.random().Percent(20)) {
      Connection reader(kAsync, "/a");
      std::string seen = reader.TryQuery("ATTACH '/b' AS b");
      if (reader.code() == SQLITE_OK) seen = reader.TryQuery(kDigest);
      ASSERT_TRUE(seen == committed_.back() || seen == "error 5") << seen;
    }
  }
  if (sqlite3_get_autocommit(app.get()) == 0) {
    app.Query("COMMIT");
    plain.Query("COMMIT");
    committed_.push_back(app.Query(kDigest));
  }
  app.Close();
  plain.Close();
  StepAll();
  MatchDeaths();
  fake.SetObserver(nullptr);
  EXPECT_EQ(AfterDeath(), committed_.back()) << "everything is there in the end";
  EXPECT_EQ(fake.Names(), reference.Names());
  for (const char* name : {"/a", "/b"}) {
    EXPECT_TRUE(fake.Bytes(name) == reference.Bytes(name))
        << name << " differs from plain SQLite's";
  }
}

INSTANTIATE_TEST_SUITE_P(EachJournalMode, WorkloadTest,
                         testing::Combine(testing::Values("delete", "truncate", "persist", "memory",
                                                          "off"),
                                          testing::Range(0, 8)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param)) +
                                  std::to_string(std::get<1>(info.param));
                         });

}  // namespace
}  // namespace sqliteasync::test
