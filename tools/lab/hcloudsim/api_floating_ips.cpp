// /floating_ips and their actions. Source: facts/hetzner-api.md 10.5.
#include "tools/lab/hcloudsim/call.h"
#include "tools/lab/hcloudsim/fields.h"
#include "tools/lab/hcloudsim/listing.h"
#include "tools/lab/hcloudsim/resources_json.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;

Json shown(const Call& call, Id id) {
  return floating_ip_json(call.model.floating_ips().at(id), call.calendar);
}

Answer list(Call& call) {
  std::vector<Json> items;
  for (const auto& [id, fip] : call.model.floating_ips()) {
    if (fip.project == call.caller.project) items.push_back(shown(call, id));
  }
  return list_answer(call, "floating_ips", std::move(items), {"id", "created"});
}

Answer get(Call& call) {
  const Id id = call.ids[0];
  if (call.model.find_floating_ip(call.caller.project, id) == nullptr) {
    return refuse(not_found("Floating IP", id));
  }
  return {.body = {{"floating_ip", shown(call, id)}}};
}

Answer create(Call& call) {
  Fields fields(call.body);
  NewFloatingIp wanted;
  const auto type = fields.required("type", fields.choice("type", {"ipv4", "ipv6"}));
  const auto home = fields.text("home_location");
  const auto server = fields.id("server");
  wanted.name = fields.text("name").value_or("");
  wanted.description = fields.text("description");
  wanted.labels = fields.labels("labels").value_or(Labels());
  wanted.v6 = type == "ipv6";
  if (home.has_value() == server.has_value()) {
    fields.complain("home_location", "give either home_location or server");
  }
  if (home && find_location(*home) == nullptr) fields.complain("home_location", "is unknown");
  if (auto problem = fields.problem()) return refuse(*problem);

  const Server* target = server ? call.model.find_server(call.caller.project, *server) : nullptr;
  if (server && target == nullptr) return refuse(not_found("server", *server));
  if (server && call.model.is_locked({"server", *server})) return refuse(locked("server"));
  wanted.home_location = home ? *home : target->location;
  const auto made = call.model.create_floating_ip(call.caller, wanted);
  if (const auto* error = std::get_if<ApiError>(&made)) return refuse(*error);
  const Id id = std::get<Id>(made);
  Answer answer{.status = 201};
  if (server) answer = action_answer(call, call.model.assign(call.caller, id, *server));
  answer.body["floating_ip"] = shown(call, id);
  return answer;
}

Answer update(Call& call) {
  Fields fields(call.body);
  const FloatingIpChange change{fields.text("name"), fields.text("description"),
                                fields.labels("labels")};
  if (auto problem = fields.problem()) return refuse(*problem);
  const auto done = call.model.update_floating_ip(call.caller, call.ids[0], change);
  if (const auto* error = std::get_if<ApiError>(&done)) return refuse(*error);
  return {.body = {{"floating_ip", shown(call, call.ids[0])}}};
}

Answer remove(Call& call) {
  const auto done = call.model.delete_floating_ip(call.caller, call.ids[0]);
  if (const auto* error = std::get_if<ApiError>(&done)) return refuse(*error);
  return {.status = 204};
}

Answer assign(Call& call) {
  Fields fields(call.body);
  const auto server = fields.required("server", fields.id("server"));
  if (auto problem = fields.problem()) return refuse(*problem);
  return action_answer(call, call.model.assign(call.caller, call.ids[0], *server));
}

Answer unassign(Call& call) {
  return action_answer(call, call.model.unassign(call.caller, call.ids[0]));
}

Answer change_dns_ptr(Call& call) {
  Fields fields(call.body);
  const auto text = fields.required("ip", fields.text("ip"));
  const auto name = fields.text("dns_ptr");
  if (call.body.find("dns_ptr") == call.body.end()) fields.complain("dns_ptr", "is required");
  const auto ip = base::IpAddress::parse(text.value_or(""));
  if (text && !ip.ok()) fields.complain("ip", "must be an IP address");
  if (auto problem = fields.problem()) return refuse(*problem);
  return action_answer(call, call.model.change_dns_ptr(call.caller, call.ids[0], *ip, name));
}

Answer change_protection(Call& call) {
  Fields fields(call.body);
  const auto from_deletion = fields.required("delete", fields.flag("delete"));
  if (auto problem = fields.problem()) return refuse(*problem);
  return action_answer(
      call, call.model.protect_floating_ip(call.caller, call.ids[0], *from_deletion));
}

}  // namespace

std::vector<Endpoint> floating_ip_endpoints() {
  return {{"GET", "/floating_ips", list},
          {"POST", "/floating_ips", create},
          {"GET", "/floating_ips/{id}", get},
          {"PUT", "/floating_ips/{id}", update},
          {"DELETE", "/floating_ips/{id}", remove},
          {"POST", "/floating_ips/{id}/actions/assign", assign},
          {"POST", "/floating_ips/{id}/actions/unassign", unassign},
          {"POST", "/floating_ips/{id}/actions/change_dns_ptr", change_dns_ptr},
          {"POST", "/floating_ips/{id}/actions/change_protection", change_protection}};
}

}  // namespace vipd::hcloudsim
