#include "tools/lab/hcloudsim/metadata.h"

#include <fmt/format.h>

#include "tools/lab/hcloudsim/target.h"

namespace vipd::hcloudsim {
namespace {

bool consume_prefix(std::string_view& text, std::string_view prefix) {
  const bool found = text.starts_with(prefix);
  if (found) text.remove_prefix(prefix.size());
  return found;
}

std::string private_networks(const Server& server) {
  if (server.private_ips.empty()) return "[]\n";
  std::string yaml;
  for (std::size_t i = 0; i < server.private_ips.size(); ++i) {
    const PrivateIp& each = server.private_ips[i];
    yaml += fmt::format(
        "- ip: {}\n  alias_ips: [{}]\n  interface_num: {}\n  mac_address: {}\n  network_id: {}\n"
        "  network_name: {}\n  network: {}\n  subnet: {}\n  gateway: {}\n",
        each.ip, fmt::join(each.alias_ips, ", "), i + 1, each.mac_address, each.network,
        each.network_name, each.network_range, each.subnet, each.gateway);
  }
  return yaml;
}

// Version 1 of cloud-init's network config, as Talos reads it.
std::string network_config(const Server& server) {
  std::string yaml = "version: 1\nconfig:\n- type: physical\n  name: eth0\n  subnets:\n";
  if (!server.public_ipv4.empty()) yaml += "  - type: dhcp\n    ipv4: true\n";
  if (!server.public_ipv6_net.empty()) {
    const std::string network =
        server.public_ipv6_net.substr(0, server.public_ipv6_net.find('/'));
    yaml += fmt::format(
        "  - type: static\n    ipv6: true\n    address: {}1/64\n    gateway: fe80::1\n", network);
  }
  return yaml;
}

std::string everything(const Server& server, const Location& location) {
  std::string yaml = fmt::format("availability-zone: {}\nhostname: {}\ninstance-id: {}\n",
                                 location.datacenter, server.name, server.id);
  if (!server.public_ipv4.empty()) {
    yaml += fmt::format("public-ipv4: {0}\nlocal-ipv4: {0}\n", server.public_ipv4);
  }
  return yaml + fmt::format("public-keys: []\nregion: {}\n", location.network_zone);
}

bool is_address_of(const Server& server, const std::string& peer) {
  if (server.public_ipv4 == peer) return true;
  for (const PrivateIp& each : server.private_ips) {
    if (each.ip == peer) return true;
  }
  const auto address = base::IpAddress::parse(peer);
  const auto network = base::IpPrefix::parse(server.public_ipv6_net);
  return address.ok() && network.ok() && network->contains(*address);
}

}  // namespace

std::optional<std::string> metadata_text(const Server& server, const std::string& path) {
  const Location& location = *find_location(server.location);
  std::string_view rest = path;
  if (!consume_prefix(rest, "/hetzner/v1/")) return std::nullopt;
  if (rest == "userdata") return "";
  if (rest == "metadata") return everything(server, location);
  if (!consume_prefix(rest, "metadata/")) return std::nullopt;
  if (rest == "instance-id") return fmt::format("{}", server.id);
  if (rest == "hostname") return server.name;
  if (rest == "region") return location.network_zone;
  if (rest == "availability-zone") return location.datacenter;
  if (rest == "private-networks") return private_networks(server);
  if (rest == "network-config") return network_config(server);
  if (rest == "public-keys") return "[]\n";
  const bool v4 = rest == "public-ipv4" || rest == "local-ipv4";
  if (v4 && !server.public_ipv4.empty()) return server.public_ipv4;
  return std::nullopt;
}

const Server* Metadata::server_of(const Model& model, const std::string& peer,
                                  std::optional<Id> as_server) const {
  const auto pinned = servers_.find(peer);
  if (!as_server && pinned != servers_.end()) as_server = pinned->second;
  if (as_server) {
    const auto found = model.servers().find(*as_server);
    return found == model.servers().end() ? nullptr : &found->second;
  }
  for (const auto& [id, server] : model.servers()) {
    if (is_address_of(server, peer)) return &server;
  }
  return nullptr;
}

std::optional<base::ServerResponse> Metadata::answer(const Model& model,
                                                     const base::ServerRequest& request,
                                                     std::optional<Id> as_server) const {
  // A socket that takes both families shows v4 peers in their mapped form.
  std::string_view peer = request.peer;
  consume_prefix(peer, "::ffff:");
  const auto mode = modes_.find(std::string(peer));
  if (mode != modes_.end() && mode->second == Mode::kSilent) return std::nullopt;
  const bool missing = mode != modes_.end() && mode->second == Mode::kMissing;
  const Server* server = missing ? nullptr : server_of(model, std::string(peer), as_server);
  const auto text = server == nullptr || request.method != "GET"
                        ? std::nullopt
                        : metadata_text(*server, Target::parse(request.target).path);
  base::ServerResponse response;
  response.status = text ? 200 : 404;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = text.value_or("not found\n");
  return response;
}

}  // namespace vipd::hcloudsim
