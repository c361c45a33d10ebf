// Five hundred made-up configs, each edited twice, judged by yaml-cpp's own loader.
#include <map>
#include <regex>

#include <yaml-cpp/yaml.h>

#include "tests/talos_config/configs.h"
#include "tests/talos_config/generator.h"

namespace vipd::talos {
namespace {

using Leaves = std::map<std::string, std::string>;  // path -> style and value

void collect(const YAML::Node& node, const std::string& path, Leaves& leaves) {
  if (node.IsMap() && node.size() > 0) {
    for (const auto& entry : node) {
      collect(entry.second, path + "/" + entry.first.as<std::string>(), leaves);
    }
  } else if (node.IsSequence() && node.size() > 0) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      collect(node[i], path + "/" + std::to_string(i), leaves);
    }
  } else if (node.IsScalar()) {
    leaves[path] = node.Tag() + " " + node.Scalar();
  } else {
    leaves[path] = node.IsNull() ? "null" : node.IsMap() ? "{}" : "[]";
  }
}

Leaves leaves_of(const std::string& text) {
  Leaves leaves;
  for (const YAML::Node& document : YAML::LoadAll(text)) {
    collect(document, document["kind"].as<std::string>("v1alpha1"), leaves);
  }
  return leaves;
}

// Without what the goals are about; what is empty above it may be filled.
Leaves others(Leaves leaves) {
  static const std::vector<std::string> kEdited = {
      "v1alpha1/machine/certSANs", "v1alpha1/machine/pods",
      "v1alpha1/machine/kubelet/nodeIP/validSubnets", "v1alpha1/cluster/etcd/advertisedSubnets",
      "v1alpha1/cluster/controlPlane/endpoint", "v1alpha1/cluster/apiServer/certSANs",
      "v1alpha1/cluster/apiServer/extraArgs/service-account-issuer",
      "v1alpha1/cluster/apiServer/extraArgs/api-audiences",
      "v1alpha1/cluster/apiServer/extraArgs/shutdown-delay-duration",
      "KubeClusterConfig/endpoint", "KubeAPIServerConfig/certExtraSANs",
      "KubeAPIServerConfig/extraArgs/service-account-issuer",
      "KubeAPIServerConfig/extraArgs/api-audiences",
      "KubeAPIServerConfig/extraArgs/shutdown-delay-duration",
      "KubeServiceAccountConfig/issuer/issuerURL", "KubeServiceAccountConfig/accepted",
      "KubeNodeConfig", "KubeStaticPodConfig"};
  for (auto leaf = leaves.begin(); leaf != leaves.end();) {
    bool edited = false;
    for (const std::string& path : kEdited) {
      const bool inside = (leaf->first + "/").rfind(path + "/", 0) == 0;
      const bool above = (path + "/").rfind(leaf->first + "/", 0) == 0;
      edited = edited || inside || above;
    }
    leaf = edited ? leaves.erase(leaf) : std::next(leaf);
  }
  return leaves;
}

std::vector<std::string> values_below(const Leaves& leaves, const std::string& path) {
  std::vector<std::string> values;
  for (const auto& [where, value] : leaves) {
    if ((where + "/").rfind(path + "/", 0) != 0) continue;
    values.push_back(value.substr(value.find(' ') + 1));
  }
  return values;
}

bool includes(const Leaves& leaves, const std::vector<std::string>& places,
              const std::vector<std::string>& wanted) {
  std::vector<std::string> all;
  for (const std::string& place : places) {
    for (const std::string& value : values_below(leaves, place)) all.push_back(value);
  }
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& each) {
    return std::count(all.begin(), all.end(), each) == 1;
  });
}

std::vector<std::string> comments_of(const std::string& text) {
  static const std::regex kComment("# comment [0-9]+:");
  std::vector<std::string> all;
  for (std::sregex_iterator at(text.begin(), text.end(), kComment), end; at != end; ++at) {
    all.push_back(at->str());
  }
  return all;
}

void check_wanted(const Leaves& after, const Goals& goals) {
  const std::string server = "v1alpha1/cluster/apiServer/";
  CHECK(includes(after, {"v1alpha1/cluster/controlPlane/endpoint", "KubeClusterConfig/endpoint"},
                 {goals.endpoint}));
  CHECK(includes(after, {server + "certSANs", "KubeAPIServerConfig/certExtraSANs"}, goals.sans));
  CHECK(includes(after, {"v1alpha1/machine/certSANs"}, goals.sans));
  CHECK(includes(after,
                 {server + "extraArgs/service-account-issuer",
                  "KubeAPIServerConfig/extraArgs/service-account-issuer",
                  "KubeServiceAccountConfig/issuer/issuerURL"},
                 goals.issuers));
  CHECK(includes(after,
                 {server + "extraArgs/api-audiences", "KubeAPIServerConfig/extraArgs/api-audiences",
                  "KubeServiceAccountConfig/accepted/audiences"},
                 goals.audiences));
  CHECK(includes(after, {server + "extraArgs/shutdown-delay-duration",
                         "KubeAPIServerConfig/extraArgs/shutdown-delay-duration"}, {"5s"}));
  CHECK(includes(after, {"v1alpha1/cluster/etcd/advertisedSubnets"}, goals.node_subnets));
  CHECK(includes(after, {"v1alpha1/machine/kubelet/nodeIP/validSubnets",
                         "KubeNodeConfig/nodeIP/validSubnets"}, goals.node_subnets));
  CHECK(includes(after, {"v1alpha1/machine/pods", "KubeStaticPodConfig/pod"},
                 {"ghcr.io/acme/vipd:0.1.0"}));
}

TEST_CASE("500 configs: exactly the wanted values, all else as it was, and no second edit") {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    Generator generator(seed);
    const std::string text = generator.config();
    INFO("seed " << seed << "\n" << text);
    const Leaves before = leaves_of(text);
    const Edited once = edited(text, all_goals());
    INFO("edited:\n" << once.text);
    const Leaves after = leaves_of(once.text);
    REQUIRE(others(after) == others(before));
    check_wanted(after, all_goals());
    const Edited twice = edited(once.text, all_goals());
    CHECK(twice.files.empty());
    CHECK(twice.text == once.text);
    // Only a pod that is replaced takes its comments along.
    const bool replaces_pod = text.find("vipd") != text.npos;
    if (!replaces_pod) CHECK(comments_of(once.text) == comments_of(text));
  }
}

}  // namespace
}  // namespace vipd::talos
