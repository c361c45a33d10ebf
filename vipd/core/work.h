// Steps that the parts of the holder's work share (assign.h, action.h).
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

// The work whose call under way this is, and its FIP; null: nobody's.
Work* work_of(Turn& turn, Flight Work::* flight, CallId call, FipId* id = nullptr);

// Only a list that is sent `wait` from now or later tells what is true.
void read_again(Turn& turn, Work& work, Duration wait);

[[nodiscard]] Duration retry_wait(Turn& turn, const Work& work);  // longer after each failure

}  // namespace vipd::core
