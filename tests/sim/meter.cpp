#include "tests/sim/meter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "vipd/core/records.h"

namespace vipd::sim {
namespace {

using namespace std::chrono_literals;
using core::AssignmentRecord;
using core::Cause;
using core::Duration;
using core::LeaderRecord;

constexpr Duration kWorkAsksAgain = 5s;  // rule A12: what work waits for

bool within(Duration span, Duration least, Duration most) { return least <= span && span <= most; }

const core::Put* put_of(const core::Write& write) { return std::get_if<core::Put>(&write); }

}  // namespace

Meter::Meter(const fakes::World& world, Met& met)
    : world_(world),
      met_(met),
      prefix_(world.config.prefix()),
      loopback_(base::IpAddress::parse("127.0.0.1").value()) {}

void Meter::started(int node) { processes_[node] = {}; }

bool Meter::holds(int node) const {
  const auto leader = world_.leader();
  return leader && leader->instance == processes_.at(node).instance;
}

int Meter::node_of(const std::string& instance) const {
  for (const auto& [node, process] : processes_) {
    if (!instance.empty() && process.instance == instance) return node;
  }
  return -1;
}

AssignmentRecord Meter::record_of(core::FipId fip) const {
  const auto text = world_.value(absl::StrCat("assignment/", fip));
  const auto record = AssignmentRecord::parse(text.value_or(""));
  return record.ok() ? *record : AssignmentRecord{};
}

void Meter::ended(int node) {
  const auto found = processes_.find(node);
  if (found == processes_.end() || !found->second.gave) return;
  found->second.gave = false;
  if (world_.nodes[static_cast<std::size_t>(node)].alive && world_.verified()) meet("A17");
}

// ---- what a process was shown ----

void Meter::shown(int node, const core::Event& event) {
  Process& self = processes_[node];
  if (const auto* readyz = std::get_if<core::ReadyzAnswer>(&event)) {
    see_readyz(self, node, *readyz);
  } else if (const auto* seen = std::get_if<core::CertificateSeen>(&event)) {
    if (seen->shown) self.bad_certificate = !seen->names_it;
  } else if (std::holds_alternative<core::EtcdFailed>(event)) {
    self.etcd_failed = true;
  } else if (const auto* failed = std::get_if<core::HcloudFailed>(&event)) {
    see_failure(self, node, *failed);
  } else if (std::holds_alternative<core::TxnDone>(event)) {
    if (std::exchange(self.etcd_failed, false)) meet("E19");
  } else if (std::holds_alternative<core::FipsListed>(event)) {
    if (std::exchange(self.hetzner_failed, false)) meet("E19");
  } else if (const auto* kept = std::get_if<core::LeaseKept>(&event)) {
    if (kept->ttl == 0s && world_.has_address(node)) self.lost_lease = world_.now();
  }
}

void Meter::see_readyz(Process& self, int node, const core::ReadyzAnswer& answer) {
  if (self.own_probes.erase(answer.call) == 0) return;
  if (answer.result != core::ReadyzAnswer::Result::kOk) {
    self.hits = 0;
    self.misses = world_.etcd_for(node) ? 0 : self.misses + 1;
    return;
  }
  if (self.misses >= 3 && ++self.hits >= 2) {
    const auto text = world_.value("nodes/" + self.instance);
    const auto record = core::NodeRecord::parse(text.value_or(""));
    if (record.ok() && record->ready) meet("E10");
    self.misses = 0;
  }
}

void Meter::see_failure(Process& self, int node, const core::HcloudFailed& failed) {
  self.hetzner_failed = true;
  const bool list = self.lists.erase(failed.call) != 0;
  const bool assign = self.assigns.erase(failed.call) != 0;
  const Instant now = world_.local(node);
  if (failed.error == core::HcloudError::kRateLimited) {
    const Duration reset = std::chrono::seconds(failed.rate.reset_in_seconds);
    if (list && reset > 1s) self.list_again = now + std::min(reset, kWorkAsksAgain);
    if (assign) self.assign_again = now + 1s;
  }
  if (failed.error == core::HcloudError::kLocked && assign) self.locked = true;
}

// ---- what left it ----

void Meter::left(int node, const core::Command& command) {
  Process& self = processes_[node];
  if (const auto* probe = std::get_if<core::ProbeReadyz>(&command)) {
    if (probe->target == loopback_) self.own_probes.insert(probe->call);
  } else if (const auto* txn = std::get_if<core::Txn>(&command)) {
    for (const auto& write : txn->write) {
      const core::Put* put = put_of(write);
      if (put == nullptr || !put->key.starts_with(prefix_ + "assignment/")) continue;
      const auto record = AssignmentRecord::parse(put->value);
      if (record.ok() && record->phase == AssignmentRecord::Phase::kIntent) {
        self.guards[record->fip] = world_.local(node);
      }
    }
  } else if (const auto* list = std::get_if<core::ListFips>(&command)) {
    list_leaves(self, node, list->call);
  } else if (const auto* assign = std::get_if<core::Assign>(&command)) {
    assign_leaves(self, node, *assign);
  } else if (std::holds_alternative<core::FindRunningAction>(command)) {
    self.waited = std::exchange(self.locked, false);
  }
}

void Meter::list_leaves(Process& self, int node, core::CallId call) {
  self.lists.insert(call);
  const Instant now = world_.local(node);
  if (std::exchange(self.waited, false)) meet("A11");
  if (self.list_again && now >= *self.list_again) meet("A12");
  self.list_again.reset();
  if (!holds(node)) return self.last_list.reset();
  if (self.last_list) {
    const Duration span = now - *self.last_list;
    if (self.inherits && within(span, 800ms, 2500ms)) meet("A7");
    const Duration usual = world_.config.timing.read_every;
    if (within(span, usual - 6s, usual + 6s)) meet("A4");
  }
  self.last_list = now;
}

void Meter::assign_leaves(Process& self, int node, const core::Assign& assign) {
  self.assigns.insert(assign.call);
  const auto guard = self.guards.find(assign.fip);
  const Duration valid = world_.config.timing.assign_deadline;
  if (guard != self.guards.end() && assign.deadline - guard->second <= valid) meet("A2");
  if (self.assign_again && world_.local(node) >= *self.assign_again) meet("A12");
  self.assign_again.reset();
}

void Meter::writes(int node) {
  called_.insert(world_.nodes[static_cast<std::size_t>(node)].server);
}

// ---- what was committed ----

void Meter::committed(int node, const core::Txn& txn) {
  for (const auto& write : txn.write) {
    const core::Put* put = put_of(write);
    const std::string& key = put != nullptr ? put->key : std::get<core::Delete>(write).key;
    if (key.starts_with(prefix_)) meet("E1");
    if (key == prefix_ + "pause") pause_lease_ = put != nullptr ? put->lease : 0;
    if (put == nullptr) continue;
    if (key == prefix_ + "leader") put_leader(node, txn, *put);
    if (key.starts_with(prefix_ + "nodes/")) put_node(node, *put);
    if (key.starts_with(prefix_ + "assignment/")) put_record(node, txn, *put);
  }
}

bool Meter::best_of_several(core::ServerId server) const {
  std::vector<core::NodeRecord> ready;
  for (const auto& [key, kv] : world_.keys()) {
    if (!key.starts_with(prefix_ + "nodes/")) continue;
    const auto record = core::NodeRecord::parse(kv.value);
    if (record.ok() && record->ready && node_of(record->instance) >= 0) ready.push_back(*record);
  }
  if (ready.size() < 2) return false;
  const auto rank = [](const auto& node) { return std::pair(node.etcd_leader, node.server); };
  const auto best = std::min_element(ready.begin(), ready.end(), [&](const auto& a, const auto& b) {
    return rank(a) < rank(b);
  });
  return best->server == server;
}

void Meter::put_leader(int node, const core::Txn& txn, const core::Put& put) {
  const auto record = LeaderRecord::parse(put.value);
  if (!record.ok()) return;
  const bool absent = std::any_of(txn.compare.begin(), txn.compare.end(), [&](const auto& compare) {
    return compare.key == put.key && compare.mod_revision == 0;
  });
  if (absent) meet("E5");
  if (absent && record->cause != Cause::kAdoption && best_of_several(record->server)) meet("E7");
  if (record->instance == std::exchange(last_holder_, record->instance)) return;
  called_.clear();
  const bool moved = record->server != std::exchange(last_server_, record->server);
  const Duration cooldown = world_.config.timing.cooldown;
  if (moved && record->cause == Cause::kTakeover && !unplanned_.empty() &&
      world_.now() - unplanned_.back() < cooldown) {
    meet("E17");
  }
  if (moved && core::unplanned(record->cause)) unplanned_.push_back(world_.now());
  if (record->cause == Cause::kShutdown) processes_[node].gave = true;
  const int holder = node_of(record->instance);
  if (holder < 0) return;
  processes_[holder].last_list.reset();
  processes_[holder].inherits =
      std::any_of(world_.config.fips.begin(), world_.config.fips.end(), [&](const auto& fip) {
        const AssignmentRecord old = record_of(fip.id);
        return old.epoch != 0 && old.phase != AssignmentRecord::Phase::kVerified;
      });
}

void Meter::put_node(int node, const core::Put& put) {
  const auto record = core::NodeRecord::parse(put.value);
  if (!record.ok()) return;
  Process& self = processes_[node];
  self.instance = record->instance;
  auto& instances = instances_[record->server];
  if (instances.insert(record->instance).second && instances.size() > 1) meet("E2");
  if (record->ready) {
    self.unready_holder.reset();
    return;
  }
  if (self.bad_certificate && record->why.starts_with("certificate")) meet("E9");
  if (holds(node) && world_.has_address(node)) self.unready_holder = world_.now();
}

void Meter::put_record(int node, const core::Txn& txn, const core::Put& put) {
  const auto record = AssignmentRecord::parse(put.value);
  if (!record.ok()) return;
  const std::string leader = prefix_ + "leader";
  if (std::any_of(txn.compare.begin(), txn.compare.end(), [&](const auto& compare) {
        return compare.key == leader && compare.mod_revision != 0 && compare.value;
      })) {
    meet("A3");
  }
  if (record->phase != AssignmentRecord::Phase::kVerified) return;
  processes_[node].inherits = false;
  if (called_.empty()) meet("A8");
  const bool alone = std::any_of(
      world_.config.fips.begin(), world_.config.fips.end(), [&](const auto& fip) {
        const AssignmentRecord other = record_of(fip.id);
        return fip.id != record->fip && other.epoch == record->epoch &&
               other.phase != AssignmentRecord::Phase::kVerified;
      });
  if (alone) meet("A9");
}

// ---- what became true ----

void Meter::routed() {
  const auto leader = world_.leader();
  if (!leader || leader->giver.empty()) return;
  const int giver = node_of(leader->giver);
  const int taker = node_of(leader->instance);
  if (giver < 0 || taker < 0 || giver == taker) return;
  const bool there = std::all_of(world_.fips.begin(), world_.fips.end(), [&](const auto& fip) {
    return fip.second.fip.server == leader->server;
  });
  if (there && world_.has_address(giver) && world_.has_address(taker)) meet("A21");
}

void Meter::look() {
  if (world_.etcd_quorum && quorum_lost_) quorum_back_ = world_.now();
  if (world_.etcd_quorum) quorum_lost_.reset();
  if (!world_.etcd_quorum && !quorum_lost_) quorum_lost_ = world_.now();
  if (pause_lease_ != 0 && !world_.lease_lives(pause_lease_)) {
    pause_lease_ = 0;
    meet("O1");
  }
  for (std::size_t i = 0; i < world_.nodes.size(); ++i) look_at(static_cast<int>(i));
}

void Meter::look_at(int node) {
  const auto& model = world_.nodes[static_cast<std::size_t>(node)];
  if (!model.alive || !model.vipd) return;
  Process& self = processes_[node];
  const bool has = world_.has_address(node);
  if (self.lost_lease && world_.now() - *self.lost_lease >= 1s) {
    self.lost_lease.reset();
    if (has) meet("N1");
  }
  if (self.unready_holder && world_.now() - *self.unready_holder >= 3s) {
    self.unready_holder.reset();
    if (has && holds(node)) meet("N4");
  }
  look_at_etcd_trouble(self, node);
}

void Meter::look_at_etcd_trouble(Process& self, int node) {
  const Duration ttl = world_.config.timing.ttl;
  if (quorum_lost_ && world_.now() - *quorum_lost_ > ttl + 1s && self.frozen_epoch == 0) {
    if (!holds(node) || !world_.has_address(node)) return;
    self.frozen_epoch = world_.epoch();
    meet("N9");
  }
  const bool settled = !quorum_lost_ && quorum_back_ && world_.now() - *quorum_back_ >= 3s;
  if (self.frozen_epoch == 0 || !settled || !world_.leader()) return;
  const bool on = holds(node) && world_.epoch() == self.frozen_epoch;
  // Anew, or another's by now: what a new epoch shows.
  if (on || world_.epoch() > self.frozen_epoch) meet("N10");
  self.frozen_epoch = 0;
}

}  // namespace vipd::sim
