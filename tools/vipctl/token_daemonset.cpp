#include <string_view>

#include <fmt/format.h>

#include "base/document.h"
#include "tools/vipctl/pod.h"
#include "tools/vipctl/pod_settings.h"

namespace vipd::vipctl {
namespace {

constexpr std::string_view kDaemonSet =
    R"(# Keeps vipd's token file current. Rendered from vipd.yaml: change that, not this.
# The token comes from a Secret, which a static pod cannot use:
#   kubectl -n kube-system create secret generic {secret} --from-file={key}=FILE
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: vipd-token
  namespace: kube-system
  labels:
    app.kubernetes.io/name: vipd-token
    app.kubernetes.io/version: {version}
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: vipd-token
  template:
    metadata:
      labels:
        app.kubernetes.io/name: vipd-token
        app.kubernetes.io/version: {version}
    spec:
      nodeSelector:
        node-role.kubernetes.io/control-plane: ""
      tolerations:
        - operator: Exists
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 5
      securityContext:
        # The folder is root's; no capability is needed to write there.
        runAsUser: 0
        runAsGroup: 0
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: sync-token
          image: {image}
          imagePullPolicy: IfNotPresent
          args:
            - sync-token
            - --from
            - {from}
            - --to
            - {to}
          securityContext:
            privileged: false
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          resources:
            requests: {{cpu: 10m, memory: 32Mi}}
            limits: {{cpu: 10m, memory: 32Mi}}
          volumeMounts:
            - name: secret
              mountPath: /secret
              readOnly: true
            - name: token-folder
              mountPath: {folder}
      volumes:
        - name: secret
          secret:
            secretName: {secret}
            defaultMode: 0400
        # No type: kubelet would look for the folder in its own container, where it is not.
        - name: token-folder
          hostPath:
            path: {folder}
)";

}  // namespace

absl::StatusOr<std::string> token_daemonset(const shell::Settings& settings,
                                            const std::string& image, const SecretKey& from) {
  const std::string& file = settings.hcloud.token_file;
  const auto folder = folder_of("hcloud.tokenFile", file);
  if (!folder.ok()) return folder.status();
  return fmt::format(kDaemonSet, fmt::arg("version", base::yaml_text(VIPD_VERSION)),
                     fmt::arg("image", base::yaml_text(image)), fmt::arg("secret", from.secret),
                     fmt::arg("key", from.key), fmt::arg("from", "/secret/" + from.key),
                     fmt::arg("to", base::yaml_text(file)),
                     fmt::arg("folder", base::yaml_text(*folder)));
}

}  // namespace vipd::vipctl
