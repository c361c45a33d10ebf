#include "vipd/hcloud/metadata.h"

#include "tests/catch.h"
#include "tests/hcloud/harness.h"

namespace vipd::hcloud {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

constexpr auto kLong = 1h;

Metadata::Options options(const std::string& endpoint) {
  return {.endpoint = endpoint,
          .user_agent = "vipd/test",
          .try_within = 2s,
          .first_retry = 2ms,
          .longest_retry = 8ms,
          .check_every = kLong};
}

void expect_identity(ScriptedServer& server, const std::string& name) {
  server.expect_get("/metadata/instance-id", 200, "4711\n");
  server.expect_get("/metadata/hostname", 200, name);
  server.expect_get("/metadata/public-ipv4", 404, "not found");
  server.expect_get("/metadata/private-networks", 200, "- ip: 10.0.1.7\n");
}

TEST_CASE("a node learns who it is, absent addresses included [E2]") {
  World world;
  ScriptedServer server(world.loop);
  expect_identity(server, "cp-1");
  Metadata metadata(world.loop, world.clock, world.log, options(server.url() + "/"), world.post());
  metadata.start();
  CHECK(world.events.empty());

  const auto identity = world.wait_for<core::Identity>();
  CHECK(identity.server == 4711);
  CHECK(identity.node == "cp-1");
  CHECK_FALSE(identity.public_v4.has_value());
  CHECK(identity.private_addresses == std::vector{*core::IpAddress::parse("10.0.1.7")});
  CHECK(base::find_header(server.requests().at(0).headers, "User-Agent") == "vipd/test");
}

TEST_CASE("a silent metadata service is waited for and then believed [E19]") {
  World world;
  ScriptedServer server(world.loop);
  server.expect({"GET", "/metadata/instance-id", {}, "", true});
  auto quick = options(server.url());
  quick.try_within = 50ms;
  Metadata metadata(world.loop, world.clock, world.log, quick, world.post());
  metadata.start();

  const auto failed = world.wait_for<core::IdentityFailed>();
  CHECK_THAT(failed.why, Contains(server.url()) && Contains("is this a Hetzner Cloud server"));
  expect_identity(server, "cp-1");
  CHECK(world.wait_for<core::Identity>().server == 4711);
}

TEST_CASE("metadata that nobody serves, or that is wrong, is asked for again [E19]") {
  World world;
  ScriptedServer server(world.loop);
  server.expect_get("/metadata/instance-id", 404, "not found");
  server.expect_get("/metadata/instance-id", 200, "<html>");
  server.expect_get("/metadata/hostname", 200, "cp-1");
  server.expect_get("/metadata/public-ipv4", 200, "");
  server.expect_get("/metadata/private-networks", 404, "");
  server.expect({"GET", "/metadata/instance-id",
                 {200, {}, "4711", base::ServerResponse::Fault::kReset}, "", false});
  expect_identity(server, "cp-1");
  Metadata metadata(world.loop, world.clock, world.log, options(server.url()), world.post());
  metadata.start();

  CHECK(world.wait_for<core::Identity>().server == 4711);
  const auto failures = world.all<core::IdentityFailed>();
  REQUIRE(failures.size() == 3);
  CHECK_THAT(failures[0].why, Contains("/metadata/instance-id: HTTP 404"));
  CHECK_THAT(failures[1].why, Contains("instance-id is not a server id"));
}

TEST_CASE("waiting between tries grows from the first to the longest retry [E19]") {
  World world;
  auto refused = options("http://127.0.0.1:1");
  refused.first_retry = 10ms;
  refused.longest_retry = 40ms;
  Metadata metadata(world.loop, world.clock, world.log, refused, world.post());
  const auto start = world.clock.now();
  metadata.start();
  world.wait_for<core::IdentityFailed>(5);
  CHECK(world.clock.now() - start >= 10ms + 20ms + 40ms + 40ms);
}

TEST_CASE("an identity is posted again only if it changed, and stands while nobody answers [E2]") {
  World world;
  ScriptedServer server(world.loop);
  expect_identity(server, "cp-1");
  expect_identity(server, "cp-1");
  server.expect_get("/metadata/instance-id", 500, "");
  expect_identity(server, "cp-renamed");
  auto often = options(server.url());
  often.check_every = 50ms;
  Metadata metadata(world.loop, world.clock, world.log, often, world.post());
  metadata.start();

  CHECK(world.wait_for<core::Identity>(2).node == "cp-renamed");
  CHECK(world.events.size() == 2);
  CHECK(server.done());
}

TEST_CASE("metadata that goes with a try under way posts nothing any more") {
  World world;
  ScriptedServer server(world.loop);
  server.expect({"GET", "/metadata/instance-id", {}, "", true});
  {
    auto quick = options(server.url());
    quick.try_within = 20ms;
    Metadata metadata(world.loop, world.clock, world.log, quick, world.post());
    metadata.start();
    REQUIRE(world.run_until([&] { return server.done(); }));
  }
  world.run_for(50ms);
  CHECK(world.events.empty());
}

}  // namespace
}  // namespace vipd::hcloud
