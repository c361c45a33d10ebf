// The court of rule A1: Hetzner's audit log joined with etcd's history by action id.
//
// Every assign that Hetzner accepted through its API must follow an intent that was written for
// that Floating IP and server by the transaction of an epoch's holder; the action's id tells
// which one. An action whose id never reached etcd (the answer was lost, or vipd died first) must
// have an intent of its own that no action followed.
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
};

// What is wrong, one line for each assign; empty: all are in order. `actions_of_others` (theft)
// are not judged: the audit calls them steal.
std::vector<std::string> unguarded_assigns(const base::Json& audit,
                                           const std::vector<KeyEvent>& history);

// One JSON line of `etcdctl watch -w json` or several; keys outside `prefix` are left out.
std::vector<KeyEvent> parse_history(const std::string& watched, const std::string& prefix);

}  // namespace vipd::lab
