// Random SQL through the whole backend: the result is that of plain SQLite, and after a death of
// the process at any moment each database recovers to a state that was committed. Operation by
// operation all databases recover to one and the same moment; in groups each has one of its own,
// but for the transactions of several databases, which are in all of them or in none; also if the
// settings change all the time, in the middle of transactions too.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "core/journal_format.h"
#include "core/random.h"
#include "core/sqlite_support.h"
#include "sqlite3async.h"

namespace sqliteasync::test {
namespace {

using Call = FakeVfs::Call;

enum class Settings { kUngrouped, kGrouped, kChanging };

const char* NameOf(Settings settings) {
  return settings == Settings::kGrouped    ? "InGroups"
         : settings == Settings::kChanging ? "Changing"
                                           : "";
}

// All that can be seen of both databases.
constexpr char kDigest[] =
    "SELECT 'a', a, token, length(pad) FROM main.t UNION ALL "
    "SELECT 'b', a, token, length(pad) FROM b.t ORDER BY 1, 2";
constexpr char kDigestOfA[] = "SELECT a, token, length(pad) FROM main.t ORDER BY 1";
constexpr char kDigestOfB[] = "SELECT a, token, length(pad) FROM b.t ORDER BY 1";

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
    switch (random_.Below(15)) {
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
      case 11:
        return "PRAGMA " + database +
               ".locking_mode = " + (random_.Percent(30) ? "exclusive" : "normal") +
               "; SELECT count(*) FROM " + table;
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

uint32_t Number(const std::string& bytes, size_t at) {
  return GetBigEndian(reinterpret_cast<const unsigned char*>(bytes.data()) + at);
}

// A database with zeros for whatever lies in the pages of its free list, which nobody reads: what
// a transaction that was rolled back has spilled into them stays there on plain SQLite, and is
// dropped here.
std::string WithoutFreePages(std::string bytes) {
  constexpr size_t kFirstTrunk = 32;  // in the database's header
  if (bytes.size() < 100) return bytes;
  const size_t encoded = Number(bytes, 16) >> 16;
  const size_t page_size = encoded == 1 ? 65536 : encoded;
  const auto clear = [&](size_t page, size_t from) {
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>((page - 1) * page_size + from),
                page_size - from, '\0');
  };
  for (size_t trunk = Number(bytes, kFirstTrunk); trunk != 0;) {
    const size_t at = (trunk - 1) * page_size;
    const size_t count = Number(bytes, at + 4);
    for (size_t i = 0; i < count; ++i) clear(Number(bytes, at + 8 + 4 * i), 0);
    clear(trunk, 8 + 4 * count);
    trunk = Number(bytes, at);
  }
  return bytes;
}

struct State {
  std::string a;
  std::string b;

  bool operator==(const State&) const = default;
};

class WorkloadTest : public BackendTest,
                     public testing::WithParamInterface<std::tuple<const char*, Settings, int>> {
 protected:
  static State StateOf(Connection& connection) {
    return {connection.TryQuery(kDigestOfA), connection.TryQuery(kDigestOfB)};
  }

  // What a process that dies now leaves, after plain SQLite's recovery.
  State AfterDeath() {
    fake.CopyFilesTo(grave_);
    Connection connection("grave", "/a");
    connection.TryQuery("ATTACH '/b' AS b");
    const std::string checks =
        connection.TryQuery("PRAGMA main.integrity_check; PRAGMA b.integrity_check");
    if (checks != "ok ok") return {"damaged: " + checks, ""};
    return StateOf(connection);
  }

  // The states that were found after deaths, matched with the committed ones, in order.
  void MatchDeaths(bool in_groups) {
    for (const State& found : found_) {
      if (!Match(found, in_groups)) {
        FAIL() << "not committed, or lost again: " << found.a.substr(0, 200) << " and "
               << found.b.substr(0, 200);
      }
    }
    found_.clear();
  }

  bool Match(const State& found, bool in_groups) {
    for (size_t a = reached_a_; a < committed_.size(); ++a) {
      if (committed_[a].a != found.a) continue;
      for (size_t b = reached_b_; b < committed_.size(); ++b) {
        if (committed_[b].b != found.b) continue;
        if (in_groups ? SplitsTransaction(a, b) : a != b) continue;
        reached_a_ = a;
        reached_b_ = b;
        return true;
      }
    }
    return false;
  }

  // Is a transaction of both databases in one of them only?
  bool SplitsTransaction(size_t a, size_t b) const {
    for (size_t i = std::min(a, b) + 1; i <= std::max(a, b); ++i) {
      if (committed_[i].a != committed_[i - 1].a && committed_[i].b != committed_[i - 1].b) {
        return true;
      }
    }
    return false;
  }

  // What lies there in the end. With groups the journals are not SQLite's own.
  static std::vector<std::string> Names(FakeVfs& files, bool in_groups) {
    std::vector<std::string> names = files.Names();
    std::erase_if(names,
                  [&](const std::string& name) { return in_groups && name.ends_with("-journal"); });
    return names;
  }

  // Any of what the grouping goes by.
  void ChangeSettings(Random& random) {
    ASSERT_EQ(backend().SetGrouping(random.Below(3)), SQLITE_OK);
    ASSERT_EQ(backend().SetDelay(random.Below(2)), SQLITE_OK);
    ASSERT_EQ(backend().SetQueueLimit(random.Percent(50) ? 0 : 1000 + random.Below(50000)),
              SQLITE_OK);
  }

  FakeVfs grave_{"grave's parent", "grave"};
  std::vector<State> committed_;
  std::vector<State> found_;
  size_t reached_a_ = 0;
  size_t reached_b_ = 0;
};

TEST_P(WorkloadTest, GivesWhatPlainSqliteGivesAndSurvivesADeathAtAnyMoment) {
  const auto [journal_mode, settings, number] = GetParam();
  const bool in_groups = settings != Settings::kUngrouped;
  const uint64_t seed = Seed() * 1000 + static_cast<uint64_t>(number);
  SCOPED_TRACE(HowToRepeat(Seed()));
  const std::string mode = journal_mode;
  const bool has_journal = mode != "memory" && mode != "off";
  Script script(seed);
  if (in_groups) {
    ASSERT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_ON), SQLITE_OK);
  }
  // Some runs have a limit so low that statements perform operations themselves.
  ASSERT_EQ(backend().SetQueueLimit(number % 2 == 0 ? 0 : 30000), SQLITE_OK);

  Connection app(kAsync, "/a");
  FakeVfs reference("reference's parent", "reference");
  Connection plain("reference", "/a");
  const std::string setup = "ATTACH '/b' AS b;" + script.Setup(mode);
  EXPECT_EQ(app.Query(setup), plain.Query(setup));
  StepAll();
  committed_.push_back(StateOf(app));
  std::string last_committed = app.Query(kDigest);

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
    if (settings == Settings::kChanging && script.random().Percent(25)) {
      ChangeSettings(script.random());
    }
    // In mode "off" a rollback is undefined.
    if (mode == "off" && sql.find("ROLLBACK") != std::string::npos) continue;
    ASSERT_EQ(app.TryQuery(sql), plain.TryQuery(sql));
    ASSERT_EQ(app.Query(kDigest), plain.Query(kDigest));
    if (sqlite3_get_autocommit(app.get()) != 0) {
      committed_.push_back(StateOf(app));
      last_committed = app.Query(kDigest);
    }
    MatchDeaths(in_groups);
    // A group is one step.
    if (script.random().Percent(60)) Step(script.random().Below(in_groups ? 4 : 25));
    MatchDeaths(in_groups);
    if (HasFatalFailure()) return;
    if (script.random().Percent(20)) {
      Connection reader(kAsync, "/a");
      std::string seen = reader.TryQuery("ATTACH '/b' AS b");
      if (reader.code() == SQLITE_OK) seen = reader.TryQuery(kDigest);
      ASSERT_TRUE(seen == last_committed || seen == "error 5") << seen;
    }
  }
  if (sqlite3_get_autocommit(app.get()) == 0) {
    app.Query("COMMIT");
    plain.Query("COMMIT");
    committed_.push_back(StateOf(app));
  }
  app.Close();
  plain.Close();
  StepAll();
  MatchDeaths(in_groups);
  fake.SetObserver(nullptr);
  EXPECT_TRUE(AfterDeath() == committed_.back()) << "everything is there in the end";
  EXPECT_EQ(Names(fake, in_groups), Names(reference, in_groups));
  for (const char* name : {"/a", "/b"}) {
    const std::string seen = fake.Bytes(name);
    const std::string expected = reference.Bytes(name);
    EXPECT_TRUE(in_groups ? WithoutFreePages(seen) == WithoutFreePages(expected) : seen == expected)
        << name << " differs from plain SQLite's";
  }
}

INSTANTIATE_TEST_SUITE_P(
    EachJournalMode, WorkloadTest,
    testing::Combine(testing::Values("delete", "truncate", "persist", "memory", "off"),
                     testing::Values(Settings::kUngrouped, Settings::kGrouped, Settings::kChanging),
                     testing::Range(0, 8)),
    [](const auto& info) {
      return std::string(std::get<0>(info.param)) + NameOf(std::get<1>(info.param)) +
             std::to_string(std::get<2>(info.param));
    });

}  // namespace
}  // namespace sqliteasync::test
