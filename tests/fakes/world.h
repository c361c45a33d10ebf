// A small world for the core: N nodes over models of etcd, Hetzner, apiservers and the network.
// Time is simulated; everything happens in order of time, then of asking, so a test repeats.
//
// The models are outside the core and know nothing of its State. They keep what a judge needs:
// etcd's history of guards, Hetzner's audit of assigns.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "vipd/core/records.h"
#include "vipd/core/step.h"

namespace vipd::fakes {

using core::Duration;
using core::Instant;

struct ModelLease {
  Instant expires;
  std::chrono::seconds ttl{0};
};

struct Assigned {  // one line of Hetzner's audit
  Instant at;
  int by = 0;  // index of the node that called
  core::FipId fip = 0;
  core::ServerId server = 0;
};

struct ModelFip {
  core::FloatingIp fip;
  std::optional<core::Action> running;
  core::ServerId target = 0;
  Instant done_at;
};

struct ModelNode {
  std::string name;
  core::ServerId server = 0;
  std::string address;
  core::State state;
  bool alive = true;        // the machine
  bool vipd = true;         // the daemon
  bool apiserver = true;    // /readyz answers 200
  bool hung = false;        // TCP answers, nothing else
  bool etcd = true;         // reaches etcd's quorum
  bool hetzner = true;      // reaches the API
  bool cordoned = false;
  bool token = true;
  bool certificate = true;     // names the addresses
  Instant frozen_until;
  bool thaws = false;
  Duration watch_lag{0};       // its etcd watch tells this much late
  bool observes = false;       // mode: observe
  bool keep_off_lo = false;    // somebody takes the address off at once
  std::vector<base::IpAddress> dialled;  // for a certificate
  std::set<core::LocalAddress> lo;
  std::vector<core::Say> said;
  int exits = 0;
  std::vector<core::OrderAnswer> answers;
};

class World {
 public:
  explicit World(int nodes, bool dual_stack = false);

  core::Config config;
  std::vector<ModelNode> nodes;
  std::map<core::FipId, ModelFip> fips;
  Duration assign_takes = std::chrono::milliseconds(1500);
  bool etcd_quorum = true;
  // Faults of Hetzner's write calls, used up one a call; `applied` tells whether it takes effect.
  struct Fault {
    core::HcloudError error = core::HcloudError::kTimeout;
    bool applied = false;
    bool sent = true;
    Duration late{0};  // takes effect this much later
  };
  std::vector<Fault> assign_faults;
  std::vector<core::HcloudError> list_faults;
  std::optional<core::HcloudError> api_down;  // every call fails so
  bool action_error = false;                   // the next action ends in error
  std::vector<Assigned> audit;
  int lists = 0;
  // Who wants to see every step of every node, with the state it starts from.
  std::function<void(int, const core::Config&, const core::State&, const core::Event&, core::Now)>
      before_step;
  std::function<void(int, const std::vector<core::Command>&)> after_step;
  std::vector<std::string> violations;  // of what must never happen; see World::judge

  // ---- time ----
  [[nodiscard]] Instant now() const { return now_; }
  void run(Duration span);
  // Runs until it holds; false at the deadline.
  bool until(const std::function<bool()>& condition, Duration within);

  // ---- what a test does ----
  void start(int node);                 // a new process on it
  void kill_vipd(int node);             // kill -9
  void power_off(int node);
  void cut_from_etcd(int node);
  void heal_etcd(int node);
  void lose_quorum();
  void regain_quorum();
  void freeze(int node, Duration span);  // its process stands still; what comes is queued
  void busy_with_foreign_action(core::FipId fip, Duration span);
  void post(int node, core::Event event);
  void term(int node) { post(node, core::TermSignal{}); }
  void put(const std::string& name, const std::string& value);  // by hand, under our prefix
  void erase(const std::string& name);
  void assign_by_hand(core::FipId fip, std::optional<core::ServerId> server);
  void restore_etcd(core::Revision back_by);  // from a snapshot: revisions go back
  void forge_leader_value();                  // as a restored etcd may repeat a revision
  void erase_silently(const std::string& name);  // the watch does not tell
  void revoke_lease_of(int node);
  void lose_next_txn_answer(const std::string& key_part) { lose_answer_ = key_part; }
  int etcd_leader = 0;  // index of the node whose member leads

  // ---- what a test asks ----
  [[nodiscard]] std::optional<core::LeaderRecord> leader() const;
  [[nodiscard]] std::string holder() const;  // node name, "" without
  [[nodiscard]] core::Revision epoch() const;
  [[nodiscard]] std::optional<std::string> value(const std::string& name) const;
  [[nodiscard]] bool verified() const;  // by the present holder, every FIP
  [[nodiscard]] bool has_address(int node) const;
  [[nodiscard]] std::string state(int node) const;  // as its status says
  [[nodiscard]] base::Json status(int node) const;
  [[nodiscard]] bool said(int node, const std::string& rule) const;
  [[nodiscard]] std::vector<std::string> foreign_keys() const;  // outside our prefix
  [[nodiscard]] int index(const std::string& name) const;
  [[nodiscard]] std::size_t assigns() const { return audit.size(); }
  static constexpr core::FipId kV4 = 7;
  static constexpr core::FipId kV6 = 8;

 private:
  friend struct Hands;
  struct Due {
    Instant at;
    int node;
    std::uint64_t life;  // of the process it is for; 0: the world itself
    std::function<void(World&)> act;
  };

  void later(Duration wait, int node, std::function<void(World&)> act);
  void deliver(int node, core::Event event);
  void answer(int node, Duration wait, core::Event event);
  void wake(int node);
  [[nodiscard]] core::Config config_of(int node) const;
  void expire_leases();
  void changed(const std::vector<core::KeyChange>& changes);
  core::EtcdSnapshot snapshot(Instant sent_at) const;
  [[nodiscard]] bool etcd_for(int node) const;
  void finish_actions();
  void judge_assign(int node, core::FipId fip);
  [[nodiscard]] core::Now moment() const;

  Instant now_ = Instant(std::chrono::hours(1));
  std::multimap<Instant, Due> queue_;
  std::map<int, std::uint64_t> life_;
  std::uint64_t next_life_ = 1;
  std::map<std::string, core::KeyValue> keys_;
  std::map<core::LeaseId, ModelLease> leases_;
  core::Revision revision_ = 100;
  core::LeaseId next_lease_ = 1000;
  core::ActionId next_action_ = 1;
  std::map<std::pair<int, core::FipId>, Instant> guarded_;  // when a guard's request was sent
  std::uint64_t term_ = 5;
  std::string lose_answer_;
  Instant expiry_asked_;
};

}  // namespace vipd::fakes
