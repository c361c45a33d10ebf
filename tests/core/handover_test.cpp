#include "tests/core/story.h"
#include "vipd/core/handover.h"

namespace vipd::core {
namespace {

TEST_CASE("an unready holder hands over to a node whose apiserver answers", "[E12]") {
  World world = settled(3);
  world.nodes[0].apiserver = false;
  REQUIRE(held_by(world, "cp-2", 5s));
  CHECK(cause(world) == Cause::kUnready);
  CHECK(moves(world) == 1);
}

TEST_CASE("a holder whose apiserver answers again is left alone until it is asked once more",
          "[E12]") {
  World world = settled(1);
  std::vector<Command> none;
  State state;
  state.tenure.emplace();
  state.gate.readyz.ever_up = true;
  state.gate.conditions = {{"apiserver-readyz", false, "failing"}};
  Turn turn(world.config, state, Now{world.now(), {}}, none);
  REQUIRE(handover_wish(turn).has_value());
  state.gate.readyz.hits = 1;
  CHECK_FALSE(handover_wish(turn).has_value());
  state.gate.conditions.push_back({"token", false, "refused"});
  CHECK(handover_wish(turn).has_value());
}

TEST_CASE("a holder whose apiserver comes back says so, and not that it fails for everybody",
          "[E12]") {
  World world = settled(1);
  const auto next = [&] { return world.status(0)["next"].get<std::string>(); };
  world.nodes[0].apiserver = false;
  world.run(10s);
  CHECK(next().find("hands over") == 0);
  world.nodes[0].apiserver = true;
  bool told = false;
  CHECK(world.until(
      [&] {
        CHECK(next().find("for every node") == std::string::npos);
        told = told || next().find("answers again") != std::string::npos;
        return world.state(0) == "holder";
      },
      10s));
  CHECK(told);
}

TEST_CASE("a hung apiserver is left within 1.8 s", "[E8][E12]") {
  World world = settled(3);
  world.nodes[0].hung = true;
  CHECK(world.until([&] { return world.holder() == "cp-2"; }, 1800ms));
}

TEST_CASE("a successor that is ready on paper only is passed over", "[E12]") {
  World world = settled(3);
  world.nodes[1].alive = false;  // its key lives on for a ttl
  world.nodes[0].apiserver = false;
  CHECK(held_by(world, "cp-3", 10s));
}

TEST_CASE("where nobody is ready the holder keeps the address, degraded", "[E12][N4]") {
  World world = settled(3);
  for (auto& node : world.nodes) node.apiserver = false;
  world.run(60s);
  CHECK(world.holder() == "cp-1");
  CHECK(world.state(0) == "degraded");
  CHECK(world.has_address(0));
  CHECK(world.assigns() == 0);
}

TEST_CASE("overload that follows the address does not pass it round and round", "[E16]") {
  World world = settled(3);
  int moved = 0;
  const Instant start = world.now();
  while (world.now() - start < 1h) {
    const std::string victim = world.holder();
    const int index = world.index(victim);
    world.nodes[static_cast<std::size_t>(index)].apiserver = false;
    const bool left =
        world.until([&] { return world.holder() != victim && world.verified(); }, 30s);
    moved += left ? 1 : 0;
    world.nodes[static_cast<std::size_t>(index)].apiserver = true;
    world.run(10s);
  }
  CHECK(moved <= 7);  // at 0, 1, 3, 7, 15, 30, 45 minutes
  CHECK(moved >= 4);
}

TEST_CASE("the cool-down is 60 s, doubled by each further move, at most 15 min", "[E16]") {
  World world = settled(2);
  std::vector<Command> none;
  State state;
  Turn turn(world.config, state, Now{world.now(), {}}, none);
  for (const auto expected : {60s, 120s, 240s, 480s, 900s, 900s}) {
    state.unplanned.push_back(world.now());
    CHECK(cooldown_until(turn) - world.now() == expected);
  }
}

TEST_CASE("an order by name, by server id, by `off`, or without a target is carried out",
          "[E6]") {
  World world = settled(3);
  HandoverAsked order{5, "", "", "op", "drill"};
  std::string expected = "cp-2";
  SECTION("by name") { order.to = expected = "cp-3"; }
  SECTION("by server id") { order.to = "103", expected = "cp-3"; }
  SECTION("off the holder") { order.off = "cp-1"; }
  SECTION("to whom it may concern") {}
  world.post(2, order);
  REQUIRE(held_by(world, expected, 10s));
  REQUIRE(world.nodes[2].answers.size() == 1);
  CHECK(world.nodes[2].answers[0].done);
  CHECK(world.leader()->reason == "drill");
}

TEST_CASE("an order that makes no sense is refused with its reason", "[E6]") {
  World world = settled(3);
  HandoverAsked order{5, "", "", "op", "drill"};
  std::string expected;
  bool done = false;
  SECTION("unknown node") { order.to = "cp-9", expected = "no running vipd reports as cp-9"; }
  SECTION("not ready") {
    world.nodes[1].apiserver = false;
    world.run(3s);
    order.to = "cp-2";
    expected = "not ready";
  }
  SECTION("holds already") { order.to = "cp-1", expected = "holds it already", done = true; }
  SECTION("does not hold") { order.off = "cp-2", expected = "does not hold", done = true; }
  SECTION("paused") {
    world.put("pause", PauseRecord{"ann", "window", false, ""}.text());
    world.run(1s);
    expected = "paused by ann";
  }
  SECTION("nobody holds") {
    World empty(1);
    empty.fips.clear();
    empty.start(0);
    empty.run(5s);
    empty.post(0, order);
    world = std::move(empty);
    expected = "nobody holds";
    order.order = 0;
  }
  SECTION("no etcd") {
    world.cut_from_etcd(0);
    world.run(6s);
    expected = "no etcd lease";
  }
  if (order.order != 0) world.post(0, order);
  REQUIRE(world.nodes[0].answers.size() == 1);
  CHECK(world.nodes[0].answers[0].done == done);
  CHECK(world.nodes[0].answers[0].text.find(expected) != std::string::npos);
  if (expected == "no etcd lease") return;  // there the holder's lease ends, as it should
  world.run(10s);
  CHECK(world.assigns() == 0);
}

// Crashed and started again: the key of the former instance lives on for a ttl. Instances are
// random, so either key may come first.
TEST_CASE("an order to a node is judged by the vipd that runs there, not by one that crashed",
          "[E6]") {
  World world = settled(3);
  auto& answers = world.nodes[0].answers;
  for (int round = 0; round < 6; ++round) {
    world.kill_vipd(1);
    world.nodes[1].apiserver = false;
    world.start(1);
    REQUIRE(world.until([&] { return world.status(0)["nodes"].size() == 4; }, 4s));
    world.post(0, HandoverAsked{5, "cp-2", "", "op", "drill"});
    REQUIRE_FALSE(answers.empty());
    CHECK(answers.back().text.find("cp-2 is not ready") == 0);
    world.nodes[1].apiserver = true;
    REQUIRE(world.until([&] { return world.status(0)["nodes"].size() == 3; }, 30s));
  }
  CHECK(world.holder() == "cp-1");
}

TEST_CASE("paused: no move, no API write, drift is only reported", "[E20]") {
  World world = settled(3);
  world.put("pause", PauseRecord{"ann", "window", false, ""}.text());
  world.run(1s);
  world.nodes[0].apiserver = false;
  world.assign_by_hand(World::kV4, 4711);
  world.run(10min);
  CHECK(world.holder() == "cp-1");
  CHECK(world.assigns() == 0);
  CHECK(world.said(0, "E20"));
  world.erase("pause");
  CHECK(world.until([&] { return world.holder() == "cp-2" && world.verified(); }, 30s));
}

TEST_CASE("paused, a dead holder is still taken over; hard paused not even that", "[E20]") {
  const bool hard = GENERATE(false, true);
  World world = settled(3);
  world.put("pause", PauseRecord{"ann", "window", hard, ""}.text());
  world.run(1s);
  world.power_off(0);
  CHECK(held_by(world, "cp-2", 60s) == !hard);
  CHECK((world.assigns() == 0) == hard);
}

TEST_CASE("SIGTERM in a restart leaves the key for the next vipd", "[E18]") {
  World world = settled(3);
  world.term(0);
  REQUIRE(world.until([&] { return world.nodes[0].exits == 1; }, 3s));
  CHECK(world.holder().empty());
  CHECK(world.has_address(0));
  world.start(0);
  CHECK(held_by(world, "cp-1", 10s));
  CHECK(world.assigns() == 0);
}

TEST_CASE("SIGTERM on a node that goes down hands over first", "[E18]") {
  World world = settled(3);
  SECTION("cordoned") { world.nodes[0].cordoned = true; }
  SECTION("no answer within a second") { world.nodes[0].hung = true; }
  world.term(0);
  REQUIRE(world.until([&] { return world.nodes[0].exits == 1; }, 16s));
  CHECK(world.holder() == "cp-2");
  CHECK(world.verified());
}

TEST_CASE("SIGTERM amid a takeover hands the key on and the receiver finishes", "[E18]") {
  World world = settled(3);
  world.assign_takes = 5s;
  world.post(0, HandoverAsked{1, "cp-2", "", "op", "drill"});
  REQUIRE(world.until([&] { return world.assigns() == 1; }, 5s));
  world.term(1);
  REQUIRE(world.until([&] { return world.nodes[1].exits == 1; }, 16s));
  CHECK(world.until([&] { return world.verified() && world.holder() != "cp-2"; }, 30s));
}

TEST_CASE("SIGTERM without etcd ends in time and keeps the address", "[E18][N4]") {
  World world = settled(3);
  world.lose_quorum();
  world.run(6s);
  world.term(0);
  REQUIRE(world.until([&] { return world.nodes[0].exits == 1; }, 20s));
  CHECK(world.has_address(0));
}

TEST_CASE("SIGTERM on a standby takes its key away at once", "[E18]") {
  World world = settled(3);
  world.term(2);
  REQUIRE(world.until([&] { return world.nodes[2].exits == 1; }, 2s));
  CHECK(world.status(0)["nodes"].size() == 3);
  world.run(50ms);
  CHECK(world.status(0)["nodes"].size() == 2);
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

TEST_CASE("a request for a node that is not ready does not hide that the holder is stuck",
          "[E6][A16]") {
  World world = settled(3);
  world.nodes[2].apiserver = false;
  world.run(5s);
  world.put("request", RequestRecord{world.nodes[2].server, 0, "test", "drill"}.text());
  world.assign_faults.assign(5, {HcloudError::kConflict, false, true});
  world.assign_by_hand(World::kV4, 4711);
  world.post(0, TokenSeen{true, 2, ""});
  CHECK(held_by(world, "cp-2", 30s));
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

TEST_CASE("a holder without intent has a minute to read that it may touch its address again",
          "[A15][A20]") {
  World world = settled(3);
  const auto all_read = [&](std::uint64_t generation) {
    for (int node = 0; node < 3; ++node) world.post(node, TokenSeen{true, generation, ""});
    world.run(3s);
  };
  const auto labels = world.fips[World::kV4].fip.labels;
  world.fips[World::kV4].fip.labels = {{"cluster", "other"}};
  all_read(2);
  auto waits = *world.leader();
  waits.instance = "reads-in-a-minute";
  waits.server = 4711;
  world.put("leader", waits.text());
  world.run(30s);
  world.fips[World::kV4].fip.labels = labels;
  all_read(3);
  const auto taken = [&] { return world.leader()->instance != "reads-in-a-minute"; };
  CHECK_FALSE(world.until(taken, 55s));
  CHECK(world.until(taken, 30s));
}

}  // namespace
}  // namespace vipd::core
