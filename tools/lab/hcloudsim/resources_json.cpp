#include "tools/lab/hcloudsim/resources_json.h"

#include <fmt/format.h>

namespace vipd::hcloudsim {

using base::Json;

namespace {

// One type is enough: nothing here depends on a server's size.
Json server_type_json() {
  return {{"id", 114},          {"name", "cx23"},      {"description", "CX23"},
          {"category", "cost_optimized"},              {"cores", 2},
          {"memory", 4.0},      {"disk", 40},          {"storage_type", "local"},
          {"cpu_type", "shared"}, {"architecture", "x86"}, {"prices", Json::array()},
          {"locations", Json::array()}, {"deprecated", false}, {"deprecation", nullptr}};
}

Json public_net_json(const Server& server, const Model& model) {
  Json fips = Json::array();
  for (const auto& [id, fip] : model.floating_ips()) {
    if (fip.server == server.id) fips.push_back(id);
  }
  Json net{{"ipv4", nullptr}, {"ipv6", nullptr}, {"floating_ips", std::move(fips)},
           {"firewalls", Json::array()}};
  if (!server.public_ipv4.empty()) {
    net["ipv4"] = {{"id", server.id * 10 + 4}, {"ip", server.public_ipv4}, {"blocked", false},
                   {"dns_ptr", fmt::format("static.{}.clients.example", server.public_ipv4)}};
  }
  if (!server.public_ipv6_net.empty()) {
    net["ipv6"] = {{"id", server.id * 10 + 6}, {"ip", server.public_ipv6_net},
                   {"blocked", false}, {"dns_ptr", Json::array()}};
  }
  return net;
}

Json private_net_json(const Server& server) {
  Json nets = Json::array();
  for (const PrivateIp& each : server.private_ips) {
    nets.push_back({{"network", each.network}, {"ip", each.ip}, {"alias_ips", each.alias_ips},
                    {"mac_address", each.mac_address}});
  }
  return nets;
}

}  // namespace

Json location_json(const Location& location) {
  return {{"id", location.id},
          {"name", location.name},
          {"description", fmt::format("{} DC Park 1", location.city)},
          {"country", location.country},
          {"city", location.city},
          {"latitude", location.latitude},
          {"longitude", location.longitude},
          {"network_zone", location.network_zone}};
}

Json floating_ip_json(const FloatingIp& fip, const Calendar& calendar) {
  Json dns = Json::array();
  for (const auto& [ip, name] : fip.dns_ptr) dns.push_back({{"ip", ip}, {"dns_ptr", name}});
  return {{"id", fip.id},
          {"name", fip.name},
          {"description", fip.description ? Json(*fip.description) : Json()},
          {"ip", fip.ip()},
          {"type", fip.is_v4() ? "ipv4" : "ipv6"},
          {"server", fip.server ? Json(*fip.server) : Json()},
          {"dns_ptr", std::move(dns)},
          {"home_location", location_json(*find_location(fip.home_location))},
          {"blocked", fip.blocked},
          {"protection", {{"delete", fip.delete_protection}}},
          {"labels", fip.labels},
          {"created", calendar.text(fip.created)}};
}

Json server_json(const Server& server, const Model& model, const Calendar& calendar) {
  return {{"id", server.id},
          {"name", server.name},
          {"status", server.status},
          {"created", calendar.text(server.created)},
          {"public_net", public_net_json(server, model)},
          {"private_net", private_net_json(server)},
          {"server_type", server_type_json()},
          {"location", location_json(*find_location(server.location))},
          {"image", nullptr},
          {"iso", nullptr},
          {"rescue_enabled", false},
          {"locked", model.is_locked({"server", server.id})},
          {"backup_window", nullptr},
          {"outgoing_traffic", 0},
          {"ingoing_traffic", 0},
          {"included_traffic", 21990232555520},
          {"protection",
           {{"delete", server.delete_protection}, {"rebuild", server.delete_protection}}},
          {"labels", server.labels},
          {"volumes", Json::array()},
          {"load_balancers", Json::array()},
          {"primary_disk_size", 40},
          {"placement_group", nullptr}};
}

Json action_json(const Action& action, const Calendar& calendar) {
  Json resources = Json::array();
  for (const ResourceRef& each : action.resources) {
    resources.push_back({{"id", each.id}, {"type", each.type}});
  }
  Json error;
  if (const auto& failure = action.failure) {
    error = {{"code", failure->code}, {"message", failure->message}};
  }
  return {{"id", action.id},
          {"command", action.command},
          {"status", action.status},
          {"progress", action.finished ? 100 : 0},
          {"started", calendar.text(action.started)},
          {"finished", action.finished ? Json(calendar.text(*action.finished)) : Json()},
          {"resources", std::move(resources)},
          {"error", std::move(error)}};
}

}  // namespace vipd::hcloudsim
