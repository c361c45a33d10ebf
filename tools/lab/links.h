// Wires and addresses of the lab, by the programs `ip` and `nft`: never a shell.
//
// The supervisor's own network namespace is the outside: router, Hetzner and client in one.
// Each node has a namespace of its own with eth0 (public) and eth1 (private network).
// hcloudsim owns the routes of the Floating IPs; all other routes are made here.
//
// Errors  the program, its arguments and what it said.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/lab/children.h"
#include "tools/lab/plan.h"

namespace vipd::lab {

enum class Cut { kEtcd, kPeers, kHetzner };

// "etcd", "peers", "hetzner"; InvalidArgument for anything else.
absl::StatusOr<Cut> parse_cut(const std::string& word);
std::string cut_text(Cut cut);

// What `nft -f` takes: packets dropped for these cuts, none of the node's own to itself.
std::string ruleset(const std::set<Cut>& cuts);

class Links {
 public:
  explicit Links(Children& children) : children_(children) {}

  absl::Status build_outside();
  // A new node: its namespace and both wires, unplugged.
  absl::Status add(const NodePlan& node);
  absl::Status remove(const NodePlan& node);
  // Up: links, addresses, routes as a fresh boot has them. Down: nothing of it is left.
  absl::Status plug(const NodePlan& node);
  absl::Status unplug(const NodePlan& node);
  // `file` is where the rules are written for nft to read.
  absl::Status cut(const NodePlan& node, const std::set<Cut>& cuts, const std::string& file);

 private:
  absl::Status ip(const std::vector<std::vector<std::string>>& calls, const std::string& node);

  Children& children_;
};

}  // namespace vipd::lab
