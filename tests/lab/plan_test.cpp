// The pure parts of the lab: addresses, packet filters, settings.
#include "tools/lab/plan.h"

#include <functional>

#include "tests/catch.h"
#include "tools/lab/links.h"
#include "tools/lab/setup.h"

namespace vipd::lab {
namespace {

TEST_CASE("a re-created node has the same name and no address it had before") {
  const auto first = plan_node(2, 0);
  const auto second = plan_node(2, 1);
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(first->name == "cp-2");
  CHECK(second->name == "cp-2");
  CHECK(first->private_v4 == "10.0.1.12");
  CHECK(second->private_v4 == "10.0.1.22");
  CHECK(first->public_v4 != second->public_v4);
  CHECK(first->public_v6_network != second->public_v6_network);
  CHECK(first->public_link != second->public_link);
}

TEST_CASE("a lab has at most five nodes and as many re-creations as there are addresses") {
  CHECK_FALSE(plan_node(0, 0).ok());
  CHECK_FALSE(plan_node(6, 0).ok());
  CHECK(plan_node(5, kMostGenerations - 1)->private_v4 == "10.0.1.245");
  CHECK_FALSE(plan_node(1, kMostGenerations).ok());
}

TEST_CASE("a healed node has no packet filter at all") {
  CHECK(ruleset({}).find("drop") == std::string::npos);
  CHECK(ruleset({}).find("delete table inet lab") != std::string::npos);
}

TEST_CASE("cuts add up, and never touch what a node says to itself") {
  const std::string both = ruleset({Cut::kEtcd, Cut::kHetzner});
  CHECK(both.find("tcp dport { 2379, 2380 } drop") != std::string::npos);
  CHECK(both.find("169.254.169.254") != std::string::npos);
  CHECK(both.find("198.18.0.0/15") == std::string::npos);  // that would be peers
  std::size_t drops = 0;
  std::size_t bound = 0;
  for (std::size_t at = 0; (at = both.find("drop\n", at)) != std::string::npos; ++at) ++drops;
  for (std::size_t at = 0; (at = both.find("ifname \"eth*\"", at)) != std::string::npos; ++at)
    ++bound;
  CHECK(drops == 8);
  CHECK(bound == drops);
}

TEST_CASE("an unknown cut is refused by name") {
  CHECK(parse_cut("etcd").ok());
  const auto refused = parse_cut("everything");
  REQUIRE_FALSE(refused.ok());
  CHECK(std::string(refused.status().message()).find("everything") != std::string::npos);
}

TEST_CASE("what a lab is asked for survives the way to its supervisor") {
  Setup setup;
  setup.nodes = 5;
  setup.v6 = true;
  setup.route = "after";
  setup.latency_median_ms = setup.latency_p99_ms = 700;
  setup.fip_on = "cp-4";
  setup.timing = {{"keepaliveEvery", "500ms"}};
  const auto parsed = Setup::parse(setup.json().dump());
  REQUIRE(parsed.ok());
  CHECK(parsed->json() == setup.json());
}

TEST_CASE("a lab of two nodes, or with a route that moves at no known time, is refused") {
  Setup two;
  two.nodes = 2;
  CHECK_FALSE(Setup::parse(two.json().dump()).ok());
  Setup route;
  route.route = "sometimes";
  CHECK_FALSE(Setup::parse(route.json().dump()).ok());
}

std::string refusal(const Setup& setup) {
  const auto parsed = Setup::parse(setup.json().dump());
  CHECK(parsed.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(parsed.status().message());
}

TEST_CASE("what vipd would not take, or no node is called, is refused before anything starts") {
  const auto with = [](const std::function<void(Setup&)>& change) {
    Setup setup;
    change(setup);
    return refusal(setup);
  };
  CHECK(with([](Setup& s) { s.ttl = "abc"; }).find("--ttl: \"abc\"") != std::string::npos);
  CHECK(with([](Setup& s) { s.ttl = "1s"; }).find("timing.ttl") != std::string::npos);
  const auto unknown = with([](Setup& s) { s.timing = {{"foo", "1s"}}; });
  CHECK(unknown.find("foo") != std::string::npos);
  CHECK(unknown.find("keepaliveEvery") != std::string::npos);
  CHECK(with([](Setup& s) { s.timing = {{"ttl", "6s"}}; }).find("--ttl") != std::string::npos);
  CHECK(with([](Setup& s) {
          s.timing = {{"cooldown", "x"}};
        }).find("cooldown") != std::string::npos);
  CHECK(with([](Setup& s) { s.fip_on = "cp-4"; }).find("cp-4") != std::string::npos);
  CHECK(with([](Setup& s) { s.latency_median_ms = 0; }).find("--latency-p99 0s") !=
        std::string::npos);
  Setup none;
  none.latency_median_ms = none.latency_p99_ms = 0;
  CHECK(Setup::parse(none.json().dump()).ok());
}

}  // namespace
}  // namespace vipd::lab
