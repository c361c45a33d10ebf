#include "vipd/core/moves.h"

#include "absl/strings/str_cat.h"

namespace vipd::core {
namespace {

constexpr Duration kRemembered = std::chrono::hours(1);
constexpr std::size_t kMovesKept = 20;

}  // namespace

void account_for_leader(Turn& turn) {
  State& state = turn.state;
  if (!state.keys.leader || !state.keys.leader->readable) return;
  const Held<LeaderRecord>& leader = *state.keys.leader;
  if (leader.kv.mod_revision == state.last_epoch) return;
  const bool moved = state.last_server != 0 && state.last_server != leader.record.server;
  if (moved) {
    ++state.figures.moves[std::string(name_of(leader.record.cause))];
    if (unplanned(leader.record.cause)) {
      std::erase_if(state.unplanned, [&](Instant at) { return turn.now - at > kRemembered; });
      state.unplanned.push_back(turn.now);
    }
    if (state.moves.size() == kMovesKept) state.moves.erase(state.moves.begin());
    state.moves.push_back({turn.wall, state.last_holder, leader.record.node,
                           leader.record.server, leader.record.cause, leader.kv.mod_revision,
                           leader.record.reason});
  }
  turn.say(Say::Level::kInfo, "E3", absl::StrCat("the leader key names ", leader.record.node),
           {{"cause", std::string(name_of(leader.record.cause))},
            {"server", absl::StrCat(leader.record.server)}});
  state.last_epoch = leader.kv.mod_revision;
  state.last_holder = leader.record.node;
  state.last_server = leader.record.server;
}

}  // namespace vipd::core
