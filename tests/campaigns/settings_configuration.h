// What stays the same during a run of the campaign of settings: the disk, what the databases begin
// with, and which values of synchronous SQLite's promises hold for.

#ifndef SQLITEASYNC_CAMPAIGNS_SETTINGS_CONFIGURATION_H_
#define SQLITEASYNC_CAMPAIGNS_SETTINGS_CONFIGURATION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/support.h"

namespace campaign {

struct Configuration {
  uint64_t seed;
  bool power;                   // the power is cut; else the process dies
  const char* characteristics;  // of the disk
  int sector_size;              // bytes
  int pending_byte;  // where SQLite keeps its locks; the low ones are inside the databases
  int page_size;     // bytes, to begin with
  int auto_vacuum;   // 0 none, 1 full, 2 incremental; to begin with
  bool writer;       // starts and stops; else the queue is worked off step by step
  // What some runs do more often than others, so that what needs several of them together happens.
  bool exclusive;   // locking_mode is mostly EXCLUSIVE
  bool rolls_back;  // every other transaction
  bool spills;      // the cache is always so small that transactions are written before they end

  std::string Text() const {
    return Format(
        "%s, device \"%s\", sectors of %d, pending byte at %d, page_size %d, auto_vacuum %d, "
        "%s%s%s%s",
        power ? "power cut" : "process dies", characteristics, sector_size, pending_byte, page_size,
        auto_vacuum, writer ? "with a writer" : "in steps", exclusive ? ", exclusive" : "",
        rolls_back ? ", rolls back" : "", spills ? ", spills" : "");
  }

  bool Sequential() const {
    return std::string_view(characteristics).find("sequential") != std::string_view::npos;
  }

  // The values of synchronous with which plain SQLite promises that each database is whole after
  // the crash, in every journal mode that has a journal on disk, and with auto_vacuum; see
  // Promised() of crash_configuration.h.
  std::vector<const char*> Synchronous() const {
    if (!power) return {"EXTRA", "FULL", "NORMAL", "OFF"};
    if (Sequential()) return {"EXTRA", "FULL", "NORMAL"};
    return {"EXTRA"};
  }

  // Is a transaction that has reached the disk still there after the crash, with each of these
  // values?
  bool DurablePromised() const { return !power || !Sequential(); }

  static Configuration Draw(uint64_t seed) {
    Random random(seed);
    Configuration drawn{};
    drawn.seed = seed;
    drawn.power = !random.OneIn(3);
    // Not safe_append, with which SQLite does not promise a journal that stays.
    drawn.characteristics = random.Of<const char*>(
        {"", "", "powersafe_overwrite", "sequential", "sequential powersafe_overwrite", "atomic",
         "atomic512 atomic1k atomic2k atomic4k powersafe_overwrite"});
    drawn.sector_size = 512 << random.Below(5);
    drawn.pending_byte = random.Of<int>({0x4000, 0x8000, 0x10000, 0x40000000});
    drawn.page_size = 512 << random.Below(5);
    drawn.auto_vacuum = random.Below(3);
    drawn.writer = random.OneIn(4);
    drawn.exclusive = random.OneIn(2);
    drawn.rolls_back = random.OneIn(2);
    drawn.spills = !random.OneIn(3);
    return drawn;
  }
};

}  // namespace campaign

#endif  // SQLITEASYNC_CAMPAIGNS_SETTINGS_CONFIGURATION_H_
