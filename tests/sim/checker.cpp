#include "tests/sim/checker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "vipd/core/records.h"

namespace vipd::sim {
namespace {

using namespace std::chrono_literals;
using core::AssignmentRecord;
using core::Cause;
using core::LeaderRecord;

// A clock here runs at most 0.5 % fast or slow; a guard is measured in the sender's.
constexpr double kClockSlack = 1.012;
// A watch may lag 3 s (fault slow-watch) and its end be noticed 1.5 s late.
constexpr Duration kNewsTakes = 6s;
constexpr Duration kSettles = 5s;
constexpr Duration kTrusted = 10min;
constexpr Duration kWorkAgain = 5s;
constexpr Duration kWatchBehind = 500ms;
// Two requests to etcd of 300 ms each, and what a busy loop adds.
constexpr Duration kOrderTakes = 3s;
// Everybody together: the project's budget is 3600 an hour, refilled by one a second.
constexpr std::size_t kCallsInTenMinutes = 600;

bool is_intent(const AssignmentRecord& record) {
  return record.phase == AssignmentRecord::Phase::kIntent;
}

std::string name_in(const fakes::World& world, const std::string& key) {
  const std::string prefix = world.config.prefix();
  return key.starts_with(prefix) ? key.substr(prefix.size()) : "";
}

std::optional<core::CallId> order_in(const core::Event& event) {
  if (const auto* asked = std::get_if<core::HandoverAsked>(&event)) return asked->order;
  if (const auto* asked = std::get_if<core::PauseAsked>(&event)) return asked->order;
  if (const auto* asked = std::get_if<core::ResumeAsked>(&event)) return asked->order;
  if (const auto* asked = std::get_if<core::ReleaseAsked>(&event)) return asked->order;
  return std::nullopt;
}

// Nothing that asks, looks, says or ends.
bool changes_something(const core::Command& command) {
  return std::holds_alternative<core::GrantLease>(command) ||
         std::holds_alternative<core::KeepLease>(command) ||
         std::holds_alternative<core::RevokeLease>(command) ||
         std::holds_alternative<core::Txn>(command) ||
         std::holds_alternative<core::Assign>(command) ||
         std::holds_alternative<core::Unassign>(command) ||
         std::holds_alternative<core::AddAddress>(command) ||
         std::holds_alternative<core::RemoveAddress>(command);
}

}  // namespace

Checker::Checker(const fakes::World& world, const Incidents& incidents)
    : world_(world), incidents_(incidents), leader_key_(world.config.prefix() + "leader") {}

const fakes::ModelNode& Checker::node_at(int node) const {
  return world_.nodes[static_cast<std::size_t>(node)];
}

void Checker::violate(int invariant, const std::string& what) {
  if (violation_.empty()) violation_ = absl::StrCat("invariant ", invariant, ": ", what);
}

void Checker::started(int node) {
  processes_[node] = {};
  process(node).since = process(node).etcd_well_since = world_.now();
}

// ---- what a process was shown ----

void Checker::shown(int node, const core::Event& event) {
  const std::string& leader = leader_key_;
  if (const auto order = order_in(event)) process(node).orders[*order] = world_.now();
  if (const auto* list = std::get_if<core::FipsListed>(&event)) see_list(node, *list);
  if (const auto* read = std::get_if<core::KeyRead>(&event)) {
    if (read->found && read->found->key == leader) see_leader(node, *read->found);
  } else if (const auto* snapshot = std::get_if<core::EtcdSnapshot>(&event)) {
    for (const auto& kv : snapshot->keys) {
      if (kv.key == leader) see_leader(node, kv);
    }
  } else if (const auto* changed = std::get_if<core::EtcdChanged>(&event)) {
    for (const auto& change : changed->changes) {
      if (!change.deleted && change.kv.key == leader) see_leader(node, change.kv);
    }
  } else if (const auto* failed = std::get_if<core::HcloudFailed>(&event)) {
    Process& self = process(node);
    if (self.lists.erase(failed->call) == 0) return;
    if (failed->error != core::HcloudError::kRateLimited) return;
    const Duration wait = std::min<Duration>(std::chrono::seconds(failed->rate.reset_in_seconds),
                                             60s);
    self.limited_at = world_.local(node);
    self.no_list_before = self.limited_at + wait;
  } else if (std::holds_alternative<core::TokenSeen>(event)) {
    process(node).no_list_before = {};  // a new token may be another project's
  }
}

void Checker::see_list(int node, const core::FipsListed& list) {
  Process& self = process(node);
  self.lists.erase(list.call);
  for (const auto& declared : world_.config.fips) {
    const auto found = std::find_if(list.fips.begin(), list.fips.end(),
                                    [&](const auto& fip) { return fip.id == declared.id; });
    self.allowed[declared.id] = found != list.fips.end() && found->labels == world_.config.labels;
  }
}

void Checker::see_leader(int node, const core::KeyValue& kv) {
  Process& self = process(node);
  if (kv.mod_revision <= self.last_epoch) return;  // most are: it comes with each keepalive
  const auto record = LeaderRecord::parse(kv.value);
  if (!record.ok()) return;
  const bool moved = self.last_server != 0 && self.last_server != record->server;
  if (moved && core::unplanned(record->cause)) self.unplanned.push_back(world_.local(node));
  self.last_epoch = kv.mod_revision;
  self.last_server = record->server;
}

// ---- what left it ----

void Checker::left(int node, const core::Command& command) {
  Process& self = process(node);
  if (const auto* list = std::get_if<core::ListFips>(&command)) {
    self.lists.insert(list->call);
    // While clients wait a holder asks sooner: a request comes back each second (rule A12).
    const auto leader = world_.leader();
    const bool holds = leader && leader->instance == self.instance;
    const bool for_work = holds && world_.local(node) >= self.limited_at + kWorkAgain;
    if (world_.local(node) < self.no_list_before && !for_work) {
      violate(5, absl::StrCat(node_at(node).name, " lists before the rate limit's reset"));
    }
  }
  // By what it had been shown as it decided; its first byte may leave a little later.
  if (const auto* assign = std::get_if<core::Assign>(&command)) judge_allowed(node, assign->fip);
  if (const auto* away = std::get_if<core::Unassign>(&command)) judge_allowed(node, away->fip);
  if (const auto* answer = std::get_if<core::OrderAnswer>(&command)) {
    judge_order(node, answer->order);
  }
  judge_observer(node, command);
  const auto* remove = std::get_if<core::RemoveAddress>(&command);
  if (remove == nullptr) return;
  for (const auto& declared : world_.config.fips) {
    if (!(declared.address == remove->address)) continue;
    const auto& fip = world_.fips.at(declared.id).fip;
    // What a third party did a moment ago nobody here can know yet.
    if (fip.server != node_at(node).server || !by_us_[declared.id]) continue;
    violate(9, absl::StrCat(node_at(node).name, " removes ", remove->address.text(),
                            ", which is routed to it"));
  }
}

void Checker::judge_order(int node, core::CallId order) {
  if (process(node).orders.erase(order) == 1) return;
  violate(12, absl::StrCat(node_at(node).name, " answers order ", order, ", which it was not asked "
                           "or has answered"));
}

void Checker::judge_observer(int node, const core::Command& command) {
  if (!node_at(node).observes || !changes_something(command)) return;
  violate(10, absl::StrCat(node_at(node).name, " observes, and sends command ", command.index()));
}

// Whoever deletes another's key does it by an order.
void Checker::judge_release(int node, const core::Txn& txn, const std::string& before) {
  const bool deletes = std::any_of(txn.write.begin(), txn.write.end(), [&](const auto& write) {
    const auto* gone = std::get_if<core::Delete>(&write);
    return gone != nullptr && gone->key == leader_key_;
  });
  const auto leader = LeaderRecord::parse(before);
  if (!deletes || !leader.ok() || leader->instance == process(node).instance) return;
  if (!world_.value("nodes/" + leader->instance)) return;
  violate(11, absl::StrCat(node_at(node).name, " releases the key of ", leader->node,
                           ", which lives"));
}

void Checker::look_at_orders(int node) {
  const auto& self = node_at(node);
  auto& orders = process(node).orders;
  if (!self.vipd || !self.alive) return orders.clear();
  const Instant well_since = self.frozen_until;
  for (const auto& [order, asked] : orders) {
    if (world_.now() - std::max(asked, well_since) <= kOrderTakes) continue;
    violate(12, absl::StrCat(self.name, " does not answer order ", order));
  }
}

void Checker::judge_allowed(int node, core::FipId fip) {
  Process& self = process(node);
  const bool declared = std::any_of(world_.config.fips.begin(), world_.config.fips.end(),
                                    [&](const auto& entry) { return entry.id == fip; });
  const auto allowed = self.allowed.find(fip);
  if (declared && (allowed == self.allowed.end() || allowed->second)) return;
  violate(4, absl::StrCat(node_at(node).name, " writes Floating IP ", fip,
                          ", which is not as declared"));
}

void Checker::writes(int node, core::FipId fip, core::ServerId server) {
  Process& self = process(node);
  const std::string& name = node_at(node).name;
  const auto guard = self.guards.find(fip);
  const auto valid = std::chrono::duration_cast<Duration>(world_.config.timing.guard_valid *
                                                          kClockSlack);
  if (guard == self.guards.end() || world_.now() - guard->second > valid) {
    violate(1, absl::StrCat(name, " writes to Hetzner without a guard of the last 500 ms"));
  }
  if (server != 0 && server != node_at(node).server) {
    violate(2, absl::StrCat(name, " assigns to server ", server, ", not to itself"));
  }
  const auto leader = world_.leader();
  judge_pause(node, "writes to Hetzner", leader && leader->cause == Cause::kTakeover);
  by_us_[fip] = true;
}

void Checker::called(int /*node*/) {
  ++calls_;
  recent_calls_.push_back(world_.now());
  std::erase_if(recent_calls_, [&](Instant at) { return world_.now() - at > 10min; });
  if (recent_calls_.size() > kCallsInTenMinutes) {
    violate(5, absl::StrCat(recent_calls_.size(), " calls at Hetzner within 10 minutes"));
  }
}

void Checker::routed() {
  for (const auto& [id, fip] : world_.fips) {
    auto& route = routes_[id];
    const core::ServerId server = fip.fip.server.value_or(0);
    if (!route.empty() && route.back().second == server) continue;
    const bool first = route.empty();
    route.emplace_back(world_.now(), server);
    const bool ours = fip.running && fip.done_at <= world_.now() &&
                      fip.target == server && world_.now() - fip.done_at < 1ms;
    by_us_[id] = ours || first;
  }
}

bool Checker::was_routed(core::FipId fip, core::ServerId server, Instant since) const {
  const auto found = routes_.find(fip);
  if (found == routes_.end()) return false;
  for (auto route = found->second.rbegin(); route != found->second.rend(); ++route) {
    if (route->second == server) return true;
    if (route->first < since) return false;
  }
  return false;
}

// ---- what was committed ----

void Checker::committed(int node, const core::Txn& txn, Instant sent, const std::string& before) {
  judge_release(node, txn, before);
  for (const auto& write : txn.write) {
    const auto* put = std::get_if<core::Put>(&write);
    if (put == nullptr) continue;
    const std::string name = name_in(world_, put->key);
    if (name.empty()) {
      violate(1, absl::StrCat(node_at(node).name, " writes ", put->key));
    } else if (name.starts_with("nodes/")) {
      learn_instance(node, name.substr(6), sent);
    } else if (name.starts_with("assignment/")) {
      judge_record(node, *put, sent, before);
    } else if (name == "leader") {
      judge_move(node, *put, txn, sent, before);
    }
  }
}

// A process takes a new one where etcd was put back, and forgets the moves (rule E4). What it wrote
// as the former one may be committed after that.
void Checker::learn_instance(int node, const std::string& instance, Instant sent) {
  Process& self = process(node);
  if (sent < self.instance_sent) return;
  if (instance != self.instance) self.unplanned.clear();
  self.instance = instance;
  self.instance_sent = sent;
}

void Checker::judge_record(int node, const core::Put& put, Instant sent,
                           const std::string& before) {
  const std::string& name = node_at(node).name;
  const auto leader = LeaderRecord::parse(before);
  const auto record = AssignmentRecord::parse(put.value);
  if (!record.ok()) return violate(1, absl::StrCat(name, " writes an unreadable record"));
  const bool holds = leader.ok() && leader->instance == process(node).instance;
  if (!holds) {
    return violate(1, absl::StrCat(name, " writes ", put.key, " without holding the key"));
  }
  if (is_intent(*record)) process(node).guards[record->fip] = sent;
  const bool verified = record->phase == AssignmentRecord::Phase::kVerified;
  // It was read in this tenure, or a record of the last 10 minutes was trusted (rule A5).
  const Instant since = std::min(last_move_, world_.now() - kTrusted);
  if (verified && !was_routed(record->fip, record->server, since)) {
    violate(3, absl::StrCat(name, " records Floating IP ", record->fip,
                            " as verified, but Hetzner has not had it there"));
  }
}

void Checker::judge_move(int node, const core::Put& put, const core::Txn& txn, Instant sent,
                         const std::string& before) {
  const auto record = LeaderRecord::parse(put.value);
  if (!record.ok()) return violate(2, "an unreadable leader key was written");
  const bool given = record->server != node_at(node).server;
  if (!given) learn_instance(node, record->instance, sent);
  if (record->server == last_server_) return;
  int from = -1;
  for (std::size_t i = 0; i < world_.nodes.size(); ++i) {
    if (world_.nodes[i].server == last_server_) from = static_cast<int>(i);
  }
  const bool first = last_server_ == 0;
  last_server_ = record->server;
  last_move_ = world_.now();
  const auto old = LeaderRecord::parse(before);
  if (given && (!old.ok() || old->instance != process(node).instance)) {
    return violate(1, absl::StrCat(node_at(node).name, " gives away a key that it does not hold"));
  }
  if (given && txn.compare.size() < 2) violate(2, "a handover without looking at the successor");
  // An adoption moves no address: the key comes to where Hetzner has it.
  if (record->cause != Cause::kAdoption) {
    judge_pause(node, "moves the key", record->cause == Cause::kTakeover);
  }
  if (first) return;
  judge_cause(*record, from);
  if (record->cause == Cause::kUnready) judge_cooldown(node, *record);
}

void Checker::judge_cause(const LeaderRecord& record, int from) {
  if (record.cause == Cause::kFirstClaim || record.cause == Cause::kAdoption) {
    // Only where Hetzner has (or had) it: the key follows the address.
    for (const auto& declared : world_.config.fips) {
      const bool there = record.cause == Cause::kAdoption
                             ? was_routed(declared.id, record.server, world_.now() - 10min)
                             : was_routed(declared.id, 0, world_.now() - 10min);
      if (there) return;
    }
  }
  if (record.cause == Cause::kCannotFinish && from >= 0 && unfinished(from)) return;
  // Drift is followed to where an address is, or was as the giver read.
  const bool there = std::any_of(routes_.begin(), routes_.end(), [&](const auto& route) {
    return was_routed(route.first, record.server, world_.now() - 10s);
  });
  if (record.cause == Cause::kDrift && there) return;
  // Whoever the address is with now has no vipd that could hold it.
  const bool claims = record.cause == Cause::kTakeover || record.cause == Cause::kFirstClaim;
  if (claims && with_a_stranger()) return;
  // Its vipd may stay away longer than any fault: the kubelet backs off.
  if (record.cause == Cause::kTakeover && from >= 0 && !node_at(from).vipd) return;
  if (!excused(record.cause, from)) {
    const std::string cause(core::name_of(record.cause));
    violate(2, absl::StrCat("the key moves to ", record.node, " (", cause,
                            ") and nothing called for it"));
  }
}

bool Checker::with_a_stranger() const {
  return std::any_of(routes_.begin(), routes_.end(), [&](const auto& route) {
    return std::none_of(world_.nodes.begin(), world_.nodes.end(), [&](const auto& node) {
      return node.server == route.second.back().second;
    });
  });
}

bool Checker::unfinished(int node) const {
  const bool under_way = std::any_of(world_.fips.begin(), world_.fips.end(), [](const auto& fip) {
    const auto& action = fip.second.running;
    return action && action->state == core::Action::State::kRunning;
  });
  return under_way || std::any_of(routes_.begin(), routes_.end(), [&](const auto& entry) {
    const auto& [since, server] = entry.second.back();
    return server != node_at(node).server || world_.now() - since < 10s;
  });
}

void Checker::judge_cooldown(int node, const LeaderRecord& record) {
  const Process& self = process(node);
  const Instant now = world_.local(node);
  const auto recent = std::count_if(self.unplanned.begin(), self.unplanned.end(),
                                    [&](Instant at) { return now - at < Duration(1h); });
  if (recent == 0) return;
  const core::Timing& timing = world_.config.timing;
  Duration wait = timing.cooldown;
  for (int i = 1; i < recent; ++i) wait = std::min(wait * 2, timing.cooldown_most);
  // Its own commit is answered before the watch shows it here.
  if (now - self.unplanned.back() + kWatchBehind >= wait) return;
  violate(6, absl::StrCat("the key moves to ", record.node, " within the cool-down of ",
                          std::chrono::duration_cast<std::chrono::seconds>(wait).count(),
                          " s after the last unplanned move"));
}

void Checker::judge_pause(int node, const std::string& what, bool takeover) {
  const auto text = world_.value("pause");
  if (!text || !paused_since_ || world_.now() - *paused_since_ < kNewsTakes) return;
  if (world_.now() - process(node).since < kNewsTakes) return;
  // One pause may have replaced another a moment ago, and that is news too.
  const auto record = core::PauseRecord::parse(*text);
  const bool hard = record.ok() && record->hard && paused_hard_since_ &&
                    world_.now() - *paused_hard_since_ >= kNewsTakes;
  if (takeover && !hard) return;
  violate(8, absl::StrCat(node_at(node).name, " ", what, " though paused", hard ? " (hard)" : ""));
}

// ---- what must not last ----

void Checker::look() {
  const auto text = world_.value("pause");
  if (!text) paused_since_.reset();
  if (text && !paused_since_) paused_since_ = world_.now();
  // Most of the time there is none, and a text that does not parse is dear.
  const bool hard = text && core::PauseRecord::parse(*text).value_or(core::PauseRecord{}).hard;
  if (!hard) paused_hard_since_.reset();
  else if (!paused_hard_since_) paused_hard_since_ = world_.now();
  if (world_.etcd_leader != etcd_leader_ || !world_.etcd_quorum) {
    etcd_leader_ = world_.etcd_quorum ? world_.etcd_leader : -1;
    etcd_leader_since_ = world_.now();
  }
  for (std::size_t i = 0; i < world_.nodes.size(); ++i) {
    look_at_ready(static_cast<int>(i));
    look_at_orders(static_cast<int>(i));
  }
}

void Checker::look_at_ready(int node) {
  const fakes::ModelNode& self = node_at(node);
  Process& process = processes_[node];
  const auto text = world_.value("nodes/" + process.instance);
  const auto record = core::NodeRecord::parse(text.value_or(""));
  // A restored etcd may bring back what was said before.
  if (!record.ok() || !record->ready) process.says_ready_since.reset();
  if (record.ok() && record->ready && !process.says_ready_since)
    process.says_ready_since = world_.now();
  const bool sick = !self.apiserver || self.hung || self.shutting_down;
  if (!sick) process.unwell_since.reset();
  if (sick && !process.unwell_since) process.unwell_since = world_.now();
  const bool can_tell = self.vipd && self.alive && world_.now() >= self.frozen_until &&
                        world_.etcd_for(node) && !self.etcd_deaf && self.etcd_lag == Duration(0);
  if (!can_tell) process.etcd_well_since = world_.now();
  if (!sick || !process.says_ready_since) return;
  const core::Timing& timing = world_.config.timing;
  const Duration bound = 3 * timing.readyz_every + timing.readyz_deadline + 3 * timing.tls_every +
                         kSettles;
  const Instant since = std::max({*process.unwell_since, process.etcd_well_since,
                                  *process.says_ready_since,
                                  etcd_leader_since_ + kSettles});
  if (world_.now() - since <= bound) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(world_.now() - since);
  violate(7, absl::StrCat(self.name, " says ready though its apiserver fails for ",
                          seconds.count(), " s"));
}

}  // namespace vipd::sim
