#include "tests/fakes/world.h"

#include <algorithm>
#include <utility>

#include "tests/fakes/world_hands.h"
#include "vipd/core/status.h"

namespace vipd::fakes {
using namespace std::chrono_literals;
using core::Action;

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

core::Now World::moment(int node) const {
  return {local(node), {now_.time_since_epoch().count() / 1000000000}};
}

void World::later(Duration wait, int node, std::function<void(World&)> act) {
  const std::uint64_t life = node < 0 ? 0 : life_[node];
  const Instant at = now_ + wait;
  queue_.emplace(at, Due{at, node, life, std::move(act)});
}

void World::answer(int node, Duration wait, core::Event event) {
  answer_process(node, life_[node], now_ + wait, std::move(event));
}

void World::answer_process(int node, std::uint64_t life, Instant at, core::Event event) {
  queue_.emplace(at, Due{at, node, life, [node, event = std::move(event)](World& world) {
                           world.deliver(node, event);
                         }});
}

void World::exchange(int node, Legs legs, Instant deadline, core::Event failure,
                     std::function<std::optional<core::Event>(World&)> arrive) {
  const std::uint64_t life = life_[node];
  const Instant due = of_local(node, deadline);
  const bool late = now_ + legs.out + legs.back > due;
  if (late) answer_process(node, life, std::max(due, now_), failure);
  auto act = [=, failure = std::move(failure), arrive = std::move(arrive)](World& world) {
    auto answer = arrive(world);
    if (late) return;  // what it did stands, but nobody waits for it
    const Instant at = answer ? world.now_ + legs.back : due;
    world.answer_process(node, life, at, answer ? *std::move(answer) : failure);
  };
  if (legs.out == Duration(0)) return act(*this);
  later(legs.out, -1, std::move(act));
}

Duration World::leg(Duration usual) {
  if (!pace.random) return usual;
  if (random.chance(0.01)) return random.between(usual * 2, usual * 40);
  return random.between(usual / 2, usual * 2);
}

World::Legs World::legs(Duration whole) {
  if (!pace.random) return {Duration(0), whole};
  return {leg(whole / 2), leg(whole / 2)};
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
    const Duration thaw = self.frozen_until - now_;
    if (!std::exchange(self.thaws, true)) answer(node, thaw, core::Tick{});
    return answer(node, thaw, event);
  }
  self.thaws = false;
  const auto seen = self.calls.judge(std::move(event), local(node));
  if (seen) feed(node, *seen);
}

void World::feed(int node, const core::Event& event) {
  ModelNode& self = nodes[static_cast<std::size_t>(node)];
  if (witness != nullptr) witness->shown(node, event);
  const core::Config& its = config_of(node);
  if (before_step) before_step(node, its, self.state, event, moment(node));
  const std::vector<core::Command> commands = step(its, self.state, event, moment(node));
  if (after_step) after_step(node, commands);
  const std::uint64_t life = life_[node];
  for (const core::Command& command : commands) {
    self.calls.note(command, local(node));
    if (witness != nullptr) witness->left(node, command);
    std::visit(Hands{*this, node}, command);
    if (life_[node] != life) return;  // it has ended itself
  }
  wake(node);
}

const core::Config& World::config_of(int node) const {
  if (!nodes[static_cast<std::size_t>(node)].observes) return config;
  observing_ = config;
  observing_.mode = core::Mode::kObserve;
  return observing_;
}

void World::wake(int node) {
  ModelNode& self = nodes[static_cast<std::size_t>(node)];
  const auto at = core::wake_at(self.state);
  if (!self.vipd || !at || self.wakes_at == *at) return;
  const Instant due = *at;
  self.wakes_at = due;
  const Duration wait = std::max<Duration>(of_local(node, due) - now_, Duration(0));
  later(wait, node, [node, due](World& then) {
    ModelNode& self_then = then.nodes[static_cast<std::size_t>(node)];
    if (self_then.wakes_at == due) self_then.wakes_at.reset();
    if (core::wake_at(self_then.state) == due) then.deliver(node, core::Tick{});
  });
}

Instant World::local(int node) const {
  const ModelNode& self = nodes[static_cast<std::size_t>(node)];
  const auto gained = static_cast<double>(now_.time_since_epoch().count()) * self.clock_drift;
  return now_ + self.clock_ahead + Duration(static_cast<Duration::rep>(gained));
}

// The first moment at which local() shows it, or a little later.
Instant World::of_local(int node, Instant shown) const {
  const ModelNode& self = nodes[static_cast<std::size_t>(node)];
  const auto count = (shown - self.clock_ahead).time_since_epoch().count();
  if (self.clock_drift == 0) return Instant(Duration(count));
  const auto at = static_cast<double>(count) / (1 + self.clock_drift);
  return Instant(Duration(static_cast<Duration::rep>(at) + 2000));
}

core::Rate World::rate() const {
  if (budget.limit == 0) return {3600, 3500, 0};
  const int left = static_cast<int>(budget.left);
  return {budget.limit, left, static_cast<std::int64_t>((budget.limit - left) /
                                                        budget.refill_per_second)};
}

std::optional<core::Rate> World::spend() {
  if (budget.limit == 0) return rate();
  const double seconds = std::chrono::duration<double>(now_ - budget.at).count();
  budget.left = std::min<double>(budget.limit, budget.left + seconds * budget.refill_per_second);
  budget.at = now_;
  if (budget.left < 1) return std::nullopt;
  budget.left -= 1;
  return rate();
}

void World::expire_leases() {
  if (!etcd_quorum) {
    // A new etcd leader renews every lease.
    for (auto& [id, lease] : leases_) lease.expires = now_ + lease.ttl;
    return;
  }
  if (now_ < next_scan_) return;
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
  if (!changes.empty()) changed(changes);
  Instant next = Instant::max();
  for (const auto& [id, lease] : leases_) next = std::min(next, lease.expires);
  if (lease_scan != Duration(0)) next_scan_ = next = now_ + lease_scan;
  const bool asked = expiry_asked_ > now_ && expiry_asked_ <= next;
  if (next == Instant::max() || asked) return;
  expiry_asked_ = next;
  later(next - now_, -1, [](World&) {});
}

void World::changed(const std::vector<core::KeyChange>& changes) {
  if (changes.empty()) return;
  if (witness != nullptr) witness->keys_changed();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const int node = static_cast<int>(i);
    if (!etcd_for(node) || !streams_[node].open) continue;
    const Duration takes = leg(pace.watch) + nodes[i].watch_lag;
    tell_watch(node, now_ + takes, core::EtcdChanged{revision_, changes});
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
    if (witness != nullptr) witness->routed();
  }
}

void World::start(int node) {
  ModelNode& self = nodes[static_cast<std::size_t>(node)];
  life_[node] = next_life_++;
  self.vipd = self.alive = true;
  self.frozen_until = {};
  self.calls = {};
  self.wakes_at.reset();
  self.state = core::first_state(life_[node] * 7919 + random.next(), moment(node));
  if (witness != nullptr) witness->started(node);
  answer(node, 1ms, core::Identity{self.server, self.name, {ip(self.address)}, std::nullopt});
  see_token(node);
  answer(node, 1ms, core::AddressesSeen{{self.lo.begin(), self.lo.end()}});
  streams_[node].open = false;
  if (elections || etcd_for(node)) relist(node, Duration(0));
}

void World::see_token(int node) {
  const ModelNode& self = nodes[static_cast<std::size_t>(node)];
  if (self.token) answer(node, 1ms, core::TokenSeen{true, self.token_generation, ""});
  if (!self.token) answer(node, 1ms, core::TokenSeen{false, 0, "no token file"});
}

void World::kill_vipd(int node) {
  if (witness != nullptr && nodes[static_cast<std::size_t>(node)].vipd) witness->ended(node);
  nodes[static_cast<std::size_t>(node)].vipd = false;
  life_[node] = next_life_++;
  streams_[node].open = false;
  ++streams_[node].id;
}

void World::power_off(int node) {
  kill_vipd(node);
  ModelNode& self = nodes[static_cast<std::size_t>(node)];
  self.alive = false;
  self.lo.clear();
  settle_etcd();
}

void World::power_on(int node) {
  nodes[static_cast<std::size_t>(node)].alive = true;
  settle_etcd();
}

void World::cut_from_etcd(int node) {
  nodes[static_cast<std::size_t>(node)].etcd = false;
  streams_[node].open = false;
  ++streams_[node].id;
  deliver(node, core::EtcdWatchLost{"cut off"});
}

void World::heal_etcd(int node) {
  nodes[static_cast<std::size_t>(node)].etcd = true;
  relist(node, Duration(0));
}

void World::lose_quorum() {
  etcd_quorum = false;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const int node = static_cast<int>(i);
    streams_[node].open = false;
    ++streams_[node].id;
    deliver(node, core::EtcdWatchLost{"no leader"});
  }
}

void World::regain_quorum() {
  expire_leases();  // renewed by the new etcd leader
  etcd_quorum = true;
  ++term_;
  for (std::size_t i = 0; i < nodes.size(); ++i) relist(static_cast<int>(i), Duration(0));
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

// A frozen process gets it later, and what is made up here was never asked for.
void World::post(int node, core::Event event) {
  const ModelNode& self = nodes[static_cast<std::size_t>(node)];
  if (self.alive && self.vipd && now_ >= self.frozen_until) return feed(node, event);
  deliver(node, std::move(event));
}

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
  if (witness != nullptr) witness->routed();
}

void World::restore_etcd(core::Revision back_by) {
  revision_ -= back_by;
  leases_.clear();
  keys_.clear();
}

void World::take_addresses(int node) {
  ModelNode& self = nodes[static_cast<std::size_t>(node)];
  self.lo.clear();
  answer(node, 1ms, core::AddressesSeen{});
}

void World::stray_address(int node) {
  ModelNode& self = nodes[static_cast<std::size_t>(node)];
  self.lo.insert({ip("203.0.113.99"), 32, 254, true});
  answer(node, 1ms, core::AddressesSeen{{self.lo.begin(), self.lo.end()}});
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
  return core::status_json(config_of(node), nodes[static_cast<std::size_t>(node)].state,
                           moment(node));
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
