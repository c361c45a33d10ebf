#include "talos/era.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "talos/setting_places.h"

namespace vipd::talos {
namespace {

struct Conflict {
  const DocumentId& document;
  Path v1alpha1;
};

// Source: the V1Alpha1ConflictValidate of each document type, Talos 1.14.
absl::Status check_conflicts(const MachineConfig& config) {
  const std::vector<Conflict> conflicts = {
      {kClusterDocument, {"cluster", "controlPlane", "endpoint"}},
      {kClusterDocument, {"cluster", "clusterName"}},
      {kApiserverDocument, {"cluster", "apiServer"}},
      {kApiserverDocument, {"cluster", "controlPlane", "localAPIServerPort"}},
      {kServiceAccountDocument, {"cluster", "serviceAccount"}},
      {kNodeDocument, {"machine", "kubelet", "nodeIP"}}};
  for (const auto& [document, path] : conflicts) {
    if (config.find(document) == nullptr || config.find(kV1Alpha1, path) == nullptr) continue;
    return absl::InvalidArgumentError(
        fmt::format("{}: {} and {} of the v1alpha1 config are both there; Talos takes one of the "
                    "two forms, so remove one",
                    config.file, document.kind, fmt::join(path, ".")));
  }
  return absl::OkStatus();
}

bool has_kubernetes_documents(const MachineConfig& config) {
  return std::any_of(config.documents.begin(), config.documents.end(), [](const Document& each) {
    return each.id.kind.rfind("Kube", 0) == 0 && each.id.kind != kStaticPodKind;
  });
}

// A new KubeNodeConfig may stand beside neither of these.
bool keeps_node_in_v1alpha1(const MachineConfig& config) {
  const std::vector<Path> paths = {{"machine", "kubelet"},
                                   {"machine", "nodeLabels"},
                                   {"machine", "nodeAnnotations"},
                                   {"machine", "nodeTaints"},
                                   {"cluster", "allowSchedulingOnControlPlanes"}};
  return std::any_of(paths.begin(), paths.end(), [&](const Path& path) {
    return config.find(kV1Alpha1, path) != nullptr;
  });
}

}  // namespace

absl::StatusOr<Version> parse_version(std::string_view text) {
  const std::string_view whole = text;
  if (!text.empty() && text.front() == 'v') text.remove_prefix(1);
  Version version;
  const bool first = text.substr(0, 2) == "1.";
  const std::string_view rest = first ? text.substr(2) : std::string_view();
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), version.minor);
  const bool ends_well = end == rest.data() + rest.size() || *end == '.';
  if (!first || error != std::errc() || !ends_well || version.minor < 0) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is no Talos version that is known here; write one such as v1.13.8",
                    whole));
  }
  if (version.minor < 8) {
    return absl::InvalidArgumentError(fmt::format(
        "Talos {} is too old: patches that take something away need 1.8", whole));
  }
  return version;
}

Form form_of(const Version& version) {
  const bool documents = version.has_kubernetes_documents();
  return {documents, documents, documents, documents, documents};
}

absl::StatusOr<Form> form_of(const MachineConfig& config) {
  if (const auto status = check_conflicts(config); !status.ok()) return status;
  const bool documents = has_kubernetes_documents(config);
  Form form;
  form.cluster = config.find(kClusterDocument) != nullptr;
  form.apiserver = config.find(kApiserverDocument) != nullptr;
  form.service_account = config.find(kServiceAccountDocument) != nullptr;
  form.node = config.find(kNodeDocument) != nullptr ||
              (documents && !keeps_node_in_v1alpha1(config));
  form.pods = documents || config.has_kind(kStaticPodKind);
  const SettingPlace endpoint = endpoint_place(form);
  if (config.find(endpoint.document, endpoint.path) == nullptr) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: names no control-plane endpoint, so this is not the whole config", config.file));
  }
  return form;
}

absl::Status check_version(const MachineConfig& config, const Version& version) {
  if (version.has_kubernetes_documents() || !has_kubernetes_documents(config)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: has Kubernetes documents, which Talos 1.{} does not know; name the version "
                  "that runs",
                  config.file, version.minor));
}

}  // namespace vipd::talos
