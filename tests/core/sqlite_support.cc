#include "core/sqlite_support.h"

#include <chrono>
#include <limits>
#include <mutex>

#include "sqlite3async.h"

namespace sqliteasync::test {

namespace {

std::mutex log_mutex;
std::string log_text;

void Log(void*, int code, const char* message) {
  const AllocationExempt exempt;
  const std::lock_guard lock(log_mutex);
  log_text += std::to_string(code) + " " + message + "\n";
}

// The log has to be set before SQLite is first used.
const bool log_is_set = [] {
  sqlite3_config(SQLITE_CONFIG_LOG, Log, nullptr);
  return true;
}();

}  // namespace

std::string TakeLog() {
  const std::lock_guard lock(log_mutex);
  return std::exchange(log_text, "");
}

// ----- Connection

Connection::Connection(const char* vfs, const std::string& path, int flags) {
  sqlite3_open_v2(path.c_str(), &connection_, flags | SQLITE_OPEN_URI, vfs);
  code_ = sqlite3_extended_errcode(connection_);
  sqlite3_extended_result_codes(connection_, 1);
}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(code_, other.code_);
  return *this;
}

void Connection::Close() {
  EXPECT_EQ(sqlite3_close(connection_), SQLITE_OK);
  connection_ = nullptr;
}

void Connection::WaitWhileBusy() {
  const auto wait = [](void*, int) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    return 1;
  };
  sqlite3_busy_handler(connection_, wait, nullptr);
}

int Connection::Run(const std::string& sql) {
  TryQuery(sql);
  return code_;
}

std::string Connection::Query(const std::string& sql) {
  std::string result = TryQuery(sql);
  EXPECT_EQ(code_, SQLITE_OK) << sqlite3_errmsg(connection_) << " in: " << sql;
  return result;
}

std::string Connection::TryQuery(const std::string& sql) {
  std::string result;
  const auto append_row = [](void* text, int columns, char** values, char**) {
    std::string& to = *static_cast<std::string*>(text);
    for (int i = 0; i < columns; ++i) {
      if (i > 0 || !to.empty()) to += i > 0 ? "|" : " ";
      to += values[i] == nullptr ? "NULL" : values[i];
    }
    return 0;
  };
  code_ = sqlite3_exec(connection_, sql.c_str(), append_row, &result, nullptr);
  return code_ == SQLITE_OK ? result : "error " + std::to_string(code_);
}

// ----- VfsFile

VfsFile::VfsFile(const char* vfs, const std::string& database, FileRole role, int flags,
                 const UriParameters& parameters)
    : name_(database, role, parameters) {
  Open(vfs, flags);
}

VfsFile::VfsFile(const char* vfs, int flags) { Open(vfs, flags); }

void VfsFile::Open(const char* vfs, int flags) {
  sqlite3_vfs* found = sqlite3_vfs_find(vfs);
  memory_.resize(static_cast<size_t>(found->szOsFile));
  code_ = found->xOpen(found, name_.get(), file(), flags, nullptr);
}

void VfsFile::Close() {
  if (file()->pMethods != nullptr) methods().xClose(file());
  file()->pMethods = nullptr;
}

int VfsFile::Write(int64_t offset, const std::string& bytes) {
  return methods().xWrite(file(), bytes.data(), static_cast<int>(bytes.size()), offset);
}

std::string VfsFile::Read(int64_t offset, int size) {
  std::string bytes(static_cast<size_t>(size), '?');
  const int rc = methods().xRead(file(), bytes.data(), size, offset);
  if (rc == SQLITE_IOERR_SHORT_READ) return bytes + "|";
  return rc == SQLITE_OK ? bytes : "error " + std::to_string(rc);
}

int64_t VfsFile::Size() {
  sqlite3_int64 size = -1;
  EXPECT_EQ(methods().xFileSize(file(), &size), SQLITE_OK);
  return size;
}

int VfsFile::Reserved() {
  int reserved = 0;
  return methods().xCheckReservedLock(file(), &reserved) == SQLITE_OK ? reserved : -1;
}

int VfsFile::Level() {
  int level = -1;
  EXPECT_EQ(Control(SQLITE_FCNTL_LOCKSTATE, &level), SQLITE_OK);
  return level;
}

bool Exists(const char* vfs, const std::string& database, FileRole role) {
  sqlite3_vfs* found = sqlite3_vfs_find(vfs);
  const FileName name(database, role, {});
  int answer = -1;
  EXPECT_EQ(found->xAccess(found, name.get(), SQLITE_ACCESS_EXISTS, &answer), SQLITE_OK);
  return answer != 0;
}

int DeleteFile(const char* vfs, const std::string& database, FileRole role) {
  sqlite3_vfs* found = sqlite3_vfs_find(vfs);
  const FileName name(database, role, {});
  return found->xDelete(found, name.get(), 1);
}

// ----- Watchdog

Watchdog::Watchdog(FakeVfs& fake)
    : thread_([this, &fake] {
        std::unique_lock lock(mutex_);
        if (ended_.wait_for(lock, std::chrono::seconds(20), [this] { return end_; })) return;
        ADD_FAILURE() << "something waits for the writer's disk work";
        fake.Unblock();
      }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

// ----- BackendTest

void BackendTest::SetUp() {
  ASSERT_EQ(backend().Register(kParent, nullptr), SQLITE_OK);
  ASSERT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_OFF), SQLITE_OK);
  backend().failures().Clear();
  TakeLog();
}

void BackendTest::TearDown() {
  fake.StopFailing();
  fake.Unblock();
  StopWriter();
  const Backend::Refusal refusal = backend().Unregister();
  EXPECT_EQ(refusal.open_files, 0) << "the test has left files open";
  EXPECT_EQ(refusal.queued_changes, 0);
  EXPECT_EQ(fake.open_handles(), 0) << "handles of the parent are still open";
  for (const std::string& violation : fake.Violations()) ADD_FAILURE() << violation;
  EXPECT_EQ(backend().SetLockFiles(1), SQLITE_OK);
  EXPECT_EQ(backend().SetQueueLimit(WriteQueue::kDefaultLimit), SQLITE_OK);
  EXPECT_EQ(backend().SetDelay(0), SQLITE_OK);
  EXPECT_EQ(backend().SetGrouping(SQLITEASYNC_GROUPING_AUTO), SQLITE_OK);
}

int64_t BackendTest::StepAll() { return Step(std::numeric_limits<int64_t>::max()); }

void BackendTest::StartWriter() {
  ASSERT_EQ(backend().SetHalt(SQLITEASYNC_HALT_NEVER), SQLITE_OK);
  ASSERT_EQ(backend().writer().Start(), Writer::StartResult::kStarted);
}

void BackendTest::StopWriter() {
  EXPECT_EQ(backend().SetHalt(SQLITEASYNC_HALT_IDLE), SQLITE_OK);
  EXPECT_TRUE(backend().writer().Wait());
  StepAll();
  EXPECT_EQ(backend().SetHalt(SQLITEASYNC_HALT_NEVER), SQLITE_OK);
}

std::string BackendTest::Plain(const std::string& path, const std::string& sql) {
  Connection plain(kPlain, path);
  return plain.TryQuery(sql);
}

void BackendTest::MakePlain(const std::string& path, const std::string& sql) {
  Connection plain(kPlain, path);
  plain.Query(sql);
}

}  // namespace sqliteasync::test
