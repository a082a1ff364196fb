// What differs between platforms. One file per platform implements it: unix/platform.cc,
// win/platform.cc.

#ifndef SQLITEASYNC_PLATFORM_H_
#define SQLITEASYNC_PLATFORM_H_

#include <string>

namespace sqliteasync::platform {

// `path`, a full pathname as the parent VFS gave it, in its canonical spelling: repeated
// separators,
// "." and ".." components and a trailing separator removed, so that two spellings of one path are
// equal strings. Purely a matter of text; the file system is not asked. What isn't an absolute path
// of this platform (a name of the memdb VFS, say) is returned as it came.
// Throws std::bad_alloc.
std::string CanonicalPath(const std::string& path);

// The file that this code was loaded from, or "" if the platform can't tell.
// Throws std::bad_alloc.
std::string OwnLibraryPath();

// The library that this code was loaded from stays loaded until the process ends. Never fails
// visibly: at worst it goes when the program unloads it.
void StayLoaded();

// Has `function` called when the process ends by exit() or by the end of main(), while its other
// threads still run. Returns 0, or something else if there was no room, as atexit() does.
//
// On Windows it is not called in a program that has a C run-time library of its own inside, instead
// of one of the system's: there a library's functions are called when all other threads are gone.
int AtExit(void (*function)());

// Names the calling thread in debuggers and process listings. At most 15 characters are sure to
// show. Never fails visibly.
void NameThread(const char* name);

// The number of the process.
unsigned long ProcessNumber();

// A number for the calling thread, as the platform's tools show it; it begins the lines of a trace.
unsigned long ThreadNumber();

}  // namespace sqliteasync::platform

#endif  // SQLITEASYNC_PLATFORM_H_
