// What SQL functions and PRAGMAs have in common beside the settings (settings.h): what they ask of
// the backend, with arguments and errors in words.
//
// Thread safety: any thread, which holds no mutex of the core. All may throw std::bad_alloc.

#ifndef SQLITEASYNC_CORE_REQUESTS_H_
#define SQLITEASYNC_CORE_REQUESTS_H_

#include <cstdint>
#include <string>

#include "barrier.h"

namespace sqliteasync {

// Both return false if it wasn't done, and `message` says why.

// Starts a writer.
bool RequestStart(std::string* message);

// Backend::Barrier for the database with the path `database`, all if it is null. `timeout`:
// milliseconds; null is as long as it takes.
bool RequestBarrier(const char* database, const char* timeout, std::string* message);

// Why a barrier that had so many milliseconds was not kept, for a user; "" if it was. `code`: what
// to call the code of a failure. Tcl's command says the same.
std::string WhyNot(const BarrierResult& result, int64_t milliseconds, const std::string& code);

}  // namespace sqliteasync

#endif  // SQLITEASYNC_CORE_REQUESTS_H_
