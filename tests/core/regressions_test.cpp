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

TEST_CASE("a nodes/ key that somebody deletes is put again, however busy etcd is", "[E2]") {
  World world = settled(2);
  const std::string key = "nodes/" + world.nodes[1].state.self.instance;
  world.erase(key);
  for (int i = 0; i < 10; ++i) {
    world.put("nodes/noise", std::to_string(i));
    world.run(500ms);
  }
  CHECK(world.value(key));
}

TEST_CASE("a record that nobody can read stops neither a takeover nor a lack of progress",
          "[A1][A15]") {
  World world = settled(3);
  world.put("assignment/7", "not json");
  SECTION("the holder dies") {
    world.power_off(0);
    CHECK(world.until([&] { return world.holder() != "cp-1" && world.verified(); }, 30s));
  }
  SECTION("a successor takes the key and writes no intent") {
    world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
    REQUIRE(world.until([&] { return world.holder() == "cp-2"; }, 5s));
    world.freeze(1, 10min);
    REQUIRE(held_by(world, "cp-1", 4s));
    CHECK(cause(world) == Cause::kNoProgress);
  }
}

TEST_CASE("a key learnt before the giver's last intent waits for that intent's call too", "[A7]") {
  World world = settled(3);
  world.nodes[1].watch_lag = 1300ms;
  world.assign_by_hand(World::kV4, 4711);
  world.assign_faults = {{HcloudError::kTimeout, true, true, 4s}};
  REQUIRE(world.until([&] { return world.assigns() == 1; }, 140s));
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  REQUIRE(world.until([&] { return world.assigns() == 2; }, 20s));
  const Tenure& tenure = *world.nodes[1].state.tenure;
  CHECK(tenure.work.at(World::kV4).unsettled_until > tenure.since + 2s);
  world.run(20s);
  CHECK(world.fips[World::kV4].fip.server == world.nodes[1].server);
}

TEST_CASE("an action that never ends is given up and asked about again", "[A14]") {
  World world = settled(1);
  world.assign_by_hand(World::kV4, 4711);
  world.assign_takes = std::chrono::hours(5);
  REQUIRE(world.until([&] { return world.said(0, "A14"); }, 5min));
  world.fips[World::kV4].running.reset();
  world.assign_takes = 1s;
  CHECK(world.until([&] { return world.verified(); }, 3min));
}

TEST_CASE("a rate limit moves the key nowhere: every node shares it", "[A12]") {
  World world = settled(3);
  world.assign_by_hand(World::kV4, 4711);
  world.assign_faults.assign(20, {HcloudError::kRateLimited, false, true});
  REQUIRE(world.until([&] { return world.assigns() >= 21; }, 5min));
  CHECK(world.until([&] { return world.verified(); }, 20s));
  CHECK(world.holder() == "cp-1");
}

TEST_CASE("drift onto a node whose apiserver turns out dead is repaired", "[A18][A19]") {
  World world = settled(3);
  world.freeze(2, 10s);  // its nodes/ key still says ready
  world.nodes[2].apiserver = false;
  world.assign_by_hand(World::kV4, 103);
  world.post(0, TokenSeen{true, 2, ""});  // makes it look at once
  REQUIRE(world.until([&] { return world.said(0, "A18"); }, 2s));
  CHECK(world.until([&] { return world.assigns() == 1; }, 2s));
  CHECK(held_by(world, "cp-1", 20s));
}

TEST_CASE("a handover order under way is answered when etcd is put back", "[E4][E6]") {
  World world = settled(3);
  world.lose_next_txn_answer("request");
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  world.run(60ms);
  world.post(0, EtcdSnapshot{1, {}, world.now()});
  REQUIRE(world.until([&] { return !world.nodes[0].answers.empty(); }, 100ms));
  CHECK_FALSE(world.nodes[0].answers[0].done);
}

TEST_CASE("a key that comes after SIGTERM is passed on, not sat on", "[E18]") {
  World world = settled(3);
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  REQUIRE(world.until([&] { return world.nodes[1].state.tenure.has_value(); }, 5s));
  world.nodes[1].state.tenure.reset();  // as if the signal had come just before the key
  world.term(1);
  CHECK(world.until([&] { return world.holder() != "cp-2" && world.verified(); }, 4s));
  CHECK(cause(world) == Cause::kShutdown);
}

}  // namespace
}  // namespace vipd::core
