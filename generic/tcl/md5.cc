#include "tcl/md5.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace sqliteasync::tester {

namespace {

// How far each round rotates, by the step's number modulo four.
constexpr int kRotations[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

// The integer parts of 2^32 |sin(i)| for i = 1 to 64.
const std::array<uint32_t, 64>& Sines() {
  static const std::array<uint32_t, 64> sines = [] {
    std::array<uint32_t, 64> values;
    for (int i = 0; i < 64; ++i) {
      values[i] = static_cast<uint32_t>(std::floor(4294967296.0 * std::fabs(std::sin(i + 1.0))));
    }
    return values;
  }();
  return sines;
}

}  // namespace

void Md5::Reset() {
  state_[0] = 0x67452301;
  state_[1] = 0xefcdab89;
  state_[2] = 0x98badcfe;
  state_[3] = 0x10325476;
  size_ = 0;
}

void Md5::Transform(const unsigned char* block) {
  uint32_t words[16];
  for (int i = 0; i < 16; ++i) {
    const unsigned char* p = block + std::ptrdiff_t{4} * i;
    words[i] = p[0] | p[1] << 8 | p[2] << 16 | static_cast<uint32_t>(p[3]) << 24;
  }
  const auto& sines = Sines();
  uint32_t a = state_[0];
  uint32_t b = state_[1];
  uint32_t c = state_[2];
  uint32_t d = state_[3];
  for (int i = 0; i < 64; ++i) {
    const int round = i / 16;
    uint32_t mixed;
    int word;
    switch (round) {
      case 0:
        mixed = (b & c) | (~b & d);
        word = i;
        break;
      case 1:
        mixed = (b & d) | (c & ~d);
        word = 5 * i + 1;
        break;
      case 2:
        mixed = b ^ c ^ d;
        word = 3 * i + 5;
        break;
      default:
        mixed = c ^ (b | ~d);
        word = 7 * i;
    }
    const uint32_t sum = a + mixed + sines[i] + words[word % 16];
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, kRotations[round][i % 4]);
  }
  state_[0] += a;
  state_[1] += b;
  state_[2] += c;
  state_[3] += d;
}

void Md5::Add(const void* bytes, size_t size) {
  const auto* p = static_cast<const unsigned char*>(bytes);
  while (size > 0) {
    const size_t filled = size_ % sizeof block_;
    const size_t taken = std::min(size, sizeof block_ - filled);
    if (taken == sizeof block_) {
      Transform(p);
    } else {
      std::memcpy(block_ + filled, p, taken);
      if (filled + taken == sizeof block_) Transform(block_);
    }
    p += taken;
    size -= taken;
    size_ += taken;
  }
}

Md5::Digest Md5::Finish() {
  const uint64_t bits = size_ * 8;
  const unsigned char padding[64] = {0x80};
  const size_t filled = size_ % 64;
  Add(padding, (filled < 56 ? 56 : 120) - filled);
  unsigned char length[8];
  for (int i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(bits >> (8 * i));
  Add(length, sizeof length);
  Digest digest;
  for (int i = 0; i < 16; ++i) {
    digest[i] = static_cast<unsigned char>(state_[i / 4] >> (8 * (i % 4)));
  }
  return digest;
}

std::string HexOf(const Md5::Digest& digest) {
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string DecimalOf(const Md5::Digest& digest) {
  std::string text;
  for (size_t i = 0; i < digest.size(); i += 2) {
    char number[8];
    std::snprintf(number, sizeof number, "%s%05d", i > 0 ? "-" : "",
                  digest[i] * 256 + digest[i + 1]);
    text += number;
  }
  return text;
}

}  // namespace sqliteasync::tester
