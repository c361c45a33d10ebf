// The simulator over real sockets: timers, faults, metadata listeners, the admin socket.
#include "tools/lab/hcloudsim/simulator.h"

#include <cstdlib>
#include <filesystem>

#include "base/http_client.h"
#include "tests/catch.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;
using namespace std::chrono_literals;

struct TempFolder {
  TempFolder() {
    char name[] = "/tmp/hcloudsim-test-XXXXXX";
    path = mkdtemp(name);
  }
  ~TempFolder() { std::filesystem::remove_all(path); }
  std::string path;
};

// Servers 1 and 2, Floating IP 7 on server 1; an assign takes 100 ms, an answer no time.
struct Cloud {
  Cloud() : client(loop, clock) {
    sim.emplace(loop, clock, 1);
    sim->admin("PUT", "/latency",
               {{"fixed_ms", 100}, {"answer_least_ms", 0}, {"answer_most_ms", 0}});
    sim->admin("POST", "/projects", {{"name", "lab"}, {"tokens", {{{"token", "RW"}}}}});
    for (const int id : {1, 2}) {
      sim->admin("POST", "/servers",
                 {{"project", "lab"}, {"id", id}, {"name", "cp-" + std::to_string(id)}});
    }
    sim->admin("POST", "/floating_ips",
               {{"project", "lab"}, {"id", 7}, {"name", "api"}, {"server", 1}});
    const auto bound = sim->listen_api("127.0.0.1", 0);
    REQUIRE(bound.ok());
    port = *bound;
  }

  base::HttpResult send(const std::string& method, const std::string& url, const std::string& body,
                        base::Instant deadline) {
    std::optional<base::HttpResult> result;
    base::HttpRequest request;
    request.method = method;
    request.url = url;
    request.bearer = base::Secret("RW");
    request.body = body;
    request.deadline = deadline;
    client.send(request, [&](base::HttpResult got) { result = std::move(got); });
    run_until([&] { return result.has_value(); });
    return *std::move(result);
  }
  base::HttpResult api(const std::string& method, const std::string& path,
                       const std::string& body = "", std::chrono::milliseconds patience = 5s) {
    return send(method, "http://127.0.0.1:" + std::to_string(port) + "/v1" + path, body,
                clock.now() + patience);
  }
  base::HttpResult assign_to_2(std::chrono::milliseconds patience = 5s) {
    return api("POST", "/floating_ips/7/actions/assign", R"({"server":2})", patience);
  }
  void fault(const Json& rule) { REQUIRE(sim->admin("POST", "/faults", rule).status == 200); }
  std::optional<Id> server() const { return sim->world().model.floating_ips().at(7).server; }

  template <class Predicate>
  void run_until(Predicate done) {
    const auto deadline = clock.now() + 20s;
    while (!done() && clock.now() < deadline) {
      loop.restart();
      loop.run_for(5ms);
    }
    REQUIRE(done());
  }

  base::SystemClock clock;
  boost::asio::io_context loop;
  base::HttpClient client;
  std::optional<Simulator> sim;
  std::uint16_t port = 0;
};

TEST_CASE("an assign over HTTP applies by itself when its time is over") {
  Cloud cloud;
  const auto accepted = cloud.assign_to_2();
  REQUIRE(accepted.response.ok());
  CHECK(accepted.response->status == 201);
  CHECK(cloud.server() == 1);
  cloud.run_until([&] { return cloud.server() == 2; });
  const std::string audit = cloud.sim->admin("GET", "/audit").body;
  CHECK(audit.find("\"event\":\"assign_accepted\"") < audit.find("\"event\":\"assign_applied\""));
  CHECK(audit.find("\"event\":\"assign_applied\"") < audit.rfind("\"event\":\"route_moved\""));
  CHECK(audit.find("RW") == std::string::npos);
}

TEST_CASE("links name the scheme in which the API is served") {
  Cloud cloud;
  const auto first = cloud.api("GET", "/servers?per_page=1");
  REQUIRE(first.response.ok());
  CHECK(base::find_header(first.response->headers, "Link").value_or("").rfind(
            "<http://127.0.0.1:", 0) == 0);
}

TEST_CASE("faults that break the answer") {
  Cloud cloud;
  const auto with = [&](const char* kind) {
    cloud.fault({{"fault", kind}, {"count", 1}});
    return cloud.assign_to_2(1s);
  };
  CHECK(with("reset").response.status().code() == absl::StatusCode::kUnavailable);
  CHECK(with("hang").response.status().code() == absl::StatusCode::kDeadlineExceeded);
  const auto html = with("html502");
  REQUIRE(html.response.ok());
  CHECK(html.response->status == 502);
  CHECK(html.response->body.find("<html>") == 0);
  CHECK(cloud.sim->world().model.actions().empty());  // nothing of this was carried out

  CHECK(with("truncate").response.status().code() == absl::StatusCode::kDataLoss);
  CHECK(cloud.sim->world().model.actions().size() == 1);
  cloud.run_until([&] { return cloud.server() == 2; });
  const auto malformed = with("malformed");
  REQUIRE(malformed.response.ok());
  CHECK_FALSE(base::parse_json(malformed.response->body).ok());
  CHECK(with("huge").response.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(cloud.api("GET", "/floating_ips/7").response->status == 200);  // all rules are used up
}

TEST_CASE("faults that are API errors") {
  const std::pair<const char*, int> expected[] = {
      {"conflict", 409}, {"locked", 423}, {"rate_limited", 429}, {"server_error", 500},
      {"timeout504", 504}};
  Cloud cloud;
  for (const auto& [kind, status] : expected) {
    cloud.fault({{"fault", kind}, {"count", 1}});
    const auto refused = cloud.assign_to_2();
    REQUIRE(refused.response.ok());
    CHECK(refused.response->status == status);
    CHECK(base::find_header(refused.response->headers, "RateLimit-Limit") == "3600");
  }
  cloud.fault({{"fault", "error"}, {"status", 503}, {"code", "unavailable"}, {"count", 1}});
  const auto any = cloud.assign_to_2();
  REQUIRE(any.response.ok());
  CHECK(any.response->status == 503);
  CHECK(any.response->body.find("\"code\":\"unavailable\"") != std::string::npos);
  CHECK(cloud.sim->admin("POST", "/faults", {{"fault", "error"}, {"status", 200}}).status == 422);
  CHECK(cloud.sim->world().model.actions().empty());
}

TEST_CASE("an API error may hide a deed that was done") {
  Cloud cloud;
  cloud.fault({{"fault", "server_error"}, {"applied", true}, {"count", 1}});
  const auto answer = cloud.assign_to_2();
  REQUIRE(answer.response.ok());
  CHECK(answer.response->status == 500);
  CHECK(Json::parse(answer.response->body)["error"]["code"] == "server_error");
  cloud.run_until([&] { return cloud.server() == 2; });
}

TEST_CASE("an assign whose client gave up may apply much later") {
  Cloud cloud;
  cloud.fault({{"fault", "late_assign"}, {"after_ms", 300}, {"count", 1}});
  CHECK(cloud.assign_to_2(100ms).response.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(cloud.sim->world().model.actions().empty());
  cloud.run_until([&] { return cloud.server() == 2; });
}

TEST_CASE("the client of a late assign gets no answer, however long it waits") {
  Cloud cloud;
  cloud.fault({{"fault", "late_assign"}, {"after_ms", 20}, {"count", 1}});
  CHECK(cloud.assign_to_2(500ms).response.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(cloud.sim->world().model.actions().size() == 1);
}

TEST_CASE("late answers come after the deed, slow ones with it") {
  Cloud cloud;
  cloud.fault({{"fault", "late"}, {"after_ms", 400}, {"count", 1}});
  CHECK_FALSE(cloud.assign_to_2(100ms).response.ok());
  CHECK(cloud.sim->world().model.actions().size() == 1);
  cloud.run_until([&] { return cloud.server() == 2; });
  cloud.fault({{"fault", "slow"}, {"after_ms", 100}, {"count", 1}});
  const auto before = cloud.clock.now();
  CHECK(cloud.api("GET", "/floating_ips/7").response.ok());
  CHECK(cloud.clock.now() - before >= 100ms);
}

TEST_CASE("an action can be made to fail") {
  Cloud cloud;
  cloud.fault({{"fault", "action_error"}, {"match", {{"path_regex", "/assign$"}}}});
  CHECK(cloud.assign_to_2().response->status == 201);
  const auto& actions = cloud.sim->world().model.actions();
  cloud.run_until([&] { return actions.begin()->second.status == "error"; });
  CHECK(cloud.server() == 1);
}

TEST_CASE("a fault hits only what it matches, from the nth time on") {
  Cloud cloud;
  cloud.fault({{"fault", "conflict"},
               {"count", 1},
               {"match", {{"method", "GET"}, {"path_regex", "^/v1/servers/1$"}, {"nth", 2},
                          {"peer", "127.0.0.1"}, {"token", "RW"}}}});
  const auto status = [&](const char* path) { return cloud.api("GET", path).response->status; };
  CHECK(status("/servers/2") == 200);
  CHECK(status("/servers/1") == 200);
  CHECK(status("/servers/1") == 409);
  CHECK(status("/servers/1") == 200);
  CHECK(cloud.sim->admin("POST", "/faults", {{"fault", "flood"}}).status == 422);
  CHECK(cloud.sim->admin("POST", "/faults",
                         {{"fault", "hang"}, {"match", {{"path_regex", "("}}}})
            .status == 422);
  cloud.fault({{"fault", "conflict"}});
  CHECK(status("/servers/2") == 409);
  cloud.sim->admin("DELETE", "/faults");
  CHECK(status("/servers/2") == 200);
}

TEST_CASE("a metadata listener can stand for one server; a silent one never answers") {
  Cloud cloud;
  const auto port = cloud.sim->listen_metadata("127.0.0.1", 0, 2);
  REQUIRE(port.ok());
  const std::string url =
      "http://127.0.0.1:" + std::to_string(*port) + "/hetzner/v1/metadata/instance-id";
  CHECK(cloud.send("GET", url, "", cloud.clock.now() + 5s).response->body == "2");
  cloud.sim->admin("PUT", "/metadata", {{"peer", "127.0.0.1"}, {"mode", "silent"}});
  CHECK_FALSE(cloud.send("GET", url, "", cloud.clock.now() + 200ms).response.ok());
}

TEST_CASE("the admin socket and the audit file") {
  Cloud cloud;
  TempFolder folder;
  const std::string socket = folder.path + "/admin.sock";
  REQUIRE(cloud.sim->listen_admin(socket).ok());
  CHECK_FALSE(cloud.sim->write_audit_to(folder.path + "/missing/audit").ok());
  REQUIRE(cloud.sim->write_audit_to(folder.path + "/audit.ndjson").ok());
  const auto ask = [&](const char* method, const char* path, const std::string& body) {
    return cloud.send(method, "unix:" + socket + ":" + path, body, cloud.clock.now() + 5s);
  };
  CHECK(ask("POST", "/steal", R"({"floating_ip":7,"server":2})").response->status == 200);
  CHECK(cloud.server() == 2);
  CHECK(ask("DELETE", "/servers/2", "null").response->status == 200);
  CHECK_FALSE(cloud.server());
  CHECK(ask("GET", "/state", "").response->body.find("\"routed_to\":null") != std::string::npos);
  CHECK(ask("GET", "/nowhere", "").response->status == 404);
  CHECK(ask("PUT", "/latency", "{").response->status == 400);
  CHECK(ask("PUT", "/latency", R"({"median_ms":5000,"p99_ms":1000})").response->status == 422);
  CHECK(std::filesystem::file_size(folder.path + "/audit.ndjson") > 0);
}

TEST_CASE("it may go with requests under way") {
  Cloud cloud;
  cloud.fault({{"fault", "slow"}, {"after_ms", 50}});
  bool answered = false;
  base::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(cloud.port) + "/v1/servers";
  request.deadline = cloud.clock.now() + 5s;
  cloud.client.send(request, [&](const base::HttpResult& result) {
    answered = true;
    CHECK_FALSE(result.response.ok());
  });
  const auto& faults = cloud.sim->world().faults;
  cloud.run_until([&] { return faults.json()[0]["fired"] == 1; });
  cloud.sim.reset();
  cloud.run_until([&] { return answered; });
}

}  // namespace
}  // namespace vipd::hcloudsim
