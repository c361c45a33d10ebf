#include "vipd/shell/settings.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <utility>

#include "base/file.h"
#include "tests/catch.h"
#include "vipd/shell/settings_flags.h"
#include "vipd/shell/settings_table.h"

namespace vipd::shell {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

constexpr char kMinimal[] =
    "cluster: prod\n"
    "addresses: [{id: 1234, address: 203.0.113.10}]\n"
    "labels: {vipd: prod}\n";

// A vipd.yaml, a command line and an environment of one test.
class Sources {
 public:
  explicit Sources(const std::string& yaml) {
    char name[] = "/tmp/vipd-settings-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    folder_ = name;
    REQUIRE(base::write_file_atomically(file(), yaml).ok());
  }
  ~Sources() { std::filesystem::remove_all(folder_); }
  Sources(const Sources&) = delete;
  Sources& operator=(const Sources&) = delete;

  Sources& flags(Texts arguments) {
    arguments_ = std::move(arguments);
    return *this;
  }
  Sources& environment(Texts entries) {
    environment_ = std::move(entries);
    return *this;
  }

  Sources& reserving() {
    reserving_ = true;
    return *this;
  }

  absl::StatusOr<Settings> load() {
    SettingSources sources;
    sources.reserving = reserving_;
    CLI::App app("vipd");
    add_settings_flags(app, sources);
    Texts arguments = {"--config", file()};
    arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(arguments);
    std::vector<const char*> environment;
    for (const std::string& entry : environment_) environment.push_back(entry.c_str());
    environment.push_back(nullptr);
    take_environment(environment.data(), sources);
    return load_settings(sources);
  }

  std::string problems() {
    std::string text(load().status().message());
    for (auto at = text.find(file()); at != std::string::npos; at = text.find(file())) {
      text.replace(at, file().size(), "vipd.yaml");
    }
    return text;
  }

 private:
  [[nodiscard]] std::string file() const { return folder_ + "/vipd.yaml"; }

  std::string folder_;
  Texts arguments_;
  Texts environment_;
  bool reserving_ = false;
};

Settings loaded(const std::string& yaml) { return Sources(yaml).load().value(); }
std::string problems(const std::string& yaml) { return Sources(yaml).problems(); }

TEST_CASE("three lines of YAML make a daemon; everything else has a default") {
  const Settings settings = loaded(kMinimal);
  CHECK(settings.core.prefix() == "/vipd/prod/api/");
  CHECK(settings.core.version == VIPD_VERSION);
  REQUIRE(settings.core.fips.size() == 1);
  CHECK(settings.core.fips[0].id == 1234);
  CHECK(settings.core.fips[0].address.text() == "203.0.113.10");
  CHECK(settings.core.timing.ttl == 5s);
  CHECK(settings.core.require_certificate);
  CHECK_FALSE(settings.core.address_guards_proven);
  CHECK(settings.etcd.endpoints == Texts{"https://127.0.0.1:2379"});
  CHECK(settings.etcd.key == "/system/secrets/kubernetes/kube-apiserver/etcd-client.key");
  CHECK(settings.apiserver.cert ==
        "/system/secrets/kubernetes/kube-apiserver/apiserver-kubelet-client.crt");
  CHECK(settings.hcloud.token_file == "/var/lib/vipd/hcloud-token");
  CHECK(settings.socket == "/var/lib/vipd/vipd.sock");
  CHECK(settings.listen == "127.0.0.1:9479");
}

TEST_CASE("a full file is understood, key by key") {
  const Settings settings = loaded(R"(
cluster: prod
group: edge
addresses:
  - {id: 1234, address: 203.0.113.10, name: prod-api}
  - {id: 9007199254740991, address: "2001:db8::1"}
labels: {vipd: prod, team/owner: ops}
nodeSubnets: [10.0.1.0/24, 10.0.2.0/24]
addressGuardsProven: true
requireCertificate: false
etcd:
  {endpoints: ["https://10.0.1.2:2379", "https://[::1]:2379"], ca: /e/ca, cert: /e/crt, key: /e/key}
hcloud: {endpoint: "https://api.example.org/v1", ca: /h/ca, tokenFile: /h/token}
metadata: {endpoint: "http://127.0.0.1:8080/hetzner/v1"}
apiserver: {port: 7443, ca: /a/ca, cert: /a/crt, key: /a/key}
timing: {ttl: 8s, keepaliveEvery: 1500ms, cooldownMost: 1h30m}
stateDir: /srv/vipd
listen: ""
log: {format: json, level: debug}
)");
  CHECK(settings.core.group == "edge");
  CHECK(settings.addresses.at(0).name == "prod-api");
  CHECK(settings.addresses.at(1).name.empty());
  CHECK(settings.core.fips.at(1).id == 9007199254740991);
  CHECK(settings.core.label_selector() == "team/owner=ops,vipd=prod");
  CHECK(settings.core.node_subnets.at(1).text() == "10.0.2.0/24");
  CHECK(settings.core.address_guards_proven);
  CHECK_FALSE(settings.core.require_certificate);
  CHECK(settings.etcd.endpoints.size() == 2);
  CHECK(settings.etcd.ca + settings.etcd.cert + settings.etcd.key == "/e/ca/e/crt/e/key");
  CHECK(settings.hcloud.endpoint == "https://api.example.org/v1");
  CHECK(settings.hcloud.ca_file + settings.hcloud.token_file == "/h/ca/h/token");
  CHECK(settings.metadata.endpoint == "http://127.0.0.1:8080/hetzner/v1");
  CHECK(settings.apiserver.port == 7443);
  CHECK(settings.apiserver.ca + settings.apiserver.cert + settings.apiserver.key ==
        "/a/ca/a/crt/a/key");
  CHECK(settings.core.timing.ttl == 8s);
  CHECK(settings.core.timing.keepalive_every == 1500ms);
  CHECK(settings.core.timing.cooldown_most == 90min);
  CHECK(settings.socket == "/srv/vipd/vipd.sock");
  CHECK(settings.listen.empty());
  CHECK(settings.log.format == base::LogFormat::kJson);
  CHECK(settings.log.level == base::LogLevel::kDebug);
}

TEST_CASE("a flag beats a variable, a variable beats the file, the file beats the default") {
  const std::string yaml = std::string(kMinimal) + "timing: {ttl: 6s}\n";
  CHECK(loaded(yaml).core.timing.ttl == 6s);
  CHECK(Sources(yaml).environment({"VIPD_TIMING_TTL=7s"}).load()->core.timing.ttl == 7s);
  CHECK(Sources(yaml)
            .environment({"VIPD_TIMING_TTL=7s"})
            .flags({"--timing-ttl", "8s"})
            .load()
            ->core.timing.ttl == 8s);
}

TEST_CASE("lists, maps and addresses read alike from flag and variable, and replace the file's") {
  const auto check = [](const Settings& settings) {
    CHECK(settings.addresses.size() == 2);
    CHECK(settings.addresses.back().address.text() == "203.0.113.12");
    CHECK(settings.addresses.back().name == "spare");
    CHECK(settings.core.labels == Labels{{"a", "1"}, {"b", "2"}});
    CHECK(settings.etcd.endpoints == Texts{"https://a:1", "https://b:2"});
  };
  check(Sources(kMinimal)
            .flags({"--addresses", "1=203.0.113.11,2=203.0.113.12=spare", "--labels", "a=1,b=2",
                    "--etcd-endpoints", "https://a:1", "--etcd-endpoints", "https://b:2"})
            .load()
            .value());
  check(Sources(kMinimal)
            .environment({"VIPD_ADDRESSES=1=203.0.113.11,2=203.0.113.12=spare",
                          "VIPD_LABELS=a=1,b=2", "VIPD_ETCD_ENDPOINTS=https://a:1,https://b:2"})
            .load()
            .value());
}

TEST_CASE("a switch needs no value, and takes one") {
  CHECK(Sources(kMinimal).flags({"--address-guards-proven"}).load()->core.address_guards_proven);
  CHECK_FALSE(
      Sources(kMinimal).flags({"--require-certificate=false"}).load()->core.require_certificate);
  CHECK_FALSE(Sources(kMinimal)
                  .flags({"--require-certificate", "false", "--group", "x"})
                  .load()
                  ->core.require_certificate);
}

TEST_CASE("an empty flag or variable is a value") {
  CHECK(Sources(kMinimal).environment({"VIPD_LISTEN="}).load()->listen.empty());
  CHECK(Sources(kMinimal).flags({"--listen", ""}).load()->listen.empty());
}

TEST_CASE("every setting has a flag, a variable and a help of its own") {
  std::set<std::string> flags;
  std::set<std::string> variables;
  for (const Setting& setting : settings_table()) {
    CHECK(flags.insert(flag_of(setting.path)).second);
    CHECK(variables.insert(variable_of(setting.path)).second);
    CHECK_FALSE(setting.help.empty());
  }
  CHECK(flags.count("--timing-keepalive-every") == 1);
  CHECK(variables.count("VIPD_HCLOUD_TOKEN_FILE") == 1);

  SettingSources sources;
  CLI::App app("vipd");
  add_settings_flags(app, sources);
  const std::string help = app.help();
  for (const std::string& name : flags) CHECK(help.find(name + " ") != std::string::npos);
  for (const std::string& name : variables) CHECK(help.find(name) != std::string::npos);
  CHECK(help.find("--hcloud-token ") == std::string::npos);
}

// A row whose lambda picks a neighbour's member would read well and set the wrong thing.
TEST_CASE("every setting shows what was set through it, and no other changes") {
  const std::vector<Setting> table = settings_table();
  for (const Setting& setting : table) {
    Settings settings;
    const Settings defaults;
    std::string text = setting.kind.name == "DURATION"    ? "7s"
                       : setting.kind.name == "PORT"      ? "77"
                       : setting.show(defaults) == "true" ? "false"
                                                          : "true";
    if (setting.path == "mode") text = "observe";
    if (setting.path == "log.format") text = "json";
    if (setting.path == "log.level") text = "error";
    if (setting.path == "nodeSubnets") text = "10.7.0.0/16";
    if (setting.kind.shape == ValueKind::Shape::kMap) text = "k=v";
    if (setting.path == "addresses") text = "7=203.0.113.7=seven";
    INFO(setting.path);
    REQUIRE(setting.set({text}, settings).ok());
    for (const Setting& other : table) {
      CHECK(other.show(settings) == (other.path == setting.path ? text : other.show(defaults)));
    }
  }
}

TEST_CASE("every time of vipd.yaml reaches the time it names") {
  const core::Timing t = loaded(std::string(kMinimal) + R"(
timing:
  {ttl: 9s, keepaliveEvery: 1001ms, etcdDeadline: 301ms, keepaliveDeadline: 401ms,
   readyzEvery: 1002ms, readyzDeadline: 901ms, tlsEvery: 201ms, tlsDeadline: 302ms,
   guardValid: 501ms, assignDeadline: 3001ms, readDeadline: 5001ms, readEvery: 126s,
   cooldown: 61s, cooldownMost: 16m, intentWithin: 2001ms, verifiedWithin: 21s, stopWithin: 14s}
)").core.timing;
  CHECK(t.ttl == 9s);
  CHECK(t.keepalive_every == 1001ms);
  CHECK(t.etcd_deadline == 301ms);
  CHECK(t.keepalive_deadline == 401ms);
  CHECK(t.readyz_every == 1002ms);
  CHECK(t.readyz_deadline == 901ms);
  CHECK(t.tls_every == 201ms);
  CHECK(t.tls_deadline == 302ms);
  CHECK(t.guard_valid == 501ms);
  CHECK(t.assign_deadline == 3001ms);
  CHECK(t.read_deadline == 5001ms);
  CHECK(t.read_every == 126s);
  CHECK(t.cooldown == 61s);
  CHECK(t.cooldown_most == 16min);
  CHECK(t.intent_within == 2001ms);
  CHECK(t.verified_within == 21s);
  CHECK(t.stop_within == 14s);
}

TEST_CASE("an unknown key is named with its place and what was probably meant") {
  CHECK(problems(std::string(kMinimal) + "grupo: x\n") ==
        "vipd.yaml:4:1: unknown key \"grupo\"; did you mean \"group\"?");
  CHECK(problems(std::string(kMinimal) + "timing:\n  keepalive_every: 1s\n") ==
        "vipd.yaml:5:3: unknown key \"timing.keepalive_every\"; did you mean "
        "\"timing.keepaliveEvery\"?");
  CHECK(problems(std::string(kMinimal) + "ttl: 5s\n") ==
        "vipd.yaml:4:1: unknown key \"ttl\"; did you mean \"timing.ttl\"?");
  CHECK(problems(std::string(kMinimal) + "banana: 5s\n") ==
        "vipd.yaml:4:1: unknown key \"banana\"");
}

TEST_CASE("all problems are told at once, each with its place") {
  CHECK(Sources("cluster: Prod\n"
                "addresses: [{id: x, address: 203.0.113.10}]\n"
                "labels: [a]\n"
                "timing: {ttl: 5, readEvery: 10s}\n"
                "banana: 1\n")
            .environment({"VIPD_APISERVER_PORT=0", "VIPD_GROUPS=x"})
            .flags({"--log-level", "loud"})
            .problems() ==
        "vipd.yaml:3:9: expected a map, found a list\n"
        "vipd.yaml:5:1: unknown key \"banana\"\n"
        "VIPD_GROUPS: unknown variable; did you mean VIPD_GROUP?\n"
        "vipd.yaml:2:12: addresses: \"x\" is not a Floating IP's id, such as 1234\n"
        "VIPD_APISERVER_PORT: apiserver.port: \"0\" is not a port from 1 to 65535\n"
        "vipd.yaml:4:15: timing.ttl: \"5\" is not a duration: write a number and a unit, such as "
        "300ms, 5s, 2m or 7d\n"
        "--log-level: log.level: \"loud\" is not one of debug|info|warn|error\n"
        "vipd.yaml:1:10: cluster is \"Prod\": it becomes a part of etcd keys and must be 1 to 63 "
        "of a-z, 0-9 and, inside, \"-\", such as \"prod\"\n"
        "vipd.yaml:4:29: timing.readEvery (10s) must be at least 2m: 30 reads an hour are the "
        "budget at Hetzner");
}

TEST_CASE("an address needs an id and an address and nothing unknown") {
  const std::string rest = "cluster: prod\nlabels: {vipd: prod}\n";
  CHECK(problems(rest + "addresses: [{adress: 203.0.113.10}]\n").find(
            "vipd.yaml:3:14: unknown key \"adress\"; did you mean \"address\"?") !=
        std::string::npos);
  CHECK(problems(rest + "addresses: [{id: 7}]\n").find("the address has no address") !=
        std::string::npos);
  CHECK(problems(rest + "addresses: {id: 7}\n") ==
        "vipd.yaml:3:12: expected a list, found a map");
  CHECK(problems(rest).find("addresses is empty") != std::string::npos);
}

TEST_CASE("what only Hetzner can say may be missing where it is reserved, and nowhere else") {
  Sources sources(std::string("cluster: prod\nlabels: {vipd: prod}\n") +
                  "addresses: [{name: api}, {id: 7, address: 203.0.113.10}]\n");
  CHECK(sources.problems().find("the address has no id; write {id: 1234, address: 203.0.113.10}, "
                                "which `vipctl reserve` prints") != std::string::npos);
  sources.reserving();
  const Settings settings = sources.load().value();
  REQUIRE(settings.addresses.size() == 2);
  CHECK_FALSE(settings.addresses[0].is_complete());
  CHECK(settings.addresses[0].name == "api");
  CHECK(settings.core.fips.size() == 1);
  Sources empty("cluster: prod\nlabels: {vipd: prod}\naddresses: [{}]\n");
  CHECK(empty.reserving().problems().find("the address has no id") != std::string::npos);
}

TEST_CASE("a token is refused wherever it is given, and never shown") {
  const std::string token(64, 'q');
  for (const std::string& text :
       {problems(std::string(kMinimal) + "hcloud: {token: " + token + "}\n"),
        problems(std::string(kMinimal) + "token: " + token + "\n"),
        Sources(kMinimal).flags({"--hcloud-token", token}).problems(),
        Sources(kMinimal).flags({"--token=" + token}).problems(),
        Sources(kMinimal).environment({"VIPD_HCLOUD_TOKEN=" + token}).problems(),
        Sources(kMinimal).environment({"VIPD_TOKEN=" + token}).problems()}) {
    CHECK(text.find("a token is not taken here") != std::string::npos);
    CHECK(text.find("qqq") == std::string::npos);
  }
  const std::string misplaced = Sources(kMinimal).flags({"--hcloud-token-file", token}).problems();
  CHECK(misplaced.find("hcloud.tokenFile is not an absolute path") != std::string::npos);
  CHECK(misplaced.find("qqq") == std::string::npos);
}

TEST_CASE("variables that Kubernetes makes for a Service called vipd are left alone") {
  CHECK(Sources(kMinimal)
            .environment({"VIPD_SERVICE_HOST=10.0.0.1", "VIPD_SERVICE_PORT=9479",
                          "VIPD_PORT=tcp://10.0.0.1:9479", "VIPD_PORT_9479_TCP_ADDR=10.0.0.1",
                          "HOME=/root", "VIPD_BROKEN", "HCLOUD_TOKEN=x"})
            .load()
            .ok());
}

TEST_CASE("what only the shell knows is checked too") {
  const auto refused = [](const std::string& yaml, const std::string& text) {
    return problems(kMinimal + yaml).find(text) != std::string::npos;
  };
  CHECK(refused("etcd: {endpoints: []}\n", "etcd.endpoints is empty"));
  CHECK(refused("etcd: {endpoints: [\"http://127.0.0.1:2379\"]}\n", "write https://HOST:PORT"));
  CHECK(refused("etcd: {key: \"\"}\n", "etcd.key is empty"));
  CHECK(refused("hcloud: {endpoint: api.hetzner.cloud}\n", "write a URL"));
  CHECK(refused("hcloud: {endpoint: \"http://10.0.0.1/v1\"}\n", "would travel in clear"));
  CHECK_FALSE(refused("hcloud: {endpoint: \"http://127.0.0.1:80/v1\"}\n", "clear"));
  CHECK(refused("metadata: {endpoint: x}\n", "metadata.endpoint"));
  CHECK(refused("endpoint: {host: \"https://a\"}\n", "a DNS name alone"));
  CHECK(refused("endpoint: {old: \"http://192.0.2.1:6443\"}\n", "endpoint.old"));
  CHECK(refused("endpoint: {spares: [api.example.com]}\n", "endpoint.spares"));
  CHECK(refused("listen: localhost:9479\n", "vipd.yaml:4:9: listen: \"localhost:9479\" is not"));
  CHECK(refused("socket: /" + std::string(107, 's') + "\n", "at most 107 characters"));
  CHECK(refused("timing: {ttl: 4500ms}\n", "whole seconds"));
}

TEST_CASE("listen addresses are numeric and whole") {
  CHECK(parse_listen("127.0.0.1:9479")->address == "127.0.0.1");
  CHECK(parse_listen("[::1]:80")->address == "::1");
  CHECK(parse_listen("[::1]:80")->port == 80);
  for (const char* text : {"", "9479", ":9479", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
                           "127.0.0.1:65536", "::1:80", "[127.0.0.1]:80", "127.0.0.1:80x"}) {
    CHECK_FALSE(parse_listen(text).ok());
  }
}

TEST_CASE("a file that was asked for must be there; the default one need not") {
  SettingSources sources;
  sources.config_file = "/nonexistent/vipd.yaml";
  CHECK(absl::IsNotFound(load_settings(sources).status()));

  SettingSources by_variable;
  const char* const environment[] = {"VIPD_CONFIG=/nonexistent/other.yaml", nullptr};
  take_environment(environment, by_variable);
  CHECK(by_variable.config_file == "/nonexistent/other.yaml");
  take_environment(environment, sources);
  CHECK(sources.config_file == "/nonexistent/vipd.yaml");

  if (std::filesystem::exists(kDefaultConfigFile)) {
    WARN("SKIPPED: " << kDefaultConfigFile << " exists on this machine");
    return;
  }
  SettingSources flags_only;
  flags_only.flags = {{"cluster", {.items = {"prod"}, .where = "--cluster"}},
                      {"addresses", {.items = {"1=203.0.113.1"}, .where = "--addresses"}},
                      {"labels", {.items = {"a=b"}, .where = "--labels"}}};
  CHECK(load_settings(flags_only).ok());
}

}  // namespace
}  // namespace vipd::shell
