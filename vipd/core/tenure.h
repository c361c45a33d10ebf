// The time for which this process holds the leader key: its beginning, its end, and whether the
// work of it gets done (rules E21, A16).
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

// Begins a tenure when the leader key has come to name us, ends it when it no longer does.
void keep_tenure(Turn& turn);

[[nodiscard]] bool all_verified(const Turn& turn);
// A holder that cannot finish must pass the key on (rule A16).
[[nodiscard]] bool cannot_finish(Turn& turn);

}  // namespace vipd::core
