#include "core/file_name.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sqliteasync {
namespace {

const UriParameters kParameters = {{"vfs", "sqlite3async"}, {"cache", "shared"}, {"empty", ""}};

TEST(FileNameTest, EachRoleHasTheNameThatSqliteGivesIt) {
  EXPECT_STREQ(FileName("/tmp/db", FileRole::kMain, {}).get(), "/tmp/db");
  EXPECT_STREQ(FileName("/tmp/db", FileRole::kJournal, {}).get(), "/tmp/db-journal");
  EXPECT_STREQ(FileName("/tmp/db", FileRole::kLog, {}).get(), "/tmp/db-wal");
}

TEST(FileNameTest, SqliteFindsTheCompanionsFromEachOfThem) {
  for (const FileRole role : {FileRole::kMain, FileRole::kJournal, FileRole::kLog}) {
    const FileName name("/tmp/db", role, kParameters);
    EXPECT_STREQ(sqlite3_filename_database(name.get()), "/tmp/db");
    EXPECT_STREQ(sqlite3_filename_journal(name.get()), "/tmp/db-journal");
    EXPECT_STREQ(sqlite3_filename_wal(name.get()), "/tmp/db-wal");
  }
}

TEST(FileNameTest, SqliteFindsTheParametersFromEachOfThem) {
  for (const FileRole role : {FileRole::kMain, FileRole::kJournal, FileRole::kLog}) {
    const FileName name("/tmp/db", role, kParameters);
    EXPECT_STREQ(sqlite3_uri_parameter(name.get(), "cache"), "shared");
    EXPECT_STREQ(sqlite3_uri_parameter(name.get(), "empty"), "");
    EXPECT_EQ(sqlite3_uri_parameter(name.get(), "other"), nullptr);
    EXPECT_EQ(UriParametersOf(name.get()), kParameters);
  }
}

TEST(FileNameTest, WithoutParametersThereAreNone) {
  const FileName name("/tmp/db", FileRole::kMain, {});
  EXPECT_TRUE(UriParametersOf(name.get()).empty());
}

TEST(FileNameTest, ANullNameHasNoParameters) {
  EXPECT_EQ(FileName().get(), nullptr);
  EXPECT_TRUE(UriParametersOf(nullptr).empty());
}

TEST(FileNameTest, MovingKeepsTheAddressWhichParentsHold) {
  FileName first("/tmp/db", FileRole::kJournal, kParameters);
  const char* address = first.get();
  const FileName second(std::move(first));
  EXPECT_EQ(second.get(), address);
  FileName third;
  third = FileName("/other", FileRole::kMain, {});
  EXPECT_STREQ(third.get(), "/other");
}

TEST(FileNameTest, LongAndForeignNamesAreKept) {
  const std::string path = "/" + std::string(4000, 'x') + "/\xc3\xa4 ?%#&.db";
  EXPECT_EQ(FileName(path, FileRole::kMain, {}).get(), path);
}

}  // namespace
}  // namespace sqliteasync
