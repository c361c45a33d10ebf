#include "talos/phases.h"

#include <map>

#include "talos/patch_files.h"
#include "tests/talos_config/configs.h"

namespace vipd::talos {
namespace {

constexpr auto kOld = "https://49.13.53.183:6443";
constexpr auto kNew = "https://203.0.113.10:6443";

Declaration declared() {
  return {.host = "203.0.113.10",
          .port = 6443,
          .addresses = {"203.0.113.10", "2001:db8::1"},
          .sans = {"203.0.113.10", "2001:db8::1", "api.example.com", "203.0.113.11"},
          .old_endpoint = kOld,
          .node_subnets = {"10.0.1.0/24"},
          .version = parse_version("1.13").value()};
}

PhaseRequest phase(Phase which) {
  return {.phase = which, .move = IssuerMove::kNone, .signed_long_ago = false,
          .pod = Pod{"kube-system", "vipd", kPod}};
}

PhaseRequest moving(IssuerMove move) {
  PhaseRequest request = phase(Phase::kFinalize);
  request.move = move;
  request.signed_long_ago = true;
  return request;
}

struct Rendered {
  std::map<std::string, std::string> files;
  std::string refusal;
  std::string live;  // with the edits done
};

Rendered rendered(const PhaseRequest& request, const std::string& live,
                  const Declaration& declaration = declared()) {
  Rendered result;
  auto config = live.empty() ? absl::StatusOr<MachineConfig>(MachineConfig{})
                             : read_machine_config(live, "live.yaml");
  REQUIRE(config.ok());
  const MachineConfig* known = live.empty() ? nullptr : &*config;
  const Form form = known == nullptr ? form_of(*declaration.version) : form_of(*known).value();
  const auto goals = goals_for(request, declaration, form, known);
  if (!goals.ok()) {
    result.refusal = std::string(goals.status().message());
    return result;
  }
  const auto edits = edits_for(*goals, form, known);
  REQUIRE(edits.ok());
  const auto files = patch_files(*edits, known);
  INFO(files.status().message());
  REQUIRE(files.ok());
  for (const PatchFile& file : *files) {
    // One document each, named by what it does.
    CHECK(read_documents(file.text, file.name)->size() == 1);
    CHECK(file.name.find('-') < file.name.size());
    result.files[file.name] = file.text.substr(file.text.find('\n', file.text.find('\n') + 1) + 1);
  }
  if (known != nullptr) {
    REQUIRE(carry_out(*edits, *config).ok());
    result.live = config->text;
  }
  return result;
}

TEST_CASE("prepare without a live config renders what a GitOps repository keeps") {
  auto files = rendered(phase(Phase::kPrepare), "").files;
  CHECK(files.size() == 6);
  CHECK(files["trust-stable-api-endpoint.yaml"] ==
        "cluster:\n  apiServer:\n    certSANs:\n      - 203.0.113.10\n      - \"2001:db8::1\"\n"
        "      - api.example.com\n      - 203.0.113.11\n      - 49.13.53.183\n");
  CHECK(files["pin-service-account-issuer.yaml"] ==
        "cluster:\n  apiServer:\n    extraArgs:\n      service-account-issuer: " +
            std::string(kOld) + "\n      api-audiences: " + kOld + "\n");
  CHECK(files["keep-etcd-on-node-network.yaml"] ==
        "cluster:\n  etcd:\n    advertisedSubnets:\n      - 10.0.1.0/24\n");
  CHECK(files["keep-apiserver-while-traffic-leaves.yaml"] ==
        "cluster:\n  apiServer:\n    extraArgs:\n      shutdown-delay-duration: 5s\n");
}

TEST_CASE("from 1.14 on the same is rendered as documents, and no issuer needs a pin") {
  Declaration declaration = declared();
  declaration.version = *parse_version("1.14");
  declaration.old_endpoint.clear();
  auto files = rendered(phase(Phase::kPrepare), "", declaration).files;
  CHECK(files.size() == 5);
  CHECK(files["keep-kubelet-on-node-network.yaml"] ==
        "apiVersion: v1alpha1\nkind: KubeNodeConfig\nnodeIP:\n  validSubnets:\n"
        "    - 10.0.1.0/24\n");
  CHECK(files.count("pin-service-account-issuer.yaml") == 0);
  auto daemon = rendered(phase(Phase::kDaemon), "", declaration).files;
  CHECK(daemon["run-vipd.yaml"].rfind("apiVersion: v1alpha1\nkind: KubeStaticPodConfig\n"
                                      "name: vipd\npod:\n  # Why it is as it is.\n", 0) == 0);
}

TEST_CASE("phase after phase leads a live config to the end, and nothing is rendered twice") {
  for (std::string live : {kOneDocument, kNetworkDocuments, kKubernetesDocuments}) {
    for (const Phase each : {Phase::kPrepare, Phase::kDaemon, Phase::kCutover, Phase::kFinalize}) {
      const Rendered once = rendered(phase(each), live);
      INFO(once.refusal);
      REQUIRE_FALSE(once.files.empty());
      live = once.live;
      CHECK(rendered(phase(each), live).files.empty());
    }
    INFO(live);
    CHECK(live.find(kNew) != live.npos);
    CHECK(live.find("- 49.13.53.183") == live.npos);
    CHECK(live.find(kOld) != live.npos);  // the pin
  }
}

TEST_CASE("cutover and finalize are refused before their time, with what comes first") {
  CHECK(rendered(phase(Phase::kCutover), kOneDocument)
            .refusal.find("would invalidate every token") != std::string::npos);
  CHECK(rendered(phase(Phase::kCutover), kKubernetesDocuments).refusal.find("does not name") !=
        std::string::npos);
  CHECK(rendered(phase(Phase::kFinalize), kOneDocument).refusal.find("--phase cutover") !=
        std::string::npos);
  Declaration bare = declared();
  bare.node_subnets.clear();
  CHECK(rendered(phase(Phase::kPrepare), "", bare).refusal.find("nodeSubnets is empty") == 0);
  bare = declared();
  bare.old_endpoint.clear();
  CHECK(rendered(phase(Phase::kPrepare), "", bare).refusal.find("endpoint.old") !=
        std::string::npos);
}

TEST_CASE("what leaves a list goes by a file that clears it and one that has the rest") {
  std::string live = kOneDocument;
  live = rendered(phase(Phase::kPrepare), live).live;
  live = rendered(phase(Phase::kCutover), live).live;
  auto files = rendered(phase(Phase::kFinalize), live).files;
  CHECK(files["clear-stable-api-endpoint.yaml"] ==
        "cluster:\n  apiServer:\n    certSANs:\n      $patch: delete\n");
  CHECK(files["trust-stable-api-endpoint.yaml"].find("- api.old.example\n") != std::string::npos);
  CHECK(files["trust-stable-api-endpoint.yaml"].find("49.13.53.183") == std::string::npos);
}

TEST_CASE("the issuer moves in three steps, each only after the one before") {
  for (std::string live : {kOneDocument, kKubernetesDocuments}) {
    live = rendered(phase(Phase::kPrepare), live).live;
    live = rendered(phase(Phase::kCutover), live).live;
    live = rendered(phase(Phase::kFinalize), live).live;
    CHECK(rendered(moving(IssuerMove::kSign), live).refusal.find("--move-issuer accept") !=
          std::string::npos);
    CHECK(rendered(moving(IssuerMove::kDrop), live).refusal.find("--move-issuer sign") !=
          std::string::npos);
    using Issuers = std::vector<std::string>;
    const std::vector<std::pair<IssuerMove, Issuers>> steps = {
        {IssuerMove::kAccept, {kOld, kNew}},
        {IssuerMove::kSign, {kNew, kOld}},
        {IssuerMove::kDrop, {kNew}}};
    for (const auto& [move, wanted] : steps) {
      live = rendered(moving(move), live).live;
      const auto config = read_machine_config(live, "live.yaml");
      INFO(live);
      CHECK(issuers_of(*config, *form_of(*config)) == wanted);
      CHECK(audiences_of(*config, *form_of(*config)) == wanted);
      CHECK(rendered(moving(move), live).files.empty());
    }
  }
}

TEST_CASE("the issuer is not moved too soon, not before 1.13, and not in another phase") {
  PhaseRequest request = moving(IssuerMove::kDrop);
  request.signed_long_ago = false;
  CHECK(rendered(request, "").refusal.find("48 h") != std::string::npos);
  Declaration old = declared();
  old.version = *parse_version("1.12");
  CHECK(rendered(moving(IssuerMove::kAccept), "", old).refusal.find("Talos 1.12") !=
        std::string::npos);
  old.version.reset();
  const auto unknown = goals_for(moving(IssuerMove::kAccept), old, Form{}, nullptr).status();
  CHECK(std::string(unknown.message()).find("talos.version") != std::string::npos);
  request = moving(IssuerMove::kAccept);
  request.phase = Phase::kPrepare;
  CHECK(rendered(request, "").refusal.find("phase finalize") != std::string::npos);
}

TEST_CASE("a pod of ours that changed replaces the old one and keeps the others") {
  std::string live = kOneDocument;
  live.insert(live.find("    kubelet:"), "    pods:\n        - metadata:\n            name: other\n"
                                         "          spec: {}\n");
  live = rendered(phase(Phase::kDaemon), live).live;
  PhaseRequest newer = phase(Phase::kDaemon);
  newer.pod->manifest.replace(newer.pod->manifest.find("0.1.0"), 5, "0.2.0");
  auto files = rendered(newer, live).files;
  CHECK(files["clear-vipd.yaml"] == "machine:\n  pods:\n    $patch: delete\n");
  CHECK(files["run-vipd.yaml"].rfind("machine:\n  pods:\n    - metadata:\n        name: other\n"
                                     "      spec: {}\n    - # Why it is as it is.\n", 0) == 0);
  CHECK(files["run-vipd.yaml"].find("0.1.0") == std::string::npos);
}

}  // namespace
}  // namespace vipd::talos
