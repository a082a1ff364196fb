#include "vfs_over_parent.h"

#include <algorithm>

namespace sqliteasync {

namespace {

sqlite3_vfs* ParentOf(sqlite3_vfs* vfs) { return static_cast<VfsContext*>(vfs->pAppData)->parent; }

void* VfsDlOpen(sqlite3_vfs* vfs, const char* name) {
  return ParentOf(vfs)->xDlOpen(ParentOf(vfs), name);
}

void VfsDlError(sqlite3_vfs* vfs, int size, char* message) {
  ParentOf(vfs)->xDlError(ParentOf(vfs), size, message);
}

void (*VfsDlSym(sqlite3_vfs* vfs, void* library, const char* symbol))(void) {
  return ParentOf(vfs)->xDlSym(ParentOf(vfs), library, symbol);
}

void VfsDlClose(sqlite3_vfs* vfs, void* library) {
  ParentOf(vfs)->xDlClose(ParentOf(vfs), library);
}

int VfsRandomness(sqlite3_vfs* vfs, int size, char* out) {
  return ParentOf(vfs)->xRandomness(ParentOf(vfs), size, out);
}

int VfsSleep(sqlite3_vfs* vfs, int microseconds) {
  return ParentOf(vfs)->xSleep(ParentOf(vfs), microseconds);
}

int VfsCurrentTime(sqlite3_vfs* vfs, double* day) {
  return ParentOf(vfs)->xCurrentTime(ParentOf(vfs), day);
}

int VfsGetLastError(sqlite3_vfs* vfs, int size, char* message) {
  return ParentOf(vfs)->xGetLastError(ParentOf(vfs), size, message);
}

int VfsCurrentTimeInt64(sqlite3_vfs* vfs, sqlite3_int64* milliseconds) {
  return ParentOf(vfs)->xCurrentTimeInt64(ParentOf(vfs), milliseconds);
}

int VfsSetSystemCall(sqlite3_vfs* vfs, const char* name, sqlite3_syscall_ptr call) {
  return ParentOf(vfs)->xSetSystemCall(ParentOf(vfs), name, call);
}

sqlite3_syscall_ptr VfsGetSystemCall(sqlite3_vfs* vfs, const char* name) {
  return ParentOf(vfs)->xGetSystemCall(ParentOf(vfs), name);
}

const char* VfsNextSystemCall(sqlite3_vfs* vfs, const char* name) {
  return ParentOf(vfs)->xNextSystemCall(ParentOf(vfs), name);
}

}  // namespace

void PassOnToParent(VfsContext* context, sqlite3_vfs* vfs) {
  const sqlite3_vfs* const parent = context->parent;
  vfs->iVersion = std::min(parent->iVersion, 3);
  vfs->pAppData = context;
  vfs->mxPathname = parent->mxPathname;
  vfs->xDlOpen = parent->xDlOpen == nullptr ? nullptr : VfsDlOpen;
  vfs->xDlError = parent->xDlError == nullptr ? nullptr : VfsDlError;
  vfs->xDlSym = parent->xDlSym == nullptr ? nullptr : VfsDlSym;
  vfs->xDlClose = parent->xDlClose == nullptr ? nullptr : VfsDlClose;
  vfs->xRandomness = VfsRandomness;
  vfs->xSleep = VfsSleep;
  vfs->xCurrentTime = parent->xCurrentTime == nullptr ? nullptr : VfsCurrentTime;
  vfs->xGetLastError = parent->xGetLastError == nullptr ? nullptr : VfsGetLastError;
  if (vfs->iVersion >= 2) {
    vfs->xCurrentTimeInt64 = parent->xCurrentTimeInt64 == nullptr ? nullptr : VfsCurrentTimeInt64;
  }
  if (vfs->iVersion >= 3) {
    vfs->xSetSystemCall = parent->xSetSystemCall == nullptr ? nullptr : VfsSetSystemCall;
    vfs->xGetSystemCall = parent->xGetSystemCall == nullptr ? nullptr : VfsGetSystemCall;
    vfs->xNextSystemCall = parent->xNextSystemCall == nullptr ? nullptr : VfsNextSystemCall;
  }
}

}  // namespace sqliteasync
