// `vipctl fip assign` against the simulated Hetzner Cloud; where somebody has to answer, in a
// network namespace that takes every address for its own.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>

#include "base/http_server.h"
#include "base/x509.h"
#include "tests/vipctl/cloud.h"
#include "tests/vipctl/fixtures.h"

namespace vipd::vipctl {
namespace {

using Texts = std::vector<std::string>;

constexpr auto kDeclared = R"(cluster: prod
labels: {vipd.cluster: prod, env: "1"}
addresses:
  - {id: 77, address: 203.0.113.77}
  - {id: 78, address: 203.0.113.78}
nodeSubnets: [10.0.1.0/24]
endpoint: {controlPlanes: {role: control-plane}}
)";

// A network namespace for as long as it lives, in which connections to the addresses of servers
// and Floating IPs end at this machine, although no interface has them.
class OwnNetwork {
 public:
  OwnNetwork() : before_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    made_ = unshare(CLONE_NEWNET) == 0 && run("ip link set lo up") &&
            run("ip route add local 203.0.113.0/24 dev lo") &&
            run("ip route add local 198.18.1.0/24 dev lo");
    if (!made_) WARN("SKIPPED: a network namespace needs root and ip(8)");
  }
  ~OwnNetwork() {
    setns(before_, CLONE_NEWNET);
    close(before_);
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
  [[nodiscard]] bool made() const { return made_; }
  static bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

 private:
  int before_;
  bool made_;
};

// An apiserver of a kind on a thread of its own.
class Apiserver {
 public:
  explicit Apiserver(const std::string& address, bool speaks_tls = true) {
    REQUIRE(
        server_.listen_tcp(address, 6443, speaks_tls ? std::optional(tls()) : std::nullopt).ok());
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Apiserver() {
    loop_.stop();
    thread_.join();
  }
  Apiserver(const Apiserver&) = delete;
  Apiserver& operator=(const Apiserver&) = delete;

 private:
  static base::TlsServer tls() {
    const base::WallTime now = base::SystemClock().wall();
    const auto pair = base::mint_ca("anybody", {now.seconds - 60}, {now.seconds + 3600}).value();
    return {pair.certificate_pem, pair.key_pem, ""};
  }
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  base::HttpServer server_{loop_, [](const base::ServerRequest&, const base::Respond& respond) {
                             respond({.status = 401, .headers = {}, .body = ""});
                           }};
  std::thread thread_;
};

// Neither Floating IP is assigned, unless a test says so.
struct Desk {
  SimulatedCloud cloud;
  Terminal terminal;

  explicit Desk(const Json& more = {}) {
    cloud.fip(77, "prod-api", "203.0.113.77", more);
    cloud.fip(78, "prod-api-2", "203.0.113.78", more);
  }
  int assign(const std::string& node, const Texts& more = {},
             const std::string& declared = kDeclared) {
    Texts line = {
        "fip",           "assign",         node, "-f", terminal.file("vipd.yaml", declared),
        "--break-glass", "cp-1 burnt down"};
    line.insert(line.end(), more.begin(), more.end());
    const int code = terminal.run(line, cloud.environment());
    UNSCOPED_INFO(terminal.out << terminal.err);
    CHECK_FALSE(Terminal::has(terminal.out + terminal.err, "tell-nobody"));
    return code;
  }
  bool says(const std::string& part) const {
    return Terminal::has(terminal.out + terminal.err, part);
  }
  Json servers() {
    const Json fips = cloud.fips();
    return {fips[0]["server"], fips[1]["server"]};
  }
};

const Json kOnFirst = {{"server", 1001}};
const auto kNobody = Json({nullptr, nullptr});

TEST_CASE(
    "by hand the whole group goes to one control plane, by name or id, once; with the reason") {
  Desk desk;
  CHECK(desk.assign("cp-2", {"-o", "json"}) == 0);
  CHECK(desk.servers() == Json({1002, 1002}));
  const Json report = Json::parse(desk.terminal.out);
  CHECK(report["version"] == 1);
  CHECK(report["reason"] == "cp-1 burnt down");
  CHECK(report["node"] == Json({{"id", 1002}, {"name", "cp-2"}}));
  CHECK(report["floatingIps"][1]["from"].is_null());
  CHECK(report["floatingIps"][1]["to"] == 1002);
  CHECK(report["floatingIps"][1]["action"].get<int>() > 0);
  const auto writes = desk.cloud.writes();
  CHECK(writes == Texts{"POST /v1/floating_ips/77/actions/assign",
                        "POST /v1/floating_ips/78/actions/assign"});

  CHECK(desk.assign("1002") == 0);
  CHECK(desk.says("nothing to do: cp-2 has them already"));
  CHECK(desk.cloud.writes() == writes);
}

TEST_CASE("only a running control plane of the cluster is given the addresses") {
  struct Case {
    std::string node;
    std::string said;
  };
  for (const auto& [node, said] :
       {Case{"db-1", "is no control plane: it carries role=database"},
        Case{"cp-9", "has no server \"cp-9\""}, Case{"4711", "has no server \"4711\""},
        Case{"far", "has no address in nodeSubnets"}, Case{"off", "is not running but off"}}) {
    Desk desk;
    desk.cloud.server(1004, "far", "control-plane", "10.9.9.9");
    desk.cloud.server(1005, "off", "control-plane", "10.0.1.15");
    desk.cloud.admin("PUT", "/servers/1005", R"({"status": "off"})");
    CHECK(desk.assign(node) == 1);
    CHECK(desk.says(said));
    CHECK(desk.cloud.writes().empty());
  }
}

TEST_CASE("a Floating IP that the daemon would not touch stays, and so do the others [A20]",
          "[A20]") {
  for (const std::string change : {R"({"labels": {"env": "1"}})", R"({"labels": {}})"}) {
    Desk desk;
    desk.cloud.admin("PUT", "/floating_ips/78", change);
    CHECK(desk.assign("cp-2") == 1);
    CHECK(desk.says("Floating IP 78 is not among those labelled"));
    CHECK(desk.cloud.writes().empty());
  }
}

TEST_CASE("without a reason, a declaration of control planes or a node it is wrong usage") {
  Desk desk;
  const std::string without = std::string(kDeclared).substr(0, std::string(kDeclared).find("endp"));
  CHECK(desk.assign("cp-2", {}, without) == 2);
  CHECK(desk.says("endpoint: {controlPlanes: {role: control-plane}}"));
  const auto file = desk.terminal.file("vipd.yaml", kDeclared);
  const std::string long_one(201, 'x');
  for (const Texts& line :
       {Texts{"fip", "assign"}, Texts{"fip", "assign", "cp-2", "-f", file},
        Texts{"fip", "assign", "cp-2", "--break-glass", "x"},
        Texts{"fip", "assign", "cp-2", "-f", file, "--break-glass"},
        Texts{"fip", "assign", "cp-2", "-f", file, "--break-glass", " "},
        Texts{"fip", "assign", "cp-2", "-f", file, "--break-glass", "two\nlines"},
        Texts{"fip", "assign", "cp-2", "-f", file, "--break-glass", long_one},
        Texts{"fip", "assign", "cp-2", "-f", file, "--break-glass", "x", "--timeout", "-1s"}}) {
    CHECK(desk.terminal.run(line, desk.cloud.environment()) == 2);
    CHECK_FALSE(desk.terminal.err.empty());
  }
  CHECK(desk.cloud.audit("request").empty());
}

TEST_CASE(
    "a lock and a limit are waited for; a lost answer is looked up; a failed action is told") {
  struct Case {
    Json fault;
    int count;
    int code;
    std::string said;
  };
  const auto applied = [](const char* fault) { return Json{{"fault", fault}, {"applied", true}}; };
  for (const auto& [fault, count, code, said] :
       {Case{{{"fault", "locked"}}, 1, 0, "reason: cp-1 burnt down"},
        Case{{{"fault", "rate_limited"}}, 1, 0, "waiting for the rate limit"},
        Case{applied("server_error"), 1, 0, "reason"}, Case{applied("reset"), 1, 0, "reason"},
        Case{applied("html502"), 1, 0, "reason"}, Case{applied("malformed"), 1, 0, "reason"},
        Case{{{"fault", "server_error"}}, 1, 3, "server_error"},
        Case{{{"fault", "conflict"}}, 1, 3, "conflict"},
        Case{{{"fault", "locked"}}, 1000, 1, "still locked"},
        Case{{{"fault", "rate_limited"}}, 1000, 3, "rate_limit_exceeded"},
        Case{{{"fault", "action_error"}}, 1, 1, "failed (action_failed"}}) {
    Desk desk;
    desk.cloud.fault(fault, "POST", "77/actions/assign", count);
    INFO(fault.dump());
    CHECK(desk.assign("cp-2", {"--timeout", "1500ms"}) == code);
    CHECK(desk.says(said));
    CHECK(desk.servers() == (code == 0 ? Json({1002, 1002}) : kNobody));
    CHECK(desk.cloud.audit("assign_accepted").size() == (code == 0 ? 2 : count == 1 && code == 1));
  }
  Desk desk;
  desk.cloud.admin("PUT", "/latency", R"({"fixed_ms": 60000})");
  CHECK(desk.assign("cp-2", {"--timeout", "1500ms"}) == 1);
  CHECK(desk.says("was not seen to end within the timeout"));
}

TEST_CASE("a token that may only read, and an API that does not answer, are told apart") {
  Desk desk;
  const auto file = desk.terminal.file("vipd.yaml", kDeclared);
  const Texts line = {"fip", "assign", "cp-2", "-f", file, "--break-glass", "x"};
  CHECK(desk.terminal.run(line, desk.cloud.environment("reader")) == 1);
  CHECK(desk.says("the token may only read"));
  CHECK(desk.terminal.run(line, desk.cloud.environment("nobody")) == 3);
  CHECK(desk.terminal.run(line, {"HCLOUD_ENDPOINT=http://127.0.0.1:1/v1", "HCLOUD_TOKEN=t"}) == 3);
  CHECK(desk.terminal.run(line, {"HCLOUD_ENDPOINT=http://192.0.2.1/v1", "HCLOUD_TOKEN=t"}) == 2);
  CHECK(desk.servers() == kNobody);
}

TEST_CASE("while somebody answers at one of the addresses nothing is moved") {
  const OwnNetwork network;
  if (!network.made()) return;
  Desk desk(kOnFirst);
  const Apiserver target("198.18.1.2");
  {
    const Apiserver holder("203.0.113.78");
    CHECK(desk.assign("cp-2") == 4);
    CHECK(desk.says("a holder answers at 203.0.113.78 port 6443"));
    CHECK(desk.says("vipd handover"));
    CHECK(desk.cloud.writes().empty());
  }
  const Apiserver hung("203.0.113.78", false);
  CHECK(desk.assign("cp-2") == 0);
}

TEST_CASE(
    "silence counts where the node that is to have the addresses does answer, or Hetzner says "
    "that nobody can") {
  const OwnNetwork network;
  if (!network.made()) return;
  Desk desk(kOnFirst);
  CHECK(desk.assign("cp-2") == 3);
  CHECK(desk.says("a firewall on the way would look the same"));
  CHECK(desk.cloud.writes().empty());
  {
    const Apiserver target("198.18.1.2");
    CHECK(desk.assign("cp-2") == 0);
    CHECK(desk.servers() == Json({1002, 1002}));
  }
  desk.cloud.admin("PUT", "/servers/1002", R"({"status": "off"})");
  CHECK(desk.assign("cp-1") == 0);
  CHECK(desk.servers() == Json({1001, 1001}));
}

TEST_CASE("on a machine that has the address itself a probe proves nothing") {
  const OwnNetwork network;
  if (!network.made()) return;
  Desk desk(kOnFirst);
  REQUIRE(OwnNetwork::run("ip address add 203.0.113.77/32 dev lo scope host"));
  const Apiserver target("198.18.1.2");
  CHECK(desk.assign("cp-2") == 3);
  CHECK(desk.says("203.0.113.77 is on this machine itself"));
  CHECK(desk.cloud.writes().empty());
}

TEST_CASE("where Hetzner refuses to move what is assigned, the next command is named") {
  Desk desk(kOnFirst);
  desk.cloud.admin("PUT", "/servers/1001", R"({"status": "off"})");
  desk.cloud.admin("PUT", "/switches", R"({"floating_ip_assigned": "any"})");
  CHECK(desk.assign("cp-2") == 1);
  CHECK(desk.says("hcloud floating-ip unassign 77"));
}

}  // namespace
}  // namespace vipd::vipctl
