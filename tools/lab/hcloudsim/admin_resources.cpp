// Projects, tokens, Floating IPs, and the third party that moves them.
#include "tools/lab/hcloudsim/admin.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;
using base::ServerResponse;

const std::vector<std::string> kModes = {"ro", "rw"};

ServerResponse add_project(AdminCall& call) {
  Fields fields(call.body);
  const auto project = fields.required("name", fields.text("name")).value_or("");
  if (auto problem = fields.problem()) return refused(*problem);
  std::vector<std::pair<std::string, Token>> tokens;
  for (const Json& each : call.body.value("tokens", Json::array())) {
    Fields token(each);
    const auto text = token.required("token", token.text("token"));
    const auto name = token.text("name").value_or("");
    const auto mode = token.choice("mode", kModes).value_or("rw");
    if (auto problem = token.problem()) return refused(*problem);
    tokens.push_back({*text, {project, name, mode == "rw"}});
  }
  call.world.projects.insert(project);
  for (const auto& [text, token] : tokens) call.world.tokens.add(text, token);
  return json_response(200, {{"name", project}});
}

ServerResponse change_token(AdminCall& call) {
  Token* token = call.world.tokens.find(call.wildcards[0]);
  if (token == nullptr) return refused({404, "not_found", "no such token"});
  Fields fields(call.body);
  const auto mode = fields.choice("mode", kModes);
  const auto revoked = fields.flag("revoked");
  if (auto problem = fields.problem()) return refused(*problem);
  if (mode) token->may_write = *mode == "rw";
  if (revoked) token->revoked = *revoked;
  return json_response(200, {{"name", token->name}});
}

ServerResponse add_floating_ip(AdminCall& call) {
  Fields fields(call.body);
  const Caller caller{project_of(call, fields), "admin", call.now};
  NewFloatingIp wanted;
  wanted.id = fields.id("id");
  wanted.name = fields.text("name").value_or("");
  wanted.description = fields.text("description");
  wanted.v6 = fields.choice("type", {"ipv4", "ipv6"}).value_or("ipv4") == "ipv6";
  wanted.home_location = fields.text("home_location").value_or("fsn1");
  wanted.labels = fields.labels("labels").value_or(Labels());
  const auto server = fields.id("server");
  if (const auto ip = fields.text("ip")) {
    const auto prefix = base::IpPrefix::parse(*ip);
    const bool fits = prefix.ok() && prefix->length == (wanted.v6 ? 64 : 32) &&
                      (prefix->address.family == base::Family::kV6) == wanted.v6;
    if (!fits) fields.complain("ip", "must be an IPv4 address, or an IPv6 /64 for type ipv6");
    if (fits) wanted.prefix = *prefix;
  }
  const bool somewhere = find_location(wanted.home_location) != nullptr;
  if (!somewhere) fields.complain("home_location", "is unknown");
  if (server && call.world.model.find_server(caller.project, *server) == nullptr) {
    fields.complain("server", "is not in the project");
  }
  if (auto problem = fields.problem()) return refused(*problem);
  const auto made = call.world.model.create_floating_ip(caller, wanted);
  if (!server || std::holds_alternative<ApiError>(made)) return id_response(made);
  return id_response(call.world.model.place(std::get<Id>(made), *server, call.now));
}

ServerResponse change_floating_ip(AdminCall& call) {
  Fields fields(call.body);
  const auto name = fields.text("name");
  const auto labels = fields.labels("labels");
  const auto blocked = fields.flag("blocked");
  const auto protection = fields.flag("delete_protection");
  if (auto problem = fields.problem()) return refused(*problem);
  const Id id = parse_id(call.wildcards[0]).value_or(0);
  const bool found = call.world.model.edit_floating_ip(id, [&](FloatingIp& fip) {
    if (name) fip.name = *name;
    if (labels) fip.labels = *labels;
    if (blocked) fip.blocked = *blocked;
    if (protection) fip.delete_protection = *protection;
  });
  return found ? id_response(id) : refused(not_found("Floating IP", id));
}

ServerResponse remove_floating_ip(AdminCall& call) {
  const Id id = parse_id(call.wildcards[0]).value_or(0);
  return call.world.model.remove_floating_ip(id, call.now) ? id_response(id)
                                                           : refused(not_found("Floating IP", id));
}

ServerResponse steal(AdminCall& call) {
  Fields fields(call.body);
  const auto fip = fields.required("floating_ip", fields.id("floating_ip"));
  const auto server = fields.id("server");
  if (auto problem = fields.problem()) return refused(*problem);
  return id_response(call.world.model.steal(*fip, server, call.now));
}

}  // namespace

std::string project_of(AdminCall& call, Fields& fields) {
  const auto name = fields.required("project", fields.text("project")).value_or("");
  if (!name.empty() && call.world.projects.count(name) == 0) {
    fields.complain("project", "does not exist; make it with POST /projects");
  }
  return name;
}

std::vector<AdminEndpoint> admin_resource_endpoints() {
  return {{"POST", "/projects", add_project},
          {"PUT", "/tokens/{text}", change_token},
          {"POST", "/floating_ips", add_floating_ip},
          {"PUT", "/floating_ips/{id}", change_floating_ip},
          {"DELETE", "/floating_ips/{id}", remove_floating_ip},
          {"POST", "/steal", steal}};
}

}  // namespace vipd::hcloudsim
