// The etcd members of the lab, seen from outside.
// Source  Talos adds a control plane as a learner and promotes it; a dead member is removed by
//         its operator first (facts of Talos; etcd docs "runtime reconfiguration").
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/json.h"
#include "tools/lab/layout.h"
#include "tools/lab/node.h"
#include "vipd/etcd/members.h"

namespace vipd::lab {

class Membership {
 public:
  Membership(const Layout& layout, const base::Clock& clock) : layout_(layout), clock_(clock) {}

  // Removes the `dead` members, adds `born` as a learner. Returns the --initial-cluster that
  // `born` starts with. `through` are the members to ask, in turn.
  absl::StatusOr<std::string> replace(const std::vector<NodePlan>& through,
                                      const std::vector<std::string>& dead, const NodePlan& born);
  // How many there are.
  absl::StatusOr<std::size_t> voters(const std::vector<NodePlan>& through) const;
  // Until the member of this name votes.
  absl::Status promote(const std::vector<NodePlan>& through, const std::string& name);
  // {"leader": NAME or null, "members": [{"name","id","learner","peer_urls"}]}
  base::Json json(const std::vector<NodePlan>& through);
  absl::Status move_leader(const std::vector<NodePlan>& through, const std::string& name);

 private:
  absl::StatusOr<etcd::Members> open(const NodePlan& plan) const;
  // The member list, from the first that answers; that connection too.
  struct View {
    etcd::Members members;
    std::vector<etcd::Member> list;
  };
  absl::StatusOr<View> look(const std::vector<NodePlan>& through) const;

  const Layout& layout_;
  const base::Clock& clock_;
};

}  // namespace vipd::lab
