#include "tests/sim/mutations.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vipd::sim {
namespace {

using core::Command;
using core::Config;
using core::Event;
using core::Now;
using core::State;
using core::Step;

bool is_guard(const Command& command) {
  const auto* txn = std::get_if<core::Txn>(&command);
  if (txn == nullptr || txn->write.size() != 1) return false;
  const auto* put = std::get_if<core::Put>(txn->write.data());
  return put != nullptr && put->key.find("/assignment/") != std::string::npos &&
         put->value.find("\"state\":\"intent\"") != std::string::npos;
}

// The guard is not asked; its answer is made up.
Step without_guard(const Config& config, State state, const Event& event, Now now) {
  Step done = core::step(config, std::move(state), event, now);
  for (auto guard = std::find_if(done.commands.begin(), done.commands.end(), is_guard);
       guard != done.commands.end();
       guard = std::find_if(done.commands.begin(), done.commands.end(), is_guard)) {
    core::TxnDone answer{std::get<core::Txn>(*guard).call, true, done.state.keys.newest, now.at};
    done.commands.erase(guard);
    Step more = core::step(config, std::move(done.state), answer, now);
    done.state = std::move(more.state);
    std::move(more.commands.begin(), more.commands.end(), std::back_inserter(done.commands));
  }
  return done;
}

// Whatever is read, a holder finds the addresses where it wants them.
Step without_verify(const Config& config, State state, const Event& event, Now now) {
  const auto* list = std::get_if<core::FipsListed>(&event);
  if (list == nullptr || !state.tenure || !state.self.identity) {
    return core::step(config, std::move(state), event, now);
  }
  core::FipsListed made_up = *list;
  for (auto& fip : made_up.fips) fip.server = state.self.identity->server;
  return core::step(config, std::move(state), made_up, now);
}

Step without_allowlist(const Config& config, State state, const Event& event, Now now) {
  const auto* list = std::get_if<core::FipsListed>(&event);
  if (list == nullptr) return core::step(config, std::move(state), event, now);
  core::FipsListed made_up = *list;
  for (auto& fip : made_up.fips) fip.labels = config.labels;
  return core::step(config, std::move(state), made_up, now);
}

Step without_cooldown(const Config& config, State state, const Event& event, Now now) {
  state.unplanned.clear();
  return core::step(config, std::move(state), event, now);
}

Step revision_only(const Config& config, State state, const Event& event, Now now) {
  Step done = core::step(config, std::move(state), event, now);
  for (Command& command : done.commands) {
    auto* txn = std::get_if<core::Txn>(&command);
    if (txn == nullptr) continue;
    for (core::Compare& compare : txn->compare) compare.value.reset();
  }
  return done;
}

Step lets_go_with_lease(const Config& config, State state, const Event& event, Now now) {
  const bool had = state.session.lease.has_value() && state.session.good_until > now.at;
  Step done = core::step(config, std::move(state), event, now);
  const bool has = done.state.session.lease.has_value() && done.state.session.good_until > now.at;
  if (!had || has) return done;
  for (const auto& fip : config.fips) done.commands.emplace_back(core::RemoveAddress{fip.address});
  return done;
}

}  // namespace

const std::vector<Mutation>& mutations() {
  static const std::vector<Mutation> all = {
      {"no-guard", "assigns without a guard (A1)", "invariant 1",
       without_guard},
      {"no-verify", "believes what it wants to read (A6)", "invariant 3",
       without_verify},
      {"no-allowlist", "touches what does not carry the labels (A20)", "invariant 4",
       without_allowlist},
      {"no-cooldown", "gives up again and again (E16)", "invariant 6",
       without_cooldown},
      {"revision-only", "compares the leader key on its revision alone (E3)", "invariant 1",
       revision_only},
      {"lease-loss", "takes the address off with the lease (N1)", "invariant 9",
       lets_go_with_lease},
  };
  return all;
}

}  // namespace vipd::sim
