#include "virtual_journal.h"

#include <algorithm>
#include <cstring>

#include "journal_format.h"

namespace sqliteasync {

void VirtualJournal::Create() noexcept {
  used_ = true;
  exists_ = true;
}

void VirtualJournal::Write(const void* bytes, int size, int64_t offset) {
  const auto end = static_cast<size_t>(offset) + static_cast<size_t>(size);
  if (end > bytes_.size()) {
    if (end > bytes_.capacity()) bytes_.reserve(std::max(end, 2 * bytes_.capacity()));
    bytes_.resize(end);
  }
  std::memcpy(bytes_.data() + offset, bytes, static_cast<size_t>(size));
  used_ = true;
  exists_ = true;
}

void VirtualJournal::Truncate(int64_t size) noexcept {
  bytes_.resize(static_cast<size_t>(size));
  used_ = true;
  exists_ = true;
}

void VirtualJournal::Delete() noexcept {
  Clear();
  used_ = true;
}

bool VirtualJournal::Read(void* out, int size, int64_t offset) const {
  const int64_t there = std::clamp<int64_t>(this->size() - offset, 0, size);
  auto* to = static_cast<uint8_t*>(out);
  if (there > 0) std::memcpy(to, bytes_.data() + offset, static_cast<size_t>(there));
  std::memset(to + there, 0, static_cast<size_t>(size - there));
  return there == size;
}

bool VirtualJournal::Finalised() const { return !JournalIsValid(bytes_.data(), bytes_.size()); }

void VirtualJournal::Clear() noexcept {
  constexpr size_t kKept = 65536;
  bytes_.clear();
  if (bytes_.capacity() > kKept) std::vector<uint8_t>().swap(bytes_);
  used_ = false;
  exists_ = false;
}

}  // namespace sqliteasync
