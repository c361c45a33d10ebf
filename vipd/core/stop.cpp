#include "vipd/core/stop.h"

#include "absl/strings/str_cat.h"
#include "vipd/core/handover.h"
#include "vipd/core/tenure.h"

namespace vipd::core {
namespace {

using std::chrono::seconds;

constexpr Duration kNodeWithin = seconds(1);
constexpr Duration kReleaseAgain = std::chrono::milliseconds(50);
constexpr Duration kLookingFor = seconds(5);  // for a successor, before the key is let go

// The assignment is verified by somebody's hand after ours.
bool successor_verified(const Turn& turn) {
  const Keys& keys = turn.state.keys;
  if (!keys.leader || !keys.leader->readable || turn.holder()) return false;
  for (const DeclaredFip& fip : turn.config.fips) {
    const auto found = keys.assignments.find(fip.id);
    if (found == keys.assignments.end()) return false;
    const AssignmentRecord& record = found->second.record;
    const bool done = record.epoch >= keys.leader->kv.mod_revision &&
                      record.phase == AssignmentRecord::Phase::kVerified;
    if (!done) return false;
  }
  return true;
}

// Deletes what is ours in one transaction: nobody has to wait for the lease.
void release(Turn& turn) {
  Stop& stop = turn.state.stop;
  if (turn.busy(stop.release) || !turn.reached(stop.release_again)) return;
  Txn txn;
  if (turn.holder()) {
    txn.compare = {turn.leader_as_seen()};
    txn.write.emplace_back(Delete{turn.key("leader")});
  }
  txn.write.emplace_back(Delete{turn.key(absl::StrCat("nodes/", turn.state.self.instance))});
  txn.call = turn.begin(stop.release, turn.config.timing.etcd_deadline);
  txn.deadline = stop.release.deadline;
  turn.send(std::move(txn));
}

void leave(Turn& turn) {
  turn.state.stop.released = true;
  if (turn.state.session.lease) turn.send(RevokeLease{*turn.state.session.lease});
  turn.say(Say::Level::kInfo, "E18", "vipd stops; the address stays on this node");
  turn.send(Exit{});
}

bool wants_to_serve_on(Turn& turn) {
  const Stop& stop = turn.state.stop;
  if (turn.reached(stop.deadline)) return false;
  const auto& leader = turn.state.keys.leader;
  const bool gave = stop.gave || (leader && leader->readable && !turn.holder() &&
                                  leader->record.giver == turn.state.self.instance);
  if (gave) return !successor_verified(turn);
  if (!turn.holder() || !turn.lease_alive()) return false;
  if (!stop.hand_over.has_value()) return true;
  if (!*stop.hand_over) return false;
  return !turn.reached(stop.deadline - turn.config.timing.stop_within + kLookingFor) ||
         !ready_nodes(turn, turn.server()).empty();
}

}  // namespace

void on(Turn& turn, const TermSignal&) {
  Stop& stop = turn.state.stop;
  if (stop.asked) return;
  stop.asked = true;
  stop.deadline = turn.now + turn.config.timing.stop_within;
  turn.say(Say::Level::kInfo, "E18", "asked to stop");
  if (!turn.state.tenure || !turn.state.self.identity) return;
  if (!all_verified(turn)) {  // mid-takeover: the receiver finishes it
    stop.hand_over = true;
    return;
  }
  const CallId call = turn.begin(stop.node, kNodeWithin);
  turn.send(ReadOwnNode{call, turn.state.self.identity->node, stop.node.deadline});
}

void on(Turn& turn, const OwnNode& event) {
  Stop& stop = turn.state.stop;
  if (!Turn::ends(stop.node, event.call)) return;
  stop.hand_over = !event.answered || event.cordoned || event.shutting_down;
  turn.say(Say::Level::kInfo, "E18",
           *stop.hand_over ? absl::StrCat("this node goes down (",
                                          event.answered ? "cordoned or shutting down" : event.why,
                                          "): hand over")
                           : "a restart: the key is left for the next vipd on this node");
}

bool stop_txn_done(Turn& turn, const TxnDone& event) {
  if (!Turn::ends(turn.state.stop.release, event.call)) return false;
  if (event.committed) {
    leave(turn);
  } else {
    turn.confirm_leader();
  }
  return true;
}

bool stop_failed(Turn& turn, CallId call) {
  Stop& stop = turn.state.stop;
  if (!Turn::ends(stop.release, call)) return false;
  stop.release_again = turn.now + kReleaseAgain;
  return true;
}

void keep_stopping(Turn& turn) {
  Stop& stop = turn.state.stop;
  if (!stop.asked || stop.released) return;
  if (stop.node.id != 0 && !turn.busy(stop.node)) stop.hand_over = true;  // no answer
  // The key came after the signal: whoever gets it next finishes the work.
  const bool asked = stop.node.id != 0 || stop.hand_over.has_value();
  if (turn.holder() && !asked) stop.hand_over = true;
  if (wants_to_serve_on(turn)) return;
  const bool no_use = !turn.lease_alive() || turn.reached(stop.deadline + kNodeWithin);
  if (no_use) return leave(turn);
  if (!turn.busy(turn.state.election.confirm)) release(turn);
}

}  // namespace vipd::core
