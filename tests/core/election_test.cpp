#include "tests/core/story.h"

namespace vipd::core {
namespace {

TEST_CASE("vipd writes below its own prefix and nowhere else", "[E1]") {
  World world = settled(3);
  world.power_off(0);
  REQUIRE(world.until([&] { return world.holder() != "cp-1" && world.verified(); }, 20s));
  CHECK(world.foreign_keys().empty());
  CHECK(world.config.prefix() == "/vipd/prod/api/");
}

TEST_CASE("a replacement under the same name is somebody else", "[E2]") {
  World world = settled(3);
  world.power_off(0);
  REQUIRE(world.until([&] { return !world.leader().has_value(); }, 10s));
  world.nodes[0].server = 999;  // recreated: same name, new server id
  world.nodes[0].address = "10.0.1.99";
  world.start(0);
  REQUIRE(world.until([&] { return world.verified(); }, 20s));
  CHECK(world.leader()->server != 999);  // the name gives no claim
  CHECK(world.leader()->server != 101);
}

TEST_CASE("a node's address is the private one in the cluster's subnet, never a Floating IP",
          "[E2]") {
  World world(1);
  world.config.node_subnets = {*base::IpPrefix::parse("10.0.1.0/24")};
  world.start(0);
  world.run(100ms);
  const auto ip = [](const char* text) { return *IpAddress::parse(text); };
  world.post(0, Identity{101, "cp-1", {ip("192.168.7.7"), ip("10.0.1.11")}, ip("198.18.1.11")});
  CHECK(world.status(0)["address"] == "10.0.1.11");
  world.post(0, Identity{101, "cp-1", {}, ip("198.18.1.11")});
  CHECK(world.status(0)["address"] == "198.18.1.11");
  world.post(0, Identity{101, "cp-1", {}, ip("203.0.113.10")});
  CHECK(world.status(0)["address"] == "");
}

TEST_CASE("a leader key with the same revision and another value is not mine", "[E3]") {
  World world = settled(3);
  world.fips[World::kV4].fip.server = 4711;
  REQUIRE(world.until([&] { return world.assigns() == 1; }, 140s));  // it repairs drift
  REQUIRE(held_by(world, "cp-1", 10s));
  // A restored snapshot repeats revisions: same mod_revision, other value.
  world.forge_leader_value();
  world.fips[World::kV4].fip.server = 4711;
  world.run(140s);
  CHECK(world.assigns() == 1);
}

TEST_CASE("after a restore of etcd everybody starts over as a new instance", "[E4]") {
  World world = settled(3);
  const auto before = world.status(1)["instance"];
  world.restore_etcd(50);
  REQUIRE(world.until([&] { return world.said(1, "E4"); }, 5s));
  CHECK(world.status(1)["instance"] != before);
  CHECK(held_by(world, "cp-1", 30s));
  CHECK(world.assigns() == 0);
}

TEST_CASE("on a first start an unassigned address is taken by one node", "[E5][E14]") {
  World world(3);
  for (int i = 0; i < 3; ++i) world.start(i);
  REQUIRE(world.until([&] { return world.verified(); }, 20s));
  CHECK(cause(world) == Cause::kFirstClaim);
  world.run(60s);
  CHECK(world.assigns() == 1);
}

TEST_CASE("nobody overwrites a leader key that is there", "[E5]") {
  World world(2);
  world.put("leader", "not json at all");
  world.start(0);
  world.start(1);
  world.run(120s);
  CHECK(world.value("leader") == "not json at all");
  CHECK(world.assigns() == 0);
  CHECK(world.status(0)["problems"].dump().find("etcdctl get") != std::string::npos);
}

TEST_CASE("a handover fails whole where the successor's key is not as it was seen", "[E6]") {
  World world = settled(3);
  world.kill_vipd(1);
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  world.run(3s);
  CHECK(world.holder() == "cp-1");  // the successor's lease was about to end: nothing moved
  world.run(20s);
  CHECK(world.holder() == "cp-1");
  CHECK(world.assigns() == 0);
}

TEST_CASE("a handover never leaves a moment without a leader", "[E6][A21]") {
  World world = settled(3);
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  bool absent = false;
  REQUIRE(world.until(
      [&] {
        absent = absent || !world.leader();
        return world.holder() == "cp-2" && world.verified();
      },
      10s));
  CHECK_FALSE(absent);
  CHECK(cause(world) == Cause::kRequest);
  CHECK_FALSE(world.value("request"));
}

TEST_CASE("the node that leads etcd comes last, then server ids decide", "[E7]") {
  World world = settled(4);
  world.etcd_leader = 1;  // cp-2, which has the lowest id of the standbys
  world.run(3s);
  world.power_off(0);
  REQUIRE(world.until([&] { return world.holder() != "cp-1" && world.verified(); }, 20s));
  CHECK(world.holder() == "cp-3");
}

TEST_CASE("while the node that Hetzner names answers, nobody else acquires", "[E13]") {
  World world(3);
  world.fips[World::kV4].fip.server = 101;
  world.start(1);
  world.start(2);
  world.run(10min);
  CHECK(world.holder().empty());
  CHECK(world.assigns() == 0);
  CHECK(world.state(1) == "unmanaged");
  CHECK(world.said(1, "E13"));  // an alert after 60 s
}

TEST_CASE("a claimant that misses three times has lost its claim", "[E14]") {
  World world(3);
  world.fips[World::kV4].fip.server = 101;
  world.start(1);
  world.start(2);
  world.run(10s);
  world.nodes[0].alive = false;
  REQUIRE(held_by(world, "cp-2", 10s));
  CHECK(cause(world) == Cause::kTakeover);
}

TEST_CASE("a node that serves without vipd may be silent for less than a ttl", "[E14]") {
  World world(3);
  world.fips[World::kV4].fip.server = 101;
  world.start(1);
  world.start(2);
  world.run(10s);
  world.nodes[0].apiserver = false;
  world.run(4500ms);
  world.nodes[0].apiserver = true;
  world.run(60s);
  CHECK(world.holder().empty());
  CHECK(world.assigns() == 0);
}

TEST_CASE("a server that Hetzner does not know has no claim", "[E14]") {
  World world(2);
  world.fips[World::kV4].fip.server = 4711;
  world.start(0);
  REQUIRE(held_by(world, "cp-1", 20s));
}

TEST_CASE("enabling vipd node by node, the others first, moves nothing", "[E15]") {
  World world(3);
  world.fips[World::kV4].fip.server = 101;
  for (const int node : {1, 2, 0}) {
    world.start(node);
    world.run(60s);
  }
  CHECK(held_by(world, "cp-1", 10s));
  CHECK(cause(world) == Cause::kAdoption);
  CHECK(world.assigns() == 0);
}

TEST_CASE("restarting vipd on each node in turn moves nothing", "[E15][E18]") {
  World world = settled(3);
  for (int round = 0; round < 2; ++round) {
    for (int node = 0; node < 3; ++node) {
      world.term(node);
      world.run(3s);
      CHECK(world.nodes[static_cast<std::size_t>(node)].exits == round + 1);
      world.start(node);
      world.run(30s);
    }
  }
  CHECK(held_by(world, "cp-1", 10s));
  CHECK(world.assigns() == 0);
}

TEST_CASE("a vipd that was killed adopts its own leader key at once", "[E15]") {
  World world = settled(3);
  world.kill_vipd(0);
  world.run(500ms);
  world.start(0);
  const Revision before = world.epoch();
  REQUIRE(world.until([&] { return world.epoch() != before && world.verified(); }, 2s));
  CHECK(world.holder() == "cp-1");
  CHECK(cause(world) == Cause::kAdoption);
  CHECK(world.assigns() == 0);
}

TEST_CASE("a vipd that stays down leaves the address where it is", "[E13][N1]") {
  World world = settled(3);
  world.kill_vipd(0);
  world.run(10min);
  CHECK(world.holder().empty());
  CHECK(world.assigns() == 0);
  CHECK(world.has_address(0));
}

TEST_CASE("a dead holder is taken over when its lease ends, cool-down or not", "[E17]") {
  World world = settled(3);
  world.power_off(0);
  REQUIRE(held_by(world, "cp-2", 10s));
  world.run(2s);
  world.power_off(1);
  world.nodes[0].alive = true;
  world.start(0);
  CHECK(world.until([&] { return world.holder() != "cp-2" && world.verified(); }, 12s));
}

TEST_CASE("the outage of a dead holder is its lease, three misses and the API", "[E14][E17]") {
  World world = settled(3);
  const Instant died = world.now();
  world.power_off(0);
  REQUIRE(held_by(world, "cp-2", 20s));
  CHECK(world.now() - died < world.config.timing.ttl + 3s + world.assign_takes);
}

TEST_CASE("an etcd election with all nodes alive moves nothing, twenty times", "[E10][E21]") {
  World world = settled(3);
  for (int i = 0; i < 20; ++i) {
    world.lose_quorum();
    world.run(2500ms);
    world.regain_quorum();
    world.run(10s);
  }
  CHECK(held_by(world, "cp-1", 5s));
  CHECK(world.assigns() == 0);
}

TEST_CASE("a leader key that names my instance makes me holder however it came about", "[E21]") {
  World world = settled(2);
  const auto mine = world.status(1)["instance"].get<std::string>();
  auto record = *world.leader();
  record.instance = mine;
  record.server = 102;
  record.node = "cp-2";
  world.put("leader", record.text());
  CHECK(held_by(world, "cp-2", 10s));
}

TEST_CASE("a write whose answer was lost is looked up, not assumed", "[E21]") {
  World world(1);
  world.lose_next_txn_answer("leader");
  world.start(0);
  CHECK(world.until([&] { return world.verified(); }, 20s));
  CHECK(world.assigns() == 1);
}

TEST_CASE("a holder without etcd does not ask Hetzner again and again for work it may not do",
          "[A4][N9]") {
  World world = settled(3);
  world.api_down = HcloudError::kServer;
  world.post(0, HandoverAsked{1, "cp-2", "", "test", "drill"});
  REQUIRE(world.until([&] { return world.holder() == "cp-2"; }, 5s));
  world.run(30s);
  REQUIRE(world.lists > 3);  // its work waits for a read, so it asks every 5 s
  world.lose_quorum();
  world.run(60s);  // longer than the ttl; the back-off is at its longest
  world.lists = 0;
  world.run(4min);
  CHECK(world.lists <= 3 * 5);
}

TEST_CASE("the leader key is read with every keepalive, and ttl 0 ends the lease", "[E22]") {
  World world = settled(2);
  world.erase_silently("leader");  // no watch event tells
  REQUIRE(world.until([&] { return world.epoch() != 0; }, 3s));
  world.revoke_lease_of(0);
  CHECK(world.until([&] { return world.said(0, "E22"); }, 3s));
  CHECK(held_by(world, "cp-1", 10s));
  CHECK(world.assigns() == 0);
}

TEST_CASE("after a lost watch the prefix is listed again and nothing is missed", "[E23]") {
  World world = settled(2);
  world.cut_from_etcd(1);
  world.run(1s);
  world.put("pause", PauseRecord{"op", "window", false, ""}.text());
  world.heal_etcd(1);
  world.run(1s);
  CHECK(world.status(1)["paused"]["by"] == "op");
}

TEST_CASE("a record that somebody made unreadable or deleted is written again at once, unread",
          "[A4]") {
  World world = settled(3);
  const auto key = world.config.prefix() + "assignment/7";
  for (const bool garbage : {true, false}) {
    if (garbage) world.put("assignment/7", "garbage");
    if (!garbage) world.erase("assignment/7");
    world.run(1s);
    CHECK(world.status(1)["fips"][0]["verified"] == true);
    CHECK(world.status(1)["problems"].empty());
    REQUIRE(world.keys().count(key) == 1);
    const auto written = world.keys().at(key).mod_revision;
    world.run(5s);
    CHECK(world.keys().at(key).mod_revision == written);  // once
  }
  CHECK(world.lists == 0);
}

TEST_CASE("garbage in every one of our keys is named, obeyed by nobody and harms nothing",
          "[E1]") {
  const std::string garbage = GENERATE(as<std::string>(), "", "{", "[]", "{\"instance\":7}",
                                       std::string(3, '\0'), "{\"server\":-1}");
  World world = settled(2);
  world.put("nodes/x", garbage);
  world.put("assignment/7", garbage);
  world.put("assignment/huge99999999999999999999", garbage);
  world.put("request", garbage);
  world.put("suspects/1/x", garbage);
  world.put("unheard-of", garbage);
  world.run(5s);
  CHECK(world.holder() == "cp-1");
  CHECK(world.status(0)["problems"].size() >= 3);
  world.put("pause", garbage);  // somebody wanted a pause: it counts as one
  world.run(1s);
  CHECK_FALSE(world.status(0)["paused"].is_null());
  CHECK(world.assigns() == 0);
}

TEST_CASE("a leader key that nobody can read stays named, and nobody is called its holder",
          "[E1][E13]") {
  World world = settled(3);
  world.put("leader", "garbage{");
  world.run(1s);
  world.break_watch(1, 10ms);  // lists again
  world.run(61s);
  const auto status = world.status(1);
  CHECK(status["problems"].dump().find("leader") != std::string::npos);
  CHECK(status["state"] == "unmanaged");
  CHECK(status["next"].get<std::string>().find("etcdctl") != std::string::npos);
  CHECK(status["holder"]["alive"].is_null());
  CHECK(world.said(1, "E13"));
  world.post(1, HandoverAsked{1, "cp-2", "", "test", "drill"});
  world.run(1s);
  REQUIRE_FALSE(world.nodes[1].answers.empty());
  CHECK(world.nodes[1].answers[0].text.find("etcdctl") != std::string::npos);
  world.erase("leader");  // what the problem advises
  CHECK(held_by(world, "cp-1", 10s));
  CHECK(world.assigns() == 0);
}

TEST_CASE("a leader key without a lease is put on the holder's own, so that it ends with it",
          "[E22]") {
  World world = settled(3);
  world.put("leader", *world.value("leader"));  // by hand: on no lease
  REQUIRE(world.until([&] { return world.keys().at(world.config.prefix() + "leader").lease != 0; },
                      5s));
  CHECK(held_by(world, "cp-1", 5s));
  CHECK(world.assigns() == 0);
  world.power_off(0);
  CHECK(world.until([&] { return world.holder() != "cp-1" && world.verified(); }, 20s));
}

}  // namespace
}  // namespace vipd::core
