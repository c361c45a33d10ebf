#include "vipd/core/handover.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "vipd/core/drift.h"
#include "vipd/core/tenure.h"

namespace vipd::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kProbeWithin = milliseconds(450);  // its 200 is good for 500 ms
constexpr Duration kConfirmedFor = milliseconds(500);
constexpr Duration kAskAgain = seconds(1);

std::vector<ServerId> tried(const Turn& turn) {
  // Whoever tried before the last verified may try again (rule A16).
  const bool fresh_start = turn.state.tenure && turn.state.tenure->ever_verified;
  if (fresh_start || !turn.state.keys.leader) return {};
  return turn.state.keys.leader->record.tried;
}

bool contains(const std::vector<ServerId>& servers, ServerId server) {
  return std::find(servers.begin(), servers.end(), server) != servers.end();
}

const NodeRecord* choose(Turn& turn, const Wish& wish) {
  Handover& handover = turn.state.handover;
  for (const NodeRecord* node : ready_nodes(turn, turn.server())) {
    if (wish.to != 0 && node->server != wish.to) continue;
    if (wish.skip_tried && contains(tried(turn), node->server)) continue;
    if (handover.refused.count(node->instance) == 0) return node;
  }
  return nullptr;
}

std::string successor_value(const Turn& turn, const Wish& wish, const NodeRecord& node) {
  LeaderRecord record;
  record.instance = node.instance;
  record.node = node.node;
  record.server = node.server;
  record.address = node.address;
  record.since = rfc3339(turn.wall);
  record.cause = wish.cause;
  record.giver = turn.state.self.instance;
  if (turn.state.keys.request) record.reason = turn.state.keys.request->record.reason;
  if (!all_verified(turn) && wish.cause == Cause::kCannotFinish) {
    record.tried = tried(turn);
    if (!contains(record.tried, turn.server())) record.tried.push_back(turn.server());
  }
  return record.text();
}

void ask(Turn& turn, const NodeRecord& node) {
  Handover& handover = turn.state.handover;
  const auto address = IpAddress::parse(node.address);
  if (!address.ok()) {
    handover.refused.insert(node.instance);
    return;
  }
  handover.candidate = node.instance;
  handover.confirmed = false;
  const CallId call = turn.begin(handover.probe, kProbeWithin);
  turn.send(ProbeReadyz{call, *address, handover.probe.deadline});
}

void give(Turn& turn, const Wish& wish, const Held<NodeRecord>& successor) {
  Handover& handover = turn.state.handover;
  Txn txn;
  txn.compare = {turn.leader_as_seen(),
                 {successor.kv.key, successor.kv.mod_revision, successor.kv.value}};
  txn.write = {Put{turn.key("leader"), successor_value(turn, wish, successor.record),
                   successor.kv.lease}};
  if (turn.state.keys.request) txn.write.emplace_back(Delete{turn.key("request")});
  txn.call = turn.begin(handover.txn, turn.config.timing.etcd_deadline);
  txn.deadline = handover.txn.deadline;
  handover.cause = wish.cause;
  handover.confirmed = false;
  turn.say(Say::Level::kInfo, wish.rule,
           absl::StrCat("hand over to ", successor.record.node, ": ", wish.why),
           {{"cause", std::string(name_of(wish.cause))}});
  turn.send(std::move(txn));
}

std::optional<Wish> requested(Turn& turn) {
  if (!turn.state.keys.request || turn.paused()) return std::nullopt;
  const RequestRecord& request = turn.state.keys.request->record;
  if (request.off != 0 && request.off != turn.server()) return std::nullopt;
  if (request.to == turn.server()) return std::nullopt;
  return Wish{Cause::kRequest, "E6", request.to,
              absl::StrCat("asked by ", request.by, ": ", request.reason), false};
}

// Answered again, and asked once more within a second: a move would gain nothing by then.
bool comes_back(const Gate& gate, const Condition& condition) {
  const auto rises = [](const Pulse& pulse) { return !pulse.up && pulse.hits > 0; };
  return (condition.name == "apiserver-readyz" && rises(gate.readyz)) ||
         (condition.name == "apiserver-tls" && rises(gate.tls));
}

// What speaks against this node alone. Lease and member fail for everybody in an etcd election,
// and whoever can write the leader key has them again; a Floating IP that is not as declared is
// so for every node, and passing the key on would gain nothing.
const Condition* own_failure(const Gate& gate) {
  for (const Condition& condition : gate.conditions) {
    const bool everybodys = condition.name == "lease" || condition.name == "etcd-member" ||
                            condition.name == "floating-ips";
    if (!condition.ok && !everybodys && !comes_back(gate, condition)) return &condition;
  }
  return nullptr;
}

std::optional<Wish> unready(Turn& turn) {
  const Condition* failure = own_failure(turn.state.gate);
  // An instance that has never been ready has not failed yet: it adopted what was there.
  const bool never_ready = !turn.state.gate.readyz.ever_up;
  if (failure == nullptr || turn.paused() || never_ready) return std::nullopt;
  if (!turn.reached(cooldown_until(turn))) {
    turn.say_once("cooldown", Say::Level::kWarn, "E16",
                  "not ready, but the address moved for that a moment ago: it stays for now");
    return std::nullopt;
  }
  turn.say_once("cooldown", Say::Level::kInfo, "E16", "");
  return Wish{Cause::kUnready, "E12", 0,
              failure->name + ": " + failure->evidence, false};
}

bool can_be_fulfilled(const Turn& turn, const Wish& wish) {
  const auto nodes = ready_nodes(turn, turn.server());
  return std::any_of(nodes.begin(), nodes.end(), [&](const NodeRecord* node) {
    return wish.to == 0 || node->server == wish.to;
  });
}

}  // namespace

bool passes_on(const Gate& gate) { return own_failure(gate) != nullptr; }

bool comes_back(const Gate& gate) {
  return std::any_of(gate.conditions.begin(), gate.conditions.end(), [&](const auto& condition) {
    return !condition.ok && comes_back(gate, condition);
  });
}

std::optional<Wish> handover_wish(Turn& turn) {
  State& state = turn.state;
  if (!state.tenure) return std::nullopt;
  if (state.stop.asked) {
    // Restarting with work unfinished passes it on too (rule E18).
    if (state.stop.hand_over == true && !turn.paused()) {
      return Wish{Cause::kShutdown, "E18", 0, "this node goes down", false};
    }
    return std::nullopt;
  }
  // First, so that a wish for one node that cannot be fulfilled does not hide it.
  if (auto wish = unready(turn)) return wish;
  if (const ServerId server = drifted_onto(turn); server != 0) {
    return Wish{Cause::kDrift, "A18", server, "the address was moved there", false};
  }
  auto request = requested(turn);
  if (request && can_be_fulfilled(turn, *request)) return request;
  if (cannot_finish(turn)) {
    return Wish{Cause::kCannotFinish, "A16", 0, "the assignment cannot be finished here", true};
  }
  return request;
}

bool on_handover(Turn& turn, const ReadyzAnswer& event) {
  Handover& handover = turn.state.handover;
  if (!Turn::ends(handover.probe, event.call)) return false;
  if (event.result == ReadyzAnswer::Result::kOk) {
    handover.confirmed = true;
    handover.confirmed_at = event.sent_at;
  } else {
    handover.refused.insert(handover.candidate);
    turn.say(Say::Level::kWarn, "E12",
             absl::StrCat("successor ", handover.candidate, " is passed over: ", event.why));
  }
  return true;
}

bool handover_txn_done(Turn& turn, const TxnDone& event) {
  Handover& handover = turn.state.handover;
  if (!Turn::ends(handover.txn, event.call)) return false;
  if (event.committed && turn.state.stop.asked) turn.state.stop.gave = true;
  turn.confirm_leader();
  handover.retry_at = turn.now + milliseconds(100);
  return true;
}

bool handover_failed(Turn& turn, CallId call) {
  Handover& handover = turn.state.handover;
  if (!Turn::ends(handover.txn, call)) return false;
  turn.confirm_leader();
  handover.retry_at = turn.now + milliseconds(100);
  return true;
}

void keep_handover(Turn& turn) {
  Handover& handover = turn.state.handover;
  if (!turn.can_write()) return;
  const auto wish = handover_wish(turn);
  if (!wish) {
    handover.refused.clear();
    handover.confirmed = false;
    return;
  }
  if (turn.busy(handover.txn) || turn.busy(handover.probe) ||
      turn.busy(turn.state.election.confirm))
    return;
  if (handover.confirmed) {
    const auto held = turn.state.keys.nodes.find(handover.candidate);
    const bool still = held != turn.state.keys.nodes.end() && held->second.record.ready &&
                       turn.now - handover.confirmed_at <= kConfirmedFor;
    handover.confirmed = still;
    if (still && (wish->to == 0 || held->second.record.server == wish->to)) {
      return give(turn, *wish, held->second);
    }
  }
  if (!turn.reached(handover.retry_at)) return;
  if (const NodeRecord* node = choose(turn, *wish)) return ask(turn, *node);
  if (wish->cause == Cause::kDrift) repair_instead(turn, wish->to);
  handover.refused.clear();
  handover.retry_at = turn.now + kAskAgain;
}

std::vector<const NodeRecord*> ready_nodes(const Turn& turn, ServerId without) {
  std::vector<const NodeRecord*> nodes;
  const Keys& keys = turn.state.keys;
  for (const auto& [instance, held] : keys.nodes) {
    const NodeRecord& node = held.record;
    // For our own server we speak, even should a former instance's write have come later.
    const bool speaks = node.server == turn.server() ? instance == turn.state.self.instance
                                                     : keys.node_of(node.server) == &node;
    if (speaks && node.ready && node.server != without) nodes.push_back(&node);
  }
  std::sort(nodes.begin(), nodes.end(), [](const NodeRecord* a, const NodeRecord* b) {
    return std::make_pair(a->etcd_leader, a->server) < std::make_pair(b->etcd_leader, b->server);
  });
  return nodes;
}

Instant cooldown_until(const Turn& turn) {
  const auto recent = std::count_if(
      turn.state.unplanned.begin(), turn.state.unplanned.end(),
      [&](Instant at) { return turn.now - at < Duration(hours(1)); });
  if (recent == 0) return turn.state.started;
  const Timing& timing = turn.config.timing;
  Duration wait = timing.cooldown;
  for (int i = 1; i < recent && wait < timing.cooldown_most; ++i) wait *= 2;
  return turn.state.unplanned.back() + std::min(wait, timing.cooldown_most);
}

}  // namespace vipd::core
