#include "tools/vipctl/alternatives.h"

#include <ostream>

#include <fmt/format.h>

#include "base/document.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

constexpr std::string_view kTable =
    R"(#                vipd                       Talos' built-in VIP         load balancer
# costs a month  a Floating IP (about 3 EUR) the same                    about 6 EUR, and traffic
# crash of node  seconds                     up to a minute (60 s lease) about 10 s (3 checks)
# sick apiserver moves to a ready node       keeps the address           takes the node out
# token          a file on the node          in every machine config     none in the cluster
# limits         one node carries all        one node carries all;       IPv4 and IPv6 of its own;
#                traffic                     nothing outside is repaired connections of its type
# Prices change: GET https://api.hetzner.cloud/v1/pricing
)";

constexpr std::string_view kLegacyVip =
    R"(# Talos' own VIP. Rendered by vipctl: not beside vipd, they would fight.
machine:
  network:
    interfaces:
      - interface: {link}
        dhcp: true
        vip:
          ip: {address}
          hcloud:
            apiToken: ${{HCLOUD_TOKEN}}
)";

constexpr std::string_view kVipDocument =
    R"(# Talos' own VIP. Rendered by vipctl: not beside vipd, they would fight.
apiVersion: v1alpha1
kind: HCloudVIPConfig
name: {address}
link: {link}
apiToken: ${{HCLOUD_TOKEN}}
)";

constexpr std::string_view kCommands = R"(# {note}
hcloud load-balancer create --name {name} --type lb11 --location {location}
hcloud load-balancer attach-to-network {name} --network {network}
hcloud load-balancer add-target {name} --label-selector {selector} --use-private-ip
hcloud load-balancer add-service {name} --protocol tcp --listen-port {port} \
  --destination-port {port} --health-check-protocol http --health-check-http-tls \
  --health-check-port {port} --health-check-http-path /readyz \
  --health-check-http-status-codes {codes} --health-check-interval 3s \
  --health-check-timeout 2s --health-check-retries 3
hcloud load-balancer describe {name} -o format='{{{{.PublicNet.IPv4.IP}}}}'
)";

struct Known {
  shell::Settings settings;
  talos::Declaration declared;
  Ground ground;
};

absl::StatusOr<Known> known_from(const AlternativeOptions& options, const std::string& file) {
  auto settings = declared_settings(file);
  if (!settings.ok()) return settings.status();
  auto declared = declaration_of(*settings, options.phase.overrides);
  if (!declared.ok()) return declared.status();
  auto ground = ground_of(options.phase.live, *declared);
  if (!ground.ok()) return ground.status();
  return Known{*std::move(settings), *std::move(declared), *std::move(ground)};
}

// Certificates that name it, tokens that outlive the change, and the endpoint.
absl::StatusOr<std::vector<RenderedFile>> endpoint_patches(const Known& known,
                                                           const std::string& layout) {
  const auto* live = known.ground.config();
  const auto prepared = talos::goals_for({}, known.declared, known.ground.form, live);
  if (!prepared.ok()) return prepared.status();
  talos::Goals goals;
  goals.sans = prepared->sans;
  goals.issuers = prepared->issuers;
  goals.audiences = prepared->audiences;
  goals.endpoint = talos::stable_endpoint(known.declared);
  const auto edits = talos::edits_for(goals, known.ground.form, live);
  if (!edits.ok()) return edits.status();
  const auto patches = talos::patch_files(*edits, live);
  if (!patches.ok()) return patches.status();
  return laid_out(*patches, layout);
}

bool has_vip_documents(const Known& known) {
  const auto* live = known.ground.config();
  if (known.declared.version) return known.declared.version->has_network_documents();
  return live != nullptr && (live->has_kind("HCloudVIPConfig") || live->has_kind("HostnameConfig"));
}

int finish(absl::StatusOr<std::vector<RenderedFile>> files, std::vector<RenderedFile> more,
           const AlternativeOptions& options, const Environment& around) {
  if (!files.ok()) return complain(files.status(), around);
  for (RenderedFile& each : *files) more.push_back(std::move(each));
  if (!options.phase.check) around.err << kTable;
  return deliver(more, options.phase, around);
}

}  // namespace

int render_native_vip(const AlternativeOptions& options, const std::string& file,
                      const Environment& around) {
  const auto known = known_from(options, file);
  if (!known.ok()) return complain(known.status(), around);
  const std::string address = known->declared.addresses.front();
  const std::string_view form = has_vip_documents(*known) ? kVipDocument : kLegacyVip;
  const std::string folder = options.phase.layout == "ksail" ? "control-planes/" : "";
  const RenderedFile vip{folder + "assign-native-vip.yaml",
                         fmt::format(fmt::runtime(form),
                                     fmt::arg("address", base::yaml_text(address)),
                                     fmt::arg("link", base::yaml_text(options.link)))};
  return finish(endpoint_patches(*known, options.phase.layout), {vip}, options, around);
}

int render_load_balancer(const AlternativeOptions& options, const std::string& file,
                         const Environment& around) {
  auto known = known_from(options, file);
  if (!known.ok()) return complain(known.status(), around);
  // Without documents Talos sets --anonymous-auth=false: 401 is the most a check without
  // credentials can be told (facts/talos.md 3.4).
  const bool anonymous = known->ground.form.apiserver;
  around.out << fmt::format(
      kCommands,
      fmt::arg("note", anonymous ? "kube-apiserver answers /readyz to anybody: 200 is ready."
                                 : "kube-apiserver refuses strangers here: 401 says that it lives, "
                                   "not that it is ready."),
      fmt::arg("name", known->settings.core.cluster + "-api"),
      fmt::arg("location", options.location), fmt::arg("network", options.network),
      fmt::arg("selector", options.selector), fmt::arg("port", known->declared.port),
      fmt::arg("codes", anonymous ? "200" : "401"));
  if (options.address.empty()) {
    around.err << kTable << "Then once more with --address, for the patches.\n";
    return shell::kFine;
  }
  around.out << "---\n";
  known->declared.host = options.address;
  known->declared.addresses = {options.address};
  // Certificates name the balancer instead of Floating IPs.
  known->settings.endpoint.host = options.address;
  known->settings.addresses.clear();
  known->declared.sans = certsans::names_of(wanted_names(known->settings, ""));
  return finish(endpoint_patches(*known, options.phase.layout), {}, options, around);
}

}  // namespace vipd::vipctl
