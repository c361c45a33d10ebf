#include "vipd/core/observe.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "vipd/core/gate.h"
#include "vipd/core/reads.h"
#include "vipd/core/session.h"
#include "vipd/core/stop.h"

namespace vipd::core {
namespace {

std::string about_the_gate(const Gate& gate) {
  for (const Condition& condition : gate.conditions) {
    if (!condition.ok) {
      return absl::StrCat("not be ready: ", condition.name, ": ", condition.evidence);
    }
  }
  return "be ready";
}

// Nobody holds the leader key (rules E13 to E15).
std::string about_a_claim(const Turn& turn) {
  for (const DeclaredFip& fip : turn.config.fips) {
    const auto found = turn.state.beliefs.find(fip.id);
    if (found == turn.state.beliefs.end() || !found->second.known) continue;
    if (!found->second.server) continue;
    if (*found->second.server == turn.server()) {
      return "take the leader key: the address is on this server";
    }
    return absl::StrCat("leave first claim to server ", *found->second.server,
                        ", and take the leader key by rank if its apiserver does not answer");
  }
  return "take the leader key by rank: no server is known to have the addresses";
}

std::string about_the_leader(const Turn& turn) {
  const auto& leader = turn.state.keys.leader;
  if (!leader) return turn.paused() ? "wait: paused" : about_a_claim(turn);
  if (!leader->readable) return "wait: the leader key cannot be read";
  if (leader->record.server == turn.server()) {
    return "take the leader key that a vipd of this server has";
  }
  return absl::StrCat("stand by for ", leader->record.node);
}

}  // namespace

std::string would_do(const Turn& turn) {
  const State& state = turn.state;
  std::vector<std::string> list = {about_the_gate(state.gate)};
  if (state.gate.ready) {
    for (const DeclaredFip& fip : turn.config.fips) {
      if (on_node(state, fip.address)) continue;
      list.push_back(absl::StrCat("put ", fip.address.text(), " on lo"));
    }
  }
  if (state.keys.current && state.gate.ready) list.push_back(about_the_leader(turn));
  return absl::StrJoin(list, "; ");
}

void observe(Turn& turn) {
  ask_member(turn);
  keep_reads(turn);
  keep_stopping(turn);
  turn.say_once("observe", Say::Level::kInfo, "O4",
                absl::StrCat("observe mode writes nothing; it would ", would_do(turn)));
}

}  // namespace vipd::core
