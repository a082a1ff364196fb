#include "operation.h"

#include "barrier.h"
#include "group.h"

namespace sqliteasync {

void Operation::Deleter::operator()(Operation* operation) const {
  if (operation->kind == OperationKind::kGroup) {
    delete static_cast<Group*>(operation);
    return;
  }
  if (operation->kind == OperationKind::kBarrier) {
    delete static_cast<Barrier*>(operation);
    return;
  }
  operation->~Operation();
  ::operator delete(operation);
}

int64_t Operation::cost() const {
  return kind == OperationKind::kGroup ? static_cast<const Group*>(this)->changes.bytes() : size;
}

int64_t Operation::transactions() const {
  return kind == OperationKind::kGroup ? static_cast<const Group*>(this)->transactions
                                       : (commits ? 1 : 0);
}

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
    case OperationKind::kGroup:
      return "GROUP";
    case OperationKind::kBarrier:
      return "BARRIER";
  }
  return "?";
}

}  // namespace sqliteasync
