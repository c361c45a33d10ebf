// What goes wrong in a run, as the world does it, and what it can excuse.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/sim/options.h"

namespace vipd::sim {

// One fault that has begun. `until` is when it ends; Instant::max() while that is open.
struct Incident {
  Fault fault = Fault::kKill;
  int node = -1;  // -1: of all
  Instant from;
  Instant until;
};

using Incidents = std::vector<Incident>;

// Lets it happen now. It ends by itself.
void begin(fakes::World& world, const Planned& planned, Incidents& incidents);

// Ends everything at once: links, machines, etcd, Hetzner, tokens, pauses, addresses. A daemon
// that is down is started.
void heal(fakes::World& world);

}  // namespace vipd::sim
