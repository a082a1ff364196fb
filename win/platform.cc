// The platform's part on Windows.

#include "platform.h"

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

#include <string>
#include <string_view>

namespace sqliteasync::platform {

namespace {

bool IsSeparator(char c) { return c == '\\' || c == '/'; }

bool IsDriveLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// Where the component that begins at `at` ends: at the next separator, or at the end of the path.
size_t EndOfComponent(std::string_view path, size_t at) {
  while (at < path.size() && !IsSeparator(path[at])) ++at;
  return at;
}

// The length of the part of an absolute path that ".." can't leave: "C:" of C:\x, "\\server\share"
// of \\server\share\x, "\\?\C:" and "\\?\UNC\server\share" of their extended-length forms. 0 if the
// path is not absolute; "C:x" is relative to the drive's current directory.
size_t RootLength(std::string_view path) {
  const auto is_drive_at = [path](size_t at) {
    return path.size() > at + 2 && IsDriveLetter(path[at]) && path[at + 1] == ':' &&
           IsSeparator(path[at + 2]);
  };
  if (is_drive_at(0)) return 2;
  if (path.size() < 3 || !IsSeparator(path[0]) || !IsSeparator(path[1])) return 0;
  size_t at = 2;
  if (path.size() > 4 && (path[2] == '?' || path[2] == '.') && IsSeparator(path[3])) {
    if (is_drive_at(4)) return 6;
    // \\?\UNC\ stands for the two separators before a server's name.
    const std::string_view unc = "UNC";
    const size_t end = EndOfComponent(path, 4);
    bool is_unc = end - 4 == unc.size();
    for (size_t i = 0; is_unc && i < unc.size(); ++i) is_unc = (path[4 + i] & ~0x20) == unc[i];
    if (!is_unc) return end;  // a device or a volume's number, which is one component
    if (end == path.size()) return 0;
    at = end + 1;
  }
  const size_t server_end = EndOfComponent(path, at);
  if (server_end == at || server_end == path.size()) return 0;
  const size_t share_end = EndOfComponent(path, server_end + 1);
  return share_end == server_end + 1 ? 0 : share_end;
}

}  // namespace

// The canonical separator is the backslash, and a drive's letter is upper case. Other letters stay
// as they are: whether the file system tells "a" from "A" is not a matter of text.
std::string CanonicalPath(const std::string& path) {
  const size_t root = RootLength(path);
  if (root == 0) return path;
  std::string result;
  result.reserve(path.size() + 1);
  for (size_t i = 0; i < root; ++i) result += IsSeparator(path[i]) ? '\\' : path[i];
  char& last = result[root - 1];
  char& letter = result[root - 2];
  if (last == ':' && letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter & ~0x20);
  size_t at = root;
  while (at < path.size()) {
    const size_t end = EndOfComponent(path, at);
    const std::string_view component(path.data() + at, end - at);
    if (component == "..") {
      const size_t parent = result.rfind('\\');
      // Within the root there are separators too; what is not past it stays.
      if (parent != std::string::npos && parent >= root) result.resize(parent);
    } else if (!component.empty() && component != ".") {
      result += '\\';
      result += component;
    }
    at = end + 1;
  }
  if (result.size() == root) result += '\\';
  return result;
}

std::string OwnLibraryPath() {
  HMODULE module = nullptr;
  // The address of something in this library names the library; its reference count is not touched.
  static const char kInThisLibrary = 0;
  if (!GetModuleHandleExW(
          GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
          reinterpret_cast<LPCWSTR>(&kInThisLibrary), &module)) {
    return std::string();
  }
  // There is no way to ask for the length; 32767 characters is the longest a path can be.
  std::wstring wide(MAX_PATH, L'\0');
  for (;;) {
    const DWORD length = GetModuleFileNameW(module, wide.data(), static_cast<DWORD>(wide.size()));
    if (length == 0) return std::string();
    if (length < wide.size()) {
      wide.resize(length);
      break;
    }
    if (wide.size() > 32767) return std::string();
    wide.resize(wide.size() * 2);
  }
  const int wide_length = static_cast<int>(wide.size());
  const int length =
      WideCharToMultiByte(CP_UTF8, 0, wide.data(), wide_length, nullptr, 0, nullptr, nullptr);
  if (length <= 0) return std::string();
  std::string result(static_cast<size_t>(length), '\0');
  WideCharToMultiByte(CP_UTF8, 0, wide.data(), wide_length, result.data(), length, nullptr,
                      nullptr);
  return result;
}

void StayLoaded() {
  static const char kInThisLibrary = 0;
  HMODULE module = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                     reinterpret_cast<LPCWSTR>(&kInThisLibrary), &module);
}

// A library's own atexit() is no good: Windows calls what it was given only when it has ended all
// other threads, wherever they were, the writer among them. What the run-time library of the
// program is given is called before.
int AtExit(void (*function)()) {
  using Register = int(__cdecl*)(int(__cdecl*)());
  static void (*registered)() = nullptr;
  registered = function;
  const auto call = []() -> int {
    registered();
    return 0;
  };
  bool any = false;
  const struct {
    const wchar_t* library;
    const char* name;
    bool returns_its_argument;
  } known[] = {{L"ucrtbase.dll", "_crt_atexit", false},
               {L"ucrtbased.dll", "_crt_atexit", false},
               {L"msvcrt.dll", "_onexit", true}};
  // The process may have several, of which only the program's calls the function.
  for (const auto& [library, name, returns_its_argument] : known) {
    const HMODULE module = GetModuleHandleW(library);
    if (module == nullptr) continue;
    const FARPROC found = GetProcAddress(module, name);
    if (found == nullptr) continue;
    int(__cdecl* const argument)() = call;
    if (returns_its_argument) {
      using RegisterOld = int(__cdecl * (__cdecl*)(int(__cdecl*)()))();
      const auto add = reinterpret_cast<RegisterOld>(reinterpret_cast<void (*)()>(found));
      any = add(argument) != nullptr || any;
    } else {
      const auto add = reinterpret_cast<Register>(reinterpret_cast<void (*)()>(found));
      any = add(argument) == 0 || any;
    }
  }
  return any ? 0 : 1;
}

void NameThread(const char* name) {
  // SetThreadDescription came with Windows 10, version 1607; older systems go without names.
  using SetThreadDescriptionFunction = HRESULT(WINAPI*)(HANDLE, PCWSTR);
  const HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
  if (kernel == nullptr) return;
  // By way of void(*)(), which a compiler lets one cast to any function's type without a warning.
  const auto set_description = reinterpret_cast<SetThreadDescriptionFunction>(
      reinterpret_cast<void (*)()>(GetProcAddress(kernel, "SetThreadDescription")));
  if (set_description == nullptr) return;
  wchar_t wide[64];
  if (MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, 64) > 0) {
    set_description(GetCurrentThread(), wide);
  }
}

unsigned long ProcessNumber() { return GetCurrentProcessId(); }

unsigned long ThreadNumber() { return GetCurrentThreadId(); }

}  // namespace sqliteasync::platform
