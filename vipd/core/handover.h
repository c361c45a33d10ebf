// The holder passes the key on (rules E6, E12, E16, A16, A17, A18, A21).
#pragma once

#include <optional>

#include "vipd/core/turn.h"

namespace vipd::core {

struct Wish {
  Cause cause = Cause::kRequest;
  std::string_view rule;
  ServerId to = 0;  // 0: the best ready node
  std::string why;
  bool skip_tried = false;
};

// True where what fails speaks against this node alone, so that another would do better.
[[nodiscard]] bool passes_on(const Gate& gate);
// True while an apiserver that had failed has answered again and is asked once more.
[[nodiscard]] bool comes_back(const Gate& gate);

// What the holder should do with the key now, the most pressing first; nothing: keep it.
[[nodiscard]] std::optional<Wish> handover_wish(Turn& turn);

bool on_handover(Turn& turn, const ReadyzAnswer& event);
bool handover_txn_done(Turn& turn, const TxnDone& event);
bool handover_failed(Turn& turn, CallId call);
void keep_handover(Turn& turn);

// Ready nodes but `without`, best first: not the etcd leader, then server id (rule E7).
[[nodiscard]] std::vector<const NodeRecord*> ready_nodes(const Turn& turn, ServerId without);

// Until when an unready holder keeps what it has (rule E16).
[[nodiscard]] Instant cooldown_until(const Turn& turn);

}  // namespace vipd::core
