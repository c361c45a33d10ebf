#include "tests/sim/faults.h"

#include <algorithm>
#include <array>

#include "tests/sim/operator.h"

namespace vipd::sim {
namespace {

using namespace std::chrono_literals;
using fakes::ModelNode;
using fakes::Random;
using fakes::World;

struct Happening {
  World& world;
  const Planned& planned;
  int index;
  Random dice;
  Duration lasts;

  ModelNode& node() { return world.nodes[static_cast<std::size_t>(index)]; }
  // Sets it for as long as the fault lasts.
  template <typename Value>
  void set(Value ModelNode::* member, Value during, Value after) {
    node().*member = during;
    world.later(lasts, -1, [=, at = index](World& then) {
      then.nodes[static_cast<std::size_t>(at)].*member = after;
    });
  }
  [[nodiscard]] Ordered ordered() { return {world, index, planned.other, dice, lasts}; }
  void end(std::function<void(World&)> act) { world.later(lasts, -1, std::move(act)); }
};

ModelNode& node_of(World& world, int index) {
  return world.nodes[static_cast<std::size_t>(index)];
}

void members_down(Happening& it, int count) {
  std::vector<int> down;
  for (int i = 0; i < count; ++i) {
    const int index = (it.index + i) % static_cast<int>(it.world.nodes.size());
    node_of(it.world, index).member = false;
    down.push_back(index);
  }
  it.world.settle_etcd();
  it.end([down](World& then) {
    for (const int index : down) node_of(then, index).member = true;
    then.settle_etcd();
  });
}

void cut(Happening& it, bool all) {
  const int count = static_cast<int>(it.world.nodes.size());
  for (int other = 0; other < count; ++other) {
    if (all || other == it.planned.other) it.world.cut_link(it.index, other);
  }
  it.world.settle_etcd();
  it.end([](World& then) {
    then.heal_links();
    then.settle_etcd();
  });
}

void power_off(Happening& it) {
  const int index = it.index;
  it.node().member = it.node().apiserver = false;
  it.world.power_off(index);
  it.lasts += it.dice.between(5s, 20s);
  it.end([index](World& then) { then.power_on(index); });
  it.lasts += it.dice.between(2s, 15s);
  it.end([index](World& then) {
    node_of(then, index).member = true;
    then.settle_etcd();
  });
  it.lasts += it.dice.between(2s, 20s);
  it.end([index](World& then) {
    node_of(then, index).apiserver = true;
    node_of(then, index).hung = node_of(then, index).shutting_down = false;
    if (!node_of(then, index).vipd) then.start(index);
  });
}

// The kubelet's graceful shutdown: vipd first, then the apiserver, then the machine.
void node_goes_down(Happening& it) {
  const int index = it.index;
  it.node().cordoned = true;
  it.world.term(index);
  it.world.later(it.dice.between(5s, 20s), -1, [index, it](World& then) {
    node_of(then, index).cordoned = false;
    Happening rest{then, it.planned, index, it.dice, it.lasts};
    power_off(rest);
  });
  it.lasts += 80s;
}

// The machine goes first: its vipd would put the key back on its own lease (rule E22).
void strand_key(Happening& it) {
  it.lasts = std::max<Duration>(it.lasts, it.world.config.timing.ttl + 12s);
  const Ordered order = it.ordered();
  power_off(it);
  strand_key_and_release(order);
}

void observe_mode(Happening& it) {
  it.lasts = std::max<Duration>(it.lasts, 15s);
  observe_for_a_while(it.ordered());
}

void restore(World& world) {
  world.restore_snapshot();
  for (std::size_t i = 0; i < world.nodes.size(); ++i) {
    if (world.nodes[i].vipd) {
      world.break_watch(static_cast<int>(i), world.random.between(1ms, 1500ms));
    }
  }
}

void assign_faults(Happening& it) {
  using core::HcloudError;
  constexpr std::array<HcloudError, 8> kErrors = {
      HcloudError::kTimeout, HcloudError::kServer,      HcloudError::kConflict,
      HcloudError::kLocked,  HcloudError::kRateLimited, HcloudError::kRefused,
      HcloudError::kAssigned, HcloudError::kUnreachable};
  const int count = 1 + it.dice.below(6);
  for (int i = 0; i < count; ++i) {
    World::Fault fault;
    fault.error = kErrors.at(static_cast<std::size_t>(it.dice.below(8)));
    const bool may_apply = fault.error == HcloudError::kTimeout ||
                           fault.error == HcloudError::kServer ||
                           fault.error == HcloudError::kUnreachable;
    fault.applied = may_apply && it.dice.chance(0.5);
    // Within the call's own deadline: later than that Hetzner drops it (design, section 5).
    fault.late = it.dice.between(Duration(0), 2s);
    it.world.assign_faults.push_back(fault);
  }
  it.end([](World& then) { then.assign_faults.clear(); });
}

void steal(Happening& it, std::optional<core::ServerId> onto) {
  for (auto& [id, fip] : it.world.fips) {
    if (it.dice.chance(0.7)) it.world.assign_by_hand(id, onto);
  }
}

// Somebody else in the project takes the requests as they come back.
void drain_budget(World& world, Instant until) {
  if (world.now() >= until || world.budget.limit == 0) return;
  world.budget.left = 0;
  world.budget.at = world.now();
  world.later(world.random.between(300ms, 3s), -1, [=](World& then) { drain_budget(then, until); });
}

void limit_rate(Happening& it) {
  it.world.budget = {3600, static_cast<double>(it.dice.below(25)), 1, it.world.now()};
  if (it.dice.chance(0.5)) {
    it.lasts = std::max<Duration>(it.lasts, it.world.config.timing.read_every + 15s);
    drain_budget(it.world, it.world.now() + it.lasts);
  }
  it.end([](World& then) { then.budget = {}; });
}

void pause(Happening& it, bool hard) {
  // Half of the time the address is moved meanwhile, and the holder reads it.
  if (it.dice.chance(0.5)) {
    steal(it, kStranger);
    it.lasts = std::max<Duration>(it.lasts, it.world.config.timing.read_every + 15s);
  }
  order_pause(it.ordered(), hard);
}

void token(Happening& it, Fault fault) {
  const int index = it.index;
  if (fault == Fault::kTokenGone) {
    it.node().token = false;
    it.world.see_token(index);
  } else if (fault == Fault::kTokenBad) {
    it.node().token_good = false;
  } else {
    it.node().token_readonly = true;
  }
  it.end([index](World& then) {
    ModelNode& node = node_of(then, index);
    node.token = node.token_good = true;
    node.token_readonly = false;
    ++node.token_generation;
    then.see_token(index);
  });
}

void change_fips(Happening& it, Fault fault) {
  // Half of the time it is moved as well and stays so until the holder reads.
  if (it.dice.chance(0.5)) {
    steal(it, kStranger);
    it.lasts = std::max<Duration>(it.lasts, it.world.config.timing.read_every + 15s);
  }
  for (auto& [id, fip] : it.world.fips) {
    if (fault == Fault::kFipGone) fip.gone = true;
    if (fault == Fault::kLabels) fip.fip.labels = {{"vipd.cluster", "other"}};
  }
  it.end([](World& then) {
    for (auto& [id, fip] : then.fips) {
      fip.gone = false;
      fip.fip.labels = then.config.labels;
    }
  });
}

void at_hetzner(Happening& it, Fault fault) {
  World& world = it.world;
  using core::HcloudError;
  switch (fault) {
    case Fault::kHetznerUnreachable: return it.set(&ModelNode::hetzner, false, true);
    case Fault::kHetznerDeaf: return it.set(&ModelNode::hetzner_deaf, true, false);
    case Fault::kHetznerDown:
      world.api_down = it.dice.chance(0.5) ? HcloudError::kServer : HcloudError::kTimeout;
      return it.end([](World& then) { then.api_down.reset(); });
    case Fault::kRateLimit: return limit_rate(it);
    case Fault::kAssignFaults: return assign_faults(it);
    case Fault::kActionError: world.action_error = true; return;
    case Fault::kForeignAction:
      return world.busy_with_foreign_action(World::kV4, std::min<Duration>(it.lasts, 30s));
    case Fault::kTheft: return steal(it, kStranger);
    case Fault::kTheftOntoNode: return steal(it, node_of(world, it.planned.other).server);
    case Fault::kUnassigned: return steal(it, std::nullopt);
    default: return change_fips(it, fault);
  }
}

// Waits for the next guard, so its own time is when that leaves.
void restore_under_guard(World& world, Incidents& incidents) {
  world.on_next_guard = [&incidents](World& then) {
    then.repeat_history();
    incidents.push_back({Fault::kRestoreUnderGuard, -1, then.now(), then.now()});
  };
}

void at_etcd(Happening& it, Fault fault, Incidents& incidents) {
  World& world = it.world;
  switch (fault) {
    case Fault::kMemberDown: return members_down(it, 1);
    case Fault::kNoQuorum: return members_down(it, static_cast<int>(world.nodes.size()) / 2 + 1);
    case Fault::kEtcdLeaderCut:
    case Fault::kCutNode: return cut(it, true);
    case Fault::kCutPair: return cut(it, false);
    case Fault::kSlowEtcd:
      return it.set(&ModelNode::etcd_lag, it.dice.between(50ms, 500ms), Duration(0));
    case Fault::kDeafEtcd: return it.set(&ModelNode::etcd_deaf, true, false);
    case Fault::kSlowWatch:
      return it.set(&ModelNode::watch_lag, it.dice.between(100ms, 3s), Duration(0));
    case Fault::kCompaction: return world.break_watch(it.index, Duration(0));
    case Fault::kRestore:
      world.save_snapshot();
      return it.end(restore);
    default: return restore_under_guard(world, incidents);
  }
}

void take_address(Happening& it) {
  it.world.take_addresses(it.index);
  if (it.dice.chance(0.5)) return;
  it.world.post(it.index, core::NetlinkFailed{it.world.config.fips.front().address, "ENOBUFS"});
}

void at_the_node(Happening& it, Fault fault) {
  World& world = it.world;
  switch (fault) {
    case Fault::kKill: return world.kill_vipd(it.index);
    case Fault::kTerm: return world.term(it.index);
    case Fault::kCordonedTerm:
      it.set(&ModelNode::cordoned, true, false);
      return world.term(it.index);
    case Fault::kNodeGoesDown: return node_goes_down(it);
    case Fault::kPowerOff: return power_off(it);
    case Fault::kStrandedKey: return strand_key(it);
    case Fault::kApiserverDown: return it.set(&ModelNode::apiserver, false, true);
    case Fault::kApiserverHung: return it.set(&ModelNode::hung, true, false);
    case Fault::kApiserverShutsDown: return it.set(&ModelNode::shutting_down, true, false);
    case Fault::kCertificate: return it.set(&ModelNode::certificate, false, true);
    case Fault::kFreeze: return world.freeze(it.index, it.lasts);
    case Fault::kObserve: return observe_mode(it);
    case Fault::kHandover: return order_handover(it.ordered());
    case Fault::kPause: return pause(it, false);
    case Fault::kHardPause: return pause(it, true);
    case Fault::kAddressTaken: return take_address(it);
    case Fault::kStrayAddress:
      world.stray_address(it.index);
      return world.kill_vipd(it.index);  // they are swept at the start
    default: return token(it, fault);
  }
}

bool concerns_all(Fault fault) {
  return fault == Fault::kNoQuorum || fault == Fault::kRestore || fault == Fault::kCutPair ||
         fault == Fault::kRestoreUnderGuard || fault == Fault::kHandover ||
         (fault >= Fault::kHetznerDown && fault <= Fault::kFipGone && fault != Fault::kHetznerDeaf);
}

}  // namespace

void begin(World& world, const Planned& planned, Incidents& incidents) {
  int index = planned.node;
  const bool of_holder = planned.on_holder || planned.fault == Fault::kStrandedKey;
  if (of_holder && !world.holder().empty()) index = world.index(world.holder());
  if (planned.fault == Fault::kEtcdLeaderCut) index = world.etcd_leader;
  Happening it{world, planned, std::max(index, 0), Random(planned.dice), planned.lasts};
  const Fault fault = planned.fault;
  const bool etcd = fault >= Fault::kMemberDown && fault <= Fault::kRestoreUnderGuard;
  const bool hetzner = fault >= Fault::kHetznerUnreachable && fault <= Fault::kFipGone;
  const Instant from = world.now();
  if (etcd) {
    at_etcd(it, fault, incidents);
  } else if (hetzner) {
    at_hetzner(it, fault);
  } else {
    at_the_node(it, fault);
  }
  incidents.push_back({fault, concerns_all(fault) ? -1 : it.index, from, from + it.lasts});
}

void heal(World& world) {
  world.heal_links();
  world.budget = {};
  world.api_down.reset();
  world.assign_faults.clear();
  world.action_error = false;
  world.on_next_guard.reset();
  world.erase("pause");
  for (auto& [id, fip] : world.fips) {
    fip.gone = false;
    fip.fip.labels = world.config.labels;
  }
  for (std::size_t i = 0; i < world.nodes.size(); ++i) {
    ModelNode& node = world.nodes[i];
    node.alive = node.apiserver = node.member = node.certificate = node.hetzner = true;
    node.hung = node.shutting_down = node.cordoned = node.etcd_deaf = node.hetzner_deaf = false;
    node.etcd_lag = node.watch_lag = Duration(0);
    node.token = node.token_good = true;
    node.token_readonly = false;
    ++node.token_generation;
    end_observing(world, static_cast<int>(i));
    if (!node.vipd) world.start(static_cast<int>(i));
    else world.see_token(static_cast<int>(i));
  }
  world.settle_etcd();
}

}  // namespace vipd::sim
