// Does the meter count what it claims to, and nothing of it where nothing happens?
#include <algorithm>
#include <set>

#include "tests/catch.h"
#include "tests/sim/meter.h"
#include "tests/sim/rules.h"

namespace vipd::sim {
namespace {

using namespace std::chrono_literals;
using fakes::World;

// A group from its start on, with a meter that sees everything.
class Metered final : public fakes::Witness {
 public:
  explicit Metered(int nodes, bool dual_stack = false)
      : world(nodes, dual_stack), met_(all()), meter_(world, met_) {
    world.witness = this;
    for (auto& [id, fip] : world.fips) fip.fip.server = world.nodes[0].server;
    for (int i = 0; i < nodes; ++i) world.start(i);
    REQUIRE(until([&] { return world.holder() == "cp-1" && world.verified(); }, 20s));
    run(10s);
  }

  World world;

  void run(core::Duration span) {
    until([] { return false; }, span);
  }
  bool until(const std::function<bool()>& condition, core::Duration within) {
    const auto end = world.now() + within;
    while (world.now() < end && !condition()) {
      world.until(condition, 1s);
      meter_.look();
    }
    return condition();
  }
  [[nodiscard]] bool met(const std::string& rule) const { return met_.at(rule) > 0; }
  [[nodiscard]] std::set<std::string> met() const {
    std::set<std::string> rules;
    for (const auto& [rule, count] : met_) {
      if (count > 0) rules.insert(rule);
    }
    return rules;
  }

  void started(int node) override { meter_.started(node); }
  void ended(int node) override { meter_.ended(node); }
  void shown(int node, const core::Event& event) override { meter_.shown(node, event); }
  void left(int node, const core::Command& command) override { meter_.left(node, command); }
  void committed(int node, const core::Txn& txn, core::Instant, const std::string&) override {
    meter_.committed(node, txn);
  }
  void writes(int node, core::FipId, core::ServerId) override { meter_.writes(node); }
  void routed() override { meter_.routed(); }

 private:
  static Met all() {
    Met met;
    for (const Rule& rule : kRules) met.emplace(rule.id, 0);
    return met;
  }

  Met met_;
  Meter meter_;
};

const std::set<std::string> kQuiet = {"A3", "A4", "A8", "E1", "E5"};

TEST_CASE("a group that nothing happens to meets what its start needs, and nothing else") {
  Metered group(3);
  group.run(10min);
  CHECK(group.met() == kQuiet);
}

TEST_CASE("a standby that dies and comes back adds nothing but its new instance") {
  Metered group(3);
  group.world.power_off(2);
  group.run(5min);
  CHECK(group.met() == kQuiet);
  group.world.power_on(2);
  group.world.start(2);
  group.run(60s);
  std::set<std::string> with_instance = kQuiet;
  with_instance.insert("E2");
  CHECK(group.met() == with_instance);
}

TEST_CASE("a dead holder, and its successor dead within the cool-down") {
  Metered group(4, true);
  group.world.power_off(0);
  REQUIRE(group.until([&] { return group.world.holder() == "cp-2" && group.world.verified(); },
                      60s));
  CHECK(group.met("A2"));
  CHECK(group.met("E7"));
  CHECK(group.met("A9"));
  CHECK_FALSE(group.met("E17"));
  CHECK_FALSE(group.met("A21"));
  group.world.power_off(1);
  REQUIRE(group.until([&] { return group.world.holder() > "cp-2"; }, 60s));
  CHECK(group.met("E17"));
}

TEST_CASE("a holder on a node that goes down gives the address away and waits for it") {
  Metered group(3);
  group.world.nodes[0].cordoned = true;
  CHECK_FALSE(group.met("A17"));
  group.world.term(0);
  REQUIRE(group.until([&] { return group.world.verified() && group.world.holder() != "cp-1"; },
                      20s));
  group.run(10s);
  CHECK(group.met("A17"));
  CHECK(group.met("A21"));
}

TEST_CASE("a wrong certificate, and no apiserver left to serve") {
  Metered group(3);
  group.world.nodes[1].certificate = false;
  group.run(70s);
  CHECK(group.met("E9"));
  CHECK_FALSE(group.met("N4"));
  for (auto& node : group.world.nodes) node.apiserver = false;
  group.run(20s);
  CHECK(group.met("N4"));
}

TEST_CASE("a holder cut off from etcd keeps the address without its lease") {
  Metered group(3);
  group.world.cut_from_etcd(0);
  group.run(30s);
  group.world.heal_etcd(0);
  group.run(30s);
  CHECK(group.met("N1"));
  CHECK(group.met("E19"));
  CHECK_FALSE(group.met("N9"));
}

TEST_CASE("etcd without quorum: apiservers fail, and the holder sits it out") {
  Metered group(3);
  group.world.lose_quorum();
  group.run(60s);
  CHECK(group.met("N9"));
  CHECK_FALSE(group.met("N10"));
  CHECK_FALSE(group.met("E10"));
  group.world.regain_quorum();
  group.run(60s);
  CHECK(group.met("N10"));
  CHECK(group.met("E10"));
}

TEST_CASE("Hetzner refuses: for a lock it is asked again, for the rate after the wait") {
  Metered group(3);
  SECTION("locked") {
    group.world.assign_faults = {{core::HcloudError::kLocked}};
    group.world.power_off(0);
    REQUIRE(group.until([&] { return group.world.holder() == "cp-2"; }, 60s));
    REQUIRE(group.until([&] { return group.world.verified(); }, 60s));
    CHECK(group.met("A11"));
    CHECK_FALSE(group.met("A12"));
  }
  SECTION("over the rate") {
    group.world.assign_faults = {{core::HcloudError::kRateLimited}};
    group.world.power_off(0);
    REQUIRE(group.until([&] { return group.world.holder() == "cp-2"; }, 60s));
    REQUIRE(group.until([&] { return group.world.verified(); }, 60s));
    CHECK(group.met("A12"));
    CHECK_FALSE(group.met("A11"));
  }
}

TEST_CASE("a taker that goes down before it is done leaves an intent that is looked into") {
  Metered group(4);
  group.world.assign_faults = {{core::HcloudError::kTimeout, true, true, 4s}};
  group.world.power_off(0);
  REQUIRE(group.until([&] { return group.world.holder() == "cp-2"; }, 60s));
  CHECK_FALSE(group.met("A7"));
  group.world.nodes[1].cordoned = true;
  group.world.term(1);
  REQUIRE(group.until([&] { return group.world.holder() > "cp-2"; }, 5s));
  group.run(20s);
  CHECK(group.met("A7"));
}

TEST_CASE("a pause by order that ends with its lease is counted, one that is resumed is not") {
  Metered group(3);
  group.world.post(1, core::PauseAsked{5, 60s, false, "ann", "window"});
  group.run(10s);
  group.world.post(1, core::ResumeAsked{6, "ann"});
  group.run(70s);
  CHECK_FALSE(group.met("O1"));
  group.world.post(1, core::PauseAsked{7, 60s, false, "ann", "window"});
  group.run(70s);
  CHECK(group.met("O1"));
}

}  // namespace
}  // namespace vipd::sim
