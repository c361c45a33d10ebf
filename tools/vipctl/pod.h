// The manifests that run vipd on Talos, as text with the reasons beside the fields. Pure.
//
// Settings  stand in the pod as VIPD_* variables, so that vipd.yaml is the one declaration and a
//           change of it is a change of the pod. No secret is among them: the token is a file.
// Errors    InvalidArgument where a setting cannot be said as a variable, or where a file that
//           vipd reads has no absolute path.
// Source    facts/talos.md 3.1 (static pods), 3.2 (hostPath), 3.3 (etcd client files), 3.5
//           (shutdown).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

// `image` is pinned (image_reference.h).
absl::StatusOr<std::string> static_pod(const shell::Settings& settings, const std::string& image);

struct SecretKey {  // where in kube-system the token is
  std::string secret = "vipd-hcloud";
  std::string key = "token";
};

// The DaemonSet that keeps the token file current from a Secret, which a static pod cannot use.
absl::StatusOr<std::string> token_daemonset(const shell::Settings& settings,
                                            const std::string& image, const SecretKey& from);

}  // namespace vipd::vipctl
