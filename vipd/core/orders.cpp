#include "vipd/core/orders.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "vipd/core/handover.h"
#include "vipd/core/observe.h"

namespace vipd::core {
namespace {

using std::chrono::seconds;

constexpr seconds kRequestTtl{300};
constexpr seconds kShortestPause{1};
constexpr seconds kLongestPause{7 * 24 * 3600};  // a forgotten one must end
constexpr const char* kPauseChanged =
    "the pause has changed meanwhile; look at `vipd status` and try again";

// A node by name or by server id.
const NodeRecord* find_node(const Turn& turn, const std::string& wanted) {
  ServerId id = 0;
  const char* const end = wanted.data() + wanted.size();
  if (std::from_chars(wanted.data(), end, id).ptr != end) id = 0;
  for (const auto& [instance, held] : turn.state.keys.nodes) {
    const NodeRecord& node = held.record;
    if (node.node == wanted || (id != 0 && node.server == id)) {
      return turn.state.keys.node_of(node.server);
    }
  }
  return nullptr;
}

struct Refusal {
  bool done = false;  // nothing to do is no failure
  std::string text;
};

Refusal unreadable_leader(const Keys& keys) {
  return {false, absl::StrCat("nobody can read who holds ", keys.leader->kv.key,
                              "; look at it with `etcdctl get`, and delete it if nobody needs it")};
}

std::optional<Refusal> check_to(Turn& turn, const std::string& to, ServerId holder,
                                RequestRecord& record) {
  const NodeRecord* node = find_node(turn, to);
  if (node == nullptr) {
    return Refusal{false, absl::StrCat("no running vipd reports as ", to,
                                       "; `vipd status` lists the nodes")};
  }
  if (node->server == holder) return Refusal{true, absl::StrCat(to, " holds it already")};
  if (!node->ready) {
    return Refusal{false, absl::StrCat(to, " is not ready: ", node->why,
                                       "; `vipd status` there shows the evidence")};
  }
  record.to = node->server;
  return std::nullopt;
}

std::optional<Refusal> check(Turn& turn, const HandoverAsked& event, RequestRecord& record) {
  const Keys& keys = turn.state.keys;
  if (turn.paused()) {
    return Refusal{false, absl::StrCat("paused by ", keys.pause->record.by, ": ",
                                       keys.pause->record.reason)};
  }
  if (keys.request) {
    return Refusal{false, absl::StrCat("a request of ", keys.request->record.by,
                                       " is pending: ", keys.request->record.reason,
                                       "; it ends with the handover or within 5 minutes")};
  }
  if (!keys.leader) {
    return Refusal{false, "nobody holds the leader key, so there is nothing to hand over"};
  }
  if (!keys.leader->readable) return unreadable_leader(keys);
  const LeaderRecord& holder = keys.leader->record;
  if (!event.off.empty()) {
    const NodeRecord* node = find_node(turn, event.off);
    const bool holds = event.off == holder.node || event.off == absl::StrCat(holder.server) ||
                       (node != nullptr && node->server == holder.server);
    if (!holds && node == nullptr) {
      return Refusal{false, absl::StrCat("no running vipd reports as ", event.off,
                                         ", and the holder is ", holder.node,
                                         "; `vipd status` lists the nodes")};
    }
    if (!holds) {
      return Refusal{true, absl::StrCat(event.off, " does not hold it; ", holder.node, " does")};
    }
    record.off = holder.server;
  }
  if (!event.to.empty()) return check_to(turn, event.to, holder.server, record);
  if (ready_nodes(turn, holder.server).empty()) {
    return Refusal{false, "no other node is ready; `vipd status` says why"};
  }
  return std::nullopt;
}

// What stands in the way of any order.
std::optional<Refusal> cannot_order(Turn& turn) {
  if (observes(turn.config)) {
    return Refusal{false, "this vipd only observes (mode: observe); order another node"};
  }
  if (turn.state.keys.current && turn.lease_alive()) return std::nullopt;
  return Refusal{false, "this vipd has no etcd lease, so it cannot ask; try another node"};
}

std::optional<Refusal> check(Turn& turn, const ReleaseAsked& event) {
  const Keys& keys = turn.state.keys;
  if (!keys.leader) return Refusal{true, "nobody holds the leader key"};
  if (!keys.leader->readable) return unreadable_leader(keys);
  const LeaderRecord& holder = keys.leader->record;
  if (holder.instance != event.holder) {
    return Refusal{false, absl::StrCat("the holder is ", holder.instance, " (", holder.node,
                                       "), not ", event.holder)};
  }
  if (keys.nodes.count(event.holder) != 0) {
    return Refusal{false, absl::StrCat(holder.node, " lives: its nodes/ key is there; "
                                       "`vipd handover` moves the address off it")};
  }
  return std::nullopt;
}

enum class Outcome { kDone, kRefused, kUnknown };

// Without its lease a put that was applied unseen does not last. One that may have replaced a
// former pause stays: with it that one would be gone too.
void take_back(Turn& turn, const Order& order, Outcome outcome) {
  if (order.lease == 0 || outcome == Outcome::kDone) return;
  if (outcome == Outcome::kRefused || order.former == 0) turn.send(RevokeLease{order.lease});
}

std::string what_now(const Order& order) {
  return absl::StrCat(order.former != 0 ? "the former or the new pause may hold: " : "",
                      "look at `vipd status`, try again");
}

void answer(Turn& turn, CallId order, Outcome outcome, std::string text) {
  const auto under_way = turn.state.orders.find(order);
  if (under_way != turn.state.orders.end()) {
    take_back(turn, under_way->second, outcome);
    turn.state.orders.erase(under_way);
  }
  turn.send(OrderAnswer{order, outcome == Outcome::kDone, std::move(text)});
}

void answer_at_once(Turn& turn, CallId order, const Refusal& refusal) {
  answer(turn, order, refusal.done ? Outcome::kDone : Outcome::kRefused, refusal.text);
}

Order* order_of(Turn& turn, Flight Order::* flight, CallId call) {
  for (auto& [id, order] : turn.state.orders) {
    if (Turn::ends(order.*flight, call)) return &order;
  }
  return nullptr;
}

Order order_for(CallId id, std::string key) {
  Order order;
  order.id = id;
  order.key = std::move(key);
  return order;
}

// Puts a key on a lease of its own.
void put_key(Turn& turn, Order order, seconds ttl) {
  Order& kept = turn.state.orders[order.id] = std::move(order);
  const CallId call = turn.begin(kept.grant, turn.config.timing.etcd_deadline);
  turn.send(GrantLease{call, ttl, kept.grant.deadline});
}

void send_txn(Turn& turn, Order order, std::vector<Compare> compare, Write write) {
  Order& kept = turn.state.orders[order.id] = std::move(order);
  const CallId call = turn.begin(kept.txn, turn.config.timing.etcd_deadline);
  turn.send(Txn{call, std::move(compare), {std::move(write)}, kept.txn.deadline});
}

}  // namespace

void drop_orders(Turn& turn, const std::string& why) {
  for (const auto& [id, order] : turn.state.orders) {
    turn.send(OrderAnswer{id, false, why});
    take_back(turn, order, Outcome::kUnknown);
  }
  turn.state.orders.clear();
}

void keep_orders(Turn& turn) {
  auto& orders = turn.state.orders;
  for (auto order = orders.begin(); order != orders.end();) {
    const bool waits = turn.busy(order->second.grant) || turn.busy(order->second.txn);
    const auto [id, asked] = *order++;
    if (waits) continue;
    answer(turn, id, Outcome::kUnknown,
           absl::StrCat("etcd did not answer in time; ", what_now(asked)));
  }
}

void on(Turn& turn, const HandoverAsked& event) {
  RequestRecord record;
  record.by = event.by;
  record.reason = event.reason;
  auto refusal = cannot_order(turn);
  if (!refusal) refusal = check(turn, event, record);
  if (refusal) return answer_at_once(turn, event.order, *refusal);
  Order order = order_for(event.order, "request");
  order.value = record.text();
  order.done = "asked; the holder hands over as soon as the successor confirms";
  order.refused = "a pause or another request came first; see `vipd status`";
  put_key(turn, std::move(order), kRequestTtl);
}

void on(Turn& turn, const PauseAsked& event) {
  if (const auto refusal = cannot_order(turn)) {
    return answer_at_once(turn, event.order, *refusal);
  }
  if (event.lasts < kShortestPause || event.lasts > kLongestPause) {
    return answer(turn, event.order, Outcome::kRefused,
                  "a pause lasts at least 1 s and at most 7 days");
  }
  const std::string until = base::rfc3339({turn.wall.seconds + event.lasts.count()});
  const PauseRecord record{event.by, event.reason, event.hard, until};
  Order order = order_for(event.order, "pause");
  order.value = record.text();
  order.done = absl::StrCat(event.hard ? "paused, hard, until " : "paused until ", until,
                            turn.paused() ? "; it replaces the former pause" : "");
  order.refused = kPauseChanged;
  if (turn.paused()) {
    order.former = turn.state.keys.pause->kv.mod_revision;
    order.former_value = turn.state.keys.pause->kv.value;
  }
  put_key(turn, std::move(order), event.lasts);
}

void on(Turn& turn, const ResumeAsked& event) {
  if (const auto refusal = cannot_order(turn)) {
    return answer_at_once(turn, event.order, *refusal);
  }
  if (!turn.paused()) return answer(turn, event.order, Outcome::kDone, "nothing is paused");
  const KeyValue& pause = turn.state.keys.pause->kv;
  Order order = order_for(event.order, "pause");
  order.done = "resumed";
  order.refused = kPauseChanged;
  turn.say(Say::Level::kInfo, "O2", absl::StrCat("resume, asked by ", event.by));
  send_txn(turn, std::move(order), {Compare{pause.key, pause.mod_revision, pause.value}},
           Delete{pause.key});
}

void on(Turn& turn, const ReleaseAsked& event) {
  auto refusal = cannot_order(turn);
  if (!refusal) refusal = check(turn, event);
  if (refusal) return answer_at_once(turn, event.order, *refusal);
  Order order = order_for(event.order, "leader");
  order.done = "released; a ready node takes the leader key";
  order.refused = "the holder has changed or come back meanwhile; look at `vipd lease show`";
  turn.say(Say::Level::kWarn, "O3",
           absl::StrCat("release the leader key of ", event.holder, ", asked by ", event.by));
  const std::string node = turn.key(absl::StrCat("nodes/", event.holder));
  send_txn(turn, std::move(order), {turn.leader_as_seen(), Compare{node, 0, std::nullopt}},
           Delete{turn.key("leader")});
}

bool on_order(Turn& turn, const LeaseGranted& event) {
  Order* order = order_of(turn, &Order::grant, event.call);
  if (order == nullptr) return false;
  order->lease = event.lease;
  const CallId call = turn.begin(order->txn, turn.config.timing.etcd_deadline);
  Txn txn{call, {}, {Put{turn.key(order->key), order->value, event.lease}}, order->txn.deadline};
  // A pause or another request that came meanwhile wins over a request (rules E6, E20).
  if (order->key == "request") {
    txn.compare = {Compare{turn.key("pause"), 0, std::nullopt},
                   Compare{turn.key("request"), 0, std::nullopt}};
  }
  // Only over the pause that it was to replace: a late put must undo no resume.
  if (order->key == "pause") {
    const auto value = order->former == 0 ? std::nullopt : std::optional(order->former_value);
    txn.compare = {Compare{turn.key("pause"), order->former, value}};
  }
  turn.send(std::move(txn));
  return true;
}

bool order_txn_done(Turn& turn, const TxnDone& event) {
  Order* order = order_of(turn, &Order::txn, event.call);
  if (order == nullptr) return false;
  answer(turn, order->id, event.committed ? Outcome::kDone : Outcome::kRefused,
         event.committed ? order->done : order->refused);
  return true;
}

bool order_failed(Turn& turn, const EtcdFailed& event) {
  Order* order = order_of(turn, &Order::grant, event.call);
  if (order == nullptr) order = order_of(turn, &Order::txn, event.call);
  if (order == nullptr) return false;
  answer(turn, order->id, event.unknown ? Outcome::kUnknown : Outcome::kRefused,
         absl::StrCat("etcd did not take it: ", event.why, "; ", what_now(*order)));
  return true;
}

}  // namespace vipd::core
