// What compilers have each in its own way. Everything else in the sources is standard C++20.

#ifndef SQLITEASYNC_CORE_COMPILER_H_
#define SQLITEASYNC_CORE_COMPILER_H_

#if defined(__GNUC__)  // clang, too
// `condition` as a bool that is false nearly always.
#define SQLITEASYNC_UNLIKELY(condition) __builtin_expect((condition), 0)
// Of a function whose first parameter is printf's format, followed by "...": arguments are checked.
#define SQLITEASYNC_FORMATS_LIKE_PRINTF __attribute__((format(printf, 1, 2)))
#else
#define SQLITEASYNC_UNLIKELY(condition) (condition)
#define SQLITEASYNC_FORMATS_LIKE_PRINTF
#endif

#endif  // SQLITEASYNC_CORE_COMPILER_H_
