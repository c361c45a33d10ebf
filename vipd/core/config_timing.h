// How the times of vipd.yaml must relate. A part of validate(); see config.h.
#pragma once

#include <string>
#include <vector>

#include "vipd/core/config.h"

namespace vipd::core {

// One sentence for each relation that does not hold: the settings, their values and why.
[[nodiscard]] std::vector<std::string> timing_problems(const Timing& timing);

}  // namespace vipd::core
