#include "tests/core/story.h"

namespace vipd::core {
namespace {

using Fault = World::Fault;

void ask_for(World& world, const std::string& node) {
  world.post(0, HandoverAsked{1, node, "", "test", "drill"});
}

AssignmentRecord record(const World& world, FipId fip = World::kV4) {
  return *AssignmentRecord::parse(*world.value("assignment/" + std::to_string(fip)));
}

TEST_CASE("every assign follows a guard of at most 500 ms", "[A1]") {
  World world = settled(3);
  world.assign_faults = {{HcloudError::kTimeout}, {HcloudError::kServer}, {HcloudError::kConflict}};
  ask_for(world, "cp-2");
  REQUIRE(held_by(world, "cp-2", 30s));
  CHECK(world.assigns() == 4);
  CHECK(world.violations.empty());
}

TEST_CASE("a call that could not leave in time is guarded anew", "[A1]") {
  World world = settled(2);
  world.assign_faults = {{HcloudError::kNotSent, false, false}};
  ask_for(world, "cp-2");
  REQUIRE(held_by(world, "cp-2", 30s));
  CHECK(world.assigns() == 2);
  CHECK(world.violations.empty());
}

TEST_CASE("a guard whose outcome is unknown is no guard", "[A1]") {
  World world = settled(2);
  world.lose_next_txn_answer("assignment/7");
  ask_for(world, "cp-2");
  REQUIRE(held_by(world, "cp-2", 30s));
  CHECK(world.assigns() == 1);
  CHECK(world.violations.empty());
}

TEST_CASE("an assign is given up three seconds after its guard", "[A2]") {
  World world = settled(2);
  world.assign_faults = {{HcloudError::kTimeout}};
  ask_for(world, "cp-2");
  REQUIRE(world.until([&] { return world.assigns() == 1; }, 5s));
  const Instant first = world.now();
  REQUIRE(world.until([&] { return world.assigns() == 2; }, 10s));
  CHECK(world.now() - first >= 2900ms);
  CHECK(world.now() - first < 5s);
}

TEST_CASE("a former holder's record write fails at the fence", "[A3]") {
  World world = settled(2);
  const auto before = record(world);
  auto stolen = *world.leader();
  stolen.instance = "of-another-history";
  stolen.server = 102;
  world.cut_from_etcd(0);  // does not see that it lost the key
  world.put("leader", stolen.text());
  world.run(200ms);
  world.nodes[0].etcd = true;
  world.fips[World::kV4].fip.server = 4711;
  world.run(150s);
  CHECK(record(world).epoch == before.epoch);
  CHECK(world.assigns() == 0);
}

TEST_CASE("a steady cluster reads at most thirty times an hour, nearly all by the holder",
          "[A4]") {
  World world = settled(3);
  world.config.timing.tls_every = world.config.timing.readyz_every = 20s;  // for speed
  world.run(1h);
  CHECK(world.lists >= 27);
  CHECK(world.lists <= 30);
  CHECK_FALSE(record(world).read.empty());
}

TEST_CASE("every instance reads once at its start, on a new token and every six hours", "[A5]") {
  World world = settled(2);
  CHECK(world.state(1) == "standby");
  const auto lists = [&] { return world.nodes[1].state.reads.lists; };
  const auto before = lists();
  CHECK(before == 1);
  world.post(1, TokenSeen{true, 2, ""});
  world.run(1s);
  CHECK(lists() == before + 1);
  world.run(10min);
  CHECK(lists() == before + 1);
  world.nodes[1].state.reads.last_sent -= 6h;  // as if it had waited
  world.run(1s);
  CHECK(lists() == before + 2);
}

TEST_CASE("a taker that knows a recent record assigns without reading first", "[A5]") {
  World world = settled(3);
  world.run(3min);
  world.power_off(0);
  const auto before = world.nodes[1].state.reads.lists;
  REQUIRE(world.until([&] { return world.assigns() == 1; }, 15s));
  CHECK(world.nodes[1].state.reads.lists == before);
}

TEST_CASE("an action is polled ever more slowly, then the result is read", "[A6]") {
  World world = settled(2);
  world.assign_takes = 10s;
  const auto others = world.nodes[1].state.reads.others;
  const auto lists = world.nodes[1].state.reads.lists;
  ask_for(world, "cp-2");
  REQUIRE(held_by(world, "cp-2", 15s));
  CHECK(world.nodes[1].state.reads.others - others < 10);
  CHECK(world.nodes[1].state.reads.lists == lists + 2);  // before, for there is time, and after
  world.run(6s);
  CHECK(world.nodes[1].state.reads.lists == lists + 3);  // once more 5 s later (rule A7)
}

TEST_CASE("a late call of the former holder is found and overruled", "[A7]") {
  World world = settled(3);
  // cp-2's call hangs, is given up, and is applied after cp-3 has finished.
  world.assign_faults = {{HcloudError::kTimeout, true, true, 2900ms}};
  ask_for(world, "cp-2");
  REQUIRE(world.until([&] { return world.assigns() == 1; }, 5s));
  world.power_off(1);
  REQUIRE(world.until([&] { return world.holder() == "cp-1" || world.holder() == "cp-3"; }, 15s));
  world.run(20s);
  CHECK(world.verified());
  CHECK(world.violations.empty());
}

TEST_CASE("what an older epoch left running is waited for, not raced", "[A7][A11]") {
  World world = settled(3);
  world.assign_takes = 12s;
  ask_for(world, "cp-2");
  REQUIRE(world.until([&] { return record(world).phase == AssignmentRecord::Phase::kRunning; },
                      5s));
  world.power_off(1);
  REQUIRE(world.until([&] { return world.holder() != "cp-2" && world.verified(); }, 60s));
  CHECK(world.violations.empty());
}

TEST_CASE("what is assigned right already is not assigned again", "[A8]") {
  World world(3);
  world.fips[World::kV4].fip.server = 102;
  for (int i = 0; i < 3; ++i) world.start(i);
  REQUIRE(held_by(world, "cp-2", 20s));
  CHECK(world.assigns() == 0);
}

TEST_CASE("v4 and v6 end on one node though the second assign fails or hangs", "[A9]") {
  const auto error = GENERATE(HcloudError::kTimeout, HcloudError::kServer, HcloudError::kConflict,
                              HcloudError::kBadAnswer, HcloudError::kRefused);
  World world = settled(3, true);
  world.fips[World::kV6].fip.server = 101;
  world.assign_faults = {{HcloudError::kConflict}, {error}, {error}};
  ask_for(world, "cp-2");
  REQUIRE(held_by(world, "cp-2", 60s));
  CHECK(world.fips[World::kV4].fip.server == 102);
  CHECK(world.fips[World::kV6].fip.server == 102);
  CHECK(record(world, World::kV6).action != record(world, World::kV4).action);
}

TEST_CASE("an uncertain outcome is read before the call is repeated", "[A10]") {
  const auto error = GENERATE(HcloudError::kTimeout, HcloudError::kConflict, HcloudError::kServer,
                              HcloudError::kBadAnswer);
  World world = settled(2);
  world.assign_faults = {{error, true}};  // it fails, and yet takes effect
  const int lists = world.lists;
  ask_for(world, "cp-2");
  REQUIRE(held_by(world, "cp-2", 30s));
  CHECK(world.lists > lists);
  CHECK(world.assigns() <= 2);
  CHECK(world.violations.empty());
}

TEST_CASE("a locked Floating IP: its running action is found and waited for", "[A11]") {
  World world = settled(2);
  world.assign_takes = 4s;
  world.busy_with_foreign_action(World::kV4, 4s);
  ask_for(world, "cp-2");
  REQUIRE(held_by(world, "cp-2", 30s));
  CHECK(world.assigns() == 2);
}

TEST_CASE("at the end of the rate limit reads wait and an assign still goes out", "[A12]") {
  World world = settled(2);
  world.post(1, HcloudFailed{0, HcloudError::kRateLimited, "", true, world.now(), {}});
  for (auto& node : world.nodes) node.state.reads.rate = {3600, 5, 3595};
  const int lists = world.lists;
  for (auto& node : world.nodes) node.state.reads.last_sent = world.now();
  world.post(1, TokenSeen{true, 2, ""});
  world.run(1s);
  CHECK(world.lists == lists);
  world.assign_faults = {{HcloudError::kRateLimited}};
  ask_for(world, "cp-2");
  CHECK(held_by(world, "cp-2", 20s));
}

TEST_CASE("a token that Hetzner refuses makes the node unready and hands over", "[A13]") {
  const auto error = GENERATE(HcloudError::kUnauthorized, HcloudError::kReadonly);
  World world = settled(3);
  world.assign_faults = {{error}};
  ask_for(world, "cp-2");
  REQUIRE(world.until([&] { return world.said(1, "A13"); }, 5s));
  CHECK_FALSE(world.status(1)["ready"].get<bool>());
  REQUIRE(world.until([&] { return world.holder() != "cp-2" && world.verified(); }, 20s));
  world.post(1, TokenSeen{true, 2, ""});  // a new token is a new chance
  CHECK(world.until([&] { return world.status(1)["ready"].get<bool>(); }, 3s));
}

TEST_CASE("an error code nobody knows is retried a few times, loudly, never for ever",
          "[A14][A16]") {
  World world = settled(3);
  world.assign_faults.assign(5, {HcloudError::kRefused});
  ask_for(world, "cp-2");
  REQUIRE(world.until([&] { return world.holder() != "cp-2" && world.holder() != ""; }, 40s));
  CHECK(world.until([&] { return world.holder() != "cp-2" && world.verified(); }, 20s));
  CHECK(world.violations.empty());
}

TEST_CASE("an action that fails is tried again", "[A14]") {
  World world = settled(2);
  world.action_error = true;
  ask_for(world, "cp-2");
  REQUIRE(held_by(world, "cp-2", 20s));
  CHECK(world.assigns() == 2);
}

TEST_CASE("a new holder without an intent within 2 s loses the key to the giver", "[A15]") {
  World world = settled(3);
  auto dumb = *world.leader();
  dumb.giver = dumb.instance;
  dumb.instance = "never-writes";
  dumb.server = 102;
  dumb.node = "cp-2";
  world.put("leader", dumb.text());
  REQUIRE(world.until([&] { return world.holder() == "cp-1"; }, 2500ms));
  CHECK(cause(world) == Cause::kNoProgress);
  CHECK(held_by(world, "cp-1", 5s));
  CHECK(world.assigns() == 0);
}

TEST_CASE("without the giver any ready node takes over from a holder without intent", "[A15]") {
  World world = settled(3);
  auto dumb = *world.leader();
  dumb.instance = "never-writes";
  dumb.server = 4711;
  world.put("leader", dumb.text());
  CHECK(world.until([&] { return world.leader()->instance != "never-writes"; }, 3s));
}

TEST_CASE("a holder that cannot finish passes the key on, and stays once all have tried",
          "[A16]") {
  World world = settled(3);
  world.fips[World::kV4].fip.server = 4711;
  world.assign_faults.assign(200, {HcloudError::kServer});
  ask_for(world, "cp-2");
  REQUIRE(world.until([&] { return world.leader()->tried.size() == 2; }, 90s));
  world.run(60s);
  const std::string last = world.holder();
  CHECK(world.state(world.index(last)) == "stuck");
  world.assign_faults.clear();
  CHECK(held_by(world, last, 60s));  // and it has not given up
}

TEST_CASE("a giver serves until the taker is verified", "[A17][A21]") {
  World world = settled(3);
  world.nodes[0].cordoned = true;
  world.assign_takes = 6s;
  world.term(0);
  bool served = true;
  REQUIRE(world.until(
      [&] {
        served = served && (world.verified() || world.has_address(0));
        return world.nodes[0].exits == 1;
      },
      20s));
  CHECK(served);
  CHECK(world.verified());
}

TEST_CASE("a Floating IP moved onto another ready node is followed without an API call",
          "[A18]") {
  World world = settled(3);
  world.assign_by_hand(World::kV4, 103);
  REQUIRE(held_by(world, "cp-3", 140s));
  CHECK(cause(world) == Cause::kDrift);
  CHECK(world.assigns() == 0);
}

TEST_CASE("other drift is repaired at once, then ever more slowly, and never given up",
          "[A19]") {
  World world = settled(3);
  world.config.timing.tls_every = world.config.timing.readyz_every = 20s;  // for speed
  for (int i = 0; i < 6; ++i) {
    world.assign_by_hand(World::kV4, i % 2 == 0 ? std::optional<ServerId>(4711) : std::nullopt);
    const auto before = world.assigns();
    REQUIRE(world.until([&] { return world.assigns() > before; }, 20min));
    REQUIRE(world.until([&] { return world.verified(); }, 20s));
    world.run(8s);
  }
  const auto& said = world.nodes[0].said;
  CHECK(std::count_if(said.begin(), said.end(), [](const Say& say) {
          return say.rule == "A19" && say.level == Say::Level::kError;
        }) == 4);  // an alert from the third
  CHECK(world.holder() == "cp-1");
}

TEST_CASE("what is not declared is never touched", "[A20]") {
  const int wrong = GENERATE(0, 1, 2, 3);
  World world(2);
  auto& fip = world.fips[World::kV4].fip;
  std::string expected;
  if (wrong == 0) fip.labels["vipd.cluster"] = "other", expected = "label";
  if (wrong == 1) fip.ip = "203.0.113.99", expected = "declares 203.0.113.10";
  if (wrong == 2) world.fips.clear(), expected = "not among those labelled";
  if (wrong == 3) {
    world.fips[99].fip = {99, "twin", "203.0.113.10", std::nullopt, world.config.labels, false};
    expected = "two Floating IPs";
  }
  world.start(0);
  world.start(1);
  world.run(60s);
  CHECK(world.assigns() == 0);
  CHECK(world.status(0)["gate"].dump().find(expected) != std::string::npos);
}

TEST_CASE("a taker that learns in time that a Floating IP is foreign does not touch it",
          "[A20]") {
  World world = settled(2);
  world.fips[World::kV4].fip.labels.clear();
  world.post(1, TokenSeen{true, 2, ""});
  world.run(1s);
  world.power_off(0);
  world.run(2min);
  CHECK(world.assigns() == 0);
}

TEST_CASE("where Hetzner refuses to move in place, it is unassigned first", "[A10]") {
  World world = settled(2);
  world.assign_faults = {{HcloudError::kAssigned}};
  ask_for(world, "cp-2");
  REQUIRE(held_by(world, "cp-2", 30s));
  CHECK(world.violations.empty());
}

TEST_CASE("killed at any moment between intent, assign and verify, only the move under way ends",
          "[A7][A8][E15]") {
  for (int after = 0; after < 50; after += 2) {
    World world = settled(3);
    ask_for(world, "cp-2");
    REQUIRE(world.until([&] { return world.holder() == "cp-2"; }, 5s));
    world.run(after * 50ms);
    world.kill_vipd(1);
    world.run(300ms);
    world.start(1);
    REQUIRE(held_by(world, "cp-2", 40s));
    world.run(30s);
    CHECK(world.fips[World::kV4].fip.server == 102);
    CHECK(moves(world) <= 1);
    CHECK(world.violations.empty());
  }
}

TEST_CASE("with the API down nothing moves, whatever the nodes do", "[A10][A16]") {
  World world = settled(3);
  world.api_down = GENERATE(HcloudError::kUnreachable, HcloudError::kTimeout,
                            HcloudError::kRateLimited, HcloudError::kServer);
  world.run(10min);
  CHECK(world.holder() == "cp-1");
  world.api_down.reset();
  world.run(5min);
  CHECK(held_by(world, "cp-1", 10s));
  CHECK(world.assigns() == 0);
}

TEST_CASE("a group is not split by a planned move that may not touch one of it", "[A9][A20]") {
  World world = settled(3, true);
  const auto labels = world.fips[World::kV4].fip.labels;
  world.fips[World::kV4].fip.labels = {{"cluster", "other"}};
  SECTION("the holder has not read it yet") {}
  SECTION("the holder knows it and is not ready for that") {
    world.post(0, TokenSeen{true, 2, ""});
    REQUIRE(world.until([&] { return !world.status(0)["ready"].get<bool>(); }, 5s));
    world.run(1s);
  }
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  world.run(60s);
  CHECK(world.assigns() == 0);
  CHECK(world.state(1) == "stuck");
  world.lose_quorum();  // an election: nobody is ready for a moment
  world.run(1s);
  world.regain_quorum();
  world.run(20s);
  CHECK(world.assigns() == 0);
  // And once it may be touched, the move that was asked for is finished.
  world.fips[World::kV4].fip.labels = labels;
  CHECK(held_by(world, "cp-2", 80s));
  CHECK(world.assigns() == 2);
}

TEST_CASE("what may be touched of a group is taken off a node that does not serve",
          "[A9][A20][E12]") {
  World world = settled(3, true);
  world.nodes[0].apiserver = false;
  world.run(500ms);
  world.fips[World::kV4].fip.labels = {{"cluster", "other"}};
  REQUIRE(world.until([&] { return world.holder() == "cp-2"; }, 10s));
  world.run(20s);
  CHECK(world.fips[World::kV6].fip.server == world.nodes[1].server);
}

TEST_CASE("a handover during a rate limit waits for its end on the node that was asked for",
          "[A12]") {
  World world = settled(3);
  world.list_faults.assign(200, HcloudError::kRateLimited);
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  world.run(90s);
  CHECK(world.holder() == "cp-2");
  world.list_faults.clear();
  CHECK(world.until([&] { return world.verified(); }, 10s));
  CHECK(world.holder() == "cp-2");
  CHECK(world.assigns() == 1);
}

TEST_CASE("a rate limit moves the key nowhere: every node shares it", "[A12]") {
  World world = settled(3);
  world.assign_by_hand(World::kV4, 4711);
  world.assign_faults.assign(20, {HcloudError::kRateLimited, false, true});
  REQUIRE(world.until([&] { return world.assigns() >= 21; }, 5min));
  CHECK(world.until([&] { return world.verified(); }, 20s));
  CHECK(world.holder() == "cp-1");
}

TEST_CASE("a planned move is finished on the node that was asked for, whatever Hetzner said before",
          "[A10][A12]") {
  World world = settled(3);
  SECTION("requests of the whole project were refused for a minute") {
    world.list_faults.assign(200, HcloudError::kRateLimited);
  }
  SECTION("Hetzner was down for a minute") {
    world.list_faults.assign(200, HcloudError::kServer);
  }
  for (int i = 0; i < 3; ++i) world.post(i, TokenSeen{true, 2, ""});  // each looks anew
  world.run(60s);
  world.list_faults.clear();
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  REQUIRE(world.until([&] { return world.holder() == "cp-2"; }, 5s));
  CHECK(world.until([&] { return world.verified(); }, 10s));
  CHECK(world.holder() == "cp-2");
}

TEST_CASE("an undeclared Floating IP does not hide that the rest of its group cannot be assigned",
          "[A16][A20]") {
  World world = settled(3, true);
  world.fips[World::kV4].fip.labels = {{"cluster", "other"}};
  world.assign_faults.assign(8, {HcloudError::kConflict, false, true});
  world.power_off(0);
  REQUIRE(world.until([&] { return world.assigns() >= 2; }, 60s));
  const std::string first = world.holder();
  CHECK(world.until([&] { return world.holder() != first; }, 60s));
}

TEST_CASE("a restored etcd while Hetzner is down moves nothing", "[E4][A16]") {
  World world = settled(3);
  world.api_down = HcloudError::kServer;
  world.restore_etcd(50);
  world.run(3min);
  CHECK(world.holder() == "cp-1");
  world.api_down.reset();
  world.run(3min);
  CHECK(world.holder() == "cp-1");
  CHECK(world.assigns() == 0);
}

TEST_CASE("records of a restored etcd do not overrule what Hetzner said", "[A5][E4]") {
  World world = settled(3);
  world.save_snapshot();
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  REQUIRE(held_by(world, "cp-2", 20s));
  for (int node : {0, 1, 2}) world.post(node, TokenSeen{true, 2, ""});  // everybody looks
  world.run(10s);
  const auto assigns = world.assigns();
  world.power_off(0);
  world.run(10s);
  world.api_down = HcloudError::kServer;
  world.restore_snapshot();
  world.run(2min);
  world.api_down.reset();
  CHECK(held_by(world, "cp-2", 60s));
  CHECK(world.assigns() == assigns);
}

}  // namespace
}  // namespace vipd::core
