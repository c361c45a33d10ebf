#include "vipd/core/forecast.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "vipd/core/handover.h"
#include "vipd/core/observe.h"

namespace vipd::core {
namespace {

using Sentences = std::vector<std::string>;

// Servers other than this one from which a vipd reports.
std::set<ServerId> others(const Turn& turn) {
  std::set<ServerId> servers;
  for (const auto& [instance, held] : turn.state.keys.nodes) servers.insert(held.record.server);
  servers.erase(turn.server());
  return servers;
}

std::string names(const std::vector<const NodeRecord*>& nodes) {
  return absl::StrJoin(nodes, ", ", [](std::string* text, const NodeRecord* node) {
    absl::StrAppend(text, node->node);
  });
}

// How many members etcd has is not known here; that many nodes report is.
void about_quorum(const Turn& turn, Sentences& sentences) {
  if (others(turn).size() == 1) {
    sentences.push_back(
        "if no third etcd member lives, the quorum would be lost: nothing moves until one is back");
  }
}

Sentences as_holder(Turn& turn) {
  const State& state = turn.state;
  if (turn.hard_paused()) {
    return {absl::StrCat("nobody would take over: hard paused by ", state.keys.pause->record.by,
                         " until ", state.keys.pause->record.until)};
  }
  const auto ready = ready_nodes(turn, turn.server());
  if (ready.empty()) {
    Sentences sentences = {"nobody would take over: no other node is ready"};
    for (const ServerId server : others(turn)) {
      const NodeRecord& node = *state.keys.node_of(server);
      sentences.push_back(absl::StrCat(node.node, " is not ready: ", node.why));
    }
    return sentences;
  }
  Sentences sentences = {absl::StrCat(
      ready.front()->node, " would take over: its turn comes when the etcd lease of this node has "
      "ended (", turn.config.timing.ttl.count(), " s at most) and this node's apiserver was asked "
      "three times without an answer; then it assigns the addresses to itself")};
  if (ready.size() > 1) {
    const std::vector<const NodeRecord*> rest(ready.begin() + 1, ready.end());
    sentences.push_back(absl::StrCat("if it cannot, in this order: ", names(rest)));
  }
  const bool leads_etcd = state.member.last && state.member.last->leader != 0 &&
                          state.member.last->leader == state.member.last->member;
  if (leads_etcd) {
    sentences.push_back(
        "this node leads etcd: the next etcd leader renews every lease first, so it takes longer");
  }
  return sentences;
}

Sentences as_another(const Turn& turn) {
  const LeaderRecord& holder = turn.state.keys.leader->record;
  Sentences sentences = {absl::StrCat("nothing would move: ", holder.node, " has the addresses")};
  auto left = ready_nodes(turn, holder.server);
  std::erase_if(left, [&](const NodeRecord* node) { return node->server == turn.server(); });
  sentences.push_back(left.empty()
                          ? absl::StrCat("but no ready node would be left to follow ", holder.node)
                          : absl::StrCat("left to follow it: ", names(left)));
  return sentences;
}

}  // namespace

std::vector<std::string> if_this_node_died(Turn& turn) {
  const Keys& keys = turn.state.keys;
  if (observes(turn.config)) return {"nothing would change: observe mode takes no part"};
  if (!keys.current || !turn.lease_alive()) {
    return {"this node cannot tell: it has no etcd lease; without etcd's quorum nothing moves"};
  }
  if (!keys.leader || !keys.leader->readable) {
    return {"nothing would change: nobody is known to hold the leader key"};
  }
  if (others(turn).empty()) return {"nobody would take over: no other vipd reports"};
  Sentences sentences = turn.holder() ? as_holder(turn) : as_another(turn);
  about_quorum(turn, sentences);
  return sentences;
}

}  // namespace vipd::core
