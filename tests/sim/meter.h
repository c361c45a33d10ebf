// Notes which rules a run has met, where the core says nothing of it (rules.h, kShown): from what
// left and reached the processes and from what became true in the models.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/world.h"

namespace vipd::sim {

using core::Instant;
using Met = std::map<std::string, int, std::less<>>;  // how often, by rule

class Meter {
 public:
  Meter(const fakes::World& world, Met& met);

  void started(int node);
  void ended(int node);
  void shown(int node, const core::Event& event);
  void left(int node, const core::Command& command);
  void committed(int node, const core::Txn& txn);
  void writes(int node);
  void routed();
  void look();  // once a second

 private:
  struct Process {
    std::string instance;
    bool bad_certificate = false;
    std::set<core::CallId> own_probes;  // of its own /readyz
    int misses = 0, hits = 0;           // of those, while etcd had no leader; since then
    bool etcd_failed = false, hetzner_failed = false;
    std::map<core::FipId, Instant> guards;  // left; its clock
    std::set<core::CallId> lists, assigns;
    std::optional<Instant> last_list;  // of the present tenure
    bool inherits = false;             // an older epoch's intent stood open
    bool locked = false, waited = false;
    std::optional<Instant> list_again, assign_again;  // not before
    std::optional<Instant> lost_lease, unready_holder;
    core::Revision frozen_epoch = 0;  // it held that without quorum for longer than its ttl
    bool gave = false;                // it stops, and handed the key over
  };

  void meet(std::string_view rule) { ++met_.find(rule)->second; }
  [[nodiscard]] bool holds(int node) const;
  [[nodiscard]] int node_of(const std::string& instance) const;
  [[nodiscard]] core::AssignmentRecord record_of(core::FipId fip) const;
  void see_readyz(Process& self, int node, const core::ReadyzAnswer& answer);
  void see_failure(Process& self, int node, const core::HcloudFailed& failed);
  void list_leaves(Process& self, int node, core::CallId call);
  void assign_leaves(Process& self, int node, const core::Assign& assign);
  void put_leader(int node, const core::Txn& txn, const core::Put& put);
  void put_node(int node, const core::Put& put);
  void put_record(int node, const core::Txn& txn, const core::Put& put);
  [[nodiscard]] bool best_of_several(core::ServerId server) const;
  void look_at(int node);
  void look_at_etcd_trouble(Process& self, int node);

  const fakes::World& world_;
  Met& met_;
  const std::string prefix_;
  const base::IpAddress loopback_;
  std::map<int, Process> processes_;
  std::map<core::ServerId, std::set<std::string>> instances_;
  std::string last_holder_;
  core::ServerId last_server_ = 0;
  std::set<core::ServerId> called_;  // who called in the present tenure
  std::vector<Instant> unplanned_;
  std::optional<Instant> quorum_lost_, quorum_back_;
  core::LeaseId pause_lease_ = 0;  // of a pause by order that nobody has deleted
};

}  // namespace vipd::sim
