// What this process saw of who held the leader key.
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

// Notes that the leader key names somebody else than before: a move, or none.
void account_for_leader(Turn& turn);

}  // namespace vipd::core
