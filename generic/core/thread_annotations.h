// The names of clang's thread-safety attributes. Clang checks with -Wthread-safety that a member is
// touched only under the mutex that its annotation names, and that mutexes are taken in the order
// they declare; other compilers see nothing.

#ifndef SQLITEASYNC_CORE_THREAD_ANNOTATIONS_H_
#define SQLITEASYNC_CORE_THREAD_ANNOTATIONS_H_

#if defined(__clang__)
#define SQLITEASYNC_ATTRIBUTE(x) __attribute__((x))
#else
#define SQLITEASYNC_ATTRIBUTE(x)
#endif

#define CAPABILITY(x) SQLITEASYNC_ATTRIBUTE(capability(x))
#define SCOPED_CAPABILITY SQLITEASYNC_ATTRIBUTE(scoped_lockable)
#define GUARDED_BY(x) SQLITEASYNC_ATTRIBUTE(guarded_by(x))
#define PT_GUARDED_BY(x) SQLITEASYNC_ATTRIBUTE(pt_guarded_by(x))
#define ACQUIRED_BEFORE(...) SQLITEASYNC_ATTRIBUTE(acquired_before(__VA_ARGS__))
#define ACQUIRED_AFTER(...) SQLITEASYNC_ATTRIBUTE(acquired_after(__VA_ARGS__))
#define REQUIRES(...) SQLITEASYNC_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) SQLITEASYNC_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) SQLITEASYNC_ATTRIBUTE(release_capability(__VA_ARGS__))
#define EXCLUDES(...) SQLITEASYNC_ATTRIBUTE(locks_excluded(__VA_ARGS__))

#endif  // SQLITEASYNC_CORE_THREAD_ANNOTATIONS_H_
