// Judges a run by what the world did: commands that left, transactions that committed, calls
// that arrived, addresses that went. It knows the invariants of the design (section 7) and the
// world, and reads nothing of the core's State.
//
//  1 an assign leaves only within 500 ms after its sender proved that it holds the key
//  2 no move without a cause             3 convergence: see run.cpp
//  4 nothing outside the allowlist is written      5 the API's budget and its resets are kept
//  6 no second move for the same reason within the cool-down
//  7 `ready: true` stands only while the gate holds
//  8 paused means paused                 9 nobody removes an address that is routed to it
// and what the rules on orders and modes promise:
// 10 a node in observe mode changes nothing (O4)
// 11 no order takes the key from a holder that lives (O3)
// 12 an order is answered, once
//
// Where a process cannot know better yet (a watch that lags, a clock that drifts) the checker
// allows for what the world itself delays, never for what the core might want.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/world.h"
#include "tests/sim/faults.h"

namespace vipd::sim {

class Checker {
 public:
  Checker(const fakes::World& world, const Incidents& incidents);

  void started(int node);
  void shown(int node, const core::Event& event);
  void left(int node, const core::Command& command);
  void committed(int node, const core::Txn& txn, Instant sent, const std::string& before);
  void writes(int node, core::FipId fip, core::ServerId server);
  void called(int node);
  void routed();
  // Once a second: what must not last.
  void look();

  // The first one, "3: ..."; empty while there is none.
  [[nodiscard]] const std::string& violation() const { return violation_; }
  [[nodiscard]] std::int64_t calls() const { return calls_; }

 private:
  struct Process {
    std::string instance;
    Instant instance_sent;  // the newest write that names it
    Instant since;
    std::map<core::FipId, Instant> guards;  // sent
    std::map<core::FipId, bool> allowed;    // as the last list it was shown says
    std::set<core::CallId> lists;
    Instant limited_at, no_list_before;  // its clock
    // What it was shown of the leader key, for the cool-down.
    core::Revision last_epoch = 0;
    core::ServerId last_server = 0;
    std::vector<Instant> unplanned;  // its clock
    Instant etcd_well_since;
    std::optional<Instant> unwell_since;
    std::optional<Instant> says_ready_since;
    std::map<core::CallId, Instant> orders;  // not answered yet
  };

  void violate(int invariant, const std::string& what);
  Process& process(int node) { return processes_[node]; }
  const fakes::ModelNode& node_at(int node) const;
  void see_leader(int node, const core::KeyValue& kv);
  void see_list(int node, const core::FipsListed& list);
  void learn_instance(int node, const std::string& instance, Instant sent);
  void judge_record(int node, const core::Put& put, Instant sent, const std::string& before);
  void judge_move(int node, const core::Put& put, const core::Txn& txn, Instant sent,
                  const std::string& before);
  void judge_cause(const core::LeaderRecord& record, int from);
  void judge_cooldown(int node, const core::LeaderRecord& record);
  void judge_pause(int node, const std::string& what, bool takeover);
  void judge_order(int node, core::CallId order);
  void judge_observer(int node, const core::Command& command);
  void judge_release(int node, const core::Txn& txn, const std::string& before);
  void look_at_orders(int node);
  void judge_allowed(int node, core::FipId fip);
  bool was_routed(core::FipId fip, core::ServerId server, Instant since) const;
  bool excused(core::Cause cause, int from) const;
  bool unfinished(int node) const;  // an address is or was just now not with it, or moves
  bool with_a_stranger() const;
  void look_at_ready(int node);

  const fakes::World& world_;
  const Incidents& incidents_;
  const std::string leader_key_;
  std::string violation_;
  std::map<int, Process> processes_;
  std::map<core::FipId, std::vector<std::pair<Instant, core::ServerId>>> routes_;
  std::map<core::FipId, bool> by_us_;  // the last change of route was asked for by a vipd
  core::ServerId last_server_ = 0;
  Instant last_move_;
  std::optional<Instant> paused_since_;
  std::optional<Instant> paused_hard_since_;
  std::vector<Instant> recent_calls_;
  std::int64_t calls_ = 0;
  int etcd_leader_ = -1;
  Instant etcd_leader_since_;
};

}  // namespace vipd::sim
