// The workload of the campaign of settings: two connections of one process, a number of steps drawn
// by lot, most of which are transactions, and the others changes of everything that can be changed
// between two transactions.
//
// After each transaction, committed or rolled back, one of the connections, or a new one, looks
// whether each database holds what the last commit has left there.
//
// Without a writer everything is a function of the seed. What was committed is
// recorded in memory that outlives the process.

#ifndef SQLITEASYNC_CAMPAIGNS_SETTINGS_WORKLOAD_H_
#define SQLITEASYNC_CAMPAIGNS_SETTINGS_WORKLOAD_H_

#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "campaigns/crashing.h"
#include "campaigns/settings_configuration.h"
#include "campaigns/settings_parts.h"
#include "campaigns/support.h"
#include "sqlite3async.h"

namespace campaign {

// --------------------------------------------------------------------------------- the workload

class Workload {
 public:
  // `async`: through the backend; else on plain SQLite. `verbose`: prints the statements.
  Workload(const Configuration& configuration, uint64_t seed, const std::string& directory,
           bool async, bool verbose, Progress* progress)
      : configuration_(configuration),
        directory_(directory),
        async_(async),
        verbose_(verbose),
        progress_(progress),
        random_(seed),
        queue_(async, configuration.writer) {}

  // All steps. In the end nothing is queued, and the connections are closed or not.
  void Run() {
    OpenPair();
    OpenSingle();
    for (int number = 1; number <= kSteps; ++number) {
      progress_->step = number;
      const Step& step = DrawStep();
      if (verbose_) std::printf("step %d: %s\n", number, step.name);
      (this->*step.run)();
    }
    if (random_.OneIn(2)) {
      single_.reset();
      pair_.reset();
    }
    WorkOff();
    progress_->groups += queue_.groups();
  }

 private:
  using Member = Session::Member;

  struct Step {
    const char* name;
    int weight;
    void (Workload::*run)();
  };

  const Step& DrawStep() {
    static constexpr Step kAll[] = {
        {"a transaction of one database", 6, &Workload::CommitOne},
        {"a transaction of both", 5, &Workload::CommitBoth},
        {"a transaction of the single connection", 3, &Workload::CommitSingle},
        {"a backup over a database", 1, &Workload::Backup},
        {"the pair is opened again", 1, &Workload::OpenPair},
        {"the single connection is opened again", 1, &Workload::OpenSingle},
        {"the single connection begins to read, or ends", 1, &Workload::ReadOn},
        {"settings of the pair", 1, &Workload::ChangeSettings},
        {"settings of the single connection", 1, &Workload::ChangeSingleSettings},
        {"locking mode", 1, &Workload::ChangeLocking},
        {"VACUUM", 1, &Workload::Vacuum},
        {"page_size", 1, &Workload::ChangePageSize},
        {"auto_vacuum", 1, &Workload::ChangeAutoVacuum},
        {"grouping", 2, &Workload::ChangeGrouping},
        {"queuelimit", 1, &Workload::ChangeLimit},
        {"some of the queue", 2, &Workload::WorkOffSome},
        {"all of the queue", 1, &Workload::WorkOff},
        {"the writer starts, or stops", 1, &Workload::StartOrStopWriter},
    };
    // Some steps are more frequent in one run, others in another.
    if (weights_.empty()) {
      for (const Step& step : kAll) weights_.push_back(step.weight * random_.Of<int>({1, 1, 1, 5}));
    }
    int left = random_.Below(std::accumulate(weights_.begin(), weights_.end(), 0));
    size_t drawn = 0;
    while (left >= weights_[drawn]) left -= weights_[drawn++];
    return kAll[drawn];
  }

  // ------------------------------------------------------------------------------ connections

  std::string PathOf(int file) const { return directory_ + "/" + FileName(file); }

  std::unique_ptr<Session> NewSession(int file, bool on_disk) {
    auto session =
        std::make_unique<Session>(PathOf(file), on_disk ? kDisk : queue_.vfs(), on_disk || !async_);
    session->members.push_back({"main", file, true});
    if (verbose_) {
      const auto print = [](unsigned, void*, void*, void* sql) {
        std::printf("  %.150s\n", static_cast<const char*>(sql));
        return 0;
      };
      sqlite3_trace_v2(session->connection.handle(), SQLITE_TRACE_STMT, print, nullptr);
    }
    return session;
  }

  // The pair has both databases, through the VFS.
  void OpenPair() {
    pair_.reset();
    auto session = NewSession(0, false);
    Insist(*session, Format("ATTACH %Q AS other", PathOf(1).c_str()));
    session->members.push_back({"other", 1, true});
    for (Member& member : session->members) Configure(*session, member);
    pair_ = std::move(session);
    if (configuration_.exclusive || random_.OneIn(6)) ChangeLocking();
  }

  // The single connection has one of them, through the VFS or on the disk below it.
  void OpenSingle() {
    single_.reset();
    auto session = NewSession(random_.Below(kFiles), random_.OneIn(3));
    // While the pair keeps the database locked, there is none.
    if (Configure(*session, session->members[0])) single_ = std::move(session);
  }

  // What may be busy for no other reason than what is queued.
  bool TryTwice(Session& session, const std::string& sql, std::string* last = nullptr) {
    if (session.Try(sql, last)) return true;
    WorkOff();
    return session.Try(sql, last);
  }
  // The single connection may be reading, but that keeps nobody from reading.
  void Insist(Session& session, const std::string& sql) {
    if (!TryTwice(session, sql)) CAMPAIGN_FAIL(session.connection.name() + ": busy: " + sql);
  }

  // ---------------------------------------------------------------------------------- settings

  // Returns false if the database is locked.
  bool Configure(Session& session, Member& member) {
    const char* const synchronous = random_.Of(configuration_.Synchronous());
    std::string in_force;
    if (!TryTwice(session,
                  InSchema(Format("PRAGMA :synchronous=%s; PRAGMA :synchronous", synchronous),
                           member.schema),
                  &in_force)) {
      return false;
    }
    member.synchronous = in_force != "0";
    session.TryIn(member, Format("PRAGMA :cache_size=%d",
                                 configuration_.spills || random_.OneIn(2) ? 5 : 200));
    session.TryIn(member, Format("PRAGMA :secure_delete=%d", random_.Below(2)));
    session.TryIn(member, Format("PRAGMA :journal_mode=%s",
                                 random_.Of<const char*>({"DELETE", "TRUNCATE", "PERSIST"})));
    if (random_.OneIn(4)) {
      session.TryIn(member,
                    Format("PRAGMA :journal_size_limit=%d", random_.Of<int>({-1, 0, 3000})));
    }
    return true;
  }

  Member& DrawMember() { return pair_->members[static_cast<size_t>(random_.Below(kFiles))]; }

  void ChangeSettings() { Configure(*pair_, DrawMember()); }

  void ChangeSingleSettings() {
    if (single_ == nullptr) return;
    EndReading();
    Configure(*single_, single_->members[0]);
  }

  // Takes effect when the database is read.
  void ChangeLocking() {
    pair_->Try(Format("PRAGMA locking_mode=%s",
                      random_.OneIn(3) != configuration_.exclusive ? "EXCLUSIVE" : "NORMAL"));
    for (const Member& member : pair_->members) pair_->TryIn(member, "SELECT count(*) FROM :t");
  }

  void Vacuum() { pair_->Try("VACUUM " + DrawMember().schema); }

  void ChangePageSize() {
    const Member& member = DrawMember();
    pair_->TryIn(member, Format("PRAGMA :page_size=%d", 512 << random_.Below(5)));
    pair_->Try("VACUUM " + member.schema);
  }

  void ChangeAutoVacuum() {
    const Member& member = DrawMember();
    if (random_.OneIn(3)) {
      pair_->TryIn(member, Format("PRAGMA :auto_vacuum=%d", random_.Below(3)));
      pair_->Try("VACUUM " + member.schema);
    } else {
      pair_->TryIn(member, Format("PRAGMA :incremental_vacuum(%d)", 1 + random_.Below(8)));
    }
  }

  void ChangeGrouping() {
    queue_.SetGrouping(random_.Of<int>(
        {SQLITEASYNC_GROUPING_AUTO, SQLITEASYNC_GROUPING_ON, SQLITEASYNC_GROUPING_OFF}));
  }

  void ChangeLimit() { queue_.SetLimit(random_.Of<int>({8000, 40000, 200'000, 64 << 20})); }

  // --------------------------------------------------------------------------------- the queue

  void WorkOffSome() { queue_.WorkOffSome(random_); }

  void WorkOff() {
    queue_.WorkOff();
    for (History& history : progress_->histories) history.durable = history.last.load();
  }

  void StartOrStopWriter() { queue_.StartOrStopWriter(); }

  // ------------------------------------------------------------------------------ transactions

  void CommitOne() { Transact(*pair_, {DrawMember()}); }
  void CommitBoth() { Transact(*pair_, pair_->members); }
  void CommitSingle() {
    if (single_ == nullptr) return;
    EndReading();
    Transact(*single_, single_->members);
  }

  void Transact(Session& session, const std::vector<Member>& members) {
    if (!session.Try(random_.OneIn(4) ? "BEGIN IMMEDIATE" : "BEGIN")) return;
    std::vector<int64_t> checksums;
    if (!Change(session, members, &checksums) || random_.OneIn(configuration_.rolls_back ? 2 : 8) ||
        !Commit(session, members, checksums)) {
      session.connection.Rollback();
      ++progress_->rollbacks;
    }
    LookBehind(session);
  }

  // Returns false if something is busy. `checksums`: of the members.
  bool Change(Session& session, const std::vector<Member>& members,
              std::vector<int64_t>* checksums) {
    const int changes = 1 + random_.Below(5);
    for (const Member& member : members) {
      for (int i = 0; i < changes; ++i) {
        if (!session.TryIn(member, RandomChange(random_))) return false;
      }
      // No two states are alike.
      const int seed = random_.Below(1 << 30);
      std::string checksum;
      if (!session.TryIn(member, Format("INSERT INTO :u(pad) VALUES(noise(%d, 20))", seed)) ||
          !session.TryIn(member, kContent, &checksum)) {
        return false;
      }
      checksums->push_back(std::stoll(checksum));
    }
    return true;
  }

  bool Commit(Session& session, const std::vector<Member>& members,
              const std::vector<int64_t>& checksums) {
    // SQLite makes a super-journal if more than one of the databases is synchronous.
    bool atomic = members.size() > 1;
    for (const Member& member : members) atomic = atomic && member.synchronous;
    if (atomic) ++transactions_;
    for (size_t i = 0; i < members.size(); ++i) {
      HistoryOf(members[i]).Add({checksums[i], atomic ? transactions_ : 0});
    }
    if (!session.Try("COMMIT") && !CommitAgain(session)) {
      for (const Member& member : members) HistoryOf(member).TakeBack();
      return false;
    }
    ++progress_->commits;
    if (atomic) ++progress_->multi_file;
    if (session.plain) {
      for (const Member& member : members) {
        HistoryOf(member).durable = HistoryOf(member).last.load();
      }
    }
    return true;
  }

  // Not WorkOff(): what is committed now isn't on the disk by then.
  bool CommitAgain(Session& session) {
    queue_.WorkOff();
    return session.Try("COMMIT");
  }

  // A database in memory, of some page size, takes the place of one of the two.
  void Backup() {
    const Member& member = DrawMember();
    Connection source(":memory:", kPlainVfs, 0);
    const int64_t checksum = Prepare(source, random_, 512 << random_.Below(5), 0);
    sqlite3_backup* backup = sqlite3_backup_init(pair_->connection.handle(), member.schema.c_str(),
                                                 source.handle(), "main");
    if (backup == nullptr) return;
    History& history = HistoryOf(member);
    history.Add({checksum, 0});
    const int stepped = sqlite3_backup_step(backup, -1);
    const int finished = sqlite3_backup_finish(backup);
    if (stepped == SQLITE_DONE && finished == SQLITE_OK) {
      ++progress_->backups;
      if (pair_->plain) history.durable = history.last.load();
    } else {
      history.TakeBack();
      const int rc = stepped == SQLITE_DONE ? finished : stepped;
      if ((rc & 0xff) != SQLITE_BUSY) CAMPAIGN_FAIL(Format("a backup: error %d", rc));
    }
    LookBehind(*pair_);
  }

  History& HistoryOf(const Member& member) {
    return progress_->histories[static_cast<size_t>(member.file)];
  }

  // ------------------------------------------------------------------------------------ looking

  // A read transaction that stays open, while others can't commit, but the queue is worked off.
  void ReadOn() {
    if (single_ == nullptr || EndReading()) return;
    if (!single_->Try("BEGIN")) return;
    single_->reads = Look(*single_);
    if (!single_->reads) single_->connection.Rollback();
  }

  bool EndReading() {
    if (single_ == nullptr || !single_->reads) return false;
    CHECK(Look(*single_));
    single_->connection.Execute("COMMIT");
    single_->reads = false;
    return true;
  }

  // After a transaction of `session`: by lot it, the other connection, or a new one; if that can't
  // read, it.
  void LookBehind(Session& session) {
    Session* other = &session == pair_.get() ? single_.get() : pair_.get();
    std::unique_ptr<Session> fresh;
    if (random_.OneIn(4)) {
      fresh = NewSession(random_.Below(kFiles), random_.OneIn(4));
      other = fresh.get();
    } else if (random_.OneIn(2)) {
      other = nullptr;
    }
    if (other == nullptr || !LookOnce(*other)) LookOnce(session);
  }

  bool LookOnce(Session& session) {
    if (session.reads) return Look(session);
    if (!session.Try("BEGIN")) return false;
    const bool looked = Look(session);
    session.connection.Rollback();
    return looked;
  }

  // In a transaction. Returns false if something is busy.
  bool Look(Session& session) {
    for (const Member& member : session.members) {
      std::string content;
      std::string integrity = "ok";
      if (!session.TryIn(member, kContent, &content)) return false;
      if (random_.OneIn(3) && !session.TryIn(member, "PRAGMA :integrity_check", &integrity)) {
        return false;
      }
      if (integrity != "ok") {
        CAMPAIGN_FAIL(Format("%s sees damage in %s: %s", session.connection.name().c_str(),
                             FileName(member.file).c_str(), integrity.c_str()));
      }
      const History& history = HistoryOf(member);
      const int last = history.last;
      if (std::stoll(content) != history.At(last).checksum) {
        std::string found = "never committed";
        for (int n = 0; n < last; ++n) {
          if (std::stoll(content) == history.At(n).checksum) found = "state " + std::to_string(n);
        }
        CAMPAIGN_FAIL(Format("%s sees of %s what was %s instead of state %d",
                             session.connection.name().c_str(), FileName(member.file).c_str(),
                             found.c_str(), last));
      }
    }
    ++progress_->looks;
    return true;
  }

  const Configuration& configuration_;
  const std::string directory_;
  const bool async_;
  const bool verbose_;
  Progress* const progress_;
  Random random_;
  Queue queue_;
  std::vector<int> weights_;  // of the steps
  int transactions_ = 0;      // of several databases, promised to be in all of them or in none
  std::unique_ptr<Session> pair_;
  std::unique_ptr<Session> single_;  // null: there was no way to open it
};

}  // namespace campaign

#endif  // SQLITEASYNC_CAMPAIGNS_SETTINGS_WORKLOAD_H_
