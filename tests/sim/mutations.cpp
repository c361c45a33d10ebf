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
using Commands = std::vector<Command>;

bool is_guard(const Command& command) {
  const auto* txn = std::get_if<core::Txn>(&command);
  if (txn == nullptr || txn->write.size() != 1) return false;
  const auto* put = std::get_if<core::Put>(txn->write.data());
  return put != nullptr && put->key.find("/assignment/") != std::string::npos &&
         put->value.find("\"state\":\"intent\"") != std::string::npos;
}

// The guard is not asked; its answer is made up.
Commands without_guard(const Config& config, State& state, const Event& event, Now now) {
  Commands all = core::advance(config, state, event, now);
  for (auto guard = std::find_if(all.begin(), all.end(), is_guard); guard != all.end();
       guard = std::find_if(all.begin(), all.end(), is_guard)) {
    core::TxnDone answer{std::get<core::Txn>(*guard).call, true, state.keys.newest, now.at};
    all.erase(guard);
    Commands more = core::advance(config, state, answer, now);
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

// Whatever is read, a holder finds the addresses where it wants them.
Commands without_verify(const Config& config, State& state, const Event& event, Now now) {
  const auto* list = std::get_if<core::FipsListed>(&event);
  if (list == nullptr || !state.tenure || !state.self.identity) {
    return core::advance(config, state, event, now);
  }
  core::FipsListed made_up = *list;
  for (auto& fip : made_up.fips) fip.server = state.self.identity->server;
  return core::advance(config, state, made_up, now);
}

Commands without_allowlist(const Config& config, State& state, const Event& event, Now now) {
  const auto* list = std::get_if<core::FipsListed>(&event);
  if (list == nullptr) return core::advance(config, state, event, now);
  core::FipsListed made_up = *list;
  for (auto& fip : made_up.fips) fip.labels = config.labels;
  return core::advance(config, state, made_up, now);
}

Commands without_cooldown(const Config& config, State& state, const Event& event, Now now) {
  state.unplanned.clear();
  return core::advance(config, state, event, now);
}

Commands revision_only(const Config& config, State& state, const Event& event, Now now) {
  Commands all = core::advance(config, state, event, now);
  for (Command& command : all) {
    auto* txn = std::get_if<core::Txn>(&command);
    if (txn == nullptr) continue;
    for (core::Compare& compare : txn->compare) compare.value.reset();
  }
  return all;
}

Commands lets_go_with_lease(const Config& config, State& state, const Event& event, Now now) {
  const auto lives = [&] { return state.session.lease && state.session.good_until > now.at; };
  const bool had = lives();
  Commands all = core::advance(config, state, event, now);
  if (!had || lives()) return all;
  for (const auto& fip : config.fips) all.emplace_back(core::RemoveAddress{fip.address});
  return all;
}

Commands without_observing(const Config& config, State& state, const Event& event, Now now) {
  Config manages = config;
  manages.mode = core::Mode::kManage;
  return core::advance(manages, state, event, now);
}

// Whoever is named is robbed, whether or not it lives.
Commands without_mercy(const Config& config, State& state, const Event& event, Now now) {
  if (!std::holds_alternative<core::ReleaseAsked>(event)) {
    return core::advance(config, state, event, now);
  }
  const auto nodes = std::exchange(state.keys.nodes, {});
  Commands all = core::advance(config, state, event, now);
  state.keys.nodes = nodes;
  for (Command& command : all) {
    if (auto* txn = std::get_if<core::Txn>(&command)) txn->compare.resize(1);
  }
  return all;
}

Commands without_answers(const Config& config, State& state, const Event& event, Now now) {
  Commands all = core::advance(config, state, event, now);
  std::erase_if(all, [](const Command& command) {
    return std::holds_alternative<core::OrderAnswer>(command);
  });
  return all;
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
      {"no-observing", "manages though it is to observe (O4)", "invariant 10",
       without_observing},
      {"no-mercy", "releases the key of a holder that lives (O3)", "invariant 11",
       without_mercy},
      {"no-answers", "answers no order", "invariant 12",
       without_answers},
  };
  return all;
}

}  // namespace vipd::sim
