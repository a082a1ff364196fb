// Digests of texts and files.

#include <cstring>

#include "tcl/md5.h"
#include "tcl/test_command_tables.h"

namespace sqliteasync::tester {

namespace {

using Notation = std::string (*)(const Md5::Digest&);

void DigestText(Call& call, Notation notation) {
  Md5 md5;
  md5.Reset();
  md5.Add(call.Text(0), std::strlen(call.Text(0)));
  call.ReturnText(notation(md5.Finish()).c_str());
}

// Of a file, or so many of its bytes from an offset on. Through Tcl's channels, so that names are
// what they are for "open".
void DigestFile(Call& call, Notation notation) {
  if (call.count() == 2) throw Failure("OFFSET without AMT");
  Tcl_WideInt left = -1;
  if (call.Has(2)) left = call.Wide(2);
  Tcl_Channel file = Tcl_FSOpenFileChannel(call.interp(), call.Argument(0), "rb", 0);
  if (file == nullptr) throw FailureInResult();
  if (call.Has(1)) Tcl_Seek(file, call.Wide(1), SEEK_SET);
  Md5 md5;
  md5.Reset();
  char buffer[16384];
  while (left != 0) {
    int wanted = sizeof buffer;
    if (left > 0 && left < wanted) wanted = static_cast<int>(left);
    const int got = Tcl_Read(file, buffer, wanted);
    if (got <= 0) break;
    md5.Add(buffer, static_cast<size_t>(got));
    if (left > 0) left -= got;
  }
  Tcl_Close(nullptr, file);
  call.ReturnText(notation(md5.Finish()).c_str());
}

const Command kCommands[] = {
    {"md5", "TEXT", [](Call& c) { DigestText(c, HexOf); }},
    {"md5-10x8", "TEXT", [](Call& c) { DigestText(c, DecimalOf); }},
    {"md5file", "FILENAME ?OFFSET? ?AMT?", [](Call& c) { DigestFile(c, HexOf); }},
    {"md5file-10x8", "FILENAME ?OFFSET? ?AMT?", [](Call& c) { DigestFile(c, DecimalOf); }},
};

}  // namespace

std::span<const Command> DigestCommands() { return kCommands; }

}  // namespace sqliteasync::tester
