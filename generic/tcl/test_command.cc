#include "tcl/test_command.h"

#include "tcl/test_handles.h"

namespace sqliteasync::tester {

namespace {

int RunRow(ClientData row, Tcl_Interp* interp, int objc, Tcl_Obj* const objv[]) {
  const auto& command = *static_cast<const Command*>(row);
  if (!command.Takes(objc - 1)) {
    command.WrongArguments(interp, 1, objv);
    return TCL_ERROR;
  }
  Tcl_ResetResult(interp);
  return RunCommand(interp, [&] {
    Call call(interp, objc, objv);
    command.function(call);
  });
}

// The position of UTF-16 text's terminator.
int Size16(const char* text) {
  int size = 0;
  while (text[size] != 0 || text[size + 1] != 0) size += 2;
  return size;
}

template <typename T>
T* NotNull(T* pointer) {
  if (pointer == nullptr) throw Failure("a null pointer won't do here");
  return pointer;
}

}  // namespace

int NamedWord(Tcl_Interp* interp, Tcl_Obj* word, const NamedValue* table, const char* what) {
  int index = 0;
  if (Tcl_GetIndexFromObjStruct(interp, word, table, sizeof(NamedValue), what, 0, &index) !=
      TCL_OK) {
    throw FailureInResult();
  }
  return table[index].value;
}

void Call::Check(int tcl_code) const {
  if (tcl_code != TCL_OK) throw FailureInResult();
}

int Call::Int(int i) const {
  int value = 0;
  Check(Tcl_GetIntFromObj(interp_, objv_[i], &value));
  return value;
}

Tcl_WideInt Call::Wide(int i) const {
  Tcl_WideInt value = 0;
  Check(Tcl_GetWideIntFromObj(interp_, objv_[i], &value));
  return value;
}

double Call::Double(int i) const {
  double value = 0;
  Check(Tcl_GetDoubleFromObj(interp_, objv_[i], &value));
  return value;
}

bool Call::Boolean(int i) const {
  int value = 0;
  Check(Tcl_GetBooleanFromObj(interp_, objv_[i], &value));
  return value != 0;
}

const char* Call::TextOrNull(int i) const {
  if (!Has(i)) return nullptr;
  const char* text = Text(i);
  return *text == '\0' ? nullptr : text;
}

std::string_view Call::Bytes(int i) const {
  Tcl_Size size = 0;
  const auto* bytes = reinterpret_cast<const char*>(BytesOf(interp_, objv_[i], &size));
  if (bytes == nullptr) throw FailureInResult();
  return {bytes, static_cast<size_t>(size)};
}

int Call::NamedOrInt(int i, const NamedValue* table) const {
  const std::string_view name = Text(i);
  for (; table->name != nullptr; ++table) {
    if (name == table->name) return table->value;
  }
  return Int(i);
}

sqlite3* Call::DbOrNull(int i) const { return FindConnection(interp_, Text(i)); }
sqlite3* Call::Db(int i) const { return NotNull(DbOrNull(i)); }
sqlite3_stmt* Call::StatementOrNull(int i) const { return FindStatement(Text(i)); }
sqlite3_stmt* Call::Statement(int i) const { return NotNull(StatementOrNull(i)); }

void Call::ReturnText(const char* value) const {
  if (value != nullptr) Return(Tcl_NewStringObj(value, -1));
}

void Call::ReturnAllocated(char* value) const {
  ReturnText(value);
  sqlite3_free(value);
}

void Call::ReturnBytes(const void* bytes, int size) const {
  Return(Tcl_NewByteArrayObj(static_cast<const unsigned char*>(bytes), size));
}

void Call::ReturnText16(const void* text, bool terminated) const {
  if (text == nullptr) return;
  ReturnBytes(text, Size16(static_cast<const char*>(text)) + (terminated ? 2 : 0));
}

void Call::ReturnPointer(const void* pointer) const {
  if (pointer != nullptr) ReturnText(PointerText(pointer).c_str());
}

void Call::ReturnCode(int code) const { ReturnText(CodeName(code).c_str()); }

void Call::ReturnInts(std::initializer_list<Tcl_WideInt> values) const {
  Tcl_Obj* list = Tcl_NewListObj(0, nullptr);
  for (const Tcl_WideInt value : values) {
    Tcl_ListObjAppendElement(nullptr, list, Tcl_NewWideIntObj(value));
  }
  Return(list);
}

void Call::RunVerb(const Command* verbs, const char* what) const {
  int index = 0;
  Check(Tcl_GetIndexFromObjStruct(interp_, objv_[0], verbs, sizeof(Command), what, 0, &index));
  const Command& verb = verbs[index];
  if (!verb.Takes(count_ - 1)) {
    verb.WrongArguments(interp_, 2, objv_ - 1);
    throw FailureInResult();
  }
  Call call(interp_, count_, objv_, data_);
  verb.function(call);
}

void Call::SetVariable(Tcl_Obj* name, Tcl_Obj* value) const {
  if (Tcl_ObjSetVar2(interp_, name, nullptr, value, TCL_LEAVE_ERR_MSG) == nullptr) {
    throw FailureInResult();
  }
}

void CreateCommands(Tcl_Interp* interp, std::span<const Command> commands) {
  for (const Command& command : commands) {
    Tcl_CreateObjCommand(interp, command.name, RunRow, const_cast<Command*>(&command), nullptr);
  }
}

}  // namespace sqliteasync::tester
