// The world differs from what the holder set (rules A18, A19).
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

// A FIP that was verified here was read elsewhere. Either the key follows it, or the work is
// to begin again at `work.retry_at`.
void meet_drift(Turn& turn, FipId fip, Work& work);

// The ready node that a FIP has drifted onto, if the key should follow it there; 0: none.
[[nodiscard]] ServerId drifted_onto(Turn& turn);

// The ready node that has the address did not confirm that it is: no key for it.
void repair_instead(Turn& turn, ServerId onto);

}  // namespace vipd::core
