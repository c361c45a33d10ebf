// What `vipd why` foretells comes to pass; and the figures that metrics show.
#include "tests/core/story.h"

namespace vipd::core {
namespace {

std::string foretold(World& world, int node) {
  const base::Json status = world.status(node);
  std::string text;
  for (const auto& sentence : status["ifThisNodeDied"]) {
    text += sentence.get<std::string>() + "\n";
  }
  return text;
}

bool names(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the successor that is foretold takes over when the holder dies", "[O6]") {
  World world = settled(3);
  const std::string text = foretold(world, 0);
  CHECK(names(text, "cp-2 would take over"));
  CHECK(names(text, "in this order: cp-3"));
  CHECK(names(text, "this node leads etcd"));
  CHECK(names(foretold(world, 1), "nothing would move: cp-1 has the addresses"));
  CHECK(names(foretold(world, 1), "left to follow it: cp-3"));
  world.power_off(0);
  CHECK(held_by(world, "cp-2", 60s));
}

// Crashed and started again: the key of the former instance lives on for a ttl.
void restart(World& world, int node) {
  world.kill_vipd(node);
  world.start(node);
  const auto seen_by = [&](int other) { return world.status(other)["nodes"].size() == 4; };
  REQUIRE(world.until([&] { return seen_by(0) && seen_by(1); }, 4s));
}

TEST_CASE("a node whose vipd crashed and came back is foretold once, as the new one is", "[O6]") {
  World world = settled(3);
  for (int round = 0; round < 6; ++round) {  // instances are random: either may come first
    restart(world, 2);
    const auto twice = [&](int other) { return names(foretold(world, other), "cp-3, cp-3"); };
    CHECK_FALSE(world.until([&] { return twice(0) || twice(1); }, 10s));
    CHECK(names(foretold(world, 1), "left to follow it: cp-3\n"));
  }
  world.nodes[2].apiserver = false;
  restart(world, 2);
  CHECK(names(foretold(world, 1), "no ready node would be left"));
  world.nodes[1].apiserver = false;
  world.run(10s);
  restart(world, 2);
  const std::string text = foretold(world, 0);
  REQUIRE(names(text, "cp-3 is not ready"));
  CHECK(text.find("cp-3 is not ready") == text.rfind("cp-3 is not ready"));
}

TEST_CASE("where nobody is ready, or all is hard paused, nobody is foretold and nobody comes",
          "[O6]") {
  World world = settled(3);
  SECTION("nobody is ready") {
    world.nodes[1].apiserver = world.nodes[2].apiserver = false;
    world.run(5s);
    const std::string text = foretold(world, 0);
    CHECK(names(text, "nobody would take over: no other node is ready"));
    CHECK(names(text, "cp-3 is not ready: apiserver-readyz"));
  }
  SECTION("hard paused") {
    world.post(0, PauseAsked{5, 3600s, true, "ann", "window"});
    world.run(1s);
    CHECK(names(foretold(world, 0), "nobody would take over: hard paused by ann"));
  }
  world.power_off(0);
  world.run(2min);
  CHECK(world.assigns() == 0);
}

TEST_CASE("alone, or without etcd, the forecast says so", "[O6]") {
  World alone = settled(1);
  CHECK(names(foretold(alone, 0), "no other vipd reports"));
  World two = settled(2);
  CHECK(names(foretold(two, 0), "if no third etcd member lives, the quorum would be lost"));
  two.lose_quorum();
  two.run(10s);
  CHECK(names(foretold(two, 0), "this node cannot tell"));
}

TEST_CASE("moves carry cause and rule; phases, moves and drift are counted", "[O6]") {
  World world = settled(3);
  world.post(0, HandoverAsked{5, "cp-2", "", "ann", "drill"});
  REQUIRE(held_by(world, "cp-2", 30s));
  world.run(10s);
  const auto status = world.status(1);
  CHECK(status["moves"].back()["cause"] == "request");
  CHECK(status["moves"].back()["rule"] == "E6");
  CHECK(status["moves"].back()["reason"].get<std::string>().find("drill") != std::string::npos);
  const auto& figures = status["figures"];
  CHECK(figures["moves"]["request"] == 1);
  CHECK(figures["moves"]["takeover"] == 0);
  CHECK(figures["moves"].size() == 9);
  for (const auto* phase : {"intent", "assign", "action", "verify", "total"}) {
    INFO(phase);
    CHECK(figures["phases"][phase]["count"] == 1);
  }
  const double total = figures["phases"]["total"]["sum"];
  CHECK(total > 1.5);  // Hetzner takes that long here
  CHECK(total < 3);
  CHECK(world.status(0)["figures"]["phases"].empty());

  world.assign_by_hand(World::kV4, 4711);
  world.run(3min);
  CHECK(world.status(1)["figures"]["drift"]["repaired"] >= 1);
  world.assign_by_hand(World::kV4, 103);
  world.run(3min);
  CHECK(world.holder() == "cp-3");
  CHECK(world.status(1)["figures"]["drift"]["followed"] == 1);
}

}  // namespace
}  // namespace vipd::core
