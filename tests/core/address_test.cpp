#include "tests/core/story.h"

namespace vipd::core {
namespace {

const IpAddress kAddress = *IpAddress::parse("203.0.113.10");

TEST_CASE("losing the lease takes no address off the node and stops API writes", "[N1][N9]") {
  World world = settled(3);
  world.cut_from_etcd(0);
  world.assign_by_hand(World::kV4, 4711);
  world.run(4900ms);
  CHECK(world.assigns() == 0);
  world.run(60s);
  CHECK(world.has_address(0));
  for (const auto& line : world.audit) CHECK(line.by != 0);
}

TEST_CASE("the address is on every ready node, before it is needed", "[N2]") {
  World world = settled(3);
  for (const int node : {0, 1, 2}) CHECK(world.has_address(node));
}

TEST_CASE("an unready node lets go of it only once another is verified", "[N3][N4]") {
  World world = settled(3);
  world.nodes[0].apiserver = false;
  world.assign_takes = 5s;
  bool served = true;
  REQUIRE(world.until(
      [&] {
        served = served && (world.has_address(0) || world.verified());
        return world.verified() && !world.has_address(0);
      },
      20s));
  CHECK(served);
  CHECK(world.violations.empty());
  world.nodes[0].apiserver = true;
  CHECK(world.until([&] { return world.has_address(0); }, 10s));
}

TEST_CASE("a frozen node keeps the address", "[N4]") {
  World world = settled(3);
  world.nodes[1].apiserver = false;
  world.lose_quorum();
  world.run(5min);
  for (const int node : {0, 1, 2}) CHECK(world.has_address(node));
}

TEST_CASE("at the start only what vipd left behind is swept", "[N5]") {
  World world(1);
  world.fips[World::kV4].fip.server = 101;
  const auto ip = [](const char* text) { return *IpAddress::parse(text); };
  world.nodes[0].lo = {{ip("127.0.0.1"), 8, 254, false},
                       {ip("198.51.100.7"), 32, 254, true},    // ours, of an old declaration
                       {ip("198.51.100.8"), 32, 254, false}};  // somebody else's
  world.start(0);
  REQUIRE(world.until([&] { return world.has_address(0); }, 10s));
  CHECK(world.nodes[0].lo.size() == 3);
  CHECK(world.nodes[0].lo.count({ip("198.51.100.7"), 32, 254, true}) == 0);
}

TEST_CASE("what something else removes is added again", "[N6]") {
  World world = settled(2);
  world.nodes[0].lo.clear();
  world.post(0, AddressesSeen{{}});
  CHECK(world.until([&] { return world.has_address(0); }, 1s));
}

TEST_CASE("an address that cannot be added is reported and tried again, not hammered", "[N6]") {
  World world = settled(2);
  world.nodes[1].keep_off_lo = true;
  world.nodes[1].lo.clear();
  world.post(1, AddressesSeen{{}});
  world.post(1, NetlinkFailed{kAddress, "operation not permitted; vipd needs CAP_NET_ADMIN"});
  CHECK(world.status(1)["problems"].dump().find("CAP_NET_ADMIN") != std::string::npos);
  world.nodes[1].keep_off_lo = false;
  CHECK(world.until([&] { return world.has_address(1); }, 3s));
}

TEST_CASE("a v4 address is a /32 on lo in host scope", "[N7]") {
  World world = settled(1);
  REQUIRE(world.nodes[0].lo.size() == 1);
  CHECK(*world.nodes[0].lo.begin() == LocalAddress{kAddress, 32, 254, true});
}

TEST_CASE("v6 is refused until the guards are stated to be in force", "[N8]") {
  World world(2, true);
  world.config.address_guards_proven = false;
  world.start(0);
  world.run(30s);
  CHECK(world.nodes[0].lo.empty());
  CHECK(world.status(0)["gate"].dump().find("advertisedSubnets") != std::string::npos);
}

TEST_CASE("without quorum the holder serves on and writes nothing", "[N9]") {
  World world = settled(3);
  world.lose_quorum();
  world.assign_by_hand(World::kV4, 4711);
  world.run(10min);
  CHECK(world.state(0) == "frozen");
  CHECK(world.has_address(0));
  CHECK(world.assigns() == 0);
}

TEST_CASE("when etcd returns a frozen holder goes on, re-acquires or yields", "[N10]") {
  World world = settled(3);
  const Revision before = world.epoch();
  world.lose_quorum();
  world.run(60s);
  SECTION("the key is still its own") {
    world.regain_quorum();
    world.run(5s);
    CHECK(world.epoch() == before);
    CHECK(world.state(0) == "holder");
  }
  SECTION("the key is free") {
    world.erase("leader");
    world.regain_quorum();
    CHECK(held_by(world, "cp-1", 15s));
  }
  SECTION("the key is another's") {
    auto other = *world.leader();
    other.instance = world.status(1)["instance"].get<std::string>();
    other.server = 102;
    other.node = "cp-2";
    world.put("leader", other.text());
    world.regain_quorum();
    CHECK(held_by(world, "cp-2", 20s));
    CHECK(world.state(0) == "standby");
  }
  CHECK(moves(world) <= 1);
}

TEST_CASE("clock jumps: after a pause of the process nothing is done in its old right",
          "[E22][A1]") {
  World world = settled(3);
  // The loop stood still for a minute (SIGSTOP, suspend): the lease is over by our own clock.
  world.freeze(0, 60s);
  world.fips[World::kV4].fip.server = 4711;
  world.run(90s);
  CHECK(world.violations.empty());
  for (const auto& line : world.audit) CHECK(line.by != 0);
}

}  // namespace
}  // namespace vipd::core
