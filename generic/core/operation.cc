#include "operation.h"

namespace sqliteasync {

const char* OperationName(OperationKind kind) {
  switch (kind) {
    case OperationKind::kWrite:
      return "WRITE";
    case OperationKind::kSync:
      return "SYNC";
    case OperationKind::kTruncate:
      return "TRUNCATE";
    case OperationKind::kClose:
      return "CLOSE";
    case OperationKind::kDelete:
      return "DELETE";
    case OperationKind::kOpen:
      return "OPENEX";
    case OperationKind::kUnlock:
      return "UNLOCK";
  }
  return "?";
}

}  // namespace sqliteasync
