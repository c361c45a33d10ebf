#include "tests/fakes/world.h"

#include <algorithm>
#include <utility>

#include "vipd/core/assign.h"
#include "vipd/core/status.h"

namespace vipd::fakes {
namespace {

using namespace std::chrono_literals;
using core::Action;

constexpr Duration kEtcdTakes = 2ms;
constexpr Duration kWatchTakes = 3ms;
constexpr Duration kProbeTakes = 4ms;
constexpr Duration kApiTakes = 40ms;

base::IpAddress ip(const std::string& text) { return *base::IpAddress::parse(text); }

}  // namespace

World::World(int count, bool dual_stack) {
  config.cluster = "prod";
  config.version = "test";
  config.labels = {{"vipd.cluster", "prod"}};
  config.fips = {{kV4, ip("203.0.113.10")}};
  fips[kV4].fip = {kV4, "prod-api", "203.0.113.10", std::nullopt, config.labels, false};
  if (dual_stack) {
    config.address_guards_proven = true;
    config.fips.push_back({kV6, ip("2001:db8:f:1::1")});
    fips[kV6].fip = {kV6, "prod-api-6", "2001:db8:f:1::/64", std::nullopt, config.labels, false};
  }
  for (int i = 0; i < count; ++i) {
    ModelNode node;
    node.name = "cp-" + std::to_string(i + 1);
    node.server = 101 + i;
    node.address = "10.0.1." + std::to_string(11 + i);
    node.vipd = false;
    nodes.push_back(std::move(node));
  }
}

core::Now World::moment() const { return {now_, {now_.time_since_epoch().count() / 1000000000}}; }

void World::later(Duration wait, int node, std::function<void(World&)> act) {
  const std::uint64_t life = node < 0 ? 0 : life_[node];
  const Instant at = now_ + wait;
  queue_.emplace(at, Due{at, node, life, std::move(act)});
}

void World::answer(int node, Duration wait, core::Event event) {
  later(wait, node, [node, event = std::move(event)](World& world) { world.deliver(node, event); });
}

void World::run(Duration span) {
  until([] { return false; }, span);
}

bool World::until(const std::function<bool()>& condition, Duration within) {
  const Instant end = now_ + within;
  while (!condition()) {
    expire_leases();
    finish_actions();
    if (queue_.empty() || queue_.begin()->first > end) {
      now_ = end;
      return condition();
    }
    Due due = std::move(queue_.begin()->second);
    queue_.erase(queue_.begin());
    now_ = std::max(now_, due.at);
    if (due.node >= 0 && due.life != life_[due.node]) continue;
    due.act(*this);
  }
  return true;
}

struct Hands {
  World& world;
  int node;
  ModelNode& self() const { return world.nodes[static_cast<std::size_t>(node)]; }

  bool reaches(core::CallId call, Instant deadline) const {
    if (world.etcd_for(node)) return true;
    world.answer(node, deadline - world.now(),
                 core::EtcdFailed{call, true, "deadline", world.now()});
    return false;
  }
  void api(core::CallId call, Instant deadline, core::Event good) const {
    if (!self().hetzner) {
      world.answer(node, deadline - world.now(),
                   core::HcloudFailed{call, core::HcloudError::kTimeout, "no route", false,
                                      world.now(), {}});
    } else if (world.api_down) {
      world.answer(node, kApiTakes,
                   core::HcloudFailed{call, *world.api_down, "down", true, world.now(), {}});
    } else {
      world.answer(node, kApiTakes, std::move(good));
    }
  }

  void operator()(const core::GrantLease& c) const {
    if (!reaches(c.call, c.deadline)) return;
    const core::LeaseId id = world.next_lease_++;
    world.leases_[id] = {world.now() + c.ttl, c.ttl};
    world.answer(node, kEtcdTakes, core::LeaseGranted{c.call, id, c.ttl, world.now()});
  }
  void operator()(const core::KeepLease& c) const {
    if (!reaches(c.call, c.deadline)) return;
    const auto lease = world.leases_.find(c.lease);
    const bool there = lease != world.leases_.end();
    if (there) lease->second.expires = world.now() + lease->second.ttl;
    world.answer(node, kEtcdTakes,
                 core::LeaseKept{c.call, c.lease, there ? lease->second.ttl : 0s, world.now()});
  }
  void operator()(const core::RevokeLease& c) const {
    const auto lease = world.leases_.find(c.lease);
    if (lease != world.leases_.end()) lease->second.expires = world.now();
  }
  void operator()(const core::ReadKey& c) const {
    if (!reaches(c.call, c.deadline)) return;
    core::KeyRead read{c.call, std::nullopt, world.revision_, world.now()};
    const auto found = world.keys_.find(c.key);
    if (found != world.keys_.end()) read.found = found->second;
    world.answer(node, kEtcdTakes, read);
  }
  void operator()(const core::ReadMember& c) const {
    core::MemberStatus status{c.call, static_cast<std::uint64_t>(node + 1), 0, world.term_,
                              false,  "3.6",                                world.now()};
    if (world.etcd_for(node)) status.leader = static_cast<std::uint64_t>(world.etcd_leader + 1);
    world.answer(node, kEtcdTakes, status);
  }
  void operator()(const core::Txn& c) const;
  void operator()(const core::Relist&) const {
    world.answer(node, kEtcdTakes, world.snapshot(world.now()));
  }
  void operator()(const core::ListFips& c) const {
    ++world.lists;
    if (!world.list_faults.empty()) {
      const core::HcloudError error = world.list_faults.front();
      world.list_faults.erase(world.list_faults.begin());
      return world.answer(node, kApiTakes,
                          core::HcloudFailed{c.call, error, "fault", true, world.now(), {}});
    }
    core::FipsListed list{c.call, {}, world.now(), {3600, 3500, 0}};
    for (const auto& [id, fip] : world.fips) list.fips.push_back(fip.fip);
    api(c.call, c.deadline, list);
  }
  void operator()(const core::GetServer& c) const {
    for (const ModelNode& other : world.nodes) {
      if (other.server != c.server) continue;
      core::ServerSeen seen{c.call, c.server, other.name, {ip(other.address)}, std::nullopt,
                            world.now(), {}};
      return api(c.call, c.deadline, seen);
    }
    api(c.call, c.deadline,
        core::HcloudFailed{c.call, core::HcloudError::kNotFound, "not found", true, world.now(),
                           {}});
  }
  void operator()(const core::Assign& c) const { assign(c.call, c.fip, c.server, c.deadline); }
  void operator()(const core::Unassign& c) const { assign(c.call, c.fip, 0, c.deadline); }
  void assign(core::CallId call, core::FipId fip, core::ServerId server, Instant deadline) const;
  void accept(core::FipId fip, core::ServerId server, core::CallId call) const;
  void operator()(const core::GetAction& c) const {
    for (auto& [id, fip] : world.fips) {
      if (!fip.running || fip.running->id != c.action) continue;
      return api(c.call, c.deadline, core::ActionSeen{c.call, *fip.running, world.now(), {}});
    }
    api(c.call, c.deadline,
        core::ActionSeen{c.call, {c.action, Action::State::kSuccess, ""}, world.now(), {}});
  }
  void operator()(const core::FindRunningAction& c) const {
    core::RunningFound found{c.call, std::nullopt, world.now(), {}};
    const ModelFip& fip = world.fips[c.fip];
    if (fip.running && fip.running->state == Action::State::kRunning) found.action = fip.running;
    api(c.call, c.deadline, found);
  }
  void operator()(const core::AddAddress& c) const {
    const bool v4 = c.address.family == base::Family::kV4;
    if (!self().keep_off_lo) self().lo.insert({c.address, v4 ? 32 : 128, v4 ? 254 : 0, true});
    report_addresses();
  }
  void operator()(const core::RemoveAddress& c) const {
    if (self().vipd) {
      std::erase_if(self().lo, [&](const auto& l) { return l.address == c.address; });
    }
    for (const auto& [id, fip] : world.fips) {
      const bool ours = fip.fip.server == self().server;
      const bool declared = std::any_of(world.config.fips.begin(), world.config.fips.end(),
                                        [&, fid = id](const auto& d) {
                                          return d.id == fid && d.address == c.address;
                                        });
      if (ours && declared) world.violations.push_back("9: the address left its own server");
    }
    report_addresses();
  }
  void report_addresses() const {
    world.answer(node, 1ms, core::AddressesSeen{{self().lo.begin(), self().lo.end()}});
  }
  void operator()(const core::ProbeReadyz& c) const {
    core::ReadyzAnswer seen{c.call, core::ReadyzAnswer::Result::kNoAnswer, 0, false, "no answer",
                            world.now()};
    for (std::size_t i = 0; i < world.nodes.size(); ++i) {
      const ModelNode& other = world.nodes[i];
      const bool local = c.target == ip("127.0.0.1") && static_cast<int>(i) == node;
      if (!local && c.target != ip(other.address)) continue;
      if (!other.alive || other.hung) return world.answer(node, c.deadline - world.now(), seen);
      const bool etcd = world.etcd_for(static_cast<int>(i));
      if (!other.apiserver) seen.why = "refused";
      if (other.apiserver) {
        seen.result = etcd ? core::ReadyzAnswer::Result::kOk
                           : core::ReadyzAnswer::Result::kNotReady;
        seen.http_status = etcd ? 200 : 500;
        seen.why = etcd ? "ok" : "etcd";
      }
      return world.answer(node, kProbeTakes, seen);
    }
    world.answer(node, c.deadline - world.now(), seen);
  }
  void operator()(const core::ProbeTls& c) const {
    core::TlsAnswer seen{c.call, self().apiserver && !self().hung, "", world.now()};
    if (!seen.alive) seen.why = self().hung ? "timeout" : "refused";
    world.answer(node, self().hung ? c.deadline - world.now() : kProbeTakes, seen);
  }
  void operator()(const core::ProbeCertificate& c) const {
    self().dialled.push_back(c.dial);
    const bool good = self().apiserver && self().certificate;
    world.answer(node, kProbeTakes,
                 core::CertificateSeen{c.call, c.address, good, good ? "" : "names other hosts",
                                       world.now()});
  }
  void operator()(const core::ReadOwnNode& c) const {
    core::OwnNode seen{c.call, self().apiserver && !self().hung, self().cordoned, false, ""};
    if (seen.answered) return world.answer(node, kProbeTakes, seen);
    world.answer(node, c.deadline - world.now(), seen);
  }
  void operator()(const core::OrderAnswer& c) const { self().answers.push_back(c); }
  void operator()(const core::Say& c) const { self().said.push_back(c); }
  void operator()(const core::Exit&) const {
    ++self().exits;
    world.kill_vipd(node);
  }
};

void Hands::operator()(const core::Txn& c) const {
  if (!reaches(c.call, c.deadline)) return;
  const bool holds = std::all_of(c.compare.begin(), c.compare.end(), [&](const auto& compare) {
    const auto found = world.keys_.find(compare.key);
    const core::Revision revision = found == world.keys_.end() ? 0 : found->second.mod_revision;
    if (revision != compare.mod_revision) return false;
    return !compare.value || (found != world.keys_.end() && found->second.value == *compare.value);
  });
  std::vector<core::KeyChange> changes;
  bool known_leases = true;
  for (const core::Write& write : c.write) {
    const auto* put = std::get_if<core::Put>(&write);
    if (put != nullptr && put->lease != 0) {
      known_leases = known_leases && world.leases_.count(put->lease) != 0;
    }
  }
  if (holds && !known_leases) {
    return world.answer(node, kEtcdTakes,
                        core::EtcdFailed{c.call, false, "requested lease not found", world.now()});
  }
  if (holds) {
    ++world.revision_;
    for (const core::Write& write : c.write) {
      if (const auto* put = std::get_if<core::Put>(&write)) {
        core::KeyValue kv{put->key, put->value, world.revision_, put->lease};
        world.keys_[put->key] = kv;
        changes.push_back({kv, false});
        const bool guard = put->key.find("/assignment/") != std::string::npos &&
                           put->value.find("\"state\":\"intent\"") != std::string::npos;
        if (!guard) continue;
        const core::FipId fip = std::stoll(put->key.substr(put->key.rfind('/') + 1));
        world.guarded_[{node, fip}] = world.now();
      } else {
        const std::string& key = std::get<core::Delete>(write).key;
        if (world.keys_.erase(key) == 0) continue;
        changes.push_back({{key, "", world.revision_, 0}, true});
      }
    }
  }
  world.changed(changes);
  const bool lost = !world.lose_answer_.empty() && holds &&
                    std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
                      return change.kv.key.find(world.lose_answer_) != std::string::npos;
                    });
  if (lost) {
    world.lose_answer_.clear();
    return world.answer(node, c.deadline - world.now(),
                        core::EtcdFailed{c.call, true, "deadline", world.now()});
  }
  world.answer(node, kEtcdTakes, core::TxnDone{c.call, holds, world.revision_, world.now()});
}

void Hands::assign(core::CallId call, core::FipId fip, core::ServerId server,
                   Instant deadline) const {
  world.judge_assign(node, fip);
  world.audit.push_back({world.now(), node, fip, server});
  World::Fault fault;
  const bool faulty = !world.assign_faults.empty();
  if (faulty) {
    fault = world.assign_faults.front();
    world.assign_faults.erase(world.assign_faults.begin());
    if (fault.applied) {
      world.later(fault.late, -1, [by = node, fip, server](World& then) {
        Hands{then, by}.accept(fip, server, 0);
      });
    }
    const Duration wait = fault.error == core::HcloudError::kTimeout ? deadline - world.now()
                                                                     : Duration(kApiTakes);
    return world.answer(node, wait, core::HcloudFailed{call, fault.error, "fault", fault.sent,
                                                       world.now(), {}});
  }
  if (!self().hetzner || world.api_down) {
    return api(call, deadline, core::Tick{});
  }
  accept(fip, server, call);
}

void Hands::accept(core::FipId fip, core::ServerId server, core::CallId call) const {
  ModelFip& model = world.fips[fip];
  if (model.running && model.running->state == Action::State::kRunning) {
    if (call != 0) {
      world.answer(node, kApiTakes,
                   core::HcloudFailed{call, core::HcloudError::kLocked, "locked", true,
                                      world.now(), {}});
    }
    return;
  }
  model.running = Action{world.next_action_++, Action::State::kRunning, ""};
  model.target = server;
  model.done_at = world.now() + world.assign_takes;
  world.later(world.assign_takes, -1, [](World&) {});
  if (call == 0) return;
  world.answer(node, kApiTakes,
               core::AssignAccepted{call, *model.running, world.now(), {3600, 3400, 0}});
}

void World::judge_assign(int node, core::FipId fip) {
  const auto guard = guarded_.find({node, fip});
  if (guard == guarded_.end() || now_ - guard->second > config.timing.guard_valid) {
    violations.push_back("1: assign without a guard of the last 500 ms by " +
                         nodes[static_cast<std::size_t>(node)].name);
  }
  const bool declared = std::any_of(config.fips.begin(), config.fips.end(),
                                    [&](const auto& entry) { return entry.id == fip; });
  if (!declared) violations.push_back("4: a Floating IP outside the allowlist was written");
}

void World::deliver(int node, core::Event event) {
  ModelNode& self = nodes[static_cast<std::size_t>(node)];
  if (!self.alive || !self.vipd) return;
  if (now_ < self.frozen_until) {
    // In order, behind a Tick: due deadlines run before what was queued.
    if (std::holds_alternative<core::Tick>(event)) return;
    if (std::exchange(self.thaws, true)) {
      return later(self.frozen_until - now_, node, [node, event](World& world) { world.deliver(node, event); });
    }
    later(self.frozen_until - now_, node, [node](World& world) { world.deliver(node, core::Tick{}); });
    return later(self.frozen_until - now_, node, [node, event](World& world) { world.deliver(node, event); });
  }
  self.thaws = false;
  core::Step step = core::step(config, std::move(self.state), event, moment());
  self.state = std::move(step.state);
  for (const core::Command& command : step.commands) std::visit(Hands{*this, node}, command);
  wake(node);
}

void World::wake(int node) {
  const ModelNode& self = nodes[static_cast<std::size_t>(node)];
  const auto at = core::wake_at(self.state);
  if (!self.vipd || !at) return;
  const Instant due = *at;
  later(std::max<Duration>(due - now_, Duration(0)), node, [node, due](World& world) {
    const auto still = core::wake_at(world.nodes[static_cast<std::size_t>(node)].state);
    if (still == due) world.deliver(node, core::Tick{});
  });
}

bool World::etcd_for(int node) const {
  const ModelNode& self = nodes[static_cast<std::size_t>(node)];
  return etcd_quorum && self.alive && self.etcd;
}

void World::expire_leases() {
  if (!etcd_quorum) {
    // A new etcd leader renews every lease.
    for (auto& [id, lease] : leases_) lease.expires = now_ + lease.ttl;
    return;
  }
  std::vector<core::KeyChange> changes;
  for (auto lease = leases_.begin(); lease != leases_.end();) {
    if (lease->second.expires > now_) {
      ++lease;
      continue;
    }
    ++revision_;
    for (auto key = keys_.begin(); key != keys_.end();) {
      if (key->second.lease != lease->first) {
        ++key;
        continue;
      }
      changes.push_back({{key->first, "", revision_, 0}, true});
      key = keys_.erase(key);
    }
    lease = leases_.erase(lease);
  }
  changed(changes);
  Instant next = Instant::max();
  for (const auto& [id, lease] : leases_) next = std::min(next, lease.expires);
  const bool asked = expiry_asked_ > now_ && expiry_asked_ <= next;
  if (next == Instant::max() || asked) return;
  expiry_asked_ = next;
  later(next - now_, -1, [](World&) {});
}

void World::changed(const std::vector<core::KeyChange>& changes) {
  if (changes.empty()) return;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const int node = static_cast<int>(i);
    if (etcd_for(node)) answer(node, kWatchTakes, core::EtcdChanged{revision_, changes});
  }
}

core::EtcdSnapshot World::snapshot(Instant sent_at) const {
  core::EtcdSnapshot snapshot{revision_, {}, sent_at};
  for (const auto& [key, kv] : keys_) snapshot.keys.push_back(kv);
  return snapshot;
}

void World::finish_actions() {
  for (auto& [id, model] : fips) {
    const bool due = model.running && model.running->state == Action::State::kRunning &&
                     now_ >= model.done_at;
    if (!due) continue;
    if (action_error) {
      model.running->state = Action::State::kError;
      model.running->error = "action_failed";
      action_error = false;
      continue;
    }
    model.running->state = Action::State::kSuccess;
    model.fip.server.reset();
    if (model.target != 0) model.fip.server = model.target;
  }
}

void World::start(int node) {
  ModelNode& self = nodes[static_cast<std::size_t>(node)];
  life_[node] = next_life_++;
  self.vipd = self.alive = true;
  self.state = core::first_state(life_[node] * 7919, moment());
  answer(node, 1ms, core::Identity{self.server, self.name, {ip(self.address)}, std::nullopt});
  if (self.token) answer(node, 1ms, core::TokenSeen{true, 1, ""});
  if (!self.token) answer(node, 1ms, core::TokenSeen{false, 0, "no token file"});
  answer(node, 1ms, core::AddressesSeen{{self.lo.begin(), self.lo.end()}});
  if (etcd_for(node)) answer(node, kEtcdTakes, snapshot(now_));
}

void World::kill_vipd(int node) {
  nodes[static_cast<std::size_t>(node)].vipd = false;
  life_[node] = next_life_++;
}

void World::power_off(int node) {
  kill_vipd(node);
  ModelNode& self = nodes[static_cast<std::size_t>(node)];
  self.alive = false;
  self.lo.clear();
}

void World::cut_from_etcd(int node) {
  nodes[static_cast<std::size_t>(node)].etcd = false;
  deliver(node, core::EtcdWatchLost{"cut off"});
}

void World::heal_etcd(int node) {
  nodes[static_cast<std::size_t>(node)].etcd = true;
  answer(node, kEtcdTakes, snapshot(now_));
}

void World::lose_quorum() {
  etcd_quorum = false;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    deliver(static_cast<int>(i), core::EtcdWatchLost{"no leader"});
  }
}

void World::regain_quorum() {
  expire_leases();  // renewed by the new etcd leader
  etcd_quorum = true;
  ++term_;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    answer(static_cast<int>(i), kEtcdTakes, snapshot(now_));
  }
}

void World::freeze(int node, Duration span) {
  nodes[static_cast<std::size_t>(node)].frozen_until = now_ + span;
}

void World::busy_with_foreign_action(core::FipId fip, Duration span) {
  ModelFip& model = fips[fip];
  model.running = Action{next_action_++, Action::State::kRunning, ""};
  model.target = model.fip.server.value_or(0);
  model.done_at = now_ + span;
  later(span, -1, [](World&) {});
}

void World::post(int node, core::Event event) { deliver(node, std::move(event)); }

void World::put(const std::string& name, const std::string& value) {
  core::KeyValue kv{config.prefix() + name, value, ++revision_, 0};
  keys_[kv.key] = kv;
  changed({{kv, false}});
}

void World::erase(const std::string& name) {
  if (keys_.erase(config.prefix() + name) == 0) return;
  ++revision_;
  changed({{{config.prefix() + name, "", revision_, 0}, true}});
}

void World::assign_by_hand(core::FipId fip, std::optional<core::ServerId> server) {
  fips[fip].fip.server = server;
}

void World::restore_etcd(core::Revision back_by) {
  revision_ -= back_by;
  leases_.clear();
  keys_.clear();
}

void World::forge_leader_value() {
  core::KeyValue& kv = keys_[config.prefix() + "leader"];
  auto record = *core::LeaderRecord::parse(kv.value);
  record.instance = "of-another-history";
  kv.value = record.text();
}

void World::erase_silently(const std::string& name) {
  keys_.erase(config.prefix() + name);
  ++revision_;
}

void World::revoke_lease_of(int node) {
  const auto& lease = nodes[static_cast<std::size_t>(node)].state.session.lease;
  if (lease) leases_[*lease].expires = now_;
}

std::vector<std::string> World::foreign_keys() const {
  std::vector<std::string> foreign;
  for (const auto& [key, kv] : keys_) {
    if (!key.starts_with(config.prefix())) foreign.push_back(key);
  }
  return foreign;
}

std::optional<core::LeaderRecord> World::leader() const {
  const auto text = value("leader");
  if (!text) return std::nullopt;
  const auto record = core::LeaderRecord::parse(*text);
  if (!record.ok()) return std::nullopt;
  return *record;
}

std::string World::holder() const {
  const auto record = leader();
  return record ? record->node : "";
}

core::Revision World::epoch() const {
  const auto found = keys_.find(config.prefix() + "leader");
  return found == keys_.end() ? 0 : found->second.mod_revision;
}

std::optional<std::string> World::value(const std::string& name) const {
  const auto found = keys_.find(config.prefix() + name);
  if (found == keys_.end()) return std::nullopt;
  return found->second.value;
}

bool World::verified() const {
  const auto record = leader();
  if (!record) return false;
  return std::all_of(config.fips.begin(), config.fips.end(), [&](const auto& declared) {
    const auto text = value("assignment/" + std::to_string(declared.id));
    if (!text) return false;
    const auto assignment = core::AssignmentRecord::parse(*text);
    return assignment.ok() && assignment->epoch == epoch() &&
           assignment->phase == core::AssignmentRecord::Phase::kVerified &&
           fips.at(declared.id).fip.server == record->server;
  });
}

bool World::has_address(int node) const {
  const auto& lo = nodes[static_cast<std::size_t>(node)].lo;
  return std::all_of(config.fips.begin(), config.fips.end(), [&](const auto& declared) {
    return std::any_of(lo.begin(), lo.end(),
                       [&](const auto& local) { return local.address == declared.address; });
  });
}

base::Json World::status(int node) const {
  return core::status_json(config, nodes[static_cast<std::size_t>(node)].state, moment());
}

std::string World::state(int node) const { return status(node)["state"].get<std::string>(); }

bool World::said(int node, const std::string& rule) const {
  const auto& said = nodes[static_cast<std::size_t>(node)].said;
  return std::any_of(said.begin(), said.end(), [&](const auto& say) { return say.rule == rule; });
}

int World::index(const std::string& name) const {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace vipd::fakes
