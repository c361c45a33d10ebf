// Taking the leader key: one transaction, whose unknown outcome is read (rules E5, E7, E21).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vipd/core/turn.h"

namespace vipd::core {

// Ready nodes take turns by rank, each so much after the one before it (rule E7).
inline constexpr Duration kRankStep = std::chrono::milliseconds(100);

// What the leader key says when this process takes it for `cause`.
[[nodiscard]] LeaderRecord own_leader_record(const Turn& turn, Cause cause);

// Our place among the ready nodes; nothing while our own key is not seen there.
[[nodiscard]] std::optional<int> rank(const Turn& turn);

// Puts `record` on our lease where `compare` holds; nothing while one is under way or its outcome
// unknown. `rule` and `why` are for the log. Needs a lease and an identity.
void take(Turn& turn, LeaderRecord record, std::vector<Compare> compare, std::string_view rule,
          const std::string& why);

// True where the answer was a take's.
bool take_done(Turn& turn, const TxnDone& event);
bool take_failed(Turn& turn, CallId call);

}  // namespace vipd::core
