// The manifests are read by yaml-cpp, as a cluster would read them, and judged field by field.
#include "tools/vipctl/pod.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include <yaml-cpp/yaml.h>

#include "tests/vipctl/fixtures.h"
#include "vipd/shell/settings_flags.h"
#include "vipd/shell/settings_table.h"

namespace vipd::vipctl {
namespace {

using Texts = std::vector<std::string>;
const std::string kImage = std::string("ghcr.io/acme/vipd:0.1.0") + kDigest;

struct Rendered {
  explicit Rendered(const std::string& kind, const std::string& yaml = kVipdYaml,
                    const Texts& more = {}) {
    Texts arguments = {"render", kind, "-f", terminal.file("vipd.yaml", yaml), "--image", kImage};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const int code = terminal.run(arguments);
    INFO(terminal.err);
    REQUIRE(code == 0);
    text = terminal.out;
    root = YAML::Load(text);
  }
  Terminal terminal;
  std::string text;
  YAML::Node root;
};

// By name.
std::map<std::string, YAML::Node> volumes_of(const YAML::Node& spec) {
  std::map<std::string, YAML::Node> volumes;
  for (std::size_t i = 0; i < spec["volumes"].size(); ++i) {
    const YAML::Node volume = spec["volumes"][i];
    volumes.emplace(volume["name"].as<std::string>(), volume);
  }
  return volumes;
}

void check_confined(const YAML::Node& context) {
  CHECK(context["privileged"].as<bool>() == false);
  CHECK(context["allowPrivilegeEscalation"].as<bool>() == false);
  CHECK(context["readOnlyRootFilesystem"].as<bool>() == true);
  CHECK(context["capabilities"]["drop"].as<Texts>() == Texts{"ALL"});
}

void check_guaranteed(const YAML::Node& resources) {
  for (const std::string what : {"cpu", "memory"}) {
    REQUIRE(resources["limits"][what]);
    CHECK(resources["requests"][what].as<std::string>() ==
          resources["limits"][what].as<std::string>());
  }
  CHECK(resources["requests"].size() == resources["limits"].size());
}

TEST_CASE("the static pod stands in kube-system on the host's network, with its image pinned") {
  const Rendered pod("pod");
  CHECK(pod.root["apiVersion"].as<std::string>() == "v1");
  CHECK(pod.root["kind"].as<std::string>() == "Pod");
  CHECK(pod.root["metadata"]["name"].as<std::string>() == "vipd");
  CHECK(pod.root["metadata"]["namespace"].as<std::string>() == "kube-system");
  const YAML::Node spec = pod.root["spec"];
  CHECK(spec["hostNetwork"].as<bool>());
  CHECK(spec["dnsPolicy"].as<std::string>() == "Default");
  CHECK_FALSE(spec["automountServiceAccountToken"].as<bool>());
  CHECK_FALSE(spec["enableServiceLinks"].as<bool>());
  REQUIRE(spec["containers"].size() == 1);
  CHECK(spec["containers"][0]["image"].as<std::string>() == kImage);
  CHECK(spec["containers"][0]["args"].as<Texts>() == Texts{"run"});
}

// kubernetes#133442, talos#7168: see design section 3.
TEST_CASE("the static pod has no priority and 20 s of grace, so vipd is told to stop first [E18]",
          "[E18]") {
  const Rendered pod("pod");
  CHECK_FALSE(pod.root["spec"]["priority"]);
  CHECK_FALSE(pod.root["spec"]["priorityClassName"]);
  CHECK(pod.root["spec"]["terminationGracePeriodSeconds"].as<int>() == 20);
  CHECK(std::chrono::seconds(20) > core::Timing().stop_within);
  for (const std::string reason : {"kubernetes#133442", "talos#7168"}) {
    CHECK(Terminal::has(pod.text, reason));
  }
}

TEST_CASE("the static pod may do what vipd needs and nothing else") {
  const Rendered pod("pod");
  const YAML::Node spec = pod.root["spec"];
  const YAML::Node container = spec["containers"][0];
  CHECK(spec["securityContext"]["seccompProfile"]["type"].as<std::string>() == "RuntimeDefault");
  CHECK(spec["securityContext"]["runAsUser"].as<int>() == 0);
  check_confined(container["securityContext"]);
  CHECK(container["securityContext"]["capabilities"]["add"].as<Texts>() ==
        Texts{"NET_ADMIN", "DAC_READ_SEARCH"});
  check_guaranteed(container["resources"]);
  for (const std::string field : {"hostPID", "hostIPC", "serviceAccountName"}) {
    CHECK_FALSE(spec[field]);
  }
}

TEST_CASE("the static pod sees Talos' secrets read-only, and its own folder, without a type") {
  const Rendered pod("pod");
  const YAML::Node spec = pod.root["spec"];
  auto volumes = volumes_of(spec);
  std::map<std::string, bool> read_only;  // by folder
  for (const auto& mount : spec["containers"][0]["volumeMounts"]) {
    const YAML::Node volume = volumes[mount["name"].as<std::string>()];
    CHECK(volume["hostPath"]["path"].as<std::string>() == mount["mountPath"].as<std::string>());
    CHECK_FALSE(volume["hostPath"]["type"]);
    const std::string folder = mount["mountPath"].as<std::string>();
    read_only[folder] = mount["readOnly"] && mount["readOnly"].as<bool>();
  }
  CHECK(read_only == std::map<std::string, bool>{
                         {"/system/secrets/kubernetes/kube-apiserver", true},
                         {"/var/lib/vipd", false}});
  CHECK(volumes.size() == 2);
}

TEST_CASE("certificates and tokens elsewhere are mounted too, each folder once") {
  const Rendered pod("pod", std::string(kVipdYaml) +
                                "etcd: {ca: /a/ca, cert: /a/cert, key: /b/key}\n"
                                "hcloud: {tokenFile: /c/token, ca: /var/lib/vipd/ca.pem}\n");
  std::set<std::string> paths;
  for (const auto& [name, volume] : volumes_of(pod.root["spec"])) {
    paths.insert(volume["hostPath"]["path"].as<std::string>());
  }
  CHECK(paths == std::set<std::string>{"/a", "/b", "/c", "/var/lib/vipd",
                                       "/system/secrets/kubernetes/kube-apiserver"});
}

TEST_CASE("the pod's variables say to the daemon what vipd.yaml says") {
  const Rendered pod("pod");
  std::vector<std::string> entries;
  for (const auto& each : pod.root["spec"]["containers"][0]["env"]) {
    entries.push_back(each["name"].as<std::string>() + "=" + each["value"].as<std::string>());
  }
  CHECK(std::find(entries.begin(), entries.end(), "VIPD_TIMING_TTL=6s") != entries.end());
  std::vector<const char*> environment;
  for (const auto& entry : entries) environment.push_back(entry.c_str());
  environment.push_back(nullptr);
  shell::SettingSources there;
  there.config_file = "/dev/null";
  shell::take_environment(environment.data(), there);
  shell::SettingSources here;
  here.config_file = pod.terminal.path("vipd.yaml");
  const auto got = shell::load_settings(there);
  const auto wanted = shell::load_settings(here);
  REQUIRE((got.ok() && wanted.ok()));
  for (const auto& setting : shell::settings_table()) {
    INFO(setting.path);
    CHECK(setting.show(*got) == setting.show(*wanted));
  }
}

TEST_CASE("the DaemonSet runs sync-token beside every control plane, from the Secret to the file") {
  const Rendered daemonset("token-daemonset", kVipdYaml, {"--secret", "hetzner", "--key", "rw"});
  const YAML::Node root = daemonset.root;
  CHECK(root["apiVersion"].as<std::string>() == "apps/v1");
  CHECK(root["kind"].as<std::string>() == "DaemonSet");
  CHECK(root["metadata"]["namespace"].as<std::string>() == "kube-system");
  const YAML::Node pod = root["spec"]["template"];
  CHECK(root["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"].as<std::string>() ==
        pod["metadata"]["labels"]["app.kubernetes.io/name"].as<std::string>());
  const YAML::Node spec = pod["spec"];
  CHECK(spec["nodeSelector"]["node-role.kubernetes.io/control-plane"].as<std::string>().empty());
  CHECK(spec["tolerations"][0]["operator"].as<std::string>() == "Exists");
  CHECK_FALSE(spec["hostNetwork"]);
  CHECK_FALSE(spec["automountServiceAccountToken"].as<bool>());
  CHECK(spec["securityContext"]["seccompProfile"]["type"].as<std::string>() == "RuntimeDefault");
  const YAML::Node container = spec["containers"][0];
  CHECK(container["image"].as<std::string>() == kImage);
  CHECK(container["args"].as<Texts>() ==
        Texts{"sync-token", "--from", "/secret/rw", "--to", "/var/lib/vipd/hcloud-token"});
  check_confined(container["securityContext"]);
  CHECK_FALSE(container["securityContext"]["capabilities"]["add"]);
  check_guaranteed(container["resources"]);
  auto volumes = volumes_of(spec);
  CHECK(volumes["secret"]["secret"]["secretName"].as<std::string>() == "hetzner");
  CHECK(volumes["secret"]["secret"]["defaultMode"].as<std::string>() == "0400");
  CHECK(volumes["token-folder"]["hostPath"]["path"].as<std::string>() == "/var/lib/vipd");
  CHECK_FALSE(volumes["token-folder"]["hostPath"]["type"]);
  CHECK(container["volumeMounts"][0]["readOnly"].as<bool>());
}

TEST_CASE("an image that is not pinned, or settings that a pod cannot have, are refused") {
  Terminal terminal;
  const auto good = terminal.file("good.yaml", kVipdYaml);
  for (const std::string kind : {"pod", "token-daemonset"}) {
    CHECK(terminal.run({"render", kind, "-f", good, "--image", "ghcr.io/acme/vipd:0.1.0"}) == 2);
    CHECK(terminal.out.empty());
    CHECK(Terminal::has(terminal.err, "has no digest"));
  }
  CHECK(terminal.run({"render", "pod", "-f", terminal.file("bad.yaml", "cluster: prod\n"),
                      "--image", kImage}) == 2);
  CHECK(Terminal::has(terminal.err, "addresses"));
  const auto comma = terminal.file("comma.yaml", R"(cluster: prod
addresses: [{id: 1, address: 203.0.113.10, name: "a,b"}]
labels: {vipd: prod}
)");
  CHECK(terminal.run({"render", "pod", "-f", "nope.yaml", "--image", kImage}) == 2);
  CHECK(Terminal::has(terminal.err, "with -f\n"));
  CHECK_FALSE(Terminal::has(terminal.err, "--config"));
  CHECK(terminal.run({"render", "pod", "-f", comma, "--image", kImage}) == 2);
  CHECK(Terminal::has(terminal.err, "addresses cannot be given to a pod"));
  const auto relative =
      terminal.file("relative.yaml", std::string(kVipdYaml) + "etcd: {ca: ca.crt}\n");
  CHECK(terminal.run({"render", "pod", "-f", relative, "--image", kImage}) == 2);
  CHECK(Terminal::has(terminal.err, "etcd.ca is \"ca.crt\""));
  CHECK(terminal.run({"render", "token-daemonset", "-f", good, "--image", kImage, "--secret",
                      "No: good"}) == 2);
}

}  // namespace
}  // namespace vipd::vipctl
