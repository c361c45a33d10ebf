// A day of three nodes at a simulated Hetzner, as JSON: how often the core asks it.
#include <cstdio>

#include "base/json.h"
#include "tests/fakes/world.h"

namespace {

using namespace std::chrono_literals;
using vipd::fakes::World;

std::int64_t calls(const World& world) {
  std::int64_t sum = 0;
  for (const auto& node : world.nodes) {
    const auto& reads = node.state.reads;
    sum += reads.lists + reads.assigns + reads.others;
  }
  return sum;
}

bool settles(World& world) {
  return world.until([&] { return !world.holder().empty() && world.verified(); }, 60s);
}

}  // namespace

int main() {
  World world(3);
  for (auto& [id, fip] : world.fips) fip.fip.server = world.nodes[0].server;
  for (int i = 0; i < 3; ++i) world.start(i);
  if (!settles(world)) return 1;
  const std::int64_t at_start = calls(world);
  world.run(24h);
  const std::int64_t after_a_day = calls(world);
  world.nodes[0].alive = false;
  if (!world.until([&] { return world.holder() != "cp-1" && world.verified(); }, 60s)) return 1;
  world.run(30s);  // its last look included
  const vipd::base::Json out = {{"calls_at_start", at_start},
                                {"calls_a_day", after_a_day - at_start},
                                {"calls_an_hour", static_cast<double>(after_a_day - at_start) / 24},
                                {"calls_a_takeover", calls(world) - after_a_day}};
  std::printf("%s\n", out.dump().c_str());
  return 0;
}
