#include "vipd/hcloud/messages.h"

#include "tests/catch.h"
#include "tests/hcloud/bodies.h"

namespace vipd::hcloud {
namespace {

core::IpAddress ip(std::string_view text) { return *core::IpAddress::parse(text); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("a page of Floating IPs is read with address, assignment and labels together [A4]") {
  const auto page = read_fip_page(fips_json(
      fip_json("42", "203.0.113.10", "7") + "," + fip_json("43", "2001:db8::/64", "null"), "2"));
  REQUIRE(page.ok());
  REQUIRE(page->fips.size() == 2);
  CHECK(page->fips[0].id == 42);
  CHECK(page->fips[0].name == "prod-api");
  CHECK(page->fips[0].ip == "203.0.113.10");
  CHECK(page->fips[0].server == 7);
  CHECK(page->fips[0].labels == std::map<std::string, std::string>{{"cluster", "prod"}});
  CHECK_FALSE(page->fips[0].blocked);
  CHECK(page->fips[1].ip == "2001:db8::/64");
  CHECK_FALSE(page->fips[1].server.has_value());
  CHECK(page->next_page == 2);
}

TEST_CASE("the last page names no next one") {
  const auto page = read_fip_page(fips_json("", "null"));
  REQUIRE(page.ok());
  CHECK(page->fips.empty());
  CHECK_FALSE(page->next_page.has_value());
}

TEST_CASE("a list with one field missing or of another type is refused whole [A20]") {
  const std::string good = fips_json(fip_json("42", "203.0.113.10", "7"), "null");
  REQUIRE(read_fip_page(good).ok());
  struct Case {
    std::string from, to, complaint;
  };
  const auto c = GENERATE(values<Case>({
      {R"("id":42)", R"("id":"42")", "floating_ips[0].id is not an id"},
      {R"("id":42)", R"("id":42.0)", "floating_ips[0].id is not an id"},
      {R"("id":42)", R"("id":0)", "floating_ips[0].id is not an id"},
      {R"("id":42)", R"("id":9007199254740992)", "floating_ips[0].id is not an id"},
      {R"("id":42)", R"("id":18446744073709551615)", "floating_ips[0].id is not an id"},
      {R"("server":7)", R"("server":"7")", "floating_ips[0].server is not an id"},
      {R"("server":7)", R"("srv":7)", "floating_ips[0].server is not an id"},
      {R"("ip":"203.0.113.10","type")", R"("ip":null,"type")",
       "floating_ips[0].ip is not a text"},
      {R"("blocked":false)", R"("blocked":0)", "floating_ips[0].blocked is not true or false"},
      {R"({"cluster":"prod"})", R"({"cluster":1})",
       "floating_ips[0].labels.cluster is not a text"},
      {R"({"cluster":"prod"})", "[]", "floating_ips[0].labels is not an object"},
      {R"("floating_ips":[)", R"("fips":[)", "floating_ips is not a list"},
      {R"("next_page":null,)", "", "meta.pagination.next_page is not an id"},
      {R"("meta":)", R"("mata":)", "meta is not an object"},
  }));
  const auto page = read_fip_page(replaced(good, c.from, c.to));
  REQUIRE_FALSE(page.ok());
  CHECK(page.status().message() == c.complaint);
}

TEST_CASE("the largest id of the API is accepted") {
  const auto page =
      read_fip_page(fips_json(fip_json("9007199254740991", "203.0.113.10", "null"), "null"));
  REQUIRE(page.ok());
  CHECK(page->fips[0].id == kLargestId);
}

TEST_CASE("what is no JSON object is refused") {
  const auto body = GENERATE(values<std::string>(
      {"", "[]", "null", "<html>502 Bad Gateway</html>", R"({"floating_ips":[)"}));
  CHECK_FALSE(read_fip_page(body).ok());
  CHECK_FALSE(read_server(body).ok());
  CHECK_FALSE(read_action(body).ok());
  CHECK_FALSE(read_running_action(body).ok());
}

TEST_CASE("a server is read with the addresses of all its networks") {
  const auto server =
      read_server(server_json(R"({"id":1,"ip":"198.51.100.7","blocked":false,"dns_ptr":"x"})",
                              R"([{"network":1,"ip":"10.0.1.7","alias_ips":["10.0.1.99"],)"
                              R"("mac_address":"86:00:00:00:00:01"},)"
                              R"({"network":2,"ip":"10.9.0.2"}])"));
  REQUIRE(server.ok());
  CHECK(server->id == 7);
  CHECK(server->name == "cp-1");
  CHECK(server->public_v4 == ip("198.51.100.7"));
  CHECK(server->private_addresses == std::vector{ip("10.0.1.7"), ip("10.9.0.2")});
}

TEST_CASE("a server may have no public IPv4 address and no network") {
  const auto server = read_server(server_json("null", "[]"));
  REQUIRE(server.ok());
  CHECK_FALSE(server->public_v4.has_value());
  CHECK(server->private_addresses.empty());
}

TEST_CASE("a server with a malformed address is refused") {
  const auto server = read_server(server_json(R"({"ip":"198.51.100"})", "[]"));
  REQUIRE_FALSE(server.ok());
  CHECK(server.status().message() == "server.public_net.ipv4.ip is not an address");
}

TEST_CASE("an action runs, has succeeded or has failed with its code and message [A6]") {
  CHECK(read_action(action_answer("13", "running"))->state == core::Action::State::kRunning);
  CHECK(read_action(action_answer("13", "success"))->state == core::Action::State::kSuccess);
  const auto failed = read_action(
      R"({"action":)" +
      action_json("13", "error", R"({"code":"action_failed","message":"Action failed"})") + "}");
  REQUIRE(failed.ok());
  CHECK(failed->id == 13);
  CHECK(failed->state == core::Action::State::kError);
  CHECK(failed->error == "action_failed: Action failed");
}

TEST_CASE("an error beside a success is what the examples of the API show, and means nothing") {
  const auto action = read_action(
      R"({"action":)" +
      action_json("13", "success", R"({"code":"action_failed","message":"Action failed"})") + "}");
  REQUIRE(action.ok());
  CHECK(action->state == core::Action::State::kSuccess);
  CHECK(action->error.empty());
}

TEST_CASE("an action in a state that nobody has documented is refused") {
  const auto action = read_action(action_answer("13", "paused"));
  REQUIRE_FALSE(action.ok());
  CHECK(action.status().message() == "action.status is not running, success or error");
}

TEST_CASE("the running action is found behind finished ones [A11]") {
  const auto found = read_running_action(
      R"({"actions":[)" + action_json("15", "success", "null") + "," +
      action_json("14", "running", "null") + "," + action_json("13", "running", "null") + "]}");
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  CHECK((*found)->id == 14);
  CHECK_FALSE(read_running_action(R"({"actions":[]})")->has_value());
}

TEST_CASE("an assign names its server as a number") {
  CHECK(assign_body(9007199254740991) == R"({"server":9007199254740991})");
}

}  // namespace
}  // namespace vipd::hcloud
