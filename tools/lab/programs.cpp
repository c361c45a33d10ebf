#include "tools/lab/programs.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/file.h"

namespace vipd::lab {
namespace {

// What a real kube-apiserver needs to stand where apisim stands, with Talos' settings.
// Source  facts of Talos: --anonymous-auth=false, etcd at https://127.0.0.1:2379.
Program real_apiserver(const Setup& setup, const Layout& layout, const NodePlan& node) {
  const auto file = [&](const char* name) { return layout.kube(node.name, name); };
  return {.argv = {setup.kube_apiserver,
                   "--secure-port=6443",
                   "--bind-address=::",
                   "--advertise-address=" + node.private_v4,
                   "--anonymous-auth=false",
                   "--allow-privileged=true",
                   "--authorization-mode=Node,RBAC",
                   "--enable-bootstrap-token-auth=true",
                   "--service-cluster-ip-range=10.96.0.0/12",
                   "--etcd-servers=https://127.0.0.1:2379",
                   "--etcd-cafile=" + file("etcd-client-ca.crt"),
                   "--etcd-certfile=" + file("etcd-client.crt"),
                   "--etcd-keyfile=" + file("etcd-client.key"),
                   "--client-ca-file=" + file("ca.crt"),
                   "--tls-cert-file=" + file("apiserver.crt"),
                   "--tls-private-key-file=" + file("apiserver.key"),
                   "--kubelet-client-certificate=" + file("apiserver-kubelet-client.crt"),
                   "--kubelet-client-key=" + file("apiserver-kubelet-client.key"),
                   "--service-account-issuer=https://" + std::string(kFipV4) + ":6443",
                   "--service-account-key-file=" + file("service-account.key"),
                   "--service-account-signing-key-file=" + file("service-account.key"),
                   "--shutdown-delay-duration=5s"},
          .node = node.name,
          .log = layout.log(node.name + "-apiserver")};
}

}  // namespace

Program hcloudsim_program(const Setup& setup, const Layout& layout) {
  return {.argv = {setup.bin + "/hcloudsim", "--listen", fmt::format("{}:443", kHetznerAddress),
                   "--cert", layout.pki("hetzner.crt"), "--key", layout.pki("hetzner.key"),
                   "--metadata", fmt::format("{}:80", kMetadataAddress), "--admin",
                   layout.hetzner_socket(), "--audit", layout.dir + "/logs/hetzner-audit.ndjson",
                   "--seed", fmt::format("{}", setup.seed), "--dataplane", "--route", setup.route},
          .node = "",
          .log = layout.log("hcloudsim")};
}

Program etcd_program(const Layout& layout, const NodePlan& node, const std::string& cluster,
                     bool existing) {
  const auto file = [&](const char* name) { return layout.etcd(node.name, name); };
  return {.argv = {"etcd",
                   "--name",
                   node.name,
                   "--data-dir",
                   layout.disk(node.name) + "/etcd",
                   "--listen-client-urls",
                   "https://0.0.0.0:2379",
                   "--advertise-client-urls",
                   client_url(node),
                   "--listen-peer-urls",
                   "https://0.0.0.0:2380",
                   "--initial-advertise-peer-urls",
                   peer_url(node),
                   "--initial-cluster",
                   cluster,
                   "--initial-cluster-state",
                   existing ? "existing" : "new",
                   "--client-cert-auth",
                   "--trusted-ca-file",
                   file("ca.crt"),
                   "--cert-file",
                   file("member.crt"),
                   "--key-file",
                   file("member.key"),
                   "--peer-client-cert-auth",
                   "--peer-trusted-ca-file",
                   file("ca.crt"),
                   "--peer-cert-file",
                   file("member.crt"),
                   "--peer-key-file",
                   file("member.key"),
                   "--auto-compaction-mode",
                   "periodic",
                   "--auto-compaction-retention",
                   "5m",
                   "--experimental-initial-corrupt-check",
                   "--experimental-watch-progress-notify-interval",
                   "5s",
                   "--logger",
                   "zap"},
          .node = node.name,
          .log = layout.log(node.name + "-etcd")};
}

Program apiserver_program(const Setup& setup, const Layout& layout, const NodePlan& node) {
  if (!setup.kube_apiserver.empty()) return real_apiserver(setup, layout, node);
  const auto file = [&](const char* name) { return layout.kube(node.name, name); };
  return {.argv = {setup.bin + "/apisim", "--node", node.name, "--cert", file("apiserver.crt"),
                   "--key", file("apiserver.key"), "--client-ca", file("ca.crt"), "--etcd-ca",
                   file("etcd-client-ca.crt"), "--etcd-cert", file("etcd-client.crt"), "--etcd-key",
                   file("etcd-client.key"), "--control", layout.apisim_socket(node.name)},
          .node = node.name,
          .log = layout.log(node.name + "-apiserver")};
}

Program vipd_program(const Setup& setup, const Layout& layout, const NodePlan& node) {
  return {.argv = {setup.bin + "/vipd", "run", "--config", layout.node(node.name) + "/vipd.yaml"},
          .node = node.name,
          .log = layout.log(node.name + "-vipd")};
}

absl::Status write_vipd_settings(const Setup& setup, const Layout& layout, const NodePlan& node) {
  const std::string folder = layout.node(node.name);
  const auto file = [&](const char* name) { return layout.kube(node.name, name); };
  std::filesystem::create_directories(layout.disk(node.name) + "/vipd");
  std::string yaml = fmt::format(
      "cluster: lab\ngroup: api\naddresses:\n  - {{id: {}, address: {}, name: lab-api}}\n",
      kFipV4Id, kFipV4);
  if (setup.v6)
    yaml += fmt::format("  - {{id: {}, address: \"{}\", name: lab-api-v6}}\n", kFipV6Id, kFipV6);
  yaml += fmt::format(
      "labels: {{cluster: lab}}\nnodeSubnets: [{}]\naddressGuardsProven: {}\n"
      "etcd:\n  endpoints: [\"https://127.0.0.1:2379\"]\n  ca: {}\n  cert: {}\n  key: {}\n"
      "hcloud:\n  endpoint: https://{}/v1\n  ca: {}\n  tokenFile: {}\n"
      "apiserver:\n  port: 6443\n  ca: {}\n  cert: {}\n  key: {}\n",
      kNodeSubnet, setup.v6, file("etcd-client-ca.crt"), file("etcd-client.crt"),
      file("etcd-client.key"), kHetznerAddress, layout.pki("hetzner-ca.crt"),
      folder + "/hcloud-token", file("ca.crt"), file("apiserver-kubelet-client.crt"),
      file("apiserver-kubelet-client.key"));
  yaml += fmt::format("timing:\n  ttl: {}\n", setup.ttl);
  for (const auto& [key, value] : setup.timing) yaml += fmt::format("  {}: {}\n", key, value);
  yaml += fmt::format("stateDir: {}\nlog: {{format: json, level: debug}}\n",
                      layout.disk(node.name) + "/vipd");
  if (auto token = base::write_file_atomically(folder + "/hcloud-token", kToken); !token.ok())
    return token;
  return base::write_file_atomically(folder + "/vipd.yaml", yaml);
}

Program prober_program(const Setup& setup, const Layout& layout, const ProbeOptions& options) {
  return {
      .argv = {setup.bin + "/prober", "--address", options.address, "--every", options.every,
               "--ca", layout.pki("kube-ca.crt"), "--cert", layout.pki("admin.crt"), "--key",
               layout.pki("admin.key"), "--results", options.results, "--control", options.socket},
      .node = "",
      .log = layout.log("prober")};
}

std::string peer_url(const NodePlan& node) { return "https://" + node.private_v4 + ":2380"; }
std::string client_url(const NodePlan& node) { return "https://" + node.private_v4 + ":2379"; }

}  // namespace vipd::lab
