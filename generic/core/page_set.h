// PageSet: the pages of a transaction, or of a group, which it owns.
//
// A page costs the 16 bytes of its Extent and its place in the array, at most 12 bytes, beside what
// it holds; who looks for it by its offset has a PageIndex.
//
// Thread safety: none of its own.

#ifndef SQLITEASYNC_CORE_PAGE_SET_H_
#define SQLITEASYNC_CORE_PAGE_SET_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "operation.h"

namespace sqliteasync {

struct FreePage {
  void operator()(Extent* page) const { ::operator delete(page); }
};
using PagePtr = std::unique_ptr<Extent, FreePage>;

// Room for a page. Throws std::bad_alloc.
inline PagePtr NewPage(int32_t size) {
  PagePtr page(new (::operator new(sizeof(Extent) + static_cast<size_t>(size))) Extent);
  page->size = size;
  return page;
}

class PageSet {
 public:
  PageSet() = default;
  PageSet(PageSet&& other) noexcept = default;
  PageSet& operator=(PageSet&& other) noexcept = default;

  size_t size() const { return pages_.size(); }
  bool empty() const { return pages_.empty(); }
  Extent& operator[](size_t index) { return *pages_[index]; }
  const Extent& operator[](size_t index) const { return *pages_[index]; }
  // Of `const PagePtr`, in the order in which they were added until Sort.
  auto begin() const { return pages_.begin(); }
  auto end() const { return pages_.end(); }

  // Is it this one's?
  bool Has(const Extent& extent) const {
    return extent.index < pages_.size() && pages_[extent.index].get() == &extent;
  }

  // Sees to it that so many Adds more can't fail. Throws std::bad_alloc.
  void Reserve(size_t more) {
    const size_t needed = pages_.size() + more;
    if (needed > pages_.capacity()) {
      pages_.reserve(std::max(needed, pages_.capacity() + pages_.capacity() / 2));
    }
  }

  // REQUIRES: room for it.
  void Add(PagePtr page) noexcept {
    page->index = static_cast<uint32_t>(pages_.size());
    pages_.push_back(std::move(page));
  }

  // Puts `fresh` into the place of a page of this one, which it returns.
  PagePtr Replace(const Extent& page, PagePtr fresh) noexcept {
    fresh->index = page.index;
    std::swap(pages_[page.index], fresh);
    return fresh;
  }

  PagePtr Remove(const Extent& page) noexcept {
    PagePtr removed = std::move(pages_.back());
    pages_.pop_back();
    return &page == removed.get() ? std::move(removed) : Replace(page, std::move(removed));
  }

  // All of them, in this order; it is empty then, and keeps its memory if that is little.
  template <typename Action>
  void TakeAll(Action action) noexcept {
    for (PagePtr& page : pages_) action(std::move(page));
    pages_.clear();
    Trim();
  }

  // Lets go of its memory if that is much. REQUIRES: empty.
  void Trim() noexcept {
    constexpr size_t kKept = 1024;
    if (pages_.capacity() > kKept) std::vector<PagePtr>().swap(pages_);
  }

  // From here on they are in the order of their offsets, and none is added, replaced or removed.
  void Sort() noexcept {
    std::sort(pages_.begin(), pages_.end(),
              [](const PagePtr& a, const PagePtr& b) { return a->offset < b->offset; });
  }

  // The page at `offset`; null: none is. REQUIRES: sorted.
  const Extent* Find(int64_t offset) const {
    const auto at =
        std::lower_bound(pages_.begin(), pages_.end(), offset,
                         [](const PagePtr& page, int64_t value) { return page->offset < value; });
    return at != pages_.end() && (*at)->offset == offset ? at->get() : nullptr;
  }

 private:
  std::vector<PagePtr> pages_;
};

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_PAGE_SET_H_
