// `vipctl render --phase` and the alternatives, as an operator and CI see them.
#include "tests/talos_config/configs.h"
#include "tests/vipctl/fixtures.h"

namespace vipd::vipctl {
namespace {

using Texts = std::vector<std::string>;
const std::string kImage = std::string("ghcr.io/acme/vipd:0.1.0") + kDigest;
const std::string kDeclared = std::string(kVipdYaml) +
                              "endpoint: {old: \"https://49.13.53.183:6443\"}\n"
                              "talos: {version: v1.13.8}\n";

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Operator : Terminal {
  explicit Operator(const std::string& yaml = kDeclared) : vipd_yaml(file("vipd.yaml", yaml)) {}
  int phase(const std::string& name, const Texts& more = {}) {
    Texts arguments = {"render", "--phase", name, "-f", vipd_yaml, "--image", kImage};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  std::string vipd_yaml;
};

TEST_CASE("a phase is rendered into a folder in either layout, and --check sees drift") {
  Operator op;
  const std::string folder = op.path("talos");
  const Texts ksail = {"--out", folder, "--layout", "ksail"};
  REQUIRE(op.phase("prepare", ksail) == 0);
  const std::string file = folder + "/control-planes/keep-etcd-on-node-network.yaml";
  CHECK(Terminal::has(op.out, "wrote " + file + "\n"));
  CHECK(Terminal::has(read(file), "advertisedSubnets:\n      - 10.0.1.0/24\n"));

  const Texts check = {"--out", folder, "--layout", "ksail", "--check"};
  CHECK(op.phase("prepare", check) == 0);
  CHECK(op.out.empty());
  std::ofstream(file) << "cluster:\n  etcd:\n    advertisedSubnets:\n      - 10.9.0.0/16\n";
  CHECK(op.phase("prepare", check) == 1);
  CHECK(Terminal::has(op.out, "--- " + file + "\n+++ control-planes/keep-etcd-on-node-network"));
  CHECK(Terminal::has(op.out, "@@ -1,4 +1,7 @@\n"));
  CHECK(Terminal::has(op.out, "-      - 10.9.0.0/16\n+      - 10.0.1.0/24\n"));
  std::filesystem::remove(file);
  CHECK(op.phase("prepare", check) == 1);
  CHECK(Terminal::has(op.out, "--- /dev/null\n"));
}

TEST_CASE("the phase daemon renders the pod, and the token's DaemonSet apart from the patches") {
  Operator op;
  REQUIRE(op.phase("daemon", {"--out", op.path("out")}) == 0);
  CHECK(Terminal::has(read(op.path("out/run-vipd.yaml")), "machine:\n  pods:\n    - # vipd "));
  const std::string daemonset = read(op.path("out/kubernetes/sync-hcloud-token.yaml"));
  CHECK(Terminal::has(daemonset, "kind: DaemonSet"));
  // What vipctl alone needs would restart vipd for nothing.
  CHECK_FALSE(Terminal::has(read(op.path("out/run-vipd.yaml")), "VIPD_ENDPOINT"));
  CHECK_FALSE(Terminal::has(read(op.path("out/run-vipd.yaml")), "VIPD_TALOS"));
}

TEST_CASE("with a live config only what is missing is rendered, and the second time nothing") {
  Operator op;
  std::string live = talos::kNetworkDocuments;
  for (const std::string phase : {"prepare", "daemon", "cutover", "finalize"}) {
    INFO(phase);
    REQUIRE(op.phase(phase, {"--live", op.file("live.yaml", live), "--edited"}) == 0);
    live = op.out;
    REQUIRE(op.phase(phase, {"--live", op.file("live.yaml", live)}) == 0);
    CHECK(op.out.empty());
    CHECK(Terminal::has(op.err, "nothing to do"));
    CHECK(op.phase(phase, {"--live", op.file("live.yaml", live), "--check"}) == 0);
  }
  CHECK(Terminal::has(live, "endpoint: \"https://203.0.113.10:6443\" # of the first node\n"));
  CHECK(Terminal::has(live, "service-account-issuer: https://49.13.53.183:6443\n"));
}

TEST_CASE("a phase before its time, a config of a worker and wrong words are told apart") {
  Operator op;
  const std::string live = op.file("live.yaml", talos::kOneDocument);
  CHECK(op.phase("cutover", {"--live", live}) == 1);
  CHECK(Terminal::has(op.err, "live.yaml: issuer and audience"));
  CHECK(op.phase("finalize", {"--move-issuer", "drop"}) == 1);
  CHECK(Terminal::has(op.err, "48 h"));
  CHECK(op.phase("finalize", {"--move-issuer", "drop", "--signed-since", "2001-01-31T12:00:00Z"}) ==
        0);
  CHECK(op.phase("finalize", {"--move-issuer", "drop", "--signed-since", "yesterday"}) == 2);
  CHECK(op.phase("finalize", {"--move-issuer", "accept", "--talos-version", "v1.12.1"}) == 1);
  CHECK(Terminal::has(op.err, "leave it pinned"));
  CHECK(op.phase("prepare", {"--live", op.file("w.yaml", "machine: {type: worker}\n")}) == 2);
  CHECK(Terminal::has(op.err, "worker's config"));
  CHECK(op.phase("prepare", {"--live", op.path("none.yaml")}) == 3);
  CHECK(op.phase("prepare", {"--live", op.path("")}) == 2);
  CHECK(op.phase("prepare", {"--edited"}) == 2);
  CHECK(op.phase("prepare", {"--talos-version", "3"}) == 2);
  CHECK(op.phase("someday") == 2);
  CHECK(op.run({"render"}) == 2);
  CHECK(op.run({"render", "--phase", "daemon", "-f", op.vipd_yaml}) == 2);
  CHECK(Terminal::has(op.err, "needs --image"));
  Operator unknown{kVipdYaml};
  CHECK(unknown.phase("prepare") == 2);
  CHECK(Terminal::has(unknown.err, "--talos-version"));
}

TEST_CASE("native-vip is rendered in the form that the version takes, without a token") {
  Operator op;
  const Texts command = {"render", "native-vip", "-f", op.vipd_yaml, "--link", "eth0"};
  REQUIRE(op.run(command) == 0);
  CHECK(Terminal::has(op.out, "kind: HCloudVIPConfig\nname: \"203.0.113.10\"\n"));
  CHECK(Terminal::has(op.out, "apiToken: ${HCLOUD_TOKEN}\n"));
  CHECK(Terminal::has(op.out, "service-account-issuer: https://49.13.53.183:6443\n"));
  CHECK(Terminal::has(op.err, "costs a month"));
  Texts legacy = command;
  legacy.insert(legacy.end(), {"--talos-version", "v1.11.3"});
  REQUIRE(op.run(legacy) == 0);
  CHECK(Terminal::has(op.out, "        vip:\n          ip: \"203.0.113.10\"\n"));
}

TEST_CASE("load-balancer gives the commands, and the patches once its address is known") {
  Operator op;
  Texts command = {"render", "load-balancer", "-f", op.vipd_yaml, "--network", "prod-network",
                   "--selector", "role=control-plane"};
  REQUIRE(op.run(command) == 0);
  CHECK(Terminal::has(op.out, "--health-check-protocol http --health-check-http-tls"));
  CHECK(Terminal::has(op.out, "--health-check-http-status-codes 401"));
  CHECK(Terminal::has(op.err, "--address"));
  command.insert(command.end(), {"--address", "198.51.100.7", "--talos-version", "v1.14.0"});
  REQUIRE(op.run(command) == 0);
  CHECK(Terminal::has(op.out, "--health-check-http-status-codes 200"));
  CHECK(Terminal::has(op.out, "endpoint: https://198.51.100.7:6443\n"));
  CHECK(Terminal::has(op.out, "- 198.51.100.7\n"));
  CHECK_FALSE(Terminal::has(op.out, "203.0.113.10"));
}

}  // namespace
}  // namespace vipd::vipctl
