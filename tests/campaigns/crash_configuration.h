// The configurations of the crash campaign: what is drawn by lot, and what SQLite promises for it.

#ifndef SQLITEASYNC_CAMPAIGNS_CRASH_CONFIGURATION_H_
#define SQLITEASYNC_CAMPAIGNS_CRASH_CONFIGURATION_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "campaigns/support.h"

namespace campaign {

inline constexpr int kDatabases = 3;       // at most
inline constexpr int kTransactions = 7;    // of one run
inline constexpr int kSmallLimit = 40000;  // of the queue, bytes: less than some transactions take

struct Configuration {
  uint64_t seed;
  bool power;       // the power is cut; else the process dies
  int databases;    // the first is opened, the others are attached
  int page_size;    // bytes
  int auto_vacuum;  // 0 none, 1 full, 2 incremental
  const char* journal_mode;
  const char* synchronous;
  int cache_size;  // pages; a small one spills in the middle of a transaction
  bool exclusive;  // locking_mode
  int secure_delete;
  const char* characteristics;  // of the device
  bool declared;                // does it say so?
  int sector_size;              // bytes
  bool grouping;                // auto; else off
  int queue_limit;              // bytes

  std::string Text() const {
    return Format(
        "%s, %d database(s), page_size %d, auto_vacuum %d, journal_mode %s, synchronous %s, "
        "cache_size %d, locking_mode %s, secure_delete %d, device \"%s\"%s, sectors of %d, "
        "grouping %s, queuelimit %d",
        power ? "power cut" : "process dies", databases, page_size, auto_vacuum, journal_mode,
        synchronous, cache_size, exclusive ? "EXCLUSIVE" : "NORMAL", secure_delete, characteristics,
        declared ? "" : " (not declared)", sector_size, grouping ? "auto" : "off", queue_limit);
  }

  bool Is(const char* mode) const { return std::string_view(journal_mode) == mode; }
  bool Has(const char* characteristic) const {
    return std::string_view(characteristics).find(characteristic) != std::string_view::npos;
  }
  bool SynchronousIs(const char* value) const { return std::string_view(synchronous) == value; }

  // Does plain SQLite promise that each database is whole after the crash? If not, the backend need
  // only be as good as plain SQLite is.
  bool Promised() const {
    if (Is("MEMORY") || Is("OFF")) return false;
    if (!power) {
      // Without syncs SQLite makes no super-journal; each database for itself is safe.
      return true;
    }
    if (SynchronousIs("OFF")) return false;
    // SQLite believes that what it appends is not harmed later, and then syncs a journal once,
    // header and records together. That doesn't hold for a journal that stays, and whose records
    // are overwritten; with locking_mode=EXCLUSIVE that of DELETE stays, too.
    const bool appends = Has("safe_append") && declared && !Has("sequential");
    if (appends && (Is("PERSIST") || (exclusive && Is("DELETE")))) return false;
    // With NORMAL, too, header and records are synced together. A record damaged in that crash may
    // pass SQLite's checksum, which looks at every 200th byte only, unless the device keeps writes
    // in their order.
    if (SynchronousIs("NORMAL")) return Has("sequential");
    // When a commit of an auto_vacuum database shortens the file, the pages that are cut off are
    // not in the journal, and its deletion is synced with EXTRA only: it may come back when they
    // are gone. The journal of a group has them.
    const bool all_grouped = grouping && databases == 1 && queue_limit > kSmallLimit;
    if (auto_vacuum != 0 && Is("DELETE") && SynchronousIs("FULL") && !all_grouped) {
      return Has("sequential");
    }
    return true;
  }

  // Where nothing is promised: is there a journal on disk that is synced, so that plain SQLite is
  // harmed only in a few of a thousand crashes?
  bool SeldomHarmed() const {
    return !Promised() && !Is("MEMORY") && !Is("OFF") && !SynchronousIs("OFF");
  }

  // Is a transaction of several databases in all of them or in none?
  bool MultiFilePromised() const { return Promised() && !SynchronousIs("OFF"); }

  // Is a transaction whose operations were all performed still there after the crash? EXTRA syncs
  // the directory after the journal was deleted; the process's death loses nothing that is done.
  bool DrainedPromised() const { return Promised() && (!power || SynchronousIs("EXTRA")); }

  static Configuration Draw(uint64_t seed) {
    Random random(seed);
    Configuration drawn{};
    drawn.seed = seed;
    drawn.power = !random.OneIn(3);
    drawn.databases = random.OneIn(2) ? 1 : 2 + random.Below(kDatabases - 1);
    drawn.page_size = 512 << random.Below(4);
    drawn.auto_vacuum = random.Below(3);
    static constexpr const char* kModes[] = {"DELETE", "TRUNCATE", "PERSIST"};
    drawn.journal_mode = kModes[random.Below(3)];
    // More often what is promised.
    if (random.OneIn(8)) drawn.journal_mode = random.OneIn(2) ? "MEMORY" : "OFF";
    static constexpr const char* kSynchronous[] = {"EXTRA", "FULL", "NORMAL", "OFF"};
    drawn.synchronous = kSynchronous[random.Below(drawn.power && !random.OneIn(8) ? 3 : 4)];
    drawn.cache_size = random.OneIn(2) ? 5 : 200;
    drawn.exclusive = random.OneIn(5);
    drawn.secure_delete = random.Below(2);
    static constexpr const char* kCharacteristics[] = {
        "",
        "",
        "powersafe_overwrite",
        "safe_append",
        "safe_append powersafe_overwrite",
        "sequential",
        "sequential powersafe_overwrite",
        "atomic",
        "atomic512 atomic1k powersafe_overwrite",
        "atomic512 atomic1k atomic2k atomic4k",
        "atomic4k atomic8k atomic16k atomic32k atomic64k",
        "atomic safe_append sequential powersafe_overwrite"};
    drawn.characteristics = kCharacteristics[random.Below(12)];
    drawn.declared = !random.OneIn(4);
    if (drawn.power && drawn.SynchronousIs("NORMAL") && !random.OneIn(4)) {
      drawn.characteristics = "sequential";
    }
    // Up to 32768. With the largest that it allows, 65536, SQLite does not survive every crash.
    drawn.sector_size = 512 << random.Below(random.OneIn(8) ? 7 : 4);
    drawn.grouping = !random.OneIn(3);
    // With the lower one some transactions don't fit in a group.
    drawn.queue_limit = random.OneIn(4) ? kSmallLimit : 64 << 20;
    return drawn;
  }
};

}  // namespace campaign

#endif  // SQLITEASYNC_CAMPAIGNS_CRASH_CONFIGURATION_H_
