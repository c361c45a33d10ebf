// Every order of seven things that can happen to three nodes, of length four, against what
// the world outside the core keeps (its judge and Hetzner's audit): 7^4 stories of 3 s steps.
#include "tests/core/story.h"

namespace vipd::core {
namespace {

enum class Happening {
  kNothing, kApiserverFails, kApiserverHeals, kVipdKilled, kVipdStarts, kEtcdLost, kHandover
};
constexpr int kHappenings = 7;
constexpr int kLength = 4;

void happen(World& world, Happening what) {
  const std::string holder = world.holder();
  const int node = holder.empty() ? 0 : world.index(holder);
  fakes::ModelNode& self = world.nodes[static_cast<std::size_t>(node)];
  switch (what) {
    case Happening::kNothing:
      break;
    case Happening::kApiserverFails:
      self.apiserver = false;
      break;
    case Happening::kApiserverHeals:
      for (auto& each : world.nodes) each.apiserver = true;
      break;
    case Happening::kVipdKilled:
      world.kill_vipd(node);
      break;
    case Happening::kVipdStarts:
      for (int i = 0; i < 3; ++i) {
        if (!world.nodes[static_cast<std::size_t>(i)].vipd) world.start(i);
      }
      break;
    case Happening::kEtcdLost:
      world.lose_quorum();
      world.run(2s);
      world.regain_quorum();
      break;
    case Happening::kHandover:
      world.post((node + 1) % 3, HandoverAsked{77, "", "", "test", "order"});
      break;
  }
}

// What must hold whatever happened: the address stands where Hetzner sends the packets.
void check_safety(const World& world) {
  REQUIRE(world.violations.empty());
  const auto server = world.fips.at(World::kV4).fip.server;
  REQUIRE(server.has_value());
  for (std::size_t i = 0; i < world.nodes.size(); ++i) {
    if (world.nodes[i].server == *server) REQUIRE(world.has_address(static_cast<int>(i)));
  }
}

TEST_CASE("all orders of four happenings keep the address served and end on a ready node",
          "[E12][E15][N4]") {
  const World start = settled(3);
  constexpr int length = kLength;
  int stories = 1;
  for (int i = 0; i < length; ++i) stories *= kHappenings;
  for (int story = 0; story < stories; ++story) {
    World world = start;
    for (int i = 0, rest = story; i < length; ++i, rest /= kHappenings) {
      INFO("story " << story << ", step " << i);
      happen(world, static_cast<Happening>(rest % kHappenings));
      world.run(3s);
      check_safety(world);
    }
    INFO("story " << story << " after healing");
    happen(world, Happening::kApiserverHeals);
    happen(world, Happening::kVipdStarts);
    REQUIRE(world.until([&] { return world.verified(); }, 60s));
    check_safety(world);
  }
}

}  // namespace
}  // namespace vipd::core
