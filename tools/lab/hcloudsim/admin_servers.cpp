// Servers: made, changed and taken away by the lab.
#include <fmt/format.h>

#include "tools/lab/hcloudsim/admin.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;
using base::ServerResponse;

std::vector<PrivateIp> private_ips(Fields& outer, const Json& list) {
  std::vector<PrivateIp> ips;
  for (const Json& each : list) {
    Fields fields(each);
    PrivateIp ip;
    const Id number = static_cast<Id>(ips.size()) + 1;
    ip.ip = fields.required("ip", fields.text("ip")).value_or("");
    ip.network = fields.id("network_id").value_or(7000000 + number);
    ip.network_name = fields.text("network_name").value_or(fmt::format("network-{}", number));
    ip.alias_ips = fields.texts("alias_ips").value_or(std::vector<std::string>());
    ip.mac_address = fields.text("mac_address").value_or("86:00:00:00:00:01");
    ip.network_range = fields.text("network").value_or("10.0.0.0/16");
    ip.subnet = fields.text("subnet").value_or(ip.network_range);
    ip.gateway = fields.text("gateway").value_or("10.0.0.1");
    if (fields.problem()) outer.complain("private_ips", fields.problem()->message);
    ips.push_back(std::move(ip));
  }
  return ips;
}

// "via": one address or a list of them, one per family.
void read_hop(Fields& fields, const Json& body, Server& server) {
  if (const auto link = fields.text("link")) server.link = *link;
  Json via = body.value("via", Json::array());
  if (via.is_string()) via = Json::array({via});
  for (const Json& each : via) {
    const auto address = base::IpAddress::parse(each.is_string() ? each.get<std::string>() : "");
    if (!address.ok()) {
      fields.complain("via", "must be addresses");
    } else if (address->family == base::Family::kV4) {
      server.via_v4 = *address;
    } else {
      server.via_v6 = *address;
    }
  }
}

ServerResponse add_server(AdminCall& call) {
  Fields fields(call.body);
  Server server;
  const std::string project = project_of(call, fields);
  server.id = fields.id("id").value_or(0);
  server.name = fields.required("name", fields.text("name")).value_or("");
  server.status = fields.text("status").value_or("running");
  server.location = fields.text("location").value_or("fsn1");
  server.public_ipv4 = fields.text("public_ipv4").value_or("");
  server.public_ipv6_net = fields.text("public_ipv6_net").value_or("");
  server.private_ips = private_ips(fields, call.body.value("private_ips", Json::array()));
  server.labels = fields.labels("labels").value_or(Labels());
  read_hop(fields, call.body, server);
  if (find_location(server.location) == nullptr) fields.complain("location", "is unknown");
  if (auto problem = fields.problem()) return refused(*problem);
  return id_response(call.world.model.create_server({project, "admin", call.now}, server));
}

ServerResponse change_server(AdminCall& call) {
  Fields fields(call.body);
  Server hop;
  const auto status = fields.text("status");
  const auto name = fields.text("name");
  const auto labels = fields.labels("labels");
  const auto protection = fields.flag("delete_protection");
  read_hop(fields, call.body, hop);
  if (auto problem = fields.problem()) return refused(*problem);
  const Id id = parse_id(call.wildcards[0]).value_or(0);
  const bool found = call.world.model.edit_server(id, [&](Server& server) {
    if (status) server.status = *status;
    if (name) server.name = *name;
    if (labels) server.labels = *labels;
    if (protection) server.delete_protection = *protection;
    if (!hop.link.empty()) server.link = hop.link;
    if (hop.via_v4) server.via_v4 = hop.via_v4;
    if (hop.via_v6) server.via_v6 = hop.via_v6;
  });
  return found ? id_response(id) : refused(not_found("server", id));
}

ServerResponse remove_server(AdminCall& call) {
  const Id id = parse_id(call.wildcards[0]).value_or(0);
  return call.world.model.remove_server(id, call.now) ? id_response(id)
                                                      : refused(not_found("server", id));
}

}  // namespace

std::vector<AdminEndpoint> admin_server_endpoints() {
  return {{"POST", "/servers", add_server},
          {"PUT", "/servers/{id}", change_server},
          {"DELETE", "/servers/{id}", remove_server}};
}

}  // namespace vipd::hcloudsim
