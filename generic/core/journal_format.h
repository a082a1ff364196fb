// The format of a rollback journal, as SQLite's file format documentation, section 3, has it. All
// numbers are big-endian.
//
//   journal  := header record*
//   header   := magic[8] count[4] nonce[4] initial_pages[4] sector_size[4] page_size[4]
//               zeros up to sector_size
//   record   := page_number[4] page[page_size] checksum[4]
//   checksum := nonce + the page's bytes at page_size - 200, page_size - 400, ..., above 0
//
// A journal that is empty, or whose magic is anything else (zeros, once it is finalised), has
// nothing to be rolled back.

#ifndef SQLITEASYNC_CORE_JOURNAL_FORMAT_H_
#define SQLITEASYNC_CORE_JOURNAL_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sqliteasync {

inline constexpr unsigned char kJournalMagic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
inline constexpr int kJournalHeaderSize = 28;  // without the zeros
inline constexpr int kJournalMarkSize = 12;    // magic and count: what makes a journal valid
inline constexpr int kJournalSectorSizeOffset = 20;
inline constexpr int kJournalPageSizeOffset = 24;

inline void PutBigEndian(unsigned char* out, uint32_t value) {
  out[0] = static_cast<unsigned char>(value >> 24);
  out[1] = static_cast<unsigned char>(value >> 16);
  out[2] = static_cast<unsigned char>(value >> 8);
  out[3] = static_cast<unsigned char>(value);
}

inline uint32_t GetBigEndian(const unsigned char* in) {
  return static_cast<uint32_t>(in[0]) << 24 | static_cast<uint32_t>(in[1]) << 16 |
         static_cast<uint32_t>(in[2]) << 8 | in[3];
}

inline uint32_t JournalChecksum(uint32_t nonce, const unsigned char* page, int page_size) {
  uint32_t sum = nonce;
  for (int at = page_size - 200; at > 0; at -= 200) sum += page[at];
  return sum;
}

// May `bytes`, the beginning of a journal, have something to be rolled back?
inline bool JournalIsValid(const unsigned char* bytes, size_t size) {
  return size >= sizeof(kJournalMagic) &&
         std::memcmp(bytes, kJournalMagic, sizeof(kJournalMagic)) == 0;
}

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_JOURNAL_FORMAT_H_
