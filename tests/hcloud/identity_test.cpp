#include "vipd/hcloud/identity.h"

#include "tests/catch.h"

namespace vipd::hcloud {
namespace {

using Catch::Matchers::Contains;

core::IpAddress ip(std::string_view text) { return *core::IpAddress::parse(text); }

const std::string kNetworks = R"(- ip: 10.0.1.7
  alias_ips:
    - 10.0.1.99
  interface_num: 1
  mac_address: 86:00:00:00:00:01
  network_id: 1234
  network_name: prod
  network: 10.0.0.0/16
  subnet: 10.0.1.0/24
  gateway: 10.0.0.1
- ip: 10.9.0.2
  alias_ips: []
)";

TEST_CASE("a node is its server id, its name in the API and its own addresses [E2]") {
  const auto identity = read_identity({"4711\n", "cp-1\n", "198.51.100.7\n", kNetworks});
  REQUIRE(identity.ok());
  CHECK(identity->server == 4711);
  CHECK(identity->node == "cp-1");
  CHECK(identity->public_v4 == ip("198.51.100.7"));
  CHECK(identity->private_addresses == std::vector{ip("10.0.1.7"), ip("10.9.0.2")});
}

TEST_CASE("a node may have no public IPv4 address and no network [E2]") {
  const auto networks = GENERATE(values<std::string>({"", "[]\n", "\n"}));
  const auto identity = read_identity({"4711", "cp-1", "", networks});
  REQUIRE(identity.ok());
  CHECK_FALSE(identity->public_v4.has_value());
  CHECK(identity->private_addresses.empty());
}

TEST_CASE("metadata that does not say who the node is names the key at fault [E11]") {
  struct Case {
    MetadataTexts texts;
    std::string key;
  };
  const auto c = GENERATE(values<Case>({
      {{"", "cp-1", "", ""}, "instance-id"},
      {{"0", "cp-1", "", ""}, "instance-id"},
      {{"-5", "cp-1", "", ""}, "instance-id"},
      {{"+5", "cp-1", "", ""}, "instance-id"},
      {{"i-0abc", "cp-1", "", ""}, "instance-id"},
      {{"9007199254740992", "cp-1", "", ""}, "instance-id"},
      {{"99999999999999999999999", "cp-1", "", ""}, "instance-id"},
      {{"5", "", "", ""}, "hostname"},
      {{"5", "<html>", "", ""}, "hostname"},
      {{"5", std::string(254, 'a'), "", ""}, "hostname"},
      {{"5", "cp-1", "not found", ""}, "public-ipv4"},
      {{"5", "cp-1", "2001:db8::1", ""}, "public-ipv4"},
      {{"5", "cp-1", "", "ip: 10.0.1.7"}, "private-networks:1:1: this is not a list"},
      {{"5", "cp-1", "", "- network_id: 5"}, "private-networks:1:3: this network has no ip"},
      {{"5", "cp-1", "", "- ip: [1]"}, "private-networks:1:7"},
      {{"5", "cp-1", "", "- ip: 10.0.1"}, "private-networks:1:7"},
      {{"5", "cp-1", "", "- {"}, "private-networks"},
  }));
  const auto identity = read_identity(c.texts);
  REQUIRE_FALSE(identity.ok());
  CHECK_THAT(std::string(identity.status().message()), Contains(c.key));
}

}  // namespace
}  // namespace vipd::hcloud
