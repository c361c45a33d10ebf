#include "vipd/core/take.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "vipd/core/handover.h"

namespace vipd::core {

LeaderRecord own_leader_record(const Turn& turn, Cause cause) {
  LeaderRecord record;
  record.instance = turn.state.self.instance;
  record.node = turn.state.self.identity->node;
  record.server = turn.server();
  record.address = turn.state.self.address;
  record.since = rfc3339(turn.wall);
  record.cause = cause;
  return record;
}

void take(Turn& turn, LeaderRecord record, std::vector<Compare> compare, std::string_view rule,
          const std::string& why) {
  Election& election = turn.state.election;
  if (turn.busy(election.txn) || turn.busy(election.confirm)) return;
  if (!turn.reached(election.retry_at)) return;
  const std::string value = record.text();
  election.proposed = KeyValue{turn.key("leader"), value, 0, *turn.state.session.lease};
  const CallId call = turn.begin(election.txn, turn.config.timing.etcd_deadline);
  turn.say(Say::Level::kInfo, rule, absl::StrCat("take the leader key: ", why),
           {{"cause", std::string(name_of(record.cause))}});
  turn.send(Txn{call, std::move(compare),
                {Put{turn.key("leader"), value, *turn.state.session.lease}},
                election.txn.deadline});
}

std::optional<int> rank(const Turn& turn) {
  const auto nodes = ready_nodes(turn, 0);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i]->instance == turn.state.self.instance) return static_cast<int>(i);
  }
  return std::nullopt;
}

bool take_done(Turn& turn, const TxnDone& event) {
  Election& election = turn.state.election;
  if (!Turn::ends(election.txn, event.call)) return false;
  if (!event.committed) {
    election.retry_at = turn.now + kRankStep;
    turn.confirm_leader();
    return true;
  }
  election.adopted = true;
  KeyRead read;
  read.found = election.proposed;
  read.found->mod_revision = read.revision = event.revision;
  apply_leader(turn.state.keys, read, turn.now);
  return true;
}

bool take_failed(Turn& turn, CallId call) {
  Election& election = turn.state.election;
  // The next keepalive reads the key again; asking at once would spin on a refused connection.
  if (Turn::ends(election.confirm, call)) return true;
  if (!Turn::ends(election.txn, call)) return false;
  election.retry_at = turn.now + kRankStep;
  turn.confirm_leader();
  return true;
}

}  // namespace vipd::core
