// What would happen if this node died now: computed from what this node knows, for `vipd why`.
#pragma once

#include <string>
#include <vector>

#include "vipd/core/turn.h"

namespace vipd::core {

// Sentences, the most important first.
[[nodiscard]] std::vector<std::string> if_this_node_died(Turn& turn);

}  // namespace vipd::core
