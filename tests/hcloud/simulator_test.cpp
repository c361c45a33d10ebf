// The adapter against the simulated Hetzner Cloud: two readings of the API's documents, by
// different people, must fit together.
#include <algorithm>
#include <sstream>

#include "tests/catch.h"
#include "tests/hcloud/harness.h"
#include "tools/lab/hcloudsim/simulator.h"
#include "vipd/core/allowlist.h"
#include "vipd/hcloud/adapter.h"

namespace vipd::hcloud {
namespace {

using namespace std::chrono_literals;
using base::Json;
using core::HcloudError;

constexpr core::FipId kFip = 4711;
constexpr core::ServerId kFrom = 1001;
constexpr core::ServerId kTo = 1002;

struct Cloud {
  World world;
  TempFolder folder;
  hcloudsim::Simulator sim{world.loop, world.clock, 1};
  std::unique_ptr<Adapter> adapter;
  core::CallId calls = 0;

  Cloud() {
    admin("POST", "/projects", Json::parse(R"({"name":"lab","tokens":[
        {"token":"writer","mode":"rw"},{"token":"reader","mode":"ro"}]})"));
    admin("POST", "/servers", Json::parse(R"({"project":"lab","id":1001,"name":"cp-1",
        "public_ipv4":"198.18.1.11","private_ips":[{"ip":"10.0.1.11","network":"10.0.0.0/16",
        "subnet":"10.0.1.0/24","gateway":"10.0.0.1"}]})"));
    admin("POST", "/servers", Json::parse(R"({"project":"lab","id":1002,"name":"cp-2",
        "public_ipv4":"198.18.1.12"})"));
    admin("POST", "/floating_ips", Json::parse(R"({"project":"lab","id":4711,"name":"api",
        "type":"ipv4","ip":"203.0.113.10","labels":{"cluster":"lab"},"server":1001})"));
    admin("PUT", "/latency", Json::parse(R"({"fixed_ms":300,"answer_least_ms":0,
        "answer_most_ms":1})"));
  }
  void admin(const std::string& method, const std::string& target, const Json& body) {
    const auto answer = sim.admin(method, target, body);
    INFO(method << " " << target << ": " << answer.body);
    REQUIRE(answer.status < 300);
  }
  std::vector<Json> audit() {
    std::istringstream text(sim.admin("GET", "/audit?since=0").body);
    std::vector<Json> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
    return lines;
  }
  void start(const std::string& token) {
    const auto api = sim.listen_api("127.0.0.1", 0);
    const auto metadata = sim.listen_metadata("127.0.0.1", 0, kFrom);
    REQUIRE((api.ok() && metadata.ok()));
    adapter = std::make_unique<Adapter>(
        world.loop, world.clock, world.log,
        Options{.endpoint = fmt::format("http://127.0.0.1:{}/v1", *api),
                .ca_file = "",
                .token_file = folder.write("token", token),
                .metadata_endpoint = fmt::format("http://127.0.0.1:{}/hetzner/v1", *metadata),
                .user_agent = "vipd/test"},
        world.post());
    adapter->start();
    world.wait_for<core::TokenSeen>();
  }
  core::Instant soon() const { return world.clock.now() + 5s; }
  core::FipsListed list() {
    adapter->carry_out(core::ListFips{++calls, "cluster=lab", soon()});
    return world.wait_for<core::FipsListed>(world.all<core::FipsListed>().size() + 1);
  }
  void assign(core::ServerId server) {
    adapter->carry_out(core::Assign{++calls, kFip, server, soon(), soon()});
  }
};

TEST_CASE("a Floating IP is listed, moved by an action and seen at its new server [A4][A6]") {
  Cloud cloud;
  cloud.start("writer");
  const auto before = cloud.list();
  REQUIRE(before.fips.size() == 1);
  CHECK(before.fips[0].id == kFip);
  CHECK(before.fips[0].ip == "203.0.113.10");
  CHECK(before.fips[0].server == kFrom);
  CHECK(before.fips[0].labels.at("cluster") == "lab");
  CHECK(before.rate.limit == 3600);
  CHECK(before.rate.remaining < 3600);
  CHECK(before.rate.reset_in_seconds >= 0);

  cloud.assign(kTo);
  const auto accepted = cloud.world.wait_for<core::AssignAccepted>();
  CHECK(accepted.action.state == core::Action::State::kRunning);
  cloud.adapter->carry_out(core::FindRunningAction{++cloud.calls, kFip, cloud.soon()});
  const auto running = cloud.world.wait_for<core::RunningFound>();
  REQUIRE(running.action.has_value());
  CHECK(running.action->id == accepted.action.id);

  core::ActionSeen seen;
  for (std::size_t polls = 1; seen.action.state == core::Action::State::kRunning; ++polls) {
    cloud.adapter->carry_out(core::GetAction{++cloud.calls, accepted.action.id, cloud.soon()});
    seen = cloud.world.wait_for<core::ActionSeen>(polls);
    cloud.world.run_for(20ms);
  }
  CHECK(seen.action.state == core::Action::State::kSuccess);
  CHECK(cloud.list().fips.at(0).server == kTo);
}

TEST_CASE("a second assign while the first runs is locked [A11]") {
  Cloud cloud;
  cloud.start("writer");
  cloud.assign(kTo);
  cloud.world.wait_for<core::AssignAccepted>();
  cloud.assign(kTo);
  CHECK(cloud.world.wait_for<core::HcloudFailed>().error == HcloudError::kLocked);
}

TEST_CASE("a token that may only read lists, and says so when it should write [A13]") {
  Cloud cloud;
  cloud.start("reader");
  CHECK(cloud.list().fips.size() == 1);
  cloud.assign(kTo);
  CHECK(cloud.world.wait_for<core::HcloudFailed>().error == HcloudError::kReadonly);
}

TEST_CASE("a token of nobody is unauthorized, and with the right one a server is read [A13]") {
  Cloud cloud;
  cloud.start("stranger");
  cloud.adapter->carry_out(core::GetServer{++cloud.calls, kFrom, cloud.soon()});
  CHECK(cloud.world.wait_for<core::HcloudFailed>().error == HcloudError::kUnauthorized);

  cloud.folder.write("token", "writer");
  cloud.world.wait_for<core::TokenSeen>(2);
  cloud.adapter->carry_out(core::GetServer{++cloud.calls, kFrom, cloud.soon()});
  const auto server = cloud.world.wait_for<core::ServerSeen>();
  CHECK(server.name == "cp-1");
  CHECK(server.private_addresses == std::vector{*core::IpAddress::parse("10.0.1.11")});
  CHECK(server.public_v4 == *core::IpAddress::parse("198.18.1.11"));
}

TEST_CASE("of two Floating IPs with the same labels the declared one alone is taken and moved",
          "[A4][A20]") {
  Cloud cloud;
  cloud.admin("POST", "/floating_ips", Json::parse(R"({"project":"lab","id":4712,"name":"twin",
      "type":"ipv4","ip":"203.0.113.11","labels":{"cluster":"lab"},"server":1001})"));
  cloud.admin("POST", "/floating_ips", Json::parse(R"({"project":"lab","id":4713,"name":"other",
      "type":"ipv4","ip":"203.0.113.12","labels":{"cluster":"another"},"server":1001})"));
  cloud.start("writer");
  const auto before = cloud.list();
  REQUIRE(before.fips.size() == 2);

  core::Config config;
  config.labels = {{"cluster", "lab"}};
  config.fips = {{kFip, *core::IpAddress::parse("203.0.113.10")}};
  CHECK(config.label_selector() == "cluster=lab");
  const auto verdict = core::judge(config, config.fips[0], before.fips);
  REQUIRE(verdict.allowed);
  CHECK(verdict.fip->id == kFip);
  // This address with another id, and this id with another address, are not the one meant.
  const core::DeclaredFip twins_id{4712, config.fips[0].address};
  const core::DeclaredFip nobodys_id{4799, config.fips[0].address};
  const core::DeclaredFip twins_address{kFip, *core::IpAddress::parse("203.0.113.11")};
  for (const auto& wrong : {twins_id, nobodys_id, twins_address}) {
    CHECK_FALSE(core::judge(config, wrong, before.fips).allowed);
  }

  cloud.assign(kTo);
  cloud.world.wait_for<core::AssignAccepted>();
  REQUIRE(cloud.world.run_until([&] {
    cloud.world.run_for(20ms);
    const auto fips = cloud.list().fips;
    return std::any_of(fips.begin(), fips.end(), [](const auto& fip) {
      return fip.id == kFip && fip.server == kTo;
    });
  }));
  for (const auto& fip : cloud.list().fips) CHECK(fip.server == (fip.id == kFip ? kTo : kFrom));
  std::vector<core::FipId> written;
  for (const auto& line : cloud.audit()) {
    if (line["event"] == "assign_applied") written.push_back(line["fip"]);
  }
  CHECK(written == std::vector{kFip});
}

TEST_CASE("a server that the token's project does not have is not found, whoever else has it",
          "[A20]") {
  Cloud cloud;
  cloud.admin("POST", "/projects", Json::parse(R"({"name":"other","tokens":[
      {"token":"strangers","mode":"rw"}]})"));
  cloud.admin("POST", "/servers", Json::parse(R"({"project":"other","id":1003,"name":"theirs",
      "public_ipv4":"198.18.1.13"})"));
  const auto server = GENERATE(core::ServerId{1003}, core::ServerId{4040});
  CAPTURE(server);
  cloud.start("writer");
  cloud.adapter->carry_out(core::GetServer{++cloud.calls, server, cloud.soon()});
  const auto failed = cloud.world.wait_for<core::HcloudFailed>();
  CHECK(failed.call == cloud.calls);
  CHECK(failed.error == HcloudError::kNotFound);
  CHECK(failed.sent);
  CHECK(failed.why.find(std::to_string(server)) != std::string::npos);
  CHECK(cloud.world.all<core::ServerSeen>().empty());
}

TEST_CASE("the metadata service tells a node who it is [E2]") {
  Cloud cloud;
  cloud.start("writer");
  const auto identity = cloud.world.wait_for<core::Identity>();
  CHECK(identity.server == kFrom);
  CHECK(identity.node == "cp-1");
  CHECK(identity.public_v4 == *core::IpAddress::parse("198.18.1.11"));
  CHECK(identity.private_addresses == std::vector{*core::IpAddress::parse("10.0.1.11")});
}

TEST_CASE("every faulty answer of the API has its kind [A10][A12]") {
  const auto [fault, error] = GENERATE(table<std::string, HcloudError>(
      {{"reset", HcloudError::kUnreachable},
       {"html502", HcloudError::kServer},
       {"truncate", HcloudError::kBadAnswer},
       {"malformed", HcloudError::kBadAnswer},
       {"huge", HcloudError::kBadAnswer},
       {"conflict", HcloudError::kConflict},
       {"locked", HcloudError::kLocked},
       {"rate_limited", HcloudError::kRateLimited},
       {"server_error", HcloudError::kServer},
       {"timeout504", HcloudError::kTimeout}}));
  CAPTURE(fault);
  Cloud cloud;
  cloud.start("writer");
  cloud.admin("POST", "/faults", Json{{"fault", fault}, {"count", 1}});
  cloud.assign(kTo);
  CHECK(cloud.world.wait_for<core::HcloudFailed>().error == error);
}

}  // namespace
}  // namespace vipd::hcloud
