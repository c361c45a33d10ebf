// Counts of what happened, for metrics; no decision reads them.
#pragma once

#include <array>
#include <chrono>
#include <string>

#include "base/json.h"
#include "vipd/core/turn.h"

namespace vipd::core {

// Upper bounds of the histogram of how long a phase took.
inline constexpr std::array<std::chrono::milliseconds, 9> kPhaseBounds = {{
    std::chrono::milliseconds(50), std::chrono::milliseconds(100), std::chrono::milliseconds(250),
    std::chrono::milliseconds(500), std::chrono::milliseconds(1000),
    std::chrono::milliseconds(2500), std::chrono::milliseconds(5000),
    std::chrono::milliseconds(10000), std::chrono::milliseconds(30000)}};

// A phase of a move is over: intent (the key to the first intent), assign (the call), action
// (Hetzner's), verify (the read), total (the key to verified). An adoption is no move, a
// later repair neither.
void took(Turn& turn, const std::string& phase, Duration time);

// {"moves":{cause:N},"drift":{action:N},"phases":{phase:{"count","sum","within":[...]}}}, sums
// in seconds.
[[nodiscard]] base::Json figures_json(const Figures& figures);

}  // namespace vipd::core
