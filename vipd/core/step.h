// The state machine: who holds the Floating IPs of one group, and what this node does next.
//
// Pure: no I/O, no clock, no threads; the same inputs give the same outputs, so an incident
// replays. Total: every event is legal in every state.
//
// Time     comes in as `now`. wake_at(state) is the next moment at which time alone changes
//          something; the shell then sends Tick.
// Rules    ARCHITECTURE.md numbers them; every decision is said with its number.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "vipd/core/command.h"
#include "vipd/core/config.h"
#include "vipd/core/event.h"
#include "vipd/core/state.h"

namespace vipd::core {

struct Now {
  Instant at;
  base::WallTime wall;  // for records and people; never compared
};

struct Step {
  State state;
  std::vector<Command> commands;
};

// The state of a process that knows nothing yet. `seed` is random; instance ids and jitter
// come from it.
[[nodiscard]] State first_state(std::uint64_t seed, Now now);

[[nodiscard]] Step step(const Config& config, State state, const Event& event, Now now);
// The same in place, for who steps a million times: a State is large, even to move.
[[nodiscard]] std::vector<Command> advance(const Config& config, State& state,
                                           const Event& event, Now now);

[[nodiscard]] std::optional<Instant> wake_at(const State& state);

}  // namespace vipd::core
