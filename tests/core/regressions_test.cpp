// One test for each fault that a reader or an incident found.
#include "tests/core/story.h"

namespace vipd::core {
namespace {

TEST_CASE("a record that somebody deletes is no lack of progress and moves nothing", "[A15]") {
  World world = settled(3);
  world.erase("assignment/7");
  world.run(20s);
  CHECK(world.holder() == "cp-1");
  CHECK(world.assigns() == 0);
}

TEST_CASE("an address moved while vipd was down is not taken for right from an old record",
          "[A8][E15]") {
  World world = settled(3);
  world.kill_vipd(0);
  world.run(500ms);
  world.assign_by_hand(World::kV4, 4711);
  world.start(0);
  world.run(20s);
  CHECK(world.verified());
  CHECK(world.holder() == "cp-1");
  CHECK(world.assigns() == 1);
}

TEST_CASE("one passing 401 does not disqualify a node for hours", "[A13]") {
  World world = settled(2);
  world.assign_faults = {{HcloudError::kUnauthorized}};
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  REQUIRE(world.until([&] { return world.said(1, "A13"); }, 5s));
  CHECK(world.until([&] { return world.status(1)["ready"].get<bool>(); }, 10s));
}

// Found by vipd_sim, seed 57: a member that does not answer left its last word standing, "there
// is a leader", so everybody's failure counted as this node's own.
TEST_CASE("a holder whose own member goes with the quorum gives nothing up when it returns",
          "[E10]") {
  World world = settled(3);
  world.nodes[0].member = false;
  world.lose_quorum();
  world.run(20s);
  world.nodes[0].member = true;
  world.regain_quorum();
  world.run(30s);
  CHECK(world.holder() == "cp-1");
  CHECK(world.assigns() == 0);
}

}  // namespace
}  // namespace vipd::core
