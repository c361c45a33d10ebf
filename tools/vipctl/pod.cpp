#include "tools/vipctl/pod.h"

#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/document.h"
#include "tools/vipctl/pod_settings.h"

namespace vipd::vipctl {
namespace {

constexpr std::string_view kPodHead =
    R"(# vipd {plain_version}, {cluster}/{group}. Rendered from vipd.yaml: change that, not this.
apiVersion: v1
kind: Pod
metadata:
  name: vipd
  # The one namespace whose pods may use the host's network and folders unasked; elsewhere the
  # pod would run, but its mirror would be refused and nobody would see it.
  namespace: kube-system
  labels:
    app.kubernetes.io/name: vipd
    app.kubernetes.io/version: {version}
spec:
  # No numeric priority, on purpose: at shutdown kubelet looks at nothing but that number in a
  # static pod (kubernetes#133442, talos#7168). With it vipd would be told to stop together with
  # kube-apiserver; without it up to 20 s earlier, and it can hand over while all still works.
  terminationGracePeriodSeconds: 20
  hostNetwork: true
  # Hetzner's API is resolved as the node does it: cluster DNS may be down with what it needs.
  dnsPolicy: Default
  # A static pod has no service account, and a Service called vipd must make no VIPD_* variables.
  automountServiceAccountToken: false
  enableServiceLinks: false
  # Whatever taints the node, the address is still served from it.
  tolerations:
    - operator: Exists
  securityContext:
    # root without root's rights: others have no way to keep NET_ADMIN across exec.
    runAsUser: 0
    runAsGroup: 0
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: vipd
      image: {image}
      imagePullPolicy: IfNotPresent
      args: [run]
)";

constexpr std::string_view kPodLimits = R"(      securityContext:
        privileged: false
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
          add:
            - NET_ADMIN        # puts the address on lo
            - DAC_READ_SEARCH  # reads the etcd client files, which are another user's (0400)
      # Requests are limits: guaranteed, and the last to be ended when the node runs short.
      resources:
        requests: {cpu: 250m, memory: 64Mi}
        limits: {cpu: 250m, memory: 64Mi}
)";

constexpr std::string_view kVolumes =
    R"(  # None has a type: kubelet would look for the folder in its own container, where it is not.
  volumes:
)";

std::string variables_text(const Variables& variables) {
  std::string text = "      env:\n";
  for (const auto& [name, value] : variables) {
    const std::string quoted = base::Json(value).dump();
    text += fmt::format("        - name: {}\n          value: {}\n", name, quoted);
  }
  return variables.empty() ? "" : text;
}

struct Folder {
  std::string name;
  std::string path;
  bool read_only = true;
};

std::string mounts_text(const std::vector<Folder>& folders) {
  std::string text = "      volumeMounts:\n";
  for (const Folder& folder : folders) {
    text += fmt::format("        - name: {}\n          mountPath: {}\n", folder.name,
                        base::yaml_text(folder.path));
    if (folder.read_only) text += "          readOnly: true\n";
  }
  return text;
}

std::string volumes_text(const std::vector<Folder>& folders) {
  std::string text(kVolumes);
  for (const Folder& folder : folders) {
    text += fmt::format("    - name: {}\n      hostPath:\n        path: {}\n", folder.name,
                        base::yaml_text(folder.path));
  }
  return text;
}

}  // namespace

absl::StatusOr<std::string> static_pod(const shell::Settings& settings, const std::string& image) {
  const auto variables = pod_variables(settings);
  if (!variables.ok()) return variables.status();
  const auto state = folder_of("stateDir", settings.state_dir + "/status.json");
  if (!state.ok()) return state.status();
  const auto secrets = read_only_folders(settings);
  if (!secrets.ok()) return secrets.status();
  std::vector<Folder> folders = {{"state", *state, false}};
  for (const std::string& path : *secrets) {
    folders.push_back({fmt::format("secrets-{}", folders.size()), path, true});
  }
  return fmt::format(kPodHead, fmt::arg("plain_version", VIPD_VERSION),
                     fmt::arg("version", base::yaml_text(VIPD_VERSION)),
                     fmt::arg("cluster", settings.core.cluster),
                     fmt::arg("group", settings.core.group),
                     fmt::arg("image", base::yaml_text(image))) +
         variables_text(*variables) + std::string(kPodLimits) + mounts_text(folders) +
         volumes_text(folders);
}

}  // namespace vipd::vipctl
