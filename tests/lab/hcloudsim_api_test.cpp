// The Cloud API as clients meet it: shapes, headers and refusals of facts/hetzner-api.md, without
// sockets and in simulated time.
#include <set>

#include "tests/catch.h"
#include "tools/lab/hcloudsim/admin.h"
#include "tools/lab/hcloudsim/world.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;
using namespace std::chrono_literals;

constexpr base::WallTime kStart{1767225600};  // 2026-01-01T00:00:00Z

struct Reply {
  int status = 0;
  base::HttpHeaders headers;
  Json body;
  std::string code() const { return body["error"]["code"].get<std::string>(); }
  std::string header(const char* name) const {
    return base::find_header(headers, name).value_or("(none)");
  }
};

// Project "lab" with servers 1 and 2, Floating IPs 7 (v4, on server 1) and 8 (v6, free); project
// "other" with server 3. Assigns take 2 s.
struct Cloud {
  Cloud() : world(1, base::Instant(), kStart) {
    admin("POST", "/projects", {{"name", "lab"},
                                {"tokens", {{{"token", "RW"}, {"mode", "rw"}, {"name", "ci"}},
                                            {{"token", "RO"}, {"mode", "ro"}}}}});
    admin("POST", "/projects", {{"name", "other"}, {"tokens", {{{"token", "THEIRS"}}}}});
    admin("POST", "/servers", {{"project", "lab"}, {"id", 1}, {"name", "cp-1"},
                               {"public_ipv4", "198.51.100.1"}, {"labels", {{"role", "cp"}}},
                               {"public_ipv6_net", "2001:db8:a:1::/64"},
                               {"private_ips", {{{"ip", "10.0.1.1"}}}}});
    admin("POST", "/servers", {{"project", "lab"}, {"id", 2}, {"name", "cp-2"}});
    admin("POST", "/servers", {{"project", "other"}, {"id", 3}, {"name", "theirs"}});
    admin("POST", "/floating_ips", {{"project", "lab"}, {"id", 7}, {"name", "api"},
                                    {"type", "ipv4"}, {"ip", "203.0.113.10"}, {"server", 1},
                                    {"labels", {{"cluster", "lab"}}}});
    admin("POST", "/floating_ips", {{"project", "lab"}, {"id", 8}, {"name", "api6"},
                                    {"type", "ipv6"}, {"ip", "2001:db8:f:1::/64"}});
    admin("PUT", "/latency", {{"fixed_ms", 2000}, {"other_ms", 500}});
  }

  Json admin(const std::string& method, const std::string& target, const Json& body) {
    base::ServerRequest request;
    request.method = method;
    request.target = target;
    request.body = body.dump();
    world.model.advance(now);
    const auto response = administer(world, request, now);
    INFO(response.body);
    REQUIRE(response.status == 200);
    return Json::parse(response.body);
  }

  Reply call(const std::string& method, const std::string& path, const std::string& body = "",
             const std::string& token = "RW") {
    base::ServerRequest request;
    request.method = method;
    request.target = "/v1" + path;
    request.headers = {{"Host", "api.example"}};
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    request.body = body;
    request.peer = "192.0.2.1";
    world.model.advance(now);
    auto exchange = world.api.handle(request, now, {});
    last_record = exchange.record;
    const auto& response = exchange.response;
    return {response.status, response.headers,
            response.body.empty() ? Json() : Json::parse(response.body)};
  }
  Reply get(const std::string& path) { return call("GET", path); }

  base::Instant now{};
  World world;
  Record last_record;
};

std::set<std::string> keys(const Json& object) {
  std::set<std::string> names;
  for (const auto& item : object.items()) names.insert(item.key());
  return names;
}

TEST_CASE("every answer carries the rate limit, a correlation id and the date") {
  Cloud cloud;
  const Reply good = cloud.get("/floating_ips");
  const Reply missing = cloud.get("/nowhere");
  const Reply stranger = cloud.call("GET", "/servers", "", "");
  for (const Reply* each : {&good, &missing, &stranger}) {
    CHECK(each->header("Content-Type") == "application/json");
    CHECK(each->header("RateLimit-Limit") == "3600");
    CHECK(each->header("X-Correlation-Id").size() == 16);
    CHECK(each->header("Strict-Transport-Security") != "(none)");
    CHECK(each->header("Date") == "Thu, 01 Jan 2026 00:00:00 GMT");
  }
  CHECK(good.header("RateLimit-Remaining") == "3599");
  CHECK(missing.header("RateLimit-Remaining") == "3598");
  CHECK(missing.header("RateLimit-Reset") == std::to_string(kStart.seconds + 2));
  CHECK(good.header("X-Correlation-Id") != missing.header("X-Correlation-Id"));
}

TEST_CASE("tokens: missing, unknown, revoked, read-only") {
  Cloud cloud;
  for (const char* token : {"", "WRONG"}) {
    const Reply reply = cloud.call("GET", "/servers", "", token);
    CHECK(reply.status == 401);
    CHECK(reply.body == Json::parse(R"({"error":{"code":"unauthorized",
        "message":"unable to authenticate","details":null}})"));
  }
  const Reply write = cloud.call("POST", "/floating_ips/7/actions/assign", R"({"server":2})", "RO");
  CHECK(write.status == 403);
  CHECK(write.code() == "forbidden");
  CHECK(cloud.call("GET", "/floating_ips/7", "", "RO").status == 200);
  cloud.admin("PUT", "/tokens/RO", {{"mode", "rw"}});
  CHECK(cloud.call("PUT", "/floating_ips/7", "{}", "RO").status == 200);
  cloud.admin("PUT", "/tokens/RO", {{"revoked", true}});
  CHECK(cloud.call("GET", "/floating_ips/7", "", "RO").code() == "unauthorized");
}

TEST_CASE("a token sees its own project only") {
  Cloud cloud;
  CHECK(cloud.call("GET", "/floating_ips/7", "", "THEIRS").code() == "not_found");
  CHECK(cloud.call("GET", "/floating_ips", "", "THEIRS").body["floating_ips"].empty());
  CHECK(cloud.call("POST", "/floating_ips/7/actions/assign", R"({"server":3})").status == 404);
}

TEST_CASE("the limit is per project or per token, and refused requests say when to come back") {
  Cloud cloud;
  cloud.admin("PUT", "/ratelimit", {{"remaining", 1}});
  CHECK(cloud.get("/servers").status == 200);
  const Reply refused = cloud.call("GET", "/servers", "", "RO");
  CHECK(refused.status == 429);
  CHECK(refused.body["error"]["message"] == "limit of 3600 requests per hour reached");
  CHECK(refused.header("RateLimit-Remaining") == "0");
  CHECK(refused.header("RateLimit-Reset") == std::to_string(kStart.seconds + 3600));
  cloud.now += 1s;
  CHECK(cloud.get("/servers").status == 200);
  cloud.admin("PUT", "/switches", {{"ratelimit_scope", "token"}});
  cloud.admin("PUT", "/ratelimit", {{"token", "RW"}, {"remaining", 0}});
  CHECK(cloud.get("/servers").status == 429);
  CHECK(cloud.call("GET", "/servers", "", "RO").status == 200);
}

TEST_CASE("unknown paths, wrong methods, broken bodies and removed endpoints") {
  Cloud cloud;
  const auto refusal = [&](const char* method, const char* path, const char* body = "") {
    const Reply reply = cloud.call(method, path, body);
    return std::to_string(reply.status) + " " + reply.code();
  };
  CHECK(refusal("GET", "/nowhere") == "404 not_found");
  CHECK(refusal("GET", "/floating_ips/abc") == "404 not_found");
  CHECK(refusal("GET", "/floating_ips/9007199254740992") == "404 not_found");
  CHECK(refusal("PATCH", "/floating_ips") == "405 method_not_allowed");
  CHECK(refusal("POST", "/floating_ips/7/actions/assign", "{") == "400 json_error");
  CHECK(refusal("POST", "/floating_ips/7/actions/assign", "[]") == "400 json_error");
  CHECK(refusal("GET", "/actions") == "410 deprecated_api_endpoint");
  CHECK(refusal("GET", "/floating_ips/7/actions/1") == "410 deprecated_api_endpoint");
  CHECK(refusal("GET", "/datacenters") == "410 deprecated_api_endpoint");
  CHECK(cloud.get("/datacenters/1").body["error"]["details"].contains("announcement"));
  CHECK(refusal("GET", "/servers?sort=%ff") == "422 invalid_input");
}

TEST_CASE("a Floating IP has all twelve fields") {
  Cloud cloud;
  const Json v4 = cloud.get("/floating_ips/7").body["floating_ip"];
  CHECK(keys(v4) == std::set<std::string>{"id", "name", "description", "ip", "type", "server",
                                          "dns_ptr", "home_location", "blocked", "protection",
                                          "labels", "created"});
  CHECK(v4["ip"] == "203.0.113.10");
  CHECK(v4["server"] == 1);
  CHECK(v4["created"] == "2026-01-01T00:00:00Z");
  CHECK(v4["home_location"]["network_zone"] == "eu-central");
  const Json v6 = cloud.get("/floating_ips/8").body["floating_ip"];
  CHECK(v6["ip"] == "2001:db8:f:1::/64");
  CHECK(v6["server"].is_null());
}

TEST_CASE("an assign is an action to be polled, listed and found while it runs") {
  Cloud cloud;
  const Reply accepted = cloud.call("POST", "/floating_ips/7/actions/assign", R"({"server":2})");
  REQUIRE(accepted.status == 201);
  const Json action = accepted.body["action"];
  CHECK(keys(action) == std::set<std::string>{"id", "command", "status", "progress", "started",
                                              "finished", "resources", "error"});
  CHECK(action["command"] == "assign_floating_ip");
  CHECK(action["finished"].is_null());
  const std::string id = std::to_string(action["id"].get<Id>());
  CHECK(cloud.last_record.fields["action"] == action["id"]);
  CHECK(cloud.last_record.fields["token"] == "ci");
  CHECK(cloud.last_record.fields["fip"] == 7);
  CHECK(cloud.last_record.fields["server"] == 2);

  CHECK(cloud.call("POST", "/floating_ips/7/actions/assign", R"({"server":1})").status == 423);
  CHECK(cloud.call("POST", "/servers/2/actions/reboot").code() == "locked");
  CHECK(cloud.get("/servers/2").body["server"]["locked"] == true);
  CHECK(cloud.get("/floating_ips/7/actions?status=running").body["actions"].size() == 1);
  CHECK(cloud.get("/floating_ips/8/actions?status=running").body["actions"].empty());

  cloud.now += 2s;
  CHECK(cloud.get("/actions/" + id).body["action"]["status"] == "success");
  CHECK(cloud.get("/actions/" + id).body["action"]["progress"] == 100);
  CHECK(cloud.get("/floating_ips/actions/" + id).status == 200);
  CHECK(cloud.get("/actions?id=" + id + "&id=1&sort=status&sort=id").body["actions"].size() == 1);
  CHECK(cloud.get("/floating_ips/7/actions?status=running").body["actions"].empty());
  CHECK(cloud.get("/floating_ips/7").body["floating_ip"]["server"] == 2);
  CHECK(cloud.get("/servers/2").body["server"]["public_net"]["floating_ips"] == Json{7});
  CHECK(cloud.call("GET", "/actions/" + id, "", "THEIRS").status == 404);
}

TEST_CASE("what an assign may be refused with") {
  Cloud cloud;
  const auto refusal = [&](const char* path, const char* body) {
    const Reply reply = cloud.call("POST", path, body);
    return std::to_string(reply.status) + " " + reply.code();
  };
  CHECK(refusal("/floating_ips/7/actions/assign", R"({"server":1})") == "422 floating_ip_assigned");
  CHECK(refusal("/floating_ips/7/actions/assign", R"({"server":99})") == "404 not_found");
  CHECK(refusal("/floating_ips/99/actions/assign", R"({"server":1})") == "404 not_found");
  CHECK(refusal("/floating_ips/8/actions/unassign", "") == "422 service_error");
  for (const char* body : {"{}", R"({"server":"1"})", R"({"server":null})", R"({"server":0})"}) {
    const Reply reply = cloud.call("POST", "/floating_ips/7/actions/assign", body);
    CHECK(reply.status == 422);
    CHECK(reply.body["error"]["details"]["fields"][0]["name"] == "server");
  }
}

TEST_CASE("creating, changing, protecting and deleting a Floating IP") {
  Cloud cloud;
  const Reply made = cloud.call("POST", "/floating_ips",
                                R"({"type":"ipv6","home_location":"ash","labels":{"a":"b"}})");
  REQUIRE(made.status == 201);
  CHECK_FALSE(made.body.contains("action"));
  CHECK(made.body["floating_ip"]["home_location"]["name"] == "ash");
  const std::string path =
      "/floating_ips/" + std::to_string(made.body["floating_ip"]["id"].get<Id>());

  CHECK(cloud.call("PUT", path, R"({"name":"x","labels":{"c":"d"}})")
            .body["floating_ip"]["labels"] == Json{{"c", "d"}});
  const Reply taken = cloud.call("PUT", path, R"({"name":"api"})");
  CHECK(taken.status == 409);
  CHECK(taken.code() == "uniqueness_error");
  CHECK(taken.body["error"]["details"]["fields"][0]["name"] == "name");
  CHECK(cloud.call("PUT", path, R"({"labels":{"-":"d"}})").status == 422);

  const std::string protect = path + "/actions/change_protection";
  CHECK(cloud.call("POST", protect, R"({"delete":true})").status == 201);
  cloud.now += 500ms;
  CHECK(cloud.call("DELETE", path).code() == "protected");
  CHECK(cloud.call("DELETE", path).status == 423);
  cloud.call("POST", protect, R"({"delete":false})");
  cloud.now += 500ms;
  CHECK(cloud.call("DELETE", path).status == 204);
  CHECK(cloud.get(path).status == 404);
  CHECK(cloud.call("DELETE", "/floating_ips/7").code() == "must_be_unassigned");

  const Reply bound = cloud.call("POST", "/floating_ips", R"({"type":"ipv4","server":2})");
  CHECK(bound.body["action"]["command"] == "assign_floating_ip");
  for (const char* bad : {R"({"type":"ipv5","home_location":"ash"})", R"({"type":"ipv4"})",
                          R"({"type":"ipv4","home_location":"mars"})",
                          R"({"type":"ipv4","home_location":"ash","server":1})"}) {
    CHECK(cloud.call("POST", "/floating_ips", bad).code() == "invalid_input");
  }
}

TEST_CASE("reverse DNS: the v4 address itself, any address inside the v6 network") {
  Cloud cloud;
  const auto change = [&](const char* fip, const char* body) {
    const std::string path = std::string("/floating_ips/") + fip;
    const int status = cloud.call("POST", path + "/actions/change_dns_ptr", body).status;
    cloud.now += 500ms;
    return status;
  };
  CHECK(change("8", R"({"ip":"2001:db8:f:1::5","dns_ptr":"api.example"})") == 201);
  CHECK(change("7", R"({"ip":"203.0.113.10","dns_ptr":"v4.example"})") == 201);
  CHECK(change("7", R"({"ip":"203.0.113.11","dns_ptr":"v4.example"})") == 422);
  CHECK(change("8", R"({"ip":"2001:db8:f:2::5","dns_ptr":"api.example"})") == 422);
  CHECK(change("8", R"({"ip":"2001:db8:f:1::5"})") == 422);
  CHECK(cloud.get("/floating_ips/8").body["floating_ip"]["dns_ptr"] ==
        Json::parse(R"([{"ip":"2001:db8:f:1::5","dns_ptr":"api.example"}])"));
  CHECK(change("8", R"({"ip":"2001:db8:f:1::5","dns_ptr":null})") == 201);
  CHECK(cloud.get("/floating_ips/8").body["floating_ip"]["dns_ptr"].empty());
}

TEST_CASE("lists: name, label selector, sorting, pages, links") {
  Cloud cloud;
  CHECK(cloud.get("/floating_ips?name=api").body["floating_ips"].size() == 1);
  CHECK(cloud.get("/floating_ips?name=ap").body["floating_ips"].empty());
  const std::string by_label = "/floating_ips?label_selector=";
  CHECK(cloud.get(by_label + "cluster%3D%3Dlab").body["floating_ips"].size() == 1);
  CHECK(cloud.get(by_label + "%21cluster").body["floating_ips"][0]["id"] == 8);
  CHECK(cloud.get(by_label + "a%20b").status == 422);
  CHECK(cloud.get("/floating_ips?sort=id:desc").body["floating_ips"][0]["id"] == 8);
  CHECK(cloud.get("/floating_ips?sort=ip").status == 422);
  CHECK(cloud.get("/floating_ips?page=0").status == 422);
  CHECK(cloud.get("/servers?status=off").body["servers"].empty());

  for (int i = 0; i < 60; ++i) {
    cloud.call("POST", "/floating_ips", R"({"type":"ipv4","home_location":"fsn1"})");
  }
  const Reply first = cloud.get("/floating_ips");
  CHECK(first.body["floating_ips"].size() == 25);
  CHECK(first.body["meta"]["pagination"] ==
        Json::parse(R"({"page":1,"per_page":25,"previous_page":null,"next_page":2,"last_page":3,
                        "total_entries":62})"));
  CHECK(first.header("Link") ==
        "<https://api.example/v1/floating_ips?page=2&per_page=25>; rel=\"next\", "
        "<https://api.example/v1/floating_ips?page=3&per_page=25>; rel=\"last\"");
  const Reply last = cloud.get("/floating_ips?per_page=1000&page=2");
  CHECK(last.body["meta"]["pagination"]["per_page"] == 50);
  CHECK(last.body["floating_ips"].size() == 12);
  CHECK(last.body["meta"]["pagination"]["next_page"].is_null());
  CHECK(cloud.get("/floating_ips?page=2147483647").body["floating_ips"].empty());
}

TEST_CASE("servers: read, power, alias addresses, delete") {
  Cloud cloud;
  const Json server = cloud.get("/servers?name=cp-1").body["servers"][0];
  CHECK(server["public_net"]["ipv4"]["ip"] == "198.51.100.1");
  CHECK(server["public_net"]["ipv6"]["ip"] == "2001:db8:a:1::/64");
  CHECK(server["private_net"][0]["ip"] == "10.0.1.1");
  CHECK_FALSE(server.contains("datacenter"));
  CHECK(cloud.get("/servers/2").body["server"]["public_net"]["ipv4"].is_null());

  const Reply off = cloud.call("POST", "/servers/1/actions/poweroff");
  CHECK(off.body["action"]["command"] == "stop_server");
  cloud.now += 500ms;
  CHECK(cloud.get("/servers/1").body["server"]["status"] == "off");

  const auto network = std::to_string(server["private_net"][0]["network"].get<Id>());
  CHECK(cloud.call("POST", "/servers/1/actions/change_alias_ips",
                   R"({"alias_ips":["10.0.1.9"],"network":)" + network + "}")
            .status == 201);
  cloud.now += 500ms;
  CHECK(cloud.get("/servers/1").body["server"]["private_net"][0]["alias_ips"][0] == "10.0.1.9");

  const Reply gone = cloud.call("DELETE", "/servers/1");
  CHECK(gone.status == 200);
  CHECK(gone.body["action"]["command"] == "delete_server");
  cloud.now += 500ms;
  CHECK(cloud.get("/servers/1").status == 404);
  CHECK(cloud.get("/floating_ips/7").body["floating_ip"]["server"].is_null());
}

TEST_CASE("locations and prices") {
  Cloud cloud;
  CHECK(cloud.get("/locations").body["locations"].size() == 6);
  CHECK(cloud.get("/locations?name=hel1").body["locations"][0]["city"] == "Helsinki");
  CHECK(cloud.get("/locations/99").status == 404);
  const Json pricing = cloud.get("/pricing").body["pricing"];
  CHECK(pricing["floating_ips"][0]["prices"][0]["price_monthly"]["gross"].is_string());
}

TEST_CASE("metadata tells each server who it is by its source address") {
  Cloud cloud;
  const auto ask = [&](const char* peer, const char* path) {
    base::ServerRequest request;
    request.method = "GET";
    request.target = std::string("/hetzner/v1/") + path;
    request.peer = peer;
    const auto answer = cloud.world.metadata.answer(cloud.world.model, request, std::nullopt);
    return !answer ? "silent" : answer->status == 200 ? answer->body : "404";
  };
  for (const char* peer : {"198.51.100.1", "10.0.1.1", "2001:db8:a:1::1", "::ffff:10.0.1.1"}) {
    CHECK(ask(peer, "metadata/instance-id") == "1");
  }
  CHECK(ask("192.0.2.99", "metadata/instance-id") == "404");
  CHECK(ask("10.0.1.1", "metadata/hostname") == "cp-1");
  CHECK(ask("10.0.1.1", "metadata/public-ipv4") == "198.51.100.1");
  CHECK(ask("10.0.1.1", "metadata/region") == "eu-central");
  CHECK(ask("10.0.1.1", "metadata/nonsense") == "404");
  CHECK(ask("10.0.1.1", "metadata").find("instance-id: 1\n") != std::string::npos);
  CHECK(ask("10.0.1.1", "metadata/private-networks").find("- ip: 10.0.1.1\n") == 0);
  cloud.admin("PUT", "/metadata", {{"peer", "192.0.2.99"}, {"server", 2}});
  CHECK(ask("192.0.2.99", "metadata/public-ipv4") == "404");
  CHECK(ask("192.0.2.99", "metadata/private-networks") == "[]\n");
  cloud.admin("PUT", "/metadata", {{"peer", "10.0.1.1"}, {"mode", "silent"}});
  CHECK(ask("10.0.1.1", "metadata/hostname") == "silent");
  cloud.admin("PUT", "/metadata", {{"peer", "10.0.1.1"}, {"mode", "missing"}});
  CHECK(ask("10.0.1.1", "metadata/hostname") == "404");
}

}  // namespace
}  // namespace vipd::hcloudsim
