// Which form of config a Talos version writes, and in which form a given config keeps a setting.
//
// Up to 1.11 all is in the v1alpha1 config; 1.12 adds network documents; 1.14 puts the Kubernetes
// part into documents, but a cluster that was upgraded keeps the old form, and one setting in both
// is an error of Talos'. So a live config is asked, setting by setting; only without one does the
// version decide. Source: facts/talos.md, eras, 1.3 and 7.1.
//
// Errors  InvalidArgument: no Talos version, or one setting in both forms.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "talos/machine_config.h"

namespace vipd::talos {

struct Version {
  int minor = 0;  // of Talos 1
  [[nodiscard]] bool has_network_documents() const { return minor >= 12; }
  [[nodiscard]] bool has_argument_lists() const { return minor >= 13; }  // in extraArgs
  [[nodiscard]] bool has_kubernetes_documents() const { return minor >= 14; }
};

// "v1.13.8", "1.13"
absl::StatusOr<Version> parse_version(std::string_view text);

// True where the setting stands in its own document.
struct Form {
  bool cluster = false;          // KubeClusterConfig
  bool apiserver = false;        // KubeAPIServerConfig
  bool service_account = false;  // KubeServiceAccountConfig
  bool node = false;             // KubeNodeConfig
  bool pods = false;             // KubeStaticPodConfig
};

[[nodiscard]] Form form_of(const Version& version);
absl::StatusOr<Form> form_of(const MachineConfig& config);

// Contradictions between a config and the version it is said to be of.
absl::Status check_version(const MachineConfig& config, const Version& version);

inline const DocumentId kV1Alpha1{};
inline const DocumentId kClusterDocument{"KubeClusterConfig", ""};
inline const DocumentId kApiserverDocument{"KubeAPIServerConfig", ""};
inline const DocumentId kServiceAccountDocument{"KubeServiceAccountConfig", ""};
inline const DocumentId kNodeDocument{"KubeNodeConfig", ""};
inline constexpr char kStaticPodKind[] = "KubeStaticPodConfig";

}  // namespace vipd::talos
