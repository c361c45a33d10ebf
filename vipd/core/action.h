// What Hetzner answers to the work's calls, and its actions followed to their end (rules A6, A10 to
// A14).
#pragma once

#include "vipd/core/turn.h"

namespace vipd::core {

// The action is watched from now on; `poll` asks when it is time to.
void start_polling(Turn& turn, Work& work, const Action& action);
void poll(Turn& turn, Work& work);
// Of a FIP that answers 423: which action holds its lock?
void find_running(Turn& turn, FipId id, Work& work);

void on(Turn& turn, const AssignAccepted& event);
void on(Turn& turn, const ActionSeen& event);
void on(Turn& turn, const RunningFound& event);
// True where the call was the work's.
bool work_hcloud_failed(Turn& turn, const HcloudFailed& event);

}  // namespace vipd::core
