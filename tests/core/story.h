// How the core's tests begin, and what they ask again and again.
#pragma once

#include "tests/catch.h"
#include "tests/fakes/world.h"

namespace vipd::core {

using namespace std::chrono_literals;
using fakes::World;

// `count` nodes run vipd, the first one holds and is verified, all are ready.
inline World settled(int count, bool dual_stack = false) {
  World world(count, dual_stack);
  for (auto& [id, fip] : world.fips) fip.fip.server = world.nodes[0].server;
  for (int i = 0; i < count; ++i) world.start(i);
  REQUIRE(world.until([&] { return world.holder() == "cp-1" && world.verified(); }, 20s));
  world.run(6s);
  for (auto& node : world.nodes) node.said.clear();
  world.audit.clear();
  world.lists = 0;
  return world;
}

inline bool held_by(World& world, const std::string& node, Duration within) {
  return world.until([&] { return world.holder() == node && world.verified(); }, within);
}

// The moves that Hetzner saw: assigns to another server than before.
inline int moves(const World& world) {
  ServerId last = world.nodes[0].server;
  int count = 0;
  for (const auto& line : world.audit) {
    if (line.fip != World::kV4 || line.server == last) continue;
    last = line.server;
    ++count;
  }
  return count;
}

inline Cause cause(const World& world) { return world.leader()->cause; }

}  // namespace vipd::core
