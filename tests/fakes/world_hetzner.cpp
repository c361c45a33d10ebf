// Hetzner's API as a node of the World sees it.
#include "tests/fakes/world_hands.h"

namespace vipd::fakes {

Hands::Answer Hands::refused(core::CallId call, core::HcloudError error, Instant sent,
                             bool was_sent) const {
  core::Rate rate = world.rate();
  if (world.budget.limit == 0) rate = {};
  return core::HcloudFailed{call, error, "refused", was_sent, sent, rate};
}

void Hands::api(core::CallId call, Instant deadline, bool writes, Arrive good) const {
  const Instant sent = world.local(node);
  if (!self().hetzner) {
    return world.answer(node, std::max<Duration>(deadline - sent, Duration(0)),
                        core::HcloudFailed{call, core::HcloudError::kTimeout, "no route", false,
                                           sent, {}});
  }
  world.exchange(
      node, world.legs(world.pace.api), deadline,
      core::HcloudFailed{call, core::HcloudError::kTimeout, "deadline", true, sent, {}},
      [=, from = node, good = std::move(good)](World& then) -> Answer {
        const Hands hands{then, from};
        const ModelNode& self = hands.self();
        if (then.witness != nullptr) then.witness->called(from);
        using core::HcloudError;
        if (then.api_down == HcloudError::kTimeout) return std::nullopt;
        std::optional<HcloudError> error = then.api_down;
        if (!error && !then.spend()) error = HcloudError::kRateLimited;
        if (!error && !self.token_good) error = HcloudError::kUnauthorized;
        if (!error && writes && self.token_readonly) error = HcloudError::kReadonly;
        if (error) return hands.refused(call, *error, sent, true);
        Answer answer = good(then);
        return self.hetzner_deaf ? std::nullopt : std::move(answer);
      });
}

void Hands::operator()(const core::ListFips& c) const {
  ++world.lists;
  const Instant sent = world.local(node);
  if (!world.list_faults.empty()) {
    const core::HcloudError error = world.list_faults.front();
    world.list_faults.erase(world.list_faults.begin());
    return world.answer(node, world.pace.api,
                        core::HcloudFailed{c.call, error, "fault", true, sent, {}});
  }
  api(c.call, c.deadline, false, [c, sent](World& then) -> Answer {
    core::FipsListed list{c.call, {}, sent, then.rate()};
    for (const auto& [id, fip] : then.fips) {
      if (!fip.gone) list.fips.push_back(fip.fip);
    }
    return list;
  });
}

void Hands::operator()(const core::GetServer& c) const {
  api(c.call, c.deadline, false, [c, from = node, sent = world.local(node)](World& then) -> Answer {
    for (const ModelNode& other : then.nodes) {
      if (other.server != c.server) continue;
      return core::ServerSeen{c.call, c.server,     other.name, {ip(other.address)},
                              std::nullopt, sent, {}};
    }
    return Hands{then, from}.refused(c.call, core::HcloudError::kNotFound, sent, true);
  });
}

void Hands::assign(core::CallId call, core::FipId fip, core::ServerId server,
                   Instant first_byte_by, Instant deadline) const {
  const Duration connects = world.leg(world.pace.connect);
  if (connects == Duration(0)) return write(call, fip, server, deadline);
  // The process may stand still meanwhile; it looks at its clock before the first byte.
  world.later(connects, node, [=, from = node](World& then) {
    const Hands hands{then, from};
    if (then.now_ < hands.self().frozen_until) {
      const Duration thaw = hands.self().frozen_until - then.now_;
      return then.later(thaw, from, [=](World& thawed) {
        thawed.answer(from, Duration(0),
                      *Hands{thawed, from}.refused(call, core::HcloudError::kNotSent,
                                                   thawed.local(from), false));
      });
    }
    if (then.local(from) > first_byte_by) {
      Answer late = hands.refused(call, core::HcloudError::kNotSent, then.local(from), false);
      return then.answer(from, Duration(0), *std::move(late));
    }
    hands.write(call, fip, server, deadline);
  });
}

void Hands::write(core::CallId call, core::FipId fip, core::ServerId server,
                  Instant deadline) const {
  const Instant sent = world.local(node);
  world.judge_assign(node, fip);
  if (world.witness != nullptr) world.witness->writes(node, fip, server);
  world.audit.push_back({world.now(), node, fip, server});
  if (!world.assign_faults.empty()) {
    const World::Fault fault = world.assign_faults.front();
    world.assign_faults.erase(world.assign_faults.begin());
    if (fault.applied) {
      world.later(fault.late, -1, [by = node, fip, server](World& then) {
        Hands{then, by}.accept(fip, server, 0, {});
      });
    }
    const Duration wait = fault.error == core::HcloudError::kTimeout
                              ? std::max<Duration>(deadline - sent, Duration(0))
                              : world.pace.api;
    return world.answer(node, wait,
                        core::HcloudFailed{call, fault.error, "fault", fault.sent, sent, {}});
  }
  api(call, deadline, true, [=, from = node](World& then) {
    return Hands{then, from}.accept(fip, server, call, sent);
  });
}

Hands::Answer Hands::accept(core::FipId fip, core::ServerId server, core::CallId call,
                            Instant sent) const {
  ModelFip& model = world.fips[fip];
  if (model.gone) return refused(call, core::HcloudError::kNotFound, sent, true);
  if (model.running && model.running->state == Action::State::kRunning) {
    return refused(call, core::HcloudError::kLocked, sent, true);
  }
  const Duration takes = world.leg(world.assign_takes);
  model.running = Action{world.next_action_++, Action::State::kRunning, ""};
  model.target = server;
  model.done_at = world.now() + takes;
  world.later(takes, -1, [](World&) {});
  return core::AssignAccepted{call, *model.running, sent, world.rate()};
}

void Hands::operator()(const core::GetAction& c) const {
  if (!world.action_faults.empty()) {
    const core::HcloudError error = world.action_faults.front();
    world.action_faults.erase(world.action_faults.begin());
    return world.answer(node, world.pace.api,
                        core::HcloudFailed{c.call, error, "fault", true, world.local(node), {}});
  }
  api(c.call, c.deadline, false, [c, sent = world.local(node)](World& then) -> Answer {
    for (const auto& [id, fip] : then.fips) {
      if (!fip.running || fip.running->id != c.action) continue;
      return core::ActionSeen{c.call, *fip.running, sent, {}};
    }
    return core::ActionSeen{c.call, {c.action, Action::State::kSuccess, ""}, sent, {}};
  });
}

void Hands::operator()(const core::FindRunningAction& c) const {
  api(c.call, c.deadline, false, [c, sent = world.local(node)](World& then) -> Answer {
    core::RunningFound found{c.call, std::nullopt, sent, {}};
    const ModelFip& fip = then.fips[c.fip];
    if (fip.running && fip.running->state == Action::State::kRunning) found.action = fip.running;
    return found;
  });
}

}  // namespace vipd::fakes
