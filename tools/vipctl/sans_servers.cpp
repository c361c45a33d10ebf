#include "tools/vipctl/sans_servers.h"

#include <algorithm>

#include <fmt/format.h>

#include "talos/talosconfig.h"
#include "tools/vipctl/declaration.h"

namespace vipd::vipctl {
namespace {

using certsans::Service;
using certsans::Target;

absl::StatusOr<talos::Context> context_of(const NodeSources& sources, const Environment& around,
                                          std::string& file) {
  talos::TalosconfigPlaces places;
  places.flag = sources.talosconfig;
  places.talosconfig = around.variable("TALOSCONFIG");
  places.talos_home = around.variable("TALOS_HOME");
  places.home = around.variable("HOME");
  const auto found = talos::find_talosconfig(places);
  if (!found.ok()) return found.status();
  file = *found;
  return talos::read_talosconfig(*found, sources.context);
}

void use(const talos::Context& context, const std::string& file, Nodes& nodes) {
  nodes.talos_ca_pem = context.ca_pem;
  if (!nodes.endpoints.empty()) return;
  nodes.endpoints = context.endpoints;
  nodes.from = fmt::format("{}, context {}", file, context.name);
  if (nodes.endpoints.empty()) nodes.from += ", which has no endpoints";
}

// Each once; a node may be named twice, or by the stable address.
class Servers {
 public:
  explicit Servers(std::optional<Service> only) : only_(only) {}

  void add(Service service, const std::string& host, std::uint16_t port, bool is_stable) {
    const Target target{service, host, port, is_stable};
    const bool known = std::find(targets_.begin(), targets_.end(), target) != targets_.end();
    if (!known && only_.value_or(service) == service) targets_.push_back(target);
  }
  std::vector<Target> take() { return std::move(targets_); }

 private:
  std::optional<Service> only_;
  std::vector<Target> targets_;
};

// What clients reach the API by; further private names may lead anywhere from here.
std::vector<std::string> stable_hosts(const shell::Settings& settings) {
  std::vector<std::string> hosts;
  for (const auto& each : wanted_names(settings, "")) {
    const bool reached_by_clients = each.kind == certsans::Kind::kAddress ||
                                    each.kind == certsans::Kind::kPublicName ||
                                    each.name == settings.endpoint.host;
    const bool is_pattern = each.name.find('*') != std::string::npos;
    if (reached_by_clients && !is_pattern) hosts.push_back(each.name);
  }
  return hosts;
}

}  // namespace

absl::StatusOr<Nodes> nodes_from(const NodeSources& sources, const Environment& around) {
  Nodes nodes;
  for (const std::string& text : sources.nodes) {
    auto endpoint = talos::Endpoint::parse(text);
    if (!endpoint.ok()) return endpoint.status();
    nodes.endpoints.push_back(*std::move(endpoint));
    nodes.from = "--nodes";
  }
  // Whoever names nodes may have another cluster's talosconfig lying around.
  const bool named = !sources.talosconfig.empty() || !sources.context.empty();
  if (!named && !nodes.endpoints.empty()) return nodes;
  std::string file;
  const auto context = context_of(sources, around, file);
  if (context.ok()) {
    use(*context, file, nodes);
  } else if (named) {
    return context.status();
  } else {
    nodes.from = std::string(context.status().message());
  }
  return nodes;
}

std::vector<Target> servers_of(const shell::Settings& settings, const Nodes& nodes,
                               std::optional<Service> only) {
  const std::uint16_t port = settings.apiserver.port;
  const std::vector<std::string> stable = stable_hosts(settings);
  Servers servers(only);
  for (const std::string& host : stable) servers.add(Service::kApiserver, host, port, true);
  for (const talos::Endpoint& node : nodes.endpoints) {
    const bool is_stable = std::find(stable.begin(), stable.end(), node.host) != stable.end();
    servers.add(Service::kApiserver, node.host, port, is_stable);
    servers.add(Service::kApid, node.host, node.port, is_stable);
  }
  return servers.take();
}

}  // namespace vipd::vipctl
