// The court of rule A1: Hetzner's audit log joined with etcd's history, by time and action id.
//
// Every assign that Hetzner accepted through its API must follow an intent of its own: for that
// Floating IP and server, written by the transaction of an epoch's holder, seen before the assign
// and at most a call's life (3 s, rule A2) earlier, and before the first record that names the
// action. A repeat after an uncertain answer needs another intent: vipd guards each call anew.
// What is written of an action must follow an intent of the same epoch.
//
// Times    CLOCK_BOOTTIME in ns, of one machine: the audit's boot_ns, and when a watch on etcd told
//          an event. A watch may be a little late, and tells what it missed late: see `late`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace vipd::lab {

struct KeyEvent {     // as etcd's watch told it; in order of revisions
  std::string name;   // below our prefix: "leader", "assignment/4711"
  std::string value;  // "" where it was deleted
  std::int64_t revision = 0;
  std::int64_t seen_ns = 0;
  bool late = false;  // etcd was further on: it may have happened any time before seen_ns

  bool operator==(const KeyEvent& other) const {  // the same event, whoever told it when
    return name == other.name && value == other.value && revision == other.revision;
  }
};

// What is wrong, one line for each assign; empty: all are in order. What a third party moved
// (theft) is not judged: the audit calls it steal.
std::vector<std::string> unguarded_assigns(const base::Json& audit,
                                           const std::vector<KeyEvent>& history);

// Lines of "SECONDS JSON": the machine's uptime, and what `etcdctl watch -w json` said then. Keys
// outside `prefix` and a line that is cut off are left out.
std::vector<KeyEvent> parse_history(const std::string& watched, const std::string& prefix);

// One history of what several watches on one etcd told, each event as it was told first.
std::vector<KeyEvent> merged(const std::vector<KeyEvent>& told);

// The history of an etcd that was put back from a snapshot: it begins again with what the
// snapshot holds, and goes on under its leader key.
std::vector<KeyEvent> restored(std::vector<KeyEvent> before, const std::vector<KeyEvent>& after);

}  // namespace vipd::lab
