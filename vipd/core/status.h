// What one vipd knows and does, for people and programs: `vipd status -o json`, the socket and
// status.json; parts of it for `vipd why` and `vipd lease show` (shell/status_text.h). Field names
// are a contract with users; add, never rename.
#pragma once

#include "base/json.h"
#include "vipd/core/step.h"

namespace vipd::core {

[[nodiscard]] base::Json status_json(const Config& config, const State& state, Now now);

}  // namespace vipd::core
