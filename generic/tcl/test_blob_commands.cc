// Incremental blob I/O. A blob is a pointer's text, or a channel that "db incrblob" has opened.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "tcl/test_command_tables.h"
#include "tcl/test_handles.h"

namespace sqliteasync::tester {

namespace {

// The channel is flushed, and set to its start, since SQLite moves the blob below its buffers.
sqlite3_blob* BlobOfChannel(const Call& call, Tcl_Channel channel) {
  if (std::strcmp(Tcl_GetChannelType(channel)->typeName, "incrblob") != 0) {
    throw Failure(std::string("\"") + call.Text(0) + "\" is not a channel to a blob");
  }
  Tcl_Flush(channel);
  Tcl_Seek(channel, 0, SEEK_SET);
  return *static_cast<sqlite3_blob**>(Tcl_GetChannelInstanceData(channel));
}

sqlite3_blob* BlobOrNull(const Call& call) {
  const char* text = call.Text(0);
  if (!std::string_view(text).starts_with("incrblob_")) return FindBlob(text);
  Tcl_Channel channel = Tcl_GetChannel(call.interp(), text, nullptr);
  if (channel == nullptr) throw FailureInResult();
  return BlobOfChannel(call, channel);
}

void Check(int rc) {
  if (rc != SQLITE_OK) throw Failure(CodeName(rc));
}

void OpenBlob(Call& call) {
  sqlite3* db = call.Db(0);
  const Tcl_WideInt rowid = call.Wide(4);
  const bool writable = call.Boolean(5);
  sqlite3_blob* blob = nullptr;
  call.SetVariable(call.Argument(6), Tcl_NewObj());
  const int rc = sqlite3_blob_open(db, call.Text(1), call.Text(2), call.Text(3), rowid,
                                   writable ? 1 : 0, &blob);
  AddBlob(blob, db);
  call.SetVariable(call.Argument(6), Tcl_NewStringObj(PointerText(blob).c_str(), -1));
  Check(rc);
}

void ReadBlob(Call& call) {
  sqlite3_blob* blob = BlobOrNull(call);
  const int offset = call.Int(1);
  const int size = call.Int(2);
  // What is more than the blob has is refused before anything is read.
  const int most = blob != nullptr ? sqlite3_blob_bytes(blob) : 0;
  std::vector<char> buffer(static_cast<size_t>(std::clamp(size, 0, std::max(most, 0))) + 1);
  Check(sqlite3_blob_read(blob, buffer.data(), size, offset));
  call.ReturnBytes(buffer.data(), std::max(size, 0));
}

void WriteBlob(Call& call) {
  sqlite3_blob* blob = BlobOrNull(call);
  const int offset = call.Int(1);
  const std::string_view data = call.Bytes(2);
  const auto have = static_cast<int64_t>(data.size());
  const int64_t size = call.Has(3) ? call.Int(3) : have;
  if (size > have || size > std::numeric_limits<int>::max()) {
    throw Failure("cannot use " + std::to_string(size) + " blob bytes, have " +
                  std::to_string(have));
  }
  Check(sqlite3_blob_write(blob, data.data(), static_cast<int>(size), offset));
}

void CloseTheBlob(Call& call) {
  if (std::string_view(call.Text(0)).starts_with("incrblob_")) {
    throw Failure("this blob is a channel's: use the command \"close\"");
  }
  const int rc = CloseBlob(BlobOrNull(call));  // that of what failed before
  if (rc != SQLITE_OK) call.ReturnCode(rc);
}

const Command kCommands[] = {
    {"sqlite3_blob_open", "HANDLE DATABASE TABLE COLUMN ROWID FLAGS VARNAME", OpenBlob},
    {"sqlite3_blob_bytes", "HANDLE",
     [](Call& c) { c.ReturnInt(sqlite3_blob_bytes(BlobOrNull(c))); }},
    {"sqlite3_blob_read", "HANDLE OFFSET N", ReadBlob},
    {"sqlite3_blob_write", "HANDLE OFFSET DATA ?NDATA?", WriteBlob},
    {"sqlite3_blob_reopen", "HANDLE ROWID",
     [](Call& c) { Check(sqlite3_blob_reopen(BlobOrNull(c), c.Wide(1))); }},
    {"sqlite3_blob_close", "HANDLE", CloseTheBlob},
};

}  // namespace

std::span<const Command> BlobCommands() { return kCommands; }

}  // namespace sqliteasync::tester
