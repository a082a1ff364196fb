#include "virtual_journal.h"

#include <algorithm>
#include <cstring>

#include "journal_format.h"

namespace sqliteasync {

template <typename Action>
void VirtualJournal::ForEachPart(int64_t offset, int64_t size, Action action) const {
  while (size > 0) {
    const int64_t at = offset % kPiece;
    const int64_t part = std::min(size, kPiece - at);
    action(pieces_[static_cast<size_t>(offset / kPiece)].get() + at, static_cast<size_t>(part));
    offset += part;
    size -= part;
  }
}

void VirtualJournal::Create() noexcept {
  used_ = true;
  exists_ = true;
}

void VirtualJournal::Write(const void* bytes, int size, int64_t offset) {
  const int64_t end = offset + size;
  while (static_cast<int64_t>(pieces_.size()) * kPiece < end) {
    pieces_.push_back(std::make_unique_for_overwrite<uint8_t[]>(kPiece));
  }
  ForEachPart(size_, offset - size_, [](uint8_t* to, size_t part) { std::memset(to, 0, part); });
  const auto* from = static_cast<const uint8_t*>(bytes);
  ForEachPart(offset, size, [&](uint8_t* to, size_t part) {
    std::memcpy(to, from, part);
    from += part;
  });
  size_ = std::max(size_, end);
  used_ = true;
  exists_ = true;
}

void VirtualJournal::Truncate(int64_t size) noexcept {
  size_ = size;
  used_ = true;
  exists_ = true;
}

void VirtualJournal::Delete() noexcept {
  Clear();
  used_ = true;
}

bool VirtualJournal::Read(void* out, int size, int64_t offset) const {
  const int64_t there = std::clamp<int64_t>(size_ - offset, 0, size);
  auto* to = static_cast<uint8_t*>(out);
  ForEachPart(offset, there, [&](const uint8_t* from, size_t part) {
    std::memcpy(to, from, part);
    to += part;
  });
  std::memset(to, 0, static_cast<size_t>(size - there));
  return there == size;
}

bool VirtualJournal::Finalised() const {
  return size_ == 0 || !JournalIsValid(piece(0), static_cast<size_t>(size_));
}

void VirtualJournal::Clear() noexcept {
  if (pieces_.size() > kKept) pieces_.resize(kKept);
  size_ = 0;
  used_ = false;
  exists_ = false;
}

}  // namespace sqliteasync
