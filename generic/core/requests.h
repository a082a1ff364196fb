// What SQL functions and PRAGMAs have in common beside the settings (settings.h): what they ask of
// the backend, with arguments and errors in words.
//
// Thread safety: any thread, which holds no mutex of the core. All may throw std::bad_alloc.

#ifndef SQLITEASYNC_CORE_REQUESTS_H_
#define SQLITEASYNC_CORE_REQUESTS_H_

#include <string>

namespace sqliteasync {

// Both return false if it wasn't done, and `message` says why.

// Starts a writer.
bool RequestStart(std::string* message);

// Backend::Barrier for the database with the path `database`, all if it is null. `timeout`:
// milliseconds; null is as long as it takes.
bool RequestBarrier(const char* database, const char* timeout, std::string* message);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_REQUESTS_H_
