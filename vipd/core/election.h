// Who takes the leader key when nobody has it, or when its holder makes no progress
// (rules E5, E7, E13 to E17, A15).
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

void keep_election(Turn& turn);

}  // namespace vipd::core
