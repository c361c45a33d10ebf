// `vipctl sans`, against TLS servers in this process.
#include "tools/vipctl/sans.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/http_server.h"
#include "base/json.h"
#include "base/x509.h"
#include "tests/talos/pki.h"
#include "tests/vipctl/fixtures.h"

namespace vipd::vipctl {
namespace {

using Texts = std::vector<std::string>;
constexpr std::int64_t kDay = 24 * 3600;

// An apiserver and an apid on 127.0.0.1, each with a CA of its own.
class ControlPlane {
 public:
  explicit ControlPlane(const Texts& names = {"localhost"}, std::int64_t days = 300)
      : kubernetes(authority("kubernetes")), os(authority("talos")) {
    serve(apiserver_, kubernetes, names, days);
    serve(apid_, os, names, days);
    apiserver_port = apiserver_.port();
    apid_port = apid_.port();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~ControlPlane() {
    loop_.stop();
    thread_.join();
  }
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  [[nodiscard]] std::string node() const { return fmt::format("localhost:{}", apid_port); }

  base::KeyPair kubernetes;
  base::KeyPair os;
  std::uint16_t apiserver_port = 0;
  std::uint16_t apid_port = 0;

 private:
  [[nodiscard]] base::WallTime in_days(std::int64_t days) const {
    return {clock_.wall().seconds + days * kDay};
  }
  [[nodiscard]] base::KeyPair authority(const char* name) const {
    return base::mint_ca(name, in_days(-10), in_days(3000)).value();
  }
  void serve(base::HttpServer& server, const base::KeyPair& ca, const Texts& names,
             std::int64_t days) const {
    const auto pair = base::mint_certificate(ca, {.common_name = "server",
                                                  .organizations = {},
                                                  .dns_names = names,
                                                  .ip_addresses = {"127.0.0.1"},
                                                  .server = true,
                                                  .client = false,
                                                  .not_before = in_days(-10),
                                                  .not_after = in_days(days)})
                          .value();
    REQUIRE(server.listen_tcp("127.0.0.1", 0,
                              base::TlsServer{pair.certificate_pem, pair.key_pem, ""})
                .ok());
  }
  static void answer(const base::ServerRequest&, const base::Respond& respond) { respond({}); }
  base::SystemClock clock_;
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  base::HttpServer apiserver_{loop_, answer};
  base::HttpServer apid_{loop_, answer};
  std::thread thread_;
};

// Somebody with a vipd.yaml whose Floating IP is 127.0.0.1, which the settings' reader refuses.
struct Somebody : Terminal {
  explicit Somebody(const ControlPlane& plane) {
    settings.addresses = {{1234, base::IpAddress::parse("127.0.0.1").value(), "prod-api"}};
    settings.apiserver.port = plane.apiserver_port;
    view.file = "vipd.yaml";
  }
  int check(const std::vector<std::string>& environment = {}) {
    std::vector<const char*> variables;
    for (const auto& each : environment) variables.push_back(each.c_str());
    variables.push_back(nullptr);
    std::ostringstream said;
    std::ostringstream complained;
    const base::SystemClock clock;
    const int code = check_sans(view, settings, {.variables = variables.data(), .clock = clock,
                                                 .out = said, .err = complained});
    out = said.str();
    err = complained.str();
    return code;
  }
  shell::Settings settings;
  SansView view;
};

TEST_CASE("check: where nobody names nodes the stable endpoint alone is looked at") {
  const ControlPlane plane;
  Somebody user(plane);
  CHECK(user.check() == 0);
  CHECK(Terminal::has(user.out, fmt::format("127.0.0.1:{}", plane.apiserver_port)));
  CHECK(Terminal::has(user.out, "stable apiserver"));
  CHECK(Terminal::has(user.out, "not judged"));
  CHECK(Terminal::has(user.out, "0 findings, 0 servers not reached"));
  CHECK(Terminal::has(user.err, "only the stable endpoint is looked at"));
  CHECK(Terminal::has(user.err, "--nodes"));
}

TEST_CASE("check: each node's apiserver and apid, or only one of them") {
  const ControlPlane plane;
  Somebody user(plane);
  user.view.nodes.nodes = {plane.node()};
  CHECK(user.check() == 0);
  CHECK(user.err.empty());
  const std::string apiserver = fmt::format("localhost:{}", plane.apiserver_port);
  CHECK(Terminal::has(user.out, apiserver));
  CHECK(Terminal::has(user.out, plane.node()));
  CHECK(Terminal::has(user.out, "nodes: --nodes\n"));
  user.view.only = "apid";
  CHECK(user.check() == 0);
  CHECK_FALSE(Terminal::has(user.out, "apiserver"));
  user.view.only = "apiserver";
  CHECK(user.check() == 0);
  CHECK(Terminal::has(user.out, apiserver));
  CHECK_FALSE(Terminal::has(user.out, plane.node()));
}

TEST_CASE("check: a pattern is no host to ask; a node that is named twice is asked once") {
  const ControlPlane plane({"localhost", "*.example.com"});
  Somebody user(plane);
  user.settings.endpoint.names = {"*.example.com"};
  user.view.nodes.nodes = {plane.node(), plane.node()};
  user.view.format = "json";
  CHECK(user.check() == 0);
  CHECK(base::parse_json(user.out).value()["servers"].size() == 3);
}

TEST_CASE("check: apid at the stable address is asked where a node is named by it") {
  const ControlPlane plane;
  Somebody user(plane);
  user.view.nodes.nodes = {fmt::format("127.0.0.1:{}", plane.apid_port)};
  user.view.format = "json";
  CHECK(user.check() == 0);
  const auto servers = base::parse_json(user.out).value()["servers"];
  REQUIRE(servers.size() == 2);
  CHECK(servers[1]["service"] == "apid");
  CHECK(servers[1]["stable"] == true);
}

TEST_CASE("check: a missing name is a finding on each server, said once with the next command") {
  const ControlPlane plane;
  Somebody user(plane);
  user.settings.endpoint.names = {"api.internal"};
  user.settings.endpoint.old = "https://192.0.2.1:6443";
  user.view.nodes.nodes = {plane.node()};
  CHECK(user.check() == 1);
  CHECK(Terminal::has(
      user.out,
      fmt::format("does not name api.internal (private): another way to reach the API "
                  "(endpoint.names)\n"
                  "  at:   127.0.0.1:{0} apiserver, localhost:{0} apiserver, {1} apid\n"
                  "  next: vipctl sans render -f vipd.yaml\n"
                  "does not name 192.0.2.1 (old endpoint)",
                  plane.apiserver_port, plane.node())));
  CHECK(Terminal::has(user.out, "6 findings"));
  user.view.finalized = true;
  CHECK(user.check() == 1);
  CHECK_FALSE(Terminal::has(user.out, "192.0.2.1"));
  CHECK(Terminal::has(user.out, "  next: vipctl render --phase finalize -f vipd.yaml\n"));
  CHECK(Terminal::has(user.out, "3 findings"));
  user.view.finalized = false;
  user.view.old_endpoint = "https://192.0.2.9:6443";
  CHECK(user.check() == 1);
  CHECK(Terminal::has(user.out, "vipctl sans render -f vipd.yaml --old-endpoint " +
                                    user.view.old_endpoint + "\n"));
}

TEST_CASE("check: a node must name the address it is dialled by") {
  const ControlPlane plane({"elsewhere"});
  Somebody user(plane);
  user.view.nodes.nodes = {plane.node()};
  CHECK(user.check() == 1);
  CHECK(Terminal::has(user.out, "does not name localhost (private): the node itself"));
  // No patch has that name until it is declared.
  CHECK(Terminal::has(user.out, "next: add localhost to endpoint.names in vipd.yaml, then: vipctl "
                                "sans render -f vipd.yaml\n"));
}

TEST_CASE("check: what is not reached could not be told, but a finding weighs more") {
  const ControlPlane plane;
  Somebody user(plane);
  user.view.nodes.nodes = {"127.0.0.2:1"};  // nobody there
  CHECK(user.check() == 3);
  CHECK(Terminal::has(user.out, "2 servers not reached"));
  CHECK(Terminal::has(user.out, "next: talosctl -n 127.0.0.2 containers -k\n"));
  CHECK(Terminal::has(
      user.out, "next: vipctl sans check -f vipd.yaml --nodes 127.0.0.2 --only apiserver\n"));
  user.view.nodes.nodes = {"localhost:1"};  // no apid there
  CHECK(user.check() == 3);
  CHECK(Terminal::has(user.out, "1 server not reached"));
  CHECK(Terminal::has(user.out, "next: getent ahosts localhost\n"));
  user.view.min_days = 305;
  CHECK(user.check() == 1);
  CHECK(Terminal::has(user.out, "expires at 20"));
  user.view.only = "apid";
  user.view.nodes.nodes.clear();
  CHECK(user.check() == 3);  // nothing at all was looked at
}

TEST_CASE("check: chains verify up to --ca; apid's own CA is a talosconfig's") {
  const ControlPlane plane;
  Somebody user(plane);
  user.view.nodes.nodes = {plane.node()};
  const std::string kubernetes = user.file("kube-ca.pem", plane.kubernetes.certificate_pem);
  user.view.ca_files = {kubernetes};
  CHECK(user.check() == 0);
  CHECK(Terminal::has(user.out, "verified"));
  CHECK(Terminal::has(user.out, "not judged"));  // apid: no CA of that name was given
  user.view.ca_files.push_back(user.file("os-ca.pem", plane.os.certificate_pem));
  CHECK(user.check() == 0);
  CHECK_FALSE(Terminal::has(user.out, "not judged"));

  const ControlPlane other;
  user.view.ca_files = {user.file("other.pem", other.kubernetes.certificate_pem)};
  CHECK(user.check() == 1);
  CHECK(Terminal::has(user.out, "does not verify"));
  CHECK(Terminal::has(user.out, "next: openssl s_client -connect"));
  user.view.ca_files = {user.file("torn.pem", plane.os.certificate_pem.substr(0, 99))};
  CHECK(user.check() == 2);
  CHECK(Terminal::has(user.err, "torn.pem"));
  user.view.ca_files = {user.path("none.pem")};
  CHECK(user.check() == 2);
}

TEST_CASE("check: a talosconfig's endpoints are the nodes, and its CA judges apid") {
  const ControlPlane plane;
  Somebody user(plane);
  const auto ca = talos::mint_talos_ca();
  const auto client = talos::mint_talos_leaf(ca, {.roles = {"os:reader"}, .subject_alt_name = ""});
  const std::string strange = user.file(
      "strange", talos::talosconfig_text("prod", {plane.node()}, ca.certificate_pem, client));
  CHECK(user.check({"TALOSCONFIG=" + strange}) == 1);  // apid is of another CA
  CHECK(Terminal::has(user.out, "nodes: " + strange + ", context prod\n"));
  CHECK(Terminal::has(user.out, "does not verify"));
  CHECK(Terminal::has(user.out, "  at:   " + plane.node() + " apid\n"));
  // Named nodes may be another cluster's than a talosconfig that lies around.
  user.view.nodes.nodes = {plane.node()};
  CHECK(user.check({"TALOSCONFIG=" + strange}) == 0);
  user.view.nodes.talosconfig = user.file(
      "good",
      talos::talosconfig_text("prod", {"192.0.2.77"}, plane.os.certificate_pem, client));
  CHECK(user.check() == 0);
  CHECK(Terminal::has(user.out, "verified"));
}

TEST_CASE("check: a talosconfig that is no use is told about, and refused where it was named") {
  const ControlPlane plane;
  Somebody user(plane);
  const std::string junk = user.file("junk", "what: ever\n");
  CHECK(user.check({"TALOSCONFIG=" + junk}) == 0);
  CHECK(Terminal::has(user.err, "only the stable endpoint"));
  CHECK(Terminal::has(user.out, "is not a talosconfig"));
  for (const std::string& named : {junk, user.path("none")}) {
    user.view.nodes.talosconfig = named;
    CHECK(user.check() == 2);
    CHECK(Terminal::has(user.err, named));
  }
  user.view.nodes.talosconfig = "";
  user.view.nodes.nodes = {"not a host"};
  CHECK(user.check() == 2);
}

TEST_CASE("check -o wide: every name and the chain, and why that is not judged") {
  const ControlPlane plane;
  Somebody user(plane);
  CHECK(user.check() == 0);
  const std::string who = fmt::format("127.0.0.1:{} apiserver", plane.apiserver_port);
  CHECK(Terminal::has(user.out, "chain not judged: no CA was given; name one with --ca\n  at:   " +
                                    who + "\n"));
  CHECK_FALSE(Terminal::has(user.out, "chain: "));
  user.view.format = "wide";
  CHECK(user.check() == 0);
  CHECK(Terminal::has(user.out, who + " shows\n  names: localhost, 127.0.0.1\n  valid: 20"));
  CHECK(Terminal::has(user.out, "  chain: CN=server, by CN=kubernetes, until 20"));
}

TEST_CASE("check -o json: every field that the README names") {
  const ControlPlane plane;
  Somebody user(plane);
  user.settings.endpoint.names = {"api.internal"};
  user.view.nodes.nodes = {"localhost:1"};
  user.view.format = "json";
  CHECK(user.check() == 1);
  const base::Json report = base::parse_json(user.out).value();
  CHECK(report["version"] == 1);
  CHECK(report["nodesFrom"] == "--nodes");
  CHECK(report["wanted"][1] ==
        base::Json({{"name", "api.internal"},
                    {"kind", "private"},
                    {"why", "another way to reach the API (endpoint.names)"}}));
  CHECK(report["findings"] == 2);
  CHECK(report["notReached"] == 1);
  REQUIRE(report["servers"].size() == 3);
  const base::Json& stable = report["servers"][0];
  CHECK(stable["server"] == fmt::format("127.0.0.1:{}", plane.apiserver_port));
  CHECK(stable["service"] == "apiserver");
  CHECK(stable["stable"] == true);
  CHECK(stable["reached"] == true);
  CHECK(stable["tlsVersion"] == "TLSv1.3");
  CHECK(stable["subject"] == "CN=server");
  CHECK(stable["issuer"] == "CN=kubernetes");
  CHECK(stable["key"] == "ECDSA P-256");
  CHECK(stable["names"] == base::Json({"localhost", "127.0.0.1"}));
  CHECK(stable["daysLeft"].get<int>() >= 299);
  CHECK(stable["chain"].size() == 1);
  CHECK(stable["chain"][0]["sha256"].get<std::string>().size() == 64);
  CHECK(stable["inOrder"] == true);
  CHECK(stable["verified"] == "not judged");
  CHECK(stable["missing"][0]["name"] == "api.internal");
  CHECK(stable["extra"].empty());
  CHECK(stable["findings"][0]["problem"] == "missing");
  CHECK(stable["findings"][0]["next"] == "vipctl sans render -f vipd.yaml");
  const base::Json& apid = report["servers"][2];
  CHECK(apid["reached"] == false);
  CHECK(Terminal::has(apid["why"], "localhost:1"));
  user.view.format = "yaml";
  CHECK(user.check() == 1);
  CHECK(Terminal::has(user.out, "tlsVersion: \"TLSv1.3\"\n"));
}

const std::string kDeclared = std::string(kVipdYaml) +
                              "endpoint: {host: api.example.com, names: [10.0.1.100, "
                              "cp.tail1.ts.net], spares: [203.0.113.11], "
                              "old: \"https://49.13.53.183:6443\"}\n"
                              "talos: {version: v1.13.8}\n";

TEST_CASE("list: every name with its kind and why") {
  Terminal terminal;
  const std::string file = terminal.file("vipd.yaml", kDeclared);
  REQUIRE(terminal.run({"sans", "list", "-f", file}) == 0);
  Texts kinds;
  std::istringstream lines(terminal.out);
  for (std::string line; std::getline(lines, line);) {
    kinds.push_back(line.substr(0, line.find("  ", 20)));
  }
  CHECK(kinds == Texts{"NAME             KIND", "api.example.com  public name",
                       "203.0.113.10     address", "10.0.1.100       private",
                       "cp.tail1.ts.net  tailnet", "203.0.113.11     spare",
                       "49.13.53.183     old endpoint"});
  REQUIRE(terminal.run({"sans", "list", "-f", file, "--finalized", "-o", "json"}) == 0);
  const auto json = base::parse_json(terminal.out).value();
  CHECK(json["version"] == 1);
  CHECK(json["wanted"].size() == 5);
}

TEST_CASE("render: the SAN patches of the phase prepare, alone, with exactly the names listed") {
  Terminal terminal;
  const std::string file = terminal.file("vipd.yaml", kDeclared);
  REQUIRE(terminal.run({"sans", "render", "-f", file, "--out", terminal.path("sans")}) == 0);
  REQUIRE(terminal.run(
              {"render", "--phase", "prepare", "-f", file, "--out", terminal.path("all")}) == 0);
  const auto text = [&](const std::filesystem::path& path) {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  };
  REQUIRE(terminal.run({"sans", "list", "-f", file, "-o", "json"}) == 0);
  const auto wanted = base::parse_json(terminal.out).value()["wanted"];
  int patches = 0;
  for (const auto& entry : std::filesystem::directory_iterator(terminal.path("sans"))) {
    ++patches;
    const std::string patch = text(entry.path());
    INFO(entry.path());
    CHECK(patch == text(terminal.path("all") / entry.path().filename()));
    std::size_t at = 0;
    for (const base::Json& each : wanted) {
      at = patch.find("- " + each["name"].get<std::string>() + "\n", at);
      REQUIRE(at != std::string::npos);
    }
    CHECK(static_cast<std::size_t>(std::count(patch.begin(), patch.end(), '\n')) <
          wanted.size() + 6);
  }
  CHECK(patches == 2);
  CHECK(terminal.run({"sans", "render", "-f", file, "--out", terminal.path("sans"), "--check"}) ==
        0);
}

TEST_CASE("sans: wrong usage ends with 2 and says what is missing; help has examples") {
  Terminal terminal;
  const std::string file = terminal.file("vipd.yaml", kDeclared);
  for (const Texts& arguments :
       {Texts{"sans"}, {"sans", "list"}, {"sans", "check"}, {"sans", "render"},
        {"sans", "list", "-f", terminal.path("none.yaml")},
        {"sans", "check", "-f", terminal.path("")},
        {"sans", "render", "-f", terminal.path("none.yaml")},
        {"sans", "list", "-f", file, "-o", "wide"},
        {"sans", "check", "-f", file, "--timeout", "0s"},
        {"sans", "list", "-f", file, "--old-endpoint", "49.13.53.183"},
        {"sans", "check", "-f", file, "--min-days", "few"},
        {"sans", "check", "-f", file, "--timeout", "soon"},
        {"sans", "check", "-f", file, "--only", "etcd"},
        {"sans", "check", "-f", file, "--nodes", "https://"}}) {
    INFO(arguments.back());
    CHECK(terminal.run(arguments) == 2);
    CHECK_FALSE(terminal.err.empty());
  }
  for (const std::string command : {"list", "check", "render"}) {
    REQUIRE(terminal.run({"sans", command, "--help"}) == 0);
    CHECK(Terminal::has(terminal.out, "Examples:\n  vipctl sans " + command + " -f vipd.yaml"));
  }
}

TEST_CASE("check from the command line: nodes, several CAs, one service") {
  const ControlPlane plane({"localhost", "api.example.com", "cp.tail1.ts.net"});
  Terminal terminal;
  const std::string file = terminal.file("vipd.yaml", kDeclared);
  const Texts command = {"sans", "check", "-f", file, "--only", "apid", "--nodes",
                         plane.node() + "," + plane.node(), "--ca",
                         terminal.file("one.pem", plane.kubernetes.certificate_pem), "--ca",
                         terminal.file("two.pem", plane.os.certificate_pem), "--timeout", "5s",
                         "--min-days", "10"};
  CHECK(terminal.run(command) == 1);
  CHECK(Terminal::has(terminal.out, "verified"));
  CHECK(Terminal::has(terminal.out, "does not name 203.0.113.11 (spare)"));
  CHECK_FALSE(Terminal::has(terminal.out, "does not name api.example.com"));
  CHECK(Terminal::has(terminal.out, "next: vipctl sans render -f " + file));
}

}  // namespace
}  // namespace vipd::vipctl
