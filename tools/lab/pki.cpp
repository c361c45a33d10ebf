#include "tools/lab/pki.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/file.h"

namespace vipd::lab {
namespace {

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kTenYears = 87600 * kHour;  // what Talos gives etcd's certificates

// Certificate and key under `stem`.crt and .key; `chain` is appended to the certificate.
absl::Status save(const std::string& stem, const absl::StatusOr<base::KeyPair>& pair,
                  const std::string& chain = "") {
  if (!pair.ok()) return pair.status();
  std::filesystem::create_directories(std::filesystem::path(stem).parent_path());
  if (auto written = base::write_file_atomically(stem + ".crt", pair->certificate_pem + chain);
      !written.ok())
    return written;
  return base::write_file_atomically(stem + ".key", pair->key_pem.reveal());
}

absl::Status all(std::initializer_list<absl::Status> steps) {
  for (const auto& step : steps)
    if (!step.ok()) return step;
  return absl::OkStatus();
}

std::string kubeconfig(const Layout& layout) {
  return fmt::format(
      "apiVersion: v1\nkind: Config\ncurrent-context: lab\n"
      "clusters:\n- name: lab\n  cluster:\n    server: https://{}:6443\n"
      "    certificate-authority: {}\n"
      "users:\n- name: admin\n  user:\n    client-certificate: {}\n    client-key: {}\n"
      "contexts:\n- name: lab\n  context:\n    cluster: lab\n    user: admin\n",
      kFipV4, layout.pki("kube-ca.crt"), layout.pki("admin.crt"), layout.pki("admin.key"));
}

}  // namespace

base::MintRequest Pki::request(const std::string& common_name) const {
  const auto now = clock_.wall().seconds;
  base::MintRequest request;
  request.common_name = common_name;
  request.not_before.seconds = now - kHour;
  request.not_after.seconds = now + kTenYears;
  return request;
}

absl::StatusOr<Pki> Pki::create(const Layout& layout, const base::Clock& clock) {
  Pki pki(layout, clock);
  const auto span = pki.request("");
  for (auto [name, slot] : {std::pair{"etcd", &pki.etcd_ca_}, std::pair{"kube", &pki.kube_ca_},
                            std::pair{"hetzner", &pki.hetzner_ca_}}) {
    auto ca = base::mint_ca(fmt::format("lab {}", name), span.not_before, span.not_after);
    if (auto saved = save(layout.pki(fmt::format("{}-ca", name)), ca); !saved.ok()) return saved;
    *slot = *std::move(ca);
  }
  if (auto minted = pki.mint_outside(); !minted.ok()) return minted;
  return pki;
}

absl::Status Pki::mint_outside() const {
  auto admin = request("admin");
  admin.organizations = {"system:masters"};
  admin.client = true;
  auto etcd = request("lab");
  etcd.client = true;
  auto hetzner = request("api.hetzner.cloud");
  hetzner.dns_names = {"api.hetzner.cloud"};
  hetzner.ip_addresses = {kHetznerAddress};
  hetzner.server = true;
  return all({save(layout_.pki("admin"), base::mint_certificate(kube_ca_, admin)),
              save(layout_.pki("etcd-client"), base::mint_certificate(etcd_ca_, etcd)),
              save(layout_.pki("hetzner"), base::mint_certificate(hetzner_ca_, hetzner)),
              base::write_file_atomically(layout_.kubeconfig(), kubeconfig(layout_))});
}

absl::Status Pki::equip(const NodePlan& node) const {
  const std::vector<std::string> own{node.private_v4, node.public_v4, node.public_v6, "127.0.0.1",
                                     "::1"};
  auto member = request(node.name);
  member.dns_names = {"localhost", node.name};
  member.ip_addresses = own;
  member.server = member.client = true;  // peers are both; etcd's own gateway dials as a client
  auto etcd_client = request("kube-apiserver");
  etcd_client.client = true;
  auto serving = request("kube-apiserver");
  serving.dns_names = {"kubernetes", "kubernetes.default.svc", "localhost", node.name};
  serving.ip_addresses = own;
  serving.ip_addresses.insert(serving.ip_addresses.end(), {kFipV4, kFipV6, "10.96.0.1"});
  serving.server = true;
  auto kubelet_client = request("apiserver-kubelet-client");
  kubelet_client.organizations = {"system:masters"};
  kubelet_client.client = true;
  const auto kube = [&](const char* file) { return layout_.kube(node.name, file); };
  const auto etcd = [&](const char* file) { return layout_.etcd(node.name, file); };
  return all({
      save(etcd("member"), base::mint_certificate(etcd_ca_, member)),
      save(kube("etcd-client"), base::mint_certificate(etcd_ca_, etcd_client)),
      save(kube("apiserver"), base::mint_certificate(kube_ca_, serving), kube_ca_.certificate_pem),
      save(kube("apiserver-kubelet-client"), base::mint_certificate(kube_ca_, kubelet_client)),
      save(kube("service-account"), base::mint_certificate(kube_ca_, request("service-account"))),
      base::write_file_atomically(etcd("ca.crt"), etcd_ca_.certificate_pem),
      base::write_file_atomically(kube("etcd-client-ca.crt"), etcd_ca_.certificate_pem),
      base::write_file_atomically(kube("ca.crt"), kube_ca_.certificate_pem),
  });
}

}  // namespace vipd::lab
