// CachedFile: what of one file is on the simulated device's medium, and which changes are still in
// its cache; and what becomes of it when the power fails.
//
// The parent's file always holds the newest bytes, those of the cache included. Of the medium this
// class keeps the sectors that changes in the cache touch, as they were before, and the changes
// themselves in order. The rest of the file is the same on the medium and in the cache.
//
// The model of a power cut, for one file:
//
//   Sectors   Each sector keeps a first few of the changes that touched it, and loses those after
//             them. The first one that it loses may leave something behind: a torn sector (the
//             change reached it up to some byte, or from some byte on, which is how a disk writes)
//             or garbage. Sectors are independent of each other.
//   Size      So are changes of the size: a first few are kept. The size may grow although the data
//             is lost, and then zeros or garbage are there; or the data arrives although the size
//             doesn't grow, and is out of reach. Of an extension that is lost a part may be kept,
//             in whole sectors.
//   Truncate  A truncation that is lost takes with it whatever was written later to what it had cut
//             off: file systems don't reuse space before the truncation is on the medium.
//
// What the device declares narrows this:
//
//   atomic, atomic512...  a write of exactly that size (any size) at a multiple of it is kept or
//                         lost as a whole, its effect on the file's size included
//   safe_append           the size grows only over data that was kept, and an append does no harm
//                         to what was there before, in its first sector
//   powersafe_overwrite   garbage stays within the bytes that were written; without it, it takes
//                         the whole sector
//   sequential            changes of all files are kept in the order in which they were made: all
//                         before a certain one, nothing after it
//
// Thread safety: none; PowerLoss guards it.
//
// Invariant: `durable_` has an entry for each sector that a change touches.

#ifndef SQLITEASYNC_SIM_CACHED_FILE_H_
#define SQLITEASYNC_SIM_CACHED_FILE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "random.h"

namespace sqliteasync::sim {

// What happens to all files in one power cut.
struct PowerCut {
  Random* random;
  int characteristics;
  double keep;          // the chance that a change is kept in a sector; not for sequential
  uint64_t first_lost;  // sequential: all before this change are kept, it may be in part

  // What happened to written sectors, and to directory entries.
  int64_t kept = 0;
  int64_t lost = 0;
  int64_t torn = 0;
  int64_t garbage = 0;

  bool Chance(double probability) { return random->Fraction() < probability; }
  bool has(int characteristic) const { return (characteristics & characteristic) != 0; }
};

class CachedFile {
 public:
  // Reads `size` bytes at `offset` of the parent's file as it is now, all of which exist. Returns
  // SQLite's result code.
  using Reader = std::function<int(char* out, int64_t size, int64_t offset)>;

  explicit CachedFile(int sector_size) : sector_size_(sector_size) {}

  // Call these before the parent's file, which is `current_size` bytes long, is changed. `number`
  // grows from change to change. If the result is not SQLITE_OK nothing has been noted.
  // Throws std::bad_alloc.
  int NoteWrite(uint64_t number, int64_t offset, const char* bytes, int64_t size,
                int64_t current_size, const Reader& read);
  int NoteTruncate(uint64_t number, int64_t size, int64_t current_size, const Reader& read);
  // The change with this number, the last, has failed: a part of it may have been made.
  void ForgetLast(uint64_t number);

  // Everything is on the medium.
  void Synced();

  bool dirty() const { return !changes_.empty(); }
  uint64_t oldest_change() const { return changes_.front().number; }  // REQUIRES: dirty()
  int64_t newest_size() const { return changes_.back().size_after; }  // REQUIRES: dirty()
  int64_t cached_bytes() const { return cached_bytes_; }

  // What is found after a power cut. REQUIRES: dirty()
  struct Remains {
    int64_t size;
    // The sectors that changes touched, by number. Bytes past `size` are to be ignored. Others are
    // as in the parent's file.
    std::map<int64_t, std::string> sectors;
  };
  Remains AfterPowerCut(PowerCut& cut) const;

  int sector_size() const { return sector_size_; }

 private:
  struct Change {
    uint64_t number;
    bool is_write;
    int64_t offset;     // of a write; the new size for a truncation
    std::string bytes;  // of a write
    int64_t size_before;
    int64_t size_after;

    int64_t end() const { return offset + static_cast<int64_t>(bytes.size()); }
  };
  class Simulation;

  // Keeps the sectors from `first` to before `end` as they are, unless they are kept already.
  int KeepDurable(int64_t first, int64_t end, int64_t current_size, const Reader& read);

  int sector_size_;
  int64_t durable_size_ = 0;  // means something while dirty()
  std::map<int64_t, std::string> durable_;
  std::vector<Change> changes_;
  int64_t cached_bytes_ = 0;
};

}  // namespace sqliteasync::sim

#endif  // SQLITEASYNC_SIM_CACHED_FILE_H_
