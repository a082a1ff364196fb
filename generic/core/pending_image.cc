#include "pending_image.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>
#include <utility>

namespace sqliteasync {

int64_t PendingImage::ParentHorizon() const {
  return retired_horizons_ == horizons_.size() ? std::numeric_limits<int64_t>::max()
                                               : horizons_[retired_horizons_].size;
}

void PendingImage::Write(const Extent& write) {
  writes_.Write(write);
  size_ = std::max(size_, write.end());
  ++pending_;
}

const Extent* PendingImage::WritePage(const Extent& page) noexcept {
  size_ = std::max(size_, page.end());
  ++pending_;
  return writes_.Put(page);
}

void PendingImage::ReservePages(size_t count) {
  writes_.Reserve(count);
  pages_reserved_ = true;
}

void PendingImage::ReserveTruncates(int64_t size, size_t count) {
  writes_.ReserveErase(size);
  horizons_.reserve(horizons_.size() + count);
}

void PendingImage::SetSize(int64_t size) noexcept {
  assert(size_is_known_);
  size_ = size;
}

void PendingImage::Reset() noexcept {
  writes_.Clear(pages_reserved_);
  horizons_.clear();
  retired_horizons_ = 0;
  size_ = 0;
  size_is_known_ = false;
  existence_ = Existence::kAsParent;
  pending_ = 0;
}

void PendingImage::CutTo(int64_t size, const Operation& operation) {
  // What may fail comes before any change.
  writes_.ReserveErase(size);
  // Older cuts to the same size or further out have no say any more: this one takes the place of
  // the first of them.
  const auto pending = horizons_.begin() + static_cast<std::ptrdiff_t>(retired_horizons_);
  auto at =
      std::lower_bound(pending, horizons_.end(), size,
                       [](const Horizon& horizon, int64_t value) { return horizon.size < value; });
  if (at == horizons_.end()) {
    horizons_.push_back(Horizon{size, &operation});  // may fail as well
  } else {
    *at = Horizon{size, &operation};
    horizons_.erase(std::next(at), horizons_.end());
  }

  writes_.EraseFrom(size, size_);
  size_ = size;
  size_is_known_ = true;
  ++pending_;
}

void PendingImage::Truncate(const Operation& operation) { CutTo(operation.offset, operation); }

void PendingImage::Delete(const Operation& operation) {
  CutTo(0, operation);
  existence_ = Existence::kAbsent;
}

void PendingImage::Create(const Operation& operation, bool fresh) {
  if (fresh) {
    CutTo(0, operation);
  } else {
    ++pending_;
  }
  existence_ = Existence::kExists;
}

void PendingImage::Retire(const Operation& operation) noexcept {
  if (operation.kind == OperationKind::kWrite) {
    RetirePage(operation);
    return;
  }
  if (retired_horizons_ < horizons_.size() &&
      horizons_[retired_horizons_].operation == &operation) {
    // Cleared away when they are the half, so that each costs the same however many there are.
    if (++retired_horizons_ * 2 >= horizons_.size()) {
      horizons_.erase(horizons_.begin(),
                      horizons_.begin() + static_cast<std::ptrdiff_t>(retired_horizons_));
      retired_horizons_ = 0;
    }
  }
  CountOut();
}

void PendingImage::RetirePage(const Extent& page) noexcept {
  writes_.Retire(page);
  CountOut();
}

void PendingImage::CountOut() noexcept {
  assert(pending_ > 0);
  if (--pending_ == 0) {
    assert(writes_.Empty() && horizons_.empty());
    Reset();
  }
}

PendingImage::Segment PendingImage::Look(int64_t offset, int64_t size) const {
  assert(size > 0);
  const PendingWrites::Found found = writes_.Look(offset);
  size = std::min(size, found.end - offset);
  if (found.extent != nullptr) {
    return {Segment::Source::kPending, size,
            found.extent->bytes() + (offset - found.extent->offset)};
  }
  const int64_t horizon = ParentHorizon();
  if (offset < horizon) {
    return {Segment::Source::kParent, std::min(size, horizon - offset), nullptr};
  }
  // Behind the horizon the size is known, for what set the horizon set the size.
  assert(size_is_known_);
  if (offset < size_) return {Segment::Source::kZeros, std::min(size, size_ - offset), nullptr};
  return {Segment::Source::kEnd, size, nullptr};
}

int64_t PendingImage::Size(int64_t parent_size) const {
  return size_is_known_ ? size_ : std::max(size_, parent_size);
}

}  // namespace sqliteasync
