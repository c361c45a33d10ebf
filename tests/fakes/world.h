// A small world for the core: N nodes over models of etcd, Hetzner, apiservers and the network.
// Time is simulated; everything happens in order of time, then of asking, so a test repeats.
//
// The models are outside the core and know nothing of its State. They keep what a judge needs:
// etcd's history of guards, Hetzner's audit of assigns. A Witness sees everything that passes.
//
// Left alone, everything is quick and takes the same time; the simulator (tests/sim) sets Pace,
// clocks, links and elections, and draws them from its seed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/fakes/random.h"
#include "vipd/core/records.h"
#include "vipd/core/step.h"
#include "vipd/shell/calls.h"

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
  bool gone = false;  // deleted at Hetzner
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
  bool failing = false;     // /readyz answers 500, whatever etcd does
  bool etcd = true;         // reaches etcd's quorum
  bool hetzner = true;      // reaches the API
  bool cordoned = false;
  bool token = true;
  bool certificate = true;     // names the addresses
  bool shutting_down = false;  // the apiserver says so, and so does the Node object
  bool member = true;          // etcd runs; counts where World::elections is on
  bool etcd_deaf = false;      // what it asks etcd is done, but no answer comes
  bool hetzner_deaf = false;   // the same at Hetzner
  Duration etcd_lag{0};        // every exchange with etcd takes so much longer
  Duration watch_lag{0};       // its etcd watch tells this much late
  Duration clock_ahead{0};     // its CLOCK_BOOTTIME against the world's time
  double clock_drift = 0;      // 0.0001: gains 0.1 ms a second
  std::uint64_t token_generation = 1;
  bool token_good = true;      // Hetzner takes it
  bool token_readonly = false;
  Instant frozen_until;
  bool thaws = false;
  shell::Calls calls;
  std::optional<Instant> wakes_at;
  bool observes = false;       // mode: observe
  bool keep_off_lo = false;    // somebody takes the address off at once
  std::vector<base::IpAddress> dialled;  // for a certificate
  std::set<core::LocalAddress> lo;
  std::vector<core::Say> said;
  int exits = 0;
  std::vector<core::OrderAnswer> answers;
};

// How long things take. An exchange is a request, its effect where it arrives, and its answer.
struct Pace {
  Duration etcd = std::chrono::milliseconds(2);
  Duration watch = std::chrono::milliseconds(3);
  Duration probe = std::chrono::milliseconds(4);
  Duration api = std::chrono::milliseconds(40);
  Duration connect{0};   // until the first byte of a call to Hetzner leaves
  bool random = false;   // each leg from half to twice of that, one in a hundred far longer
};

// The budget at Hetzner: a bucket that refills (facts/hetzner-api.md 10.2). Limit 0: none.
struct Budget {
  int limit = 0;
  double left = 0;
  double refill_per_second = 1;
  Instant at;
};

// Sees what leaves a process, what reaches it, and what becomes true in the models.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void started(int /*node*/) {}
  virtual void ended(int /*node*/) {}
  virtual void shown(int /*node*/, const core::Event&) {}
  virtual void left(int /*node*/, const core::Command&) {}
  // `before`: the leader key's value before it, empty where absent.
  virtual void committed(int /*node*/, const core::Txn&, Instant /*sent*/,
                         const std::string& /*before*/) {}
  virtual void keys_changed() {}
  // The first byte of a write to Hetzner leaves; server 0: unassign.
  virtual void writes(int /*node*/, core::FipId, core::ServerId) {}
  virtual void called(int /*node*/) {}  // any call reached Hetzner
  virtual void routed() {}              // a Floating IP changed its server
};

using StepFunction = std::vector<core::Command> (*)(const core::Config&, core::State&,
                                                    const core::Event&, core::Now);

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
  std::vector<core::HcloudError> action_faults;  // of questions after an action
  std::optional<core::HcloudError> api_down;  // every call fails so
  bool action_error = false;                   // the next action ends in error
  std::vector<Assigned> audit;
  int lists = 0;
  // Who wants to see every step of every node, with the state it starts from.
  std::function<void(int, const core::Config&, const core::State&, const core::Event&, core::Now)>
      before_step;
  std::function<void(int, const std::vector<core::Command>&)> after_step;
  std::vector<std::string> violations;  // of what must never happen; see World::judge
  Pace pace;
  Budget budget;
  Random random{1};
  Witness* witness = nullptr;
  StepFunction step = core::advance;  // the core, or one that was broken on purpose
  bool elections = false;      // etcd's leader follows from members and links, not from a test
  bool commits_all = false;    // a broken etcd: compares are not looked at
  Duration lease_scan{0};      // etcd looks for expired leases this often; 0: at once
  std::optional<std::function<void(World&)>> on_next_guard;  // while its request is under way

  // ---- time ----
  [[nodiscard]] Instant now() const { return now_; }
  void run(Duration span);
  // Runs until it holds; false at the deadline.
  bool until(const std::function<bool()>& condition, Duration within);

  // ---- what a test does ----
  void start(int node);                 // a new process on it
  void kill_vipd(int node);             // kill -9
  void power_off(int node);
  void power_on(int node);  // the machine; vipd is started apart
  void cut_link(int one, int other);
  void heal_links();
  void settle_etcd();  // after members or links changed, where `elections` is on
  void break_watch(int node, Duration noticed_after);  // it lists again as soon as it can
  void see_token(int node);  // the token file changed
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
  void save_snapshot();
  void restore_snapshot();    // keys, leases and revision as they were saved
  void repeat_history();      // restored, and another instance took the key at the same revision
  void take_addresses(int node);   // somebody removes ours from lo
  void stray_address(int node);    // one of vipd's marks that nobody declares
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
  [[nodiscard]] bool etcd_for(int node) const;  // it reaches a member that reaches the leader
  [[nodiscard]] bool linked(int one, int other) const;
  [[nodiscard]] bool lease_lives(core::LeaseId lease) const { return leases_.count(lease) != 0; }
  [[nodiscard]] const std::map<std::string, core::KeyValue>& keys() const { return keys_; }
  [[nodiscard]] Instant local(int node) const;  // what its clock shows
  void later(Duration wait, int node, std::function<void(World&)> act);
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

  struct Legs {
    Duration out{0}, back{0};
  };
  // Sends a request that is given up at `deadline` (the node's clock) with `failure`. `arrive`
  // runs where it arrives and gives the answer; nothing: there is none.
  void exchange(int node, Legs legs, Instant deadline, core::Event failure,
                std::function<std::optional<core::Event>(World&)> arrive);
  void answer_process(int node, std::uint64_t life, Instant at, core::Event event);
  Duration leg(Duration usual);
  Legs legs(Duration whole);
  [[nodiscard]] Instant of_local(int node, Instant local) const;
  void tell_watch(int node, Instant at, core::Event event);
  void relist(int node, Duration wait);
  void elect();
  std::optional<core::Rate> spend();  // nothing: over the budget
  [[nodiscard]] core::Rate rate() const;
  void deliver(int node, core::Event event);
  void feed(int node, const core::Event& event);  // to its core, now
  void answer(int node, Duration wait, core::Event event);
  void wake(int node);
  [[nodiscard]] const core::Config& config_of(int node) const;
  void expire_leases();
  void changed(const std::vector<core::KeyChange>& changes);
  core::EtcdSnapshot snapshot(Instant sent_at) const;
  void finish_actions();
  void judge_assign(int node, core::FipId fip);
  [[nodiscard]] core::Now moment(int node) const;

  mutable core::Config observing_;  // config, as a node that observes has it
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
  Instant next_scan_;
  struct Stream {  // a watch
    std::uint64_t id = 0;
    bool open = false;
    Instant last;  // what it brings comes in order
  };
  std::map<int, Stream> streams_;
  std::set<std::pair<int, int>> cut_;
  std::uint64_t election_ = 0;
  struct Saved {
    std::map<std::string, core::KeyValue> keys;
    std::map<core::LeaseId, ModelLease> leases;
    core::Revision revision = 0;
  };
  std::optional<Saved> saved_;
};

}  // namespace vipd::fakes
