#include "broken.h"

#ifdef SQLITEASYNC_BROKEN_VARIANTS

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>

namespace sqliteasync {

namespace {

constexpr std::string_view kNames[] = {
    "sync-skipped",
    "journal-deleted-early",
    "operations-swapped",
    "super-journal-skipped",
    "unlock-too-soon",
    "lock-kept",
    "error-ignored",
    "write-dropped",
    "read-unguarded",
    "error-not-spread",
    "clean-start-too-soon",
    "pre-image-too-late",
    "group-journal-not-synced",
    "page-before-journal",
    "cut-too-soon",
    "header-zeroed",
    "multi-file-folded",
    "open-page-in-group",
    "lock-page-record",
    "unfolded-journal-valid-first",
    "rolled-back-layer-kept",
    "journal-not-restarted",
    "barrier-too-soon",
    "barrier-not-synced",
};

// The index of the variant that is on; -1 for none.
int Chosen() {
  const char* const name = std::getenv("SQLITEASYNC_BROKEN");
  if (name == nullptr || *name == '\0') return -1;
  const auto* const found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found != std::end(kNames)) return static_cast<int>(found - std::begin(kNames));
  std::fprintf(stderr, "SQLITEASYNC_BROKEN is \"%s\"; should be one of:\n", name);
  for (const std::string_view known : kNames) std::fprintf(stderr, "  %s\n", known.data());
  std::exit(2);
}

}  // namespace

bool Broken(Variant variant) {
  static const int chosen = Chosen();
  return static_cast<int>(variant) == chosen;
}

}  // namespace sqliteasync

#endif
