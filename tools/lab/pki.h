// The lab's certificates: three authorities and what they sign.
//
// Source  facts of Talos: etcd's client certificate for kube-apiserver has CN=kube-apiserver,
//         no organisation, no SAN, 10 years; etcd's server names node addresses, loopback,
//         localhost and the hostname; apiserver-kubelet-client is in system:masters
//         (internal/app/machined/pkg/controllers/{k8s,secrets}).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/x509.h"
#include "tools/lab/layout.h"
#include "tools/lab/plan.h"

namespace vipd::lab {

class Pki {
 public:
  // Mints the authorities and what stands outside the nodes: the administrator's certificate,
  // kubeconfig, the client certificate for etcd, Hetzner's server certificate.
  static absl::StatusOr<Pki> create(const Layout& layout, const base::Clock& clock);

  // Everything that `node` has under kube-apiserver/ and etcd/.
  absl::Status equip(const NodePlan& node) const;

 private:
  Pki(Layout layout, const base::Clock& clock) : layout_(std::move(layout)), clock_(clock) {}
  [[nodiscard]] base::MintRequest request(const std::string& common_name) const;
  absl::Status mint_outside() const;

  Layout layout_;
  const base::Clock& clock_;
  base::KeyPair etcd_ca_;
  base::KeyPair kube_ca_;
  base::KeyPair hetzner_ca_;
};

}  // namespace vipd::lab
