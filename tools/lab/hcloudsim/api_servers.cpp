// /servers: read, delete, power, alias addresses. Servers are made by the admin interface.
// Source: facts/hetzner-api.md 10.7.
#include "tools/lab/hcloudsim/call.h"
#include "tools/lab/hcloudsim/fields.h"
#include "tools/lab/hcloudsim/listing.h"
#include "tools/lab/hcloudsim/resources_json.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;

Answer list(Call& call) {
  std::vector<Json> items;
  for (const auto& [id, server] : call.model.servers()) {
    if (server.project != call.caller.project) continue;
    items.push_back(server_json(server, call.model, call.calendar));
  }
  return list_answer(call, "servers", std::move(items), {"id", "name", "created"});
}

Answer get(Call& call) {
  const Server* server = call.model.find_server(call.caller.project, call.ids[0]);
  if (server == nullptr) return refuse(not_found("server", call.ids[0]));
  return {.body = {{"server", server_json(*server, call.model, call.calendar)}}};
}

Answer remove(Call& call) {
  Answer answer = action_answer(call, call.model.delete_server(call.caller, call.ids[0]));
  if (answer.status == 201) answer.status = 200;
  return answer;
}

Answer power(Call& call, const char* command, const char* status_after) {
  return action_answer(
      call, call.model.change_power(call.caller, call.ids[0], command, status_after));
}

Answer power_on(Call& call) { return power(call, "start_server", "running"); }
Answer power_off(Call& call) { return power(call, "stop_server", "off"); }
Answer shut_down(Call& call) { return power(call, "shutdown_server", "off"); }
Answer reboot(Call& call) { return power(call, "reboot_server", "running"); }
Answer reset(Call& call) { return power(call, "reset_server", "running"); }

Answer change_alias_ips(Call& call) {
  Fields fields(call.body);
  const auto network = fields.required("network", fields.id("network"));
  const auto ips = fields.required("alias_ips", fields.texts("alias_ips"));
  if (auto problem = fields.problem()) return refuse(*problem);
  return action_answer(call,
                       call.model.change_alias_ips(call.caller, call.ids[0], *network, *ips));
}

}  // namespace

std::vector<Endpoint> server_endpoints() {
  return {{"GET", "/servers", list},
          {"GET", "/servers/{id}", get},
          {"DELETE", "/servers/{id}", remove},
          {"POST", "/servers/{id}/actions/poweron", power_on},
          {"POST", "/servers/{id}/actions/poweroff", power_off},
          {"POST", "/servers/{id}/actions/shutdown", shut_down},
          {"POST", "/servers/{id}/actions/reboot", reboot},
          {"POST", "/servers/{id}/actions/reset", reset},
          {"POST", "/servers/{id}/actions/change_alias_ips", change_alias_ips}};
}

}  // namespace vipd::hcloudsim
