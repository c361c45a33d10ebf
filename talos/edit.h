// What shall hold in a control plane's machine config, as edits in the form that it keeps each
// setting in; and a live config with them done.
//
// Idempotent  What holds already makes no edit: where Talos' own merge would append to a list
//             again, nothing is asked.
// Never       machine.files (changes of it fail outside a boot), a secret, a firewall rule.
// Errors      InvalidArgument, see machine_config.h, era.h and text_edit.h; besides: a pod in both
//             forms.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "talos/era.h"
#include "talos/machine_config.h"
#include "talos/text_edit.h"

namespace vipd::talos {

struct Pod {
  std::string name_space;
  std::string name;
  std::string manifest;  // YAML, comments welcome
};

// What is empty is not touched.
struct Goals {
  std::string endpoint;                    // "https://203.0.113.10:6443"
  std::vector<std::string> sans;           // of kube-apiserver and of the Talos API
  std::vector<std::string> forgotten_sans;  // to be taken out of both
  std::vector<std::string> issuers;        // of service-account tokens; the first one signs
  std::vector<std::string> audiences;      // that kube-apiserver accepts
  std::vector<std::string> node_subnets;   // where etcd and kubelet take their addresses from
  std::vector<std::string> addresses;      // which they must never take
  std::string shutdown_delay;              // kube-apiserver's, "5s"
  std::optional<Pod> pod;
};

// Which machines a patch is for.
enum class Scope { kCluster, kControlPlanes, kWorkers };

struct Edit {
  std::string file;  // name of the patch, without .yaml: <verb>-<purpose>
  std::string why;   // one line for people
  Scope scope = Scope::kControlPlanes;
  DocumentId document = {};
  Path path = {};
  Value value = {};                  // whole, as it shall be
  std::vector<ListItem> items = {};  // the same as a list; `appends` only
  bool appends = false;         // Talos' merge appends to this list
};

// `live` may be null: then all is rendered, in `form`.
absl::StatusOr<std::vector<Edit>> edits_for(const Goals& goals, const Form& form,
                                            const MachineConfig* live);

// Carries them out, in order.
absl::Status carry_out(const std::vector<Edit>& edits, MachineConfig& config);

// What a config says, in either form.
[[nodiscard]] std::string endpoint_of(const MachineConfig& config, const Form& form);
// The first one signs; only the endpoint where nothing is pinned.
[[nodiscard]] std::vector<std::string> issuers_of(const MachineConfig& config, const Form& form);
[[nodiscard]] std::vector<std::string> audiences_of(const MachineConfig& config, const Form& form);
// Whether a new endpoint leaves tokens as they are.
[[nodiscard]] bool is_issuer_pinned(const MachineConfig& config, const Form& form);

}  // namespace vipd::talos
