#include "cached_file.h"

#include <algorithm>
#include <set>

#include "core/sqlite.h"

namespace sqliteasync::sim {

int CachedFile::KeepDurable(int64_t first, int64_t end, int64_t current_size, const Reader& read) {
  if (!dirty()) durable_size_ = current_size;
  for (int64_t sector = first; sector < end; ++sector) {
    if (durable_.contains(sector)) continue;
    // No change in the cache touches it, so what is read now is on the medium; and what lies behind
    // the end of the file on the medium has come into being by changes that touch it, or as a gap.
    const int64_t start = sector * sector_size_;
    const int64_t length =
        std::clamp<int64_t>(std::min(durable_size_, current_size) - start, 0, sector_size_);
    std::string bytes(static_cast<size_t>(length), '\0');
    if (length > 0) {
      const int rc = read(bytes.data(), length, start);
      if (rc != SQLITE_OK) return rc;
    }
    cached_bytes_ += length;
    durable_.emplace(sector, std::move(bytes));
  }
  return SQLITE_OK;
}

int CachedFile::NoteWrite(uint64_t number, int64_t offset, const char* bytes, int64_t size,
                          int64_t current_size, const Reader& read) {
  const int64_t end = offset + size;
  const int rc = KeepDurable(offset / sector_size_, (end + sector_size_ - 1) / sector_size_,
                             current_size, read);
  if (rc != SQLITE_OK) return rc;
  changes_.push_back({number, true, offset, std::string(bytes, static_cast<size_t>(size)),
                      current_size, std::max(current_size, end)});
  cached_bytes_ += size;
  return SQLITE_OK;
}

int CachedFile::NoteTruncate(uint64_t number, int64_t size, int64_t current_size,
                             const Reader& read) {
  if (size == current_size) return SQLITE_OK;
  const int rc = KeepDurable(size / sector_size_, (current_size + sector_size_ - 1) / sector_size_,
                             current_size, read);
  if (rc != SQLITE_OK) return rc;
  changes_.push_back({number, false, size, std::string(), current_size, size});
  return SQLITE_OK;
}

void CachedFile::ForgetLast(uint64_t number) {
  if (!dirty() || changes_.back().number != number) return;
  cached_bytes_ -= static_cast<int64_t>(changes_.back().bytes.size());
  changes_.pop_back();
  if (!dirty()) Synced();
}

void CachedFile::Synced() {
  durable_.clear();
  changes_.clear();
  cached_bytes_ = 0;
}

// One run through the changes of a file, in order.
class CachedFile::Simulation {
 public:
  Simulation(const CachedFile& file, PowerCut& cut)
      : cut_(cut), sector_size_(file.sector_size_), size_(file.durable_size_) {
    for (const auto& [number, bytes] : file.durable_) {
      std::string& sector = sectors_[number];
      sector = bytes;
      sector.resize(static_cast<size_t>(sector_size_), '\0');
    }
  }

  void Apply(const Change& change) {
    // For a sequential device: is this the change at which it stopped, or one after?
    after_cut_ = cut_.has(SQLITE_IOCAP_SEQUENTIAL) && change.number > cut_.first_lost;
    at_cut_ = cut_.has(SQLITE_IOCAP_SEQUENTIAL) && change.number == cut_.first_lost;
    if (change.is_write) {
      Write(change);
    } else {
      Truncate(change);
    }
  }

  Remains Result() && { return {size_, std::move(sectors_)}; }

 private:
  bool Sequential() const { return cut_.has(SQLITE_IOCAP_SEQUENTIAL); }

  // Whether a change that is one thing, not a number of sectors, is kept.
  bool KeptAsAWhole() {
    if (Sequential()) return !after_cut_ && (!at_cut_ || cut_.Chance(0.5));
    return cut_.Chance(cut_.keep);
  }

  bool Lost(int64_t sector) const { return sector >= lost_from_ || lost_.contains(sector); }

  bool IsAtomic(const Change& write) const {
    if (cut_.has(SQLITE_IOCAP_ATOMIC)) return true;
    // The bits for 512 to 65536 follow each other.
    const auto size = static_cast<int64_t>(write.bytes.size());
    int bit = SQLITE_IOCAP_ATOMIC512;
    for (int64_t unit = 512; unit <= 65536; unit *= 2, bit *= 2) {
      if (cut_.has(bit) && size == unit && write.offset % unit == 0) return true;
    }
    return false;
  }

  // The part of a write that lies in a sector: where in the sector it begins and ends, and its
  // bytes.
  struct Part {
    size_t begin;
    size_t end;
    const char* bytes;
  };
  Part PartIn(const Change& write, int64_t sector) const {
    const int64_t start = sector * sector_size_;
    const int64_t begin = std::max(start, write.offset);
    const int64_t end = std::min(start + sector_size_, write.end());
    return {static_cast<size_t>(begin - start), static_cast<size_t>(end - start),
            write.bytes.data() + (begin - write.offset)};
  }

  void Keep(const Change& write, int64_t sector) {
    const Part part = PartIn(write, sector);
    std::copy(part.bytes, part.bytes + (part.end - part.begin),
              sectors_[sector].begin() + static_cast<std::ptrdiff_t>(part.begin));
    ++cut_.kept;
  }

  void Randomize(std::string& bytes, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) bytes[i] = static_cast<char>(cut_.random->Next() >> 56);
  }

  // The sector loses the write, but not without a trace, perhaps.
  void Lose(const Change& write, int64_t sector) {
    lost_.insert(sector);
    const Part part = PartIn(write, sector);
    std::string& bytes = sectors_[sector];
    switch (cut_.random->Below(3)) {
      case 0:
        ++cut_.lost;
        return;
      case 1: {
        const auto length = static_cast<int64_t>(part.end - part.begin);
        if (length < 2) {
          ++cut_.lost;
          return;
        }
        const auto middle = static_cast<std::ptrdiff_t>(1 + cut_.random->Below(length - 1));
        const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(part.begin);
        if (cut_.Chance(0.5)) {
          std::copy(part.bytes, part.bytes + middle, at);
        } else {
          std::copy(part.bytes + middle, part.bytes + length, at + middle);
        }
        ++cut_.torn;
        return;
      }
      default:
        if (cut_.has(SQLITE_IOCAP_POWERSAFE_OVERWRITE) ||
            (cut_.has(SQLITE_IOCAP_SAFE_APPEND) && write.offset >= write.size_before)) {
          Randomize(bytes, part.begin, part.end);
        } else {
          Randomize(bytes, 0, bytes.size());
        }
        ++cut_.garbage;
        return;
    }
  }

  void Write(const Change& write) {
    if (write.bytes.empty()) return;
    const int64_t first = write.offset / sector_size_;
    const int64_t end = (write.end() + sector_size_ - 1) / sector_size_;
    const bool grows = write.size_after > write.size_before;

    if (IsAtomic(write)) {
      bool possible = !(grows && size_lost_);
      for (int64_t sector = first; sector < end; ++sector) {
        possible = possible && !Lost(sector);
      }
      const bool kept = possible && KeptAsAWhole();
      for (int64_t sector = first; sector < end; ++sector) {
        if (kept) {
          Keep(write, sector);
        } else {
          lost_.insert(sector);
          ++cut_.lost;
        }
      }
      if (grows && kept) size_ = write.size_after;
      if (grows && !kept) size_lost_ = true;
      return;
    }

    // How many of the sectors a sequential device got to.
    const int64_t reached = first + (at_cut_ ? cut_.random->Below(end - first + 1) : 0);
    for (int64_t sector = first; sector < end; ++sector) {
      bool kept;
      bool untouched = Lost(sector) || after_cut_;
      if (Sequential()) {
        kept = !untouched && (!at_cut_ || sector < reached);
        untouched = untouched || (at_cut_ && sector > reached);
      } else {
        kept = !untouched && cut_.Chance(cut_.keep);
      }
      if (kept) {
        Keep(write, sector);
        continue;
      }
      if (untouched) {
        lost_.insert(sector);
        ++cut_.lost;
      } else {
        Lose(write, sector);
      }
    }
    if (grows && !size_lost_) Grow(write);
  }

  void Grow(const Change& write) {
    int64_t limit = write.size_after;
    if (cut_.has(SQLITE_IOCAP_SAFE_APPEND)) {
      // Appended data comes first, and the size follows as far as the data is as written. What lies
      // before the old end of the file is not appended.
      int64_t sector = std::max(write.offset, write.size_before) / sector_size_;
      while (sector * sector_size_ < write.end() && !Lost(sector)) ++sector;
      limit = std::clamp(sector * sector_size_, write.size_before, write.size_after);
    }
    int64_t reached = limit;
    if (after_cut_) {
      reached = write.size_before;
    } else if (Sequential() ? at_cut_ && cut_.Chance(0.5) : !cut_.Chance(cut_.keep)) {
      // Not all of it: up to some sector on the way, or not at all.
      const int64_t steps = (limit - write.size_before) / sector_size_;
      reached = write.size_before;
      if (steps > 0 && cut_.Chance(0.5)) {
        reached = (write.size_before / sector_size_ + cut_.random->Below(steps + 1)) * sector_size_;
        reached = std::clamp(reached, write.size_before, limit);
      }
    }
    if (reached < write.size_after) size_lost_ = true;
    // The file now has sectors whose data never came: what was at that place of the medium before.
    const int64_t old_end = (write.size_before + sector_size_ - 1) / sector_size_;
    for (int64_t sector = std::max(old_end, write.offset / sector_size_);
         sector * sector_size_ < reached; ++sector) {
      if (Lost(sector) && !written_.contains(sector) && !cut_.has(SQLITE_IOCAP_SAFE_APPEND) &&
          cut_.Chance(0.5)) {
        std::string& bytes = sectors_[sector];
        Randomize(bytes, 0, bytes.size());
      }
      written_.insert(sector);
    }
    size_ = std::max(size_, reached);
  }

  void Truncate(const Change& truncation) {
    const bool shrinks = truncation.size_after < truncation.size_before;
    if (size_lost_ || !KeptAsAWhole()) {
      size_lost_ = true;
      // Nothing that was written later to what it cut off can be there.
      if (shrinks) lost_from_ = std::min(lost_from_, truncation.offset / sector_size_);
      return;
    }
    size_ = truncation.size_after;
    if (!shrinks) return;
    const int64_t partial = truncation.offset / sector_size_;
    for (auto& [number, bytes] : sectors_) {
      if (number < partial) continue;
      const auto keep =
          static_cast<size_t>(number == partial ? truncation.offset % sector_size_ : 0);
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(keep), bytes.end(), '\0');
      // Space that is new from now on: what its old contents lost doesn't matter any more.
      if (keep == 0) {
        lost_.erase(number);
        written_.erase(number);
      }
    }
  }

  PowerCut& cut_;
  const int64_t sector_size_;
  int64_t size_;
  std::map<int64_t, std::string> sectors_;
  std::set<int64_t> lost_;         // sectors that take no further change
  std::set<int64_t> written_;      // sectors of which it has been settled what they hold at first
  int64_t lost_from_ = INT64_MAX;  // as are all from this one on
  bool size_lost_ = false;         // the size takes no further change
  bool at_cut_ = false;
  bool after_cut_ = false;
};

CachedFile::Remains CachedFile::AfterPowerCut(PowerCut& cut) const {
  Simulation simulation(*this, cut);
  for (const Change& change : changes_) simulation.Apply(change);
  return std::move(simulation).Result();
}

}  // namespace sqliteasync::sim
