#include "event_script.h"

#include <deque>
#include <iterator>
#include <map>
#include <new>
#include <utility>

#include "core/mutex.h"
#include "sim/allocation.h"

namespace sqliteasync {

namespace {

// A script that has not been cancelled. The interpreter and the prefix are its thread's alone.
struct Target {
  Tcl_ThreadId thread;
  Tcl_Interp* interp;
  Tcl_Obj* prefix;
  bool once;
  std::deque<EventScript::Arguments> posted;
};

Mutex targets_mutex;
using Targets = std::map<int64_t, Target>;
Targets& AllTargets() REQUIRES(targets_mutex) {
  static auto* const targets = new Targets;  // used until the process ends
  return *targets;
}
int64_t last_id GUARDED_BY(targets_mutex) = 0;
bool finished GUARDED_BY(targets_mutex) = false;  // Tcl is being finalised

// Tcl's queue keeps no more than the number, so that nothing is left of an event that is dropped.
struct Event {
  Tcl_Event head;
  int64_t id;
};

// Drops those of the current thread that `matches` holds for.
template <typename Matches>
void Drop(Matches matches) {
  std::map<int64_t, Target> dropped;
  {
    const MutexLock lock(targets_mutex);
    Targets& targets = AllTargets();
    for (auto at = targets.begin(); at != targets.end();) {
      const auto next = std::next(at);
      if (at->second.thread == Tcl_GetCurrentThread() && matches(*at)) {
        dropped.insert(targets.extract(at));
      }
      at = next;
    }
  }
  for (auto& [id, target] : dropped) Tcl_DecrRefCount(target.prefix);
}

void DropOfThread(ClientData /*data*/) {
  Drop([](const Targets::value_type&) { return true; });
}

void DropOfInterpreter(ClientData /*data*/, Tcl_Interp* interp) {
  Drop([interp](const Targets::value_type& target) { return target.second.interp == interp; });
}

void Finish(ClientData /*data*/) {
  const MutexLock lock(targets_mutex);
  finished = true;
}

void Evaluate(Tcl_Interp* interp, Tcl_Obj* prefix, const EventScript::Arguments& arguments) {
  Tcl_Obj* const list = arguments();
  Tcl_IncrRefCount(list);
  Tcl_Obj* const script = Tcl_DuplicateObj(prefix);
  Tcl_IncrRefCount(script);
  int rc = Tcl_ListObjAppendList(interp, script, list);
  Tcl_DecrRefCount(list);
  if (rc == TCL_OK) rc = Tcl_EvalObjEx(interp, script, TCL_EVAL_GLOBAL);
  if (rc != TCL_OK) Tcl_BackgroundException(interp, rc);
  Tcl_DecrRefCount(script);
}

int Arrived(Tcl_Event* head, int /*flags*/) {
  const int64_t id = reinterpret_cast<Event*>(head)->id;
  Tcl_Interp* interp;
  Tcl_Obj* prefix;
  EventScript::Arguments arguments;
  {
    const MutexLock lock(targets_mutex);
    auto at = AllTargets().find(id);
    if (at == AllTargets().end()) return 1;
    Target& target = at->second;
    interp = target.interp;
    prefix = target.prefix;
    arguments = std::move(target.posted.front());
    target.posted.pop_front();
    if (target.once) {
      AllTargets().erase(at);
    } else {
      Tcl_IncrRefCount(prefix);
    }
  }
  Tcl_Preserve(interp);
  try {
    Evaluate(interp, prefix, arguments);
  } catch (const std::bad_alloc&) {
    Tcl_SetObjResult(interp, Tcl_NewStringObj("out of memory", -1));
    Tcl_BackgroundException(interp, TCL_ERROR);
  }
  Tcl_DecrRefCount(prefix);
  Tcl_Release(interp);
  return 1;
}

// Sees to it that the current thread's scripts, and the interpreter's, are dropped in time.
void WatchForTheEnd(Tcl_Interp* interp) {
  static const bool finishes = (Tcl_CreateExitHandler(Finish, nullptr), true);
  (void)finishes;
  thread_local bool thread_watched = false;
  if (!std::exchange(thread_watched, true)) Tcl_CreateThreadExitHandler(DropOfThread, nullptr);
  constexpr char kKey[] = "sqliteasync::EventScript";
  if (Tcl_GetAssocData(interp, kKey, nullptr) == nullptr) {
    Tcl_SetAssocData(interp, kKey, DropOfInterpreter, interp);
  }
}

}  // namespace

EventScript::EventScript(Tcl_Interp* interp, Tcl_Obj* prefix, bool once) {
  WatchForTheEnd(interp);
  const MutexLock lock(targets_mutex);
  id_ = ++last_id;
  AllTargets()[id_] = {Tcl_GetCurrentThread(), interp, prefix, once, {}};
  Tcl_IncrRefCount(prefix);
}

void EventScript::Post(Arguments arguments) const {
  const sim::AllocationExemption exemption;
  const MutexLock lock(targets_mutex);
  auto at = AllTargets().find(id_);
  if (at == AllTargets().end() || finished) return;
  at->second.posted.push_back(std::move(arguments));
  auto* const event = reinterpret_cast<Event*>(Tcl_Alloc(sizeof(Event)));
  event->head.proc = Arrived;
  event->id = id_;
  Tcl_ThreadQueueEvent(at->second.thread, &event->head, TCL_QUEUE_TAIL);
  Tcl_ThreadAlert(at->second.thread);
}

void EventScript::Cancel() const {
  Drop([this](const Targets::value_type& target) { return target.first == id_; });
}

}  // namespace sqliteasync
