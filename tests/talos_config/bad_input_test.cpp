#include "tests/talos_config/configs.h"

namespace vipd::talos {
namespace {

std::string refusal(const std::string& text) {
  const auto config = read_machine_config(text, "live.yaml");
  if (config.ok()) {
    const auto form = form_of(*config);
    return std::string(form.status().message());
  }
  CHECK(absl::IsInvalidArgument(config.status()));
  return std::string(config.status().message());
}

bool refused_for(const std::string& text, const std::string& reason) {
  const std::string said = refusal(text);
  INFO("said: " << said);
  CHECK(said.rfind("live.yaml: ", 0) == 0);
  CHECK(said.size() < 400);
  return said.find(reason) != std::string::npos;
}

TEST_CASE("what is no machine config of a control plane is refused with its reason") {
  CHECK(refused_for("", "holds no YAML document"));
  CHECK(refused_for("---\n---\n", "holds no YAML document"));
  CHECK(refused_for("apiVersion: v1\nkind: ConfigMap\ndata: {}\n", "no machine config"));
  CHECK(refused_for("- a\n- b\n", "must be a map"));
  CHECK(refused_for("just text\n", "must be a map"));
  CHECK(refused_for("machine: {type: worker}\n", "worker's config"));
  CHECK(refused_for("machine: {type: router}\n", "neither controlplane nor worker"));
  CHECK(refused_for(kOneDocument.substr(0, 80), "not the whole config"));
  CHECK(refused_for(kOneDocument + "broken: [1, 2\n", "line "));
}

TEST_CASE("duplicate documents and one setting in both forms are refused") {
  CHECK(refused_for(kOneDocument + "---\n" + kOneDocument, "the v1alpha1 config  is there twice"));
  const std::string hostname = "---\napiVersion: v1alpha1\nkind: HostnameConfig\nhostname: x\n";
  CHECK(refused_for(kNetworkDocuments + hostname, "HostnameConfig  is there twice"));
  const std::string cluster = "---\napiVersion: v1alpha1\nkind: KubeClusterConfig\nendpoint: x\n";
  CHECK(refused_for(kOneDocument + cluster, "controlPlane.endpoint"));
  const std::string server = "---\napiVersion: v1alpha1\nkind: KubeAPIServerConfig\nimage: x\n";
  CHECK(refused_for(kOneDocument + server, "cluster.apiServer"));
}

TEST_CASE("bombs, binaries and sizes beyond Talos' own limit are refused at once") {
  std::string bomb = "machine: &a {type: controlplane}\n";
  for (char c = 'b'; c < 'z'; ++c) bomb += std::string(1, c) + ": [*a, *a]\n";
  CHECK(refused_for(bomb, "anchors are not supported"));
  CHECK(refused_for("a: *b\n", "anchor"));
  CHECK(refused_for(std::string(10 << 20, '['), "nested too deep"));
  CHECK(refused_for(std::string(100 << 20, 'a'), "Talos takes no machine config over"));
  CHECK(refused_for(kOneDocument + std::string("x: \0", 4), "no UTF-8 text"));
  CHECK(refused_for("\x7f" "ELF\x02\x01\x01\xff\xfe", "no UTF-8 text"));
  CHECK(refused_for("a: \xc3(\n", "no UTF-8 text"));
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "---\na: b\n";
  CHECK(refused_for(many, "more than 1000 documents"));
  std::string values = "a:\n";
  for (std::size_t i = 0; i <= kMostNodes; ++i) values += "- 1\n";
  CHECK(refused_for(values, "more than 500000 values"));
}

TEST_CASE("versions of Talos are told apart, and others refused") {
  CHECK(parse_version("v1.13.8")->has_argument_lists());
  CHECK_FALSE(parse_version("1.12")->has_argument_lists());
  CHECK(parse_version("v1.14.0-rc.1")->has_kubernetes_documents());
  for (const std::string text : {"", "v", "2.0", "v1.", "1.x", "v1.7.6", "1.-3", "latest"}) {
    INFO(text);
    CHECK_FALSE(parse_version(text).ok());
  }
  const auto config = read_machine_config(kKubernetesDocuments, "live.yaml");
  CHECK_FALSE(check_version(*config, *parse_version("1.13")).ok());
  CHECK(check_version(*config, *parse_version("1.14")).ok());
}

TEST_CASE("a place that no edit can reach is refused, and the text is as before") {
  std::string text = kOneDocument;
  text.replace(text.find("    etcd:"), std::string::npos, "    etcd: 5\n");
  auto config = read_machine_config(text, "live.yaml");
  const auto edits = edits_for(all_goals(), *form_of(*config), &*config);
  const auto done = carry_out(*edits, *config);
  CHECK(std::string(done.message()) ==
        "live.yaml: cluster.etcd.advertisedSubnets: stands below something that is no map");
}

}  // namespace
}  // namespace vipd::talos
