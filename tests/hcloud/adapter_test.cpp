#include "vipd/hcloud/adapter.h"

#include "base/x509.h"
#include "tests/catch.h"
#include "tests/hcloud/bodies.h"
#include "tests/hcloud/harness.h"

namespace vipd::hcloud {
namespace {

using namespace std::chrono_literals;
using base::ServerResponse;
using Catch::Matchers::Contains;
using core::HcloudError;

const std::string kToken = "s3cretTokenOfTheTest";
const std::string kAssignPath = "/v1/floating_ips/42/actions/assign";
const std::string kListPath = "/v1/floating_ips?label_selector=cluster%3Dprod&per_page=50&page=";

// An adapter with a token, at a scripted API, beside a metadata service that nobody serves.
struct Scene {
  World world;
  TempFolder folder;
  ScriptedServer server{world.loop};
  Options options{.endpoint = server.url() + "/v1",
                  .ca_file = "",
                  .token_file = folder.write("token", kToken + "\n"),
                  .metadata_endpoint = "http://127.0.0.1:1",
                  .user_agent = "vipd/test"};
  std::unique_ptr<Adapter> adapter;

  Adapter& start() {
    adapter = std::make_unique<Adapter>(world.loop, world.clock, world.log, options, world.post());
    adapter->start();
    world.wait_for<core::TokenSeen>();
    return *adapter;
  }
  core::Instant in(core::Duration time) const { return world.clock.now() + time; }
  core::ListFips list(core::CallId call = 5) const {
    return {.call = call, .label_selector = "cluster=prod", .deadline = in(10s)};
  }
  core::Assign assign(core::CallId call = 9) const {
    return {.call = call, .fip = 42, .server = 7, .first_byte_by = in(5s), .deadline = in(10s)};
  }
  void expect_assign(ServerResponse answer, bool silent = false) {
    server.expect({"POST", kAssignPath, std::move(answer), R"({"server":7})", silent});
  }
  core::HcloudFailed failure_of_assign() {
    adapter->carry_out(assign());
    return world.wait_for<core::HcloudFailed>();
  }
};

base::HttpHeaders rate_headers() {
  return {{"RateLimit-Limit", "3600"},
          {"RateLimit-Remaining", "3591"},
          {"RateLimit-Reset", "1454198109"},
          {"Date", "Sat, 30 Jan 2016 23:55:00 GMT"}};
}

TEST_CASE("a list gives the Floating IPs of the labels, the rate and when it was asked [A4]") {
  Scene s;
  s.start();
  s.server.expect({"GET", kListPath + "1",
                   {200, rate_headers(), fips_json(fip_json("42", "203.0.113.10", "7"), "null")},
                   "", false});
  const auto before = s.world.clock.now();
  s.adapter->carry_out(s.list());
  const auto after = s.world.clock.now();

  const auto listed = s.world.wait_for<core::FipsListed>();
  CHECK(listed.call == 5);
  REQUIRE(listed.fips.size() == 1);
  CHECK(listed.fips[0].server == 7);
  CHECK(listed.rate.remaining == 3591);
  CHECK(listed.rate.reset_in_seconds == 9);
  CHECK(listed.sent_at >= before);
  CHECK(listed.sent_at <= after);
  const auto& headers = s.server.requests().at(0).headers;
  CHECK(base::find_header(headers, "Authorization") == "Bearer " + kToken);
  CHECK(base::find_header(headers, "User-Agent") == "vipd/test");
  CHECK(s.adapter->counters().requests.at({"GET", 200}) == 1);
}

TEST_CASE("pages are followed and come as one answer, dated by the first [A4]") {
  Scene s;
  s.start();
  s.server.expect_get(kListPath + "1", 200, fips_json(fip_json("1", "203.0.113.1", "7"), "2"));
  s.server.expect_get(kListPath + "2", 200, fips_json(fip_json("2", "203.0.113.2", "7"), "3"));
  s.server.expect_get(kListPath + "3", 200, fips_json(fip_json("3", "203.0.113.3", "8"), "null"));
  s.adapter->carry_out(s.list());
  const auto after = s.world.clock.now();

  const auto listed = s.world.wait_for<core::FipsListed>();
  REQUIRE(listed.fips.size() == 3);
  CHECK(listed.fips[2].id == 3);
  CHECK(listed.sent_at <= after);
  CHECK(s.adapter->counters().requests.at({"GET", 200}) == 3);
}

TEST_CASE("a page that fails fails the list: half a list is none [A20]") {
  Scene s;
  s.start();
  s.server.expect_get(kListPath + "1", 200, fips_json(fip_json("1", "203.0.113.1", "7"), "2"));
  s.server.expect_get(kListPath + "2", 503, error_json("unavailable", "sorry"));
  s.adapter->carry_out(s.list());
  CHECK(s.world.wait_for<core::HcloudFailed>().error == HcloudError::kServer);
  CHECK(s.world.all<core::FipsListed>().empty());
}

TEST_CASE("more than ten pages, or pages that run in a circle, are a bad answer") {
  Scene s;
  s.start();
  const auto circle = GENERATE(true, false);
  for (int page = 1; page <= (circle ? 1 : 10); ++page) {
    s.server.expect_get(kListPath + std::to_string(page), 200,
                        fips_json("", circle ? "1" : std::to_string(page + 1)));
  }
  s.adapter->carry_out(s.list());
  const auto failed = s.world.wait_for<core::HcloudFailed>();
  CHECK(failed.call == 5);
  CHECK(failed.error == HcloudError::kBadAnswer);
  CHECK_THAT(failed.why, Contains("cluster=prod") && Contains("choose labels"));
}

TEST_CASE("an assign is accepted with its action, dated by its first byte [A1][A6]") {
  Scene s;
  s.start();
  s.expect_assign({201, rate_headers(), action_answer("13", "running")});
  const auto command = s.assign();
  s.adapter->carry_out(command);
  const auto handed_over = s.world.clock.now();

  const auto accepted = s.world.wait_for<core::AssignAccepted>();
  CHECK(accepted.call == 9);
  CHECK(accepted.action.id == 13);
  CHECK(accepted.action.state == core::Action::State::kRunning);
  CHECK(accepted.sent_at > handed_over);  // the connection came first
  CHECK(accepted.sent_at < command.first_byte_by);
  CHECK(accepted.rate.limit == 3600);
  CHECK(base::find_header(s.server.requests().at(0).headers, "Content-Type") ==
        "application/json");
}

TEST_CASE("an assign whose first byte would be late is not sent [A1]") {
  Scene s;
  s.start();
  auto late = s.assign();
  late.first_byte_by = s.in(-1ms);
  s.adapter->carry_out(late);
  const auto failed = s.world.wait_for<core::HcloudFailed>();
  CHECK(failed.call == 9);
  CHECK(failed.error == HcloudError::kNotSent);
  CHECK_FALSE(failed.sent);
  CHECK(s.server.requests().empty());
  CHECK(s.adapter->counters().requests.empty());
}

TEST_CASE("an unassign is an action like an assign, with the same fence [A1][A6]") {
  Scene s;
  s.start();
  core::Unassign command{.call = 8, .fip = 42, .first_byte_by = s.in(5s), .deadline = s.in(10s)};
  s.server.expect({"POST", "/v1/floating_ips/42/actions/unassign",
                   {201, {}, action_answer("12", "running")}, "", false});
  s.adapter->carry_out(command);
  CHECK(s.world.wait_for<core::AssignAccepted>().action.id == 12);

  command.first_byte_by = s.in(-1ms);
  s.adapter->carry_out(command);
  CHECK(s.world.wait_for<core::HcloudFailed>().error == HcloudError::kNotSent);
}

TEST_CASE("servers and actions are read by id, the running action by its Floating IP [A6][A11]") {
  Scene s;
  s.start();
  s.server.expect_get("/v1/servers/7", 200,
                      server_json(R"({"ip":"198.51.100.7"})", R"([{"ip":"10.0.1.7"}])"));
  s.adapter->carry_out(core::GetServer{.call = 1, .server = 7, .deadline = s.in(5s)});
  const auto server = s.world.wait_for<core::ServerSeen>();
  CHECK(server.call == 1);
  CHECK(server.server == 7);
  CHECK(server.name == "cp-1");
  CHECK(server.private_addresses.size() == 1);
  CHECK(server.public_v4 == *core::IpAddress::parse("198.51.100.7"));

  s.server.expect_get("/v1/actions/13", 200, action_answer("13", "success"));
  s.adapter->carry_out(core::GetAction{.call = 2, .action = 13, .deadline = s.in(5s)});
  const auto seen = s.world.wait_for<core::ActionSeen>();
  CHECK(seen.call == 2);
  CHECK(seen.action.state == core::Action::State::kSuccess);

  s.server.expect_get("/v1/floating_ips/42/actions?status=running&sort=id:desc", 200,
                      R"({"actions":[)" + action_json("14", "running", "null") + "]}");
  s.adapter->carry_out(core::FindRunningAction{.call = 3, .fip = 42, .deadline = s.in(5s)});
  const auto found = s.world.wait_for<core::RunningFound>();
  CHECK(found.call == 3);
  REQUIRE(found.action.has_value());
  CHECK(found.action->id == 14);
}

TEST_CASE("what the API refuses comes with its kind, its request and the rate "
          "[A10][A11][A12][A13]") {
  struct Case {
    int status;
    std::string code;
    HcloudError error;
  };
  const auto c = GENERATE(values<Case>({{401, "unauthorized", HcloudError::kUnauthorized},
                                        {401, "token_readonly", HcloudError::kReadonly},
                                        {403, "forbidden", HcloudError::kReadonly},
                                        {404, "not_found", HcloudError::kNotFound},
                                        {409, "conflict", HcloudError::kConflict},
                                        {422, "floating_ip_assigned", HcloudError::kAssigned},
                                        {422, "brand_new", HcloudError::kRefused},
                                        {423, "locked", HcloudError::kLocked},
                                        {423, "protected", HcloudError::kProtected},
                                        {429, "rate_limit_exceeded", HcloudError::kRateLimited},
                                        {504, "timeout", HcloudError::kTimeout}}));
  CAPTURE(c.code);
  Scene s;
  s.start();
  s.expect_assign({c.status, rate_headers(), error_json(c.code, "no")});
  const auto failed = s.failure_of_assign();
  CHECK(failed.call == 9);
  CHECK(failed.error == c.error);
  CHECK(failed.sent);
  CHECK(failed.rate.reset_in_seconds == 9);
  CHECK_THAT(failed.why, Contains(R"(POST /floating_ips/42/actions/assign {"server":7}: )") &&
                             Contains(c.code) && !Contains(kToken));
  CHECK(s.adapter->counters().requests.at({"POST", c.status}) == 1);
}

TEST_CASE("an answer that is not Hetzner's is a bad answer or a server's error [A10]") {
  struct Case {
    ServerResponse answer;
    HcloudError error;
  };
  const auto c = GENERATE(values<Case>(
      {{{502, {}, "<html><h1>502 Bad Gateway</h1></html>"}, HcloudError::kServer},
       {{504, {}, "<html></html>"}, HcloudError::kTimeout},
       {{201, {}, "<html>Welcome</html>"}, HcloudError::kBadAnswer},
       {{201, {}, R"({"action":{"id":9007199254740993}})"}, HcloudError::kBadAnswer},
       {{201, {}, action_answer("13", "running"), ServerResponse::Fault::kTruncate},
        HcloudError::kBadAnswer},
       // Well-formed: only its size is wrong.
       {{201, {}, action_answer("13", "running") + std::string(20'000'000, ' ')},
        HcloudError::kBadAnswer},
       {{302, {{"Location", "http://127.0.0.1:1/"}}, ""}, HcloudError::kBadAnswer}}));
  CAPTURE(c.answer.status);
  Scene s;
  s.start();
  s.expect_assign(c.answer);
  const auto failed = s.failure_of_assign();
  CHECK(failed.error == c.error);
  CHECK(failed.sent);
}

TEST_CASE("a connection that is reset after the request may have been obeyed [A10]") {
  Scene s;
  s.start();
  s.expect_assign({201, {}, "", ServerResponse::Fault::kReset});
  const auto failed = s.failure_of_assign();
  CHECK(failed.error == HcloudError::kUnreachable);
  CHECK(failed.sent);
  CHECK_THAT(failed.why, Contains("it may have been done"));
  CHECK(s.adapter->counters().requests.at({"POST", 0}) == 1);
}

TEST_CASE("an API that says nothing is given up at the deadline [A2][A10]") {
  Scene s;
  s.start();
  s.expect_assign({}, true);
  auto command = s.assign();
  command.deadline = s.in(100ms);
  s.adapter->carry_out(command);
  const auto failed = s.world.wait_for<core::HcloudFailed>();
  CHECK(s.world.clock.now() >= command.deadline);
  CHECK(s.world.clock.now() < command.deadline + 1s);
  CHECK(failed.error == HcloudError::kTimeout);
  CHECK(failed.sent);
}

TEST_CASE("an API that cannot be reached was sent nothing [E19]") {
  Scene s;
  s.options.endpoint = "http://127.0.0.1:1/v1";
  s.start();
  const auto failed = s.failure_of_assign();
  CHECK(failed.error == HcloudError::kUnreachable);
  CHECK_FALSE(failed.sent);
  CHECK_THAT(failed.why, Contains("127.0.0.1:1") && Contains("check route"));
}

TEST_CASE("a CA file that cannot be read is named, and nothing is sent without it [E19]") {
  Scene s;
  s.options.ca_file = s.folder.file("ca.pem");
  s.start();
  const auto failed = s.failure_of_assign();
  CHECK(failed.error == HcloudError::kUnreachable);
  CHECK_FALSE(failed.sent);
  CHECK_THAT(failed.why, Contains("ca.pem"));
  CHECK(s.server.requests().empty());
}

TEST_CASE("the token is sent only to an API that the CA file vouches for [E19]") {
  Scene s;
  const base::WallTime from{s.world.clock.wall().seconds - 60};
  const base::WallTime until{from.seconds + 3600};
  const auto ca = base::mint_ca("test CA", from, until);
  const auto other = base::mint_ca("other CA", from, until);
  REQUIRE((ca.ok() && other.ok()));
  const auto leaf = base::mint_certificate(*ca, {.common_name = "api",
                                                 .organizations = {},
                                                 .dns_names = {},
                                                 .ip_addresses = {"127.0.0.1"},
                                                 .server = true,
                                                 .client = false,
                                                 .not_before = from,
                                                 .not_after = until});
  REQUIRE(leaf.ok());
  ScriptedServer secure(s.world.loop, base::TlsServer{leaf->certificate_pem, leaf->key_pem, ""});
  s.options.endpoint = secure.url() + "/v1";
  s.options.ca_file = s.folder.write("ca.pem", other->certificate_pem);
  s.start();
  const auto failed = s.failure_of_assign();
  CHECK(failed.error == HcloudError::kUnreachable);
  CHECK_FALSE(failed.sent);
  CHECK(secure.requests().empty());

  s.folder.write("ca.pem", ca->certificate_pem);  // read anew, without a restart
  secure.expect({"POST", kAssignPath, {201, {}, action_answer("13", "running")},
                 R"({"server":7})", false});
  s.adapter->carry_out(s.assign(10));
  CHECK(s.world.wait_for<core::AssignAccepted>().call == 10);
}

TEST_CASE("without a token nothing is sent, and the answer says what the token file lacks [A13]") {
  Scene s;
  s.folder.write("token", "");
  s.start();
  CHECK_FALSE(s.world.wait_for<core::TokenSeen>().present);
  s.adapter->carry_out(s.assign());
  CHECK(s.world.all<core::HcloudFailed>().empty());  // never from within carry_out
  const auto failed = s.world.wait_for<core::HcloudFailed>();
  CHECK(failed.call == 9);
  CHECK(failed.error == HcloudError::kUnauthorized);
  CHECK_FALSE(failed.sent);
  CHECK_THAT(failed.why, Contains("token is empty; write a Hetzner Cloud API token"));
}

TEST_CASE("a new token is used for the next request without a restart [A13]") {
  Scene s;
  s.start();
  s.expect_assign({401, {}, error_json("unauthorized", "unable to authenticate")});
  CHECK(s.failure_of_assign().error == HcloudError::kUnauthorized);

  s.folder.write("token", "anotherToken");
  CHECK(s.world.wait_for<core::TokenSeen>(2).generation == 2);
  s.expect_assign({201, {}, action_answer("13", "running")});
  s.adapter->carry_out(s.assign(10));
  CHECK(s.world.wait_for<core::AssignAccepted>().call == 10);
  CHECK(base::find_header(s.server.requests().at(1).headers, "Authorization") ==
        "Bearer anotherToken");
}

TEST_CASE("each of several commands under way is answered once, with its own call") {
  Scene s;
  s.start();
  s.server.expect_get("/v1/servers/7", 404, error_json("not_found", "server not found"));
  s.server.expect_get("/v1/servers/8", 503, error_json("unavailable", "sorry"));
  s.adapter->carry_out(core::GetServer{.call = 21, .server = 7, .deadline = s.in(5s)});
  REQUIRE(s.world.run_until([&] { return s.server.requests().size() == 1; }));
  s.adapter->carry_out(core::GetServer{.call = 22, .server = 8, .deadline = s.in(5s)});
  s.world.wait_for<core::HcloudFailed>(2);
  s.world.run_for(30ms);
  const auto failures = s.world.all<core::HcloudFailed>();
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].call + failures[1].call == 43);
  for (const auto& failed : failures) {
    CHECK(failed.error == (failed.call == 21 ? HcloudError::kNotFound : HcloudError::kServer));
  }
}

TEST_CASE("an adapter that goes with requests under way posts nothing any more") {
  Scene s;
  s.start();
  s.expect_assign({}, true);
  s.adapter->carry_out(s.assign());
  REQUIRE(s.world.run_until([&] { return s.server.done(); }));
  s.folder.write("token", "");
  const auto before = s.world.events.size();
  s.adapter.reset();
  s.server.close_unanswered();
  s.world.run_for(50ms);
  CHECK(s.world.events.size() == before);
}

TEST_CASE("no event carries the token, whatever went wrong [A13]") {
  Scene s;
  s.start();
  s.expect_assign({500, {}, "<html>Authorization: Bearer " + kToken + "</html>"});
  CHECK_THAT(s.failure_of_assign().why, !Contains(kToken));
}

}  // namespace
}  // namespace vipd::hcloud
