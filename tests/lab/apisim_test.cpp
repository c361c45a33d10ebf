// The stand-in apiserver, over real TLS on loopback.
#include "tools/lab/apisim/apisim.h"

#include <boost/asio/io_context.hpp>

#include "base/http_client.h"
#include "base/x509.h"
#include "tests/catch.h"
#include "tools/lab/apisim/control.h"

namespace vipd::apisim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Fixture {
  Fixture() {
    const base::WallTime from{clock.wall().seconds - 3600};
    const base::WallTime to{clock.wall().seconds + 3600};
    ca = *base::mint_ca("test", from, to);
    server = *base::mint_certificate(ca, {.common_name = "kube-apiserver",
                                          .organizations = {},
                                          .dns_names = {},
                                          .ip_addresses = {"127.0.0.1"},
                                          .server = true,
                                          .client = false,
                                          .not_before = from,
                                          .not_after = to});
    client = *base::mint_certificate(ca, {.common_name = "admin",
                                          .organizations = {"system:masters"},
                                          .dns_names = {},
                                          .ip_addresses = {},
                                          .server = false,
                                          .client = true,
                                          .not_before = from,
                                          .not_after = to});
    apisim = std::make_unique<Apisim>(
        loop,
        Options{.node = "cp-1",
                .address = "127.0.0.1",
                .port = 0,
                .tls = {server.certificate_pem, server.key_pem, ca.certificate_pem},
                .shutdown_delay = milliseconds(300)},
        [this] { return etcd_problem; }, [this] { ended = true; });
    REQUIRE(apisim->start().ok());
  }

  base::HttpResult get(const std::string& target, bool with_certificate = true,
                       milliseconds patience = seconds(5)) {
    base::HttpRequest request;
    request.url = "https://127.0.0.1:" + std::to_string(apisim->port()) + target;
    request.tls.ca_pem = ca.certificate_pem;
    if (with_certificate) {
      request.tls.cert_pem = client.certificate_pem;
      request.tls.key_pem = client.key_pem;
    }
    request.deadline = clock.now() + patience;
    std::optional<base::HttpResult> answer;
    http.send(std::move(request), [&](base::HttpResult result) { answer = std::move(result); });
    run_until([&] { return answer.has_value(); });
    return *std::move(answer);
  }

  void run_until(const std::function<bool()>& reached) {
    const auto give_up = clock.now() + seconds(20);
    while (!reached() && clock.now() < give_up) {
      loop.restart();
      loop.run_for(milliseconds(5));
    }
    REQUIRE(reached());
  }

  base::Json control(const std::string& method, const std::string& target, const base::Json& body) {
    base::ServerRequest request;
    request.method = method;
    request.target = target;
    request.body = body.dump();
    const auto response = apisim::control(*apisim, request);
    CHECK(response.status == 200);
    return *base::parse_json(response.body);
  }

  base::SystemClock clock;
  boost::asio::io_context loop;
  base::HttpClient http{loop, clock};
  base::KeyPair ca, server, client;
  std::string etcd_problem;
  bool ended = false;
  std::unique_ptr<Apisim> apisim;
};

TEST_CASE_METHOD(Fixture, "without a client certificate every path answers 401") {
  for (const char* path : {"/readyz", "/livez", "/version", "/api/v1/nodes/cp-1"}) {
    const auto answer = get(path, false);
    REQUIRE(answer.response.ok());
    CHECK(answer.response->status == 401);
    CHECK(base::parse_json(answer.response->body)->at("kind") == "Status");
  }
}

TEST_CASE_METHOD(Fixture, "a ready apiserver says ok, and names its checks when asked") {
  CHECK(get("/readyz").response->body == "ok");
  const auto verbose = get("/readyz?verbose");
  CHECK(verbose.response->status == 200);
  CHECK(verbose.response->body.find("[+]ping ok\n") == 0);
  CHECK(verbose.response->body.find("[+]shutdown ok\n") != std::string::npos);
  CHECK(verbose.response->body.find("readyz check passed\n") != std::string::npos);
  CHECK(base::find_header(verbose.response->headers, "X-Apisim-Node") == "cp-1");
  CHECK(base::parse_json(get("/version").response->body)->contains("gitVersion"));
}

TEST_CASE_METHOD(Fixture, "an apiserver whose etcd does not serve is alive but not ready") {
  etcd_problem = "no leader";
  const auto ready = get("/readyz");
  CHECK(ready.response->status == 500);
  CHECK(ready.response->body.find("[-]etcd failed") != std::string::npos);
  CHECK(get("/livez").response->status == 200);
  CHECK(get("/api/v1/nodes/cp-1").response->status == 500);
}

TEST_CASE_METHOD(Fixture, "a hung apiserver accepts connections and never shakes hands") {
  control("PUT", "/switch", {{"mode", "hang"}});
  const auto answer = get("/readyz", true, milliseconds(300));
  REQUIRE_FALSE(answer.response.ok());
  CHECK(answer.response.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(std::string(answer.response.status().message()).find("TLS") != std::string::npos);
  CHECK(control("GET", "/state", nullptr)["ready"] == false);
  control("PUT", "/switch", {{"mode", "ok"}});
  CHECK(get("/readyz").response->body == "ok");
}

TEST_CASE_METHOD(Fixture, "a slow apiserver answers late, a failing one with 500") {
  control("PUT", "/switch", {{"mode", "slow"}, {"delay_ms", 200}});
  const auto before = clock.now();
  CHECK(get("/readyz").response->body == "ok");
  CHECK(clock.now() - before >= milliseconds(200));
  control("PUT", "/switch", {{"mode", "500"}});
  CHECK(get("/readyz").response->status == 500);
}

TEST_CASE_METHOD(Fixture, "on SIGTERM the shutdown check fails at once and the listener stays") {
  apisim->shut_down();
  const auto answer = get("/readyz");
  CHECK(answer.response->status == 500);
  CHECK(answer.response->body.find("[-]shutdown failed") != std::string::npos);
  CHECK_FALSE(ended);
  run_until([&] { return ended; });
  CHECK_FALSE(get("/readyz").response.ok());
}

TEST_CASE_METHOD(Fixture,
                 "the Node object shows a cordon and what the kubelet says of a shutdown") {
  auto node = *base::parse_json(get("/api/v1/nodes/cp-1").response->body);
  CHECK_FALSE(node["spec"].contains("unschedulable"));
  CHECK(node["status"]["conditions"][0]["status"] == "True");
  control("PUT", "/switch", {{"cordoned", true}, {"shutting_down", true}});
  node = *base::parse_json(get("/api/v1/nodes/cp-1").response->body);
  CHECK(node["spec"]["unschedulable"] == true);
  CHECK(node["status"]["conditions"][0]["status"] == "False");
  CHECK(node["status"]["conditions"][0]["message"] == "node is shutting down");
  CHECK(get("/api/v1/nodes/cp-9").response->status == 404);
}

}  // namespace
}  // namespace vipd::apisim
