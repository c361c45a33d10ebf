#include "tests/core/story.h"
#include "vipd/core/gate.h"

namespace vipd::core {
namespace {

bool ready(const World& world, int node) { return world.status(node)["ready"].get<bool>(); }

std::string evidence(const World& world, int node, const std::string& name) {
  const auto status = world.status(node);
  for (const auto& condition : status["gate"]) {
    if (condition["condition"] == name && !condition["ok"]) return condition["evidence"];
  }
  return "";
}

TEST_CASE("three misses make a probe fall, two hits make it rise", "[E8]") {
  // Every order of seven answers, against a model that looks at the whole history.
  for (int run = 0; run < 128; ++run) {
    Pulse pulse;
    bool model = false;
    std::string history;
    for (int i = 0; i < 7; ++i) {
      const bool hit = ((run >> i) & 1) != 0;
      beat(pulse, hit, "");
      history += hit ? 'h' : 'm';
      if (history.ends_with("hh")) model = true;
      if (history.ends_with("mmm")) model = false;
      REQUIRE(pulse.up == model);
    }
  }
}

TEST_CASE("a dead apiserver is noticed by the TLS handshakes within 0.8 s", "[E8]") {
  World world = settled(3);
  world.nodes[1].apiserver = false;
  CHECK(world.until([&] { return !ready(world, 1); }, 800ms));
  world.nodes[1].apiserver = true;
  CHECK(world.until([&] { return ready(world, 1); }, 8s));
}

TEST_CASE("an apiserver that says it shuts down is not ready at once", "[E8]") {
  World world = settled(1);
  const CallId call = 1u << 30;
  State& state = world.nodes[0].state;
  state.gate.readyz.flight = {call, world.now() + 1s};
  world.post(0, ReadyzAnswer{call, ReadyzAnswer::Result::kNotReady, 500, true, "shutdown",
                             world.now()});
  CHECK_FALSE(ready(world, 0));
}

TEST_CASE("a certificate that does not name the address keeps a node from being ready", "[E9]") {
  World world(2);
  world.nodes[1].certificate = false;
  world.start(0);
  world.start(1);
  world.run(10s);
  CHECK(ready(world, 0));
  CHECK_FALSE(ready(world, 1));
  CHECK(evidence(world, 1, "certificate").find("203.0.113.10") != std::string::npos);

  World migrating(1);
  migrating.config.require_certificate = false;
  migrating.nodes[0].certificate = false;
  migrating.start(0);
  migrating.run(10s);
  CHECK(ready(migrating, 0));
}

TEST_CASE("the address is asked for its certificate only while it is local", "[E9]") {
  World world = settled(2);
  world.nodes[1].lo.clear();
  world.nodes[1].dialled.clear();
  world.nodes[1].keep_off_lo = true;
  world.post(1, AddressesSeen{{}});
  world.run(130s);
  for (const IpAddress& dialled : world.nodes[1].dialled) CHECK(dialled.text() == "127.0.0.1");
  CHECK_FALSE(world.nodes[1].dialled.empty());
}

TEST_CASE("no verdict on /readyz counts while etcd has no leader", "[E10]") {
  World world = settled(3);
  world.lose_quorum();
  world.run(3s);
  CHECK(evidence(world, 0, "apiserver-readyz").empty());
  world.regain_quorum();
  world.run(2s);
  CHECK(ready(world, 0));
}

TEST_CASE("a member that answers every other time hides no failing apiserver", "[E10]") {
  World world = settled(3);
  world.nodes[1].failing = true;
  for (int second = 0; second < 12; ++second) {
    world.nodes[1].member = second % 2 == 0;
    world.run(1s);
  }
  CHECK_FALSE(evidence(world, 1, "apiserver-readyz").empty());
}

TEST_CASE("the rest of the gate: each condition alone keeps a node from being ready", "[E11]") {
  World world = settled(2);
  REQUIRE(ready(world, 1));

  SECTION("no token") {
    world.post(1, TokenSeen{false, 1, "the token file is empty"});
    CHECK(evidence(world, 1, "token") == "the token file is empty");
  }
  SECTION("no lease") {
    world.cut_from_etcd(1);
    world.run(6s);
    CHECK_FALSE(evidence(world, 1, "lease").empty());
  }
  SECTION("no member with a leader") {
    world.cut_from_etcd(1);
    world.run(2s);
    CHECK_FALSE(evidence(world, 1, "etcd-member").empty());
  }
  SECTION("v4 in global scope, put there by somebody") {
    world.post(1, AddressesSeen{{{*IpAddress::parse("203.0.113.10"), 32, 0, false}}});
    CHECK(evidence(world, 1, "address-guards").find("ip addr del") != std::string::npos);
  }
  SECTION("a Floating IP outside the declaration") {
    world.fips[World::kV4].fip.labels.clear();
    world.post(1, TokenSeen{true, 2, ""});  // a new token is read with at once
    world.run(1s);
    CHECK(evidence(world, 1, "floating-ips").find("label") != std::string::npos);
  }
  CHECK_FALSE(ready(world, 1));
}

TEST_CASE("without identity nothing is ready and the cause is shown", "[E11][E19]") {
  World world(1);
  world.start(0);
  world.post(0, IdentityFailed{"169.254.169.254 did not answer"});
  CHECK(world.state(0) == "starting");
  CHECK(evidence(world, 0, "identity") == "169.254.169.254 did not answer");
}

TEST_CASE("a node record is ready only while the gate holds", "[E11]") {
  World world = settled(3);
  const auto published = [&] {
    const auto text = world.value("nodes/" + world.status(1)["instance"].get<std::string>());
    return text && NodeRecord::parse(*text)->ready;
  };
  REQUIRE(published());
  world.nodes[1].apiserver = false;
  REQUIRE(world.until([&] { return !ready(world, 1); }, 2s));
  CHECK(world.until([&] { return !published(); }, 20ms));
}

TEST_CASE("etcd, Hetzner and metadata may all be down at the start: vipd waits", "[E19]") {
  World world(2);
  world.etcd_quorum = false;
  world.api_down = HcloudError::kUnreachable;
  for (const int node : {0, 1}) {
    world.start(node);
    world.post(node, EtcdWatchLost{"connection refused"});
  }
  world.run(5min);
  CHECK(world.nodes[0].exits == 0);
  CHECK(world.status(0)["next"].get<std::string>().find("connection refused") !=
        std::string::npos);
  world.api_down.reset();
  world.regain_quorum();
  CHECK(world.until([&] { return world.verified(); }, 90s));
}

TEST_CASE("labels that were wrong for a moment cost no standby for hours", "[A20]") {
  World world = settled(3);
  const auto right = world.fips[World::kV4].fip.labels;
  world.fips[World::kV4].fip.labels = {{"cluster", "other"}};
  for (int node : {0, 1, 2}) world.post(node, TokenSeen{true, 2, ""});
  REQUIRE(world.until([&] { return !world.status(1)["ready"].get<bool>(); }, 5s));
  world.fips[World::kV4].fip.labels = right;
  SECTION("while the holder lives") {
    CHECK(world.until([&] { return world.status(1)["ready"].get<bool>(); }, 70s));
  }
  SECTION("when the holder dies then") {
    world.power_off(0);
    CHECK(world.until([&] { return world.holder() != "cp-1" && world.verified(); }, 30s));
  }
}

}  // namespace
}  // namespace vipd::core
