// Machine configs of the three eras, short but with what edits must not touch: PEM blocks, octal
// permissions, quoted numbers, comments, documents of unknown kind.
#pragma once

#include <string>

#include "talos/edit.h"
#include "tests/catch.h"

namespace vipd::talos {

// Up to 1.11: one document.
inline const std::string kOneDocument = R"(version: v1alpha1 # the schema
debug: false
machine:
    type: controlplane
    token: "123456.0123456789abcdef"
    ca:
        crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==
        key: ""
    certSANs: [] # none yet
    kubelet:
        image: ghcr.io/siderolabs/kubelet:v1.33.0
        extraArgs:
            v: "2"
    files:
        - content: |
            # not a comment
            line two
          permissions: 0o600
          path: /var/etc/example
          op: create
cluster:
    id: "0000"
    controlPlane:
        endpoint: "https://49.13.53.183:6443" # of the first node
    clusterName: prod
    apiServer:
        # where the image comes from
        image: registry.k8s.io/kube-apiserver:v1.33.0
        certSANs:
            - 49.13.53.183 # the first node
            - api.old.example
        extraArgs:
            feature-gates: ServerSideApply=true
    etcd:
        ca: {crt: "", key: ""}
)";

// 1.12 and 1.13: network documents beside it.
inline const std::string kNetworkDocuments = kOneDocument + R"(---
apiVersion: v1alpha1
kind: HostnameConfig
hostname: cp-1 # kept
---
apiVersion: v1alpha1
kind: FancyConfig
name: unknown
value: '0o17'
)";

// 1.14: Kubernetes documents.
inline const std::string kKubernetesDocuments = R"(version: v1alpha1
machine:
    type: controlplane
    token: "123456.0123456789abcdef"
cluster:
    id: "0000"
    etcd: {}
---
apiVersion: v1alpha1
kind: KubeClusterConfig
clusterName: prod
endpoint: https://49.13.53.183:6443
---
apiVersion: v1alpha1
kind: KubeAPIServerConfig
image: registry.k8s.io/kube-apiserver:v1.36.0
certExtraSANs: ["49.13.53.183", api.old.example]
---
apiVersion: v1alpha1
kind: KubeServiceAccountConfig
issuer:
    privateKey: |
        -----BEGIN RSA PRIVATE KEY-----
        AAAA
        -----END RSA PRIVATE KEY-----
    issuerURL: https://49.13.53.183:6443
---
apiVersion: v1alpha1
kind: KubeletConfig
image: ghcr.io/siderolabs/kubelet:v1.36.0
)";

inline const std::string kPod = R"(# Why it is as it is.
apiVersion: v1
kind: Pod
metadata:
  name: vipd
  namespace: kube-system
spec:
  hostNetwork: true
  containers:
    - name: vipd
      image: ghcr.io/acme/vipd:0.1.0
      env:
        - name: VIPD_CLUSTER
          value: "1234"
)";

inline Goals all_goals() {
  return {.endpoint = "https://203.0.113.10:6443",
          .sans = {"203.0.113.10", "api.example.com", "49.13.53.183"},
          .forgotten_sans = {},
          .issuers = {"https://49.13.53.183:6443"},
          .audiences = {"https://49.13.53.183:6443"},
          .node_subnets = {"10.0.1.0/24"},
          .addresses = {"203.0.113.10"},
          .shutdown_delay = "5s",
          .pod = Pod{"kube-system", "vipd", kPod}};
}

// The text after the edits, and which they were.
struct Edited {
  std::string text;
  std::vector<std::string> files;
};

inline Edited edited(const std::string& text, const Goals& goals) {
  auto config = read_machine_config(text, "live.yaml");
  INFO(config.status().message());
  REQUIRE(config.ok());
  const auto form = form_of(*config);
  INFO(form.status().message());
  REQUIRE(form.ok());
  const auto edits = edits_for(goals, *form, &*config);
  INFO(edits.status().message());
  REQUIRE(edits.ok());
  const auto done = carry_out(*edits, *config);
  INFO(done.message());
  INFO(config->text);
  REQUIRE(done.ok());
  Edited result{config->text, {}};
  for (const Edit& edit : *edits) result.files.push_back(edit.file);
  return result;
}

}  // namespace vipd::talos
