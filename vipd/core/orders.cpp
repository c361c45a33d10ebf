#include "vipd/core/orders.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "vipd/core/handover.h"

namespace vipd::core {
namespace {

using std::chrono::seconds;

constexpr seconds kRequestTtl{300};

// A node by name or by server id.
const NodeRecord* find_node(const Turn& turn, const std::string& wanted) {
  ServerId id = 0;
  const char* const end = wanted.data() + wanted.size();
  if (std::from_chars(wanted.data(), end, id).ptr != end) id = 0;
  for (const auto& [instance, held] : turn.state.keys.nodes) {
    if (held.record.node == wanted || (id != 0 && held.record.server == id)) return &held.record;
  }
  return nullptr;
}

struct Refusal {
  bool done = false;  // nothing to do is no failure
  std::string text;
};

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
  if (!keys.current || !turn.lease_alive()) {
    return Refusal{false, "this vipd has no etcd lease, so it cannot ask; try another node"};
  }
  if (turn.paused()) {
    return Refusal{false, absl::StrCat("paused by ", keys.pause->record.by, ": ",
                                       keys.pause->record.reason)};
  }
  if (keys.request) {
    return Refusal{false, absl::StrCat("a request of ", keys.request->record.by,
                                       " is pending: ", keys.request->record.reason,
                                       "; it ends with the handover or within 5 minutes")};
  }
  if (!keys.leader || !keys.leader->readable) {
    return Refusal{false, "nobody holds the leader key, so there is nothing to hand over"};
  }
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

Order* order_of(Turn& turn, Flight Order::* flight, CallId call) {
  for (auto& [id, order] : turn.state.orders) {
    if (Turn::ends(order.*flight, call)) return &order;
  }
  return nullptr;
}

void answer(Turn& turn, CallId order, bool done, std::string text) {
  turn.state.orders.erase(order);
  turn.send(OrderAnswer{order, done, std::move(text)});
}

}  // namespace

void drop_orders(Turn& turn, const std::string& why) {
  for (const auto& [id, order] : turn.state.orders) turn.send(OrderAnswer{id, false, why});
  turn.state.orders.clear();
}

void keep_orders(Turn& turn) {
  auto& orders = turn.state.orders;
  for (auto order = orders.begin(); order != orders.end();) {
    const bool waits = turn.busy(order->second.grant) || turn.busy(order->second.put);
    const CallId id = (order++)->first;
    if (!waits) answer(turn, id, false, "etcd did not answer in time; try again");
  }
}

void on(Turn& turn, const HandoverAsked& event) {
  RequestRecord record;
  record.by = event.by;
  record.reason = event.reason;
  if (auto refusal = check(turn, event, record)) {
    return answer(turn, event.order, refusal->done, refusal->text);
  }
  Order& order = turn.state.orders[event.order];
  order.id = event.order;
  order.record = record;
  const CallId call = turn.begin(order.grant, turn.config.timing.etcd_deadline);
  turn.send(GrantLease{call, kRequestTtl, order.grant.deadline});
}

bool on_order(Turn& turn, const LeaseGranted& event) {
  Order* order = order_of(turn, &Order::grant, event.call);
  if (order == nullptr) return false;
  const CallId call = turn.begin(order->put, turn.config.timing.etcd_deadline);
  // A pause or another request that came meanwhile wins (rules E6, E20).
  turn.send(Txn{call,
                {Compare{turn.key("pause"), 0, std::nullopt},
                 Compare{turn.key("request"), 0, std::nullopt}},
                {Put{turn.key("request"), order->record.text(), event.lease}},
                order->put.deadline});
  return true;
}

bool order_txn_done(Turn& turn, const TxnDone& event) {
  Order* order = order_of(turn, &Order::put, event.call);
  if (order == nullptr) return false;
  answer(turn, order->id, event.committed,
         event.committed ? "asked; the holder hands over as soon as the successor confirms"
                         : "a pause or another request came first; see `vipd status`");
  return true;
}

bool order_failed(Turn& turn, const EtcdFailed& event) {
  Order* order = order_of(turn, &Order::grant, event.call);
  if (order == nullptr) order = order_of(turn, &Order::put, event.call);
  if (order == nullptr) return false;
  answer(turn, order->id, false,
         absl::StrCat("etcd did not take the request: ", event.why, "; try again"));
  return true;
}

}  // namespace vipd::core
