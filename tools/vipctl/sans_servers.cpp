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

bool is_known(const std::vector<Target>& targets, const std::string& host) {
  return std::any_of(targets.begin(), targets.end(),
                     [&](const Target& other) { return other.host == host; });
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
  std::vector<Target> targets;
  if (only != Service::kApid) {
    for (const auto& each : wanted_names(settings, "")) {
      const bool reached_by_clients =
          each.kind == certsans::Kind::kAddress || each.kind == certsans::Kind::kPublicName ||
          each.name == settings.endpoint.host;
      if (!reached_by_clients || each.name.find('*') != std::string::npos) continue;
      targets.push_back({Service::kApiserver, each.name, port, true});
    }
  }
  const std::vector<Target> stable = targets;
  for (const talos::Endpoint& node : nodes.endpoints) {
    if (is_known(stable, node.host)) continue;
    if (only != Service::kApid) {
      targets.push_back({Service::kApiserver, node.host, port, false});
    }
    if (only != Service::kApiserver) {
      targets.push_back({Service::kApid, node.host, node.port, false});
    }
  }
  return targets;
}

}  // namespace vipd::vipctl
