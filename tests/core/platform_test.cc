#include "platform.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace sqliteasync {
namespace {

#ifdef _WIN32
constexpr char kRoot[] = "C:\\";

TEST(PlatformTest, CanonicalPathsAreOneSpellingOfEachPath) {
  const struct {
    const char* path;
    const char* canonical;
  } table[] = {
      {"C:\\", "C:\\"},
      {"c:/", "C:\\"},
      {"C:\\..", "C:\\"},
      {"C:\\a\\", "C:\\a"},
      {"c:/a//b/./c", "C:\\a\\b\\c"},
      {"C:\\a\\b\\..\\..\\..\\c", "C:\\c"},
      {"C:\\a\\...", "C:\\a\\..."},
      {"C:\\a\\..b", "C:\\a\\..b"},
      {"C:\\a b\\\xc3\xa4\\..\\c", "C:\\a b\\c"},
      {"//server/share/a/../b", "\\\\server\\share\\b"},
      {"\\\\server\\share\\..\\..\\b", "\\\\server\\share\\b"},
      {"\\\\?\\c:\\a\\..\\..\\b", "\\\\?\\C:\\b"},
      {"\\\\?\\UNC\\server\\share\\..\\b", "\\\\?\\UNC\\server\\share\\b"},
  };
  for (const auto& [path, canonical] : table) {
    EXPECT_EQ(platform::CanonicalPath(path), canonical) << path;
    EXPECT_EQ(platform::CanonicalPath(canonical), canonical) << "a canonical path stays";
  }
}

// "C:a" and "\a" depend on the current directory and drive.
TEST(PlatformTest, WhatIsNoAbsolutePathIsLeftAlone) {
  for (const char* name : {"", "name", "./name", "a//b", "a/../b", ":memory:", "/a/../b",
                           "\\a\\..\\b", "C:a\\..\\b", "\\\\server"}) {
    EXPECT_EQ(platform::CanonicalPath(name), name);
  }
}
#else
constexpr char kRoot[] = "/";

TEST(PlatformTest, CanonicalPathsAreOneSpellingOfEachPath) {
  const struct {
    const char* path;
    const char* canonical;
  } table[] = {
      {"/", "/"},
      {"//", "/"},
      {"/.", "/"},
      {"/..", "/"},
      {"/../..", "/"},
      {"/a", "/a"},
      {"/a/", "/a"},
      {"/a//", "/a"},
      {"/a/.", "/a"},
      {"/a/./", "/a"},
      {"//a///b", "/a/b"},
      {"/a/./b", "/a/b"},
      {"/a/././b/.", "/a/b"},
      {"/a/../b", "/b"},
      {"/a/b/..", "/a"},
      {"/a/b/../", "/a"},
      {"/a/b/../../c", "/c"},
      {"/a/b/../../../c", "/c"},
      {"/../a", "/a"},
      {"/a/..", "/"},
      {"/a/...", "/a/..."},
      {"/a/..b", "/a/..b"},
      {"/a/b..", "/a/b.."},
      {"/a/.b", "/a/.b"},
      {"/a b/\xc3\xa4/../c", "/a b/c"},
  };
  for (const auto& [path, canonical] : table) {
    EXPECT_EQ(platform::CanonicalPath(path), canonical) << path;
    EXPECT_EQ(platform::CanonicalPath(canonical), canonical) << "a canonical path stays";
  }
}

TEST(PlatformTest, WhatIsNoAbsolutePathIsLeftAlone) {
  for (const char* name : {"", "name", "./name", "a//b", "a/../b", ":memory:"}) {
    EXPECT_EQ(platform::CanonicalPath(name), name);
  }
}
#endif

TEST(PlatformTest, CanonicalPathsAreNotLonger) {
  const std::string path = kRoot + std::string(4000, 'x') + "//y/../" + std::string(100, 'z') + "/";
  EXPECT_LT(platform::CanonicalPath(path).size(), path.size());
}

TEST(PlatformTest, ThreadsHaveDifferentNumbers) {
  const unsigned long mine = platform::ThreadNumber();
  unsigned long other = mine;
  std::thread([&other] {
    platform::NameThread("a name that is longer than a thread's name may be");
    other = platform::ThreadNumber();
  }).join();
  EXPECT_NE(mine, other);
  EXPECT_EQ(mine, platform::ThreadNumber());
}

TEST(PlatformTest, TheLibraryThatHoldsTheCodeHasAName) {
  EXPECT_NE(platform::OwnLibraryPath(), "");
}

}  // namespace
}  // namespace sqliteasync
