#include "tests/fakes/world_hands.h"

namespace vipd::fakes {

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

}  // namespace vipd::fakes
