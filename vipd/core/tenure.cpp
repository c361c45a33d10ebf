#include "vipd/core/tenure.h"

#include <algorithm>

#include "vipd/core/reads.h"

namespace vipd::core {
namespace {

constexpr int kFailuresMost = 5;
constexpr Duration kLimitTrusted = std::chrono::minutes(5);

}  // namespace

void keep_tenure(Turn& turn) {
  State& state = turn.state;
  if (!turn.holder()) {
    if (state.tenure) {
      turn.say(Say::Level::kInfo, "E21", "this node no longer holds the leader key");
      state.tenure.reset();
    }
    return;
  }
  const Held<LeaderRecord>& leader = *state.keys.leader;
  if (state.tenure && state.tenure->epoch == leader.kv.mod_revision) return;
  // Another epoch that nobody gave (the key was written by hand): what was finished stays so.
  const bool finished =
      state.tenure && state.tenure->ever_verified && leader.record.giver.empty();
  state.tenure =
      Tenure{leader.kv.mod_revision, turn.now, leader.record.cause, {}, {}, finished, {}};
  turn.say(Say::Level::kInfo, "E21", "this node holds the leader key",
           {{"cause", std::string(name_of(leader.record.cause))}});
  for (const DeclaredFip& fip : turn.config.fips) {
    state.tenure->work[fip.id];
  }
  state.reads.next_regular = turn.now + turn.config.timing.read_every;
}

bool all_verified(const Turn& turn) {
  if (!turn.state.tenure) return false;
  const auto& work = turn.state.tenure->work;
  return std::all_of(work.begin(), work.end(),
                     [](const auto& entry) { return entry.second.verified; });
}

bool cannot_finish(Turn& turn) {
  if (!turn.state.tenure || turn.paused() || all_verified(turn)) return false;
  const Tenure& tenure = *turn.state.tenure;
  if (!turn.state.token.refused.empty()) return true;
  for (const auto& [id, work] : tenure.work) {
    if (work.failures >= kFailuresMost && !undeclared(turn.state, id)) return true;
  }
  // Not as declared (rule A20): no other node may touch it either, if it reads the same.
  if (undeclared(turn.config, turn.state) && turn.state.reads.problem.empty()) return false;
  // A rate limit is the whole project's: another node would wait as long (rule A12), unless it
  // is this node's alone, behind a proxy or with a token of its own. Nor is it this node's
  // failure that it had to stand still, without etcd or paused.
  const Instant limited = std::min(turn.state.reads.limited_at, tenure.since + kLimitTrusted);
  const Instant since = std::max({tenure.since, limited, tenure.frozen_at});
  return !tenure.ever_verified && turn.reached(since + turn.config.timing.verified_within);
}

}  // namespace vipd::core
