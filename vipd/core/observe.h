// Observe mode (rule O4): the same picture, but nothing is written to etcd, Hetzner or the node;
// it is only said what would be done.
#pragma once

#include <string>

#include "vipd/core/turn.h"

namespace vipd::core {

[[nodiscard]] inline bool observes(const Config& config) { return config.mode == Mode::kObserve; }

// In place of every rule that writes.
void observe(Turn& turn);

// "put 203.0.113.10 on lo; stand by for cp-1": what this node would do in manage mode.
[[nodiscard]] std::string would_do(const Turn& turn);

}  // namespace vipd::core
