// The message digest MD5 (RFC 1321), with which scripts compare contents. Not for secrets.

#ifndef SQLITEASYNC_TCL_MD5_H_
#define SQLITEASYNC_TCL_MD5_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sqliteasync::tester {

// Trivially copyable, and may lie in zeroed memory that SQLite provides, once Reset() was called.
class Md5 {
 public:
  using Digest = std::array<unsigned char, 16>;

  void Reset();
  void Add(const void* bytes, size_t size);
  // The digest of all that was added. Reset() comes before anything else.
  Digest Finish();

 private:
  void Transform(const unsigned char* block);

  uint32_t state_[4];
  uint64_t size_;
  unsigned char block_[64];
};

// In 32 hexadecimal digits.
std::string HexOf(const Md5::Digest& digest);

// As eight numbers of five decimal digits, with hyphens between them.
std::string DecimalOf(const Md5::Digest& digest);

}  // namespace sqliteasync::tester

#endif  // SQLITEASYNC_TCL_MD5_H_
