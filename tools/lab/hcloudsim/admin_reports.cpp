// Faults, the audit log and the state of everything.
#include "tools/lab/hcloudsim/admin.h"
#include "tools/lab/hcloudsim/resources_json.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;
using base::ServerResponse;

ServerResponse add_fault(AdminCall& call) {
  if (const auto problem = call.world.faults.add(call.body)) return refused(*problem);
  return json_response(200, {{"faults", call.world.faults.json()}});
}

ServerResponse clear_faults(AdminCall& call) {
  call.world.faults.clear();
  return json_response(200, Json::object());
}

ServerResponse list_faults(AdminCall& call) {
  return json_response(200, {{"faults", call.world.faults.json()}});
}

ServerResponse audit(AdminCall& call) {
  const auto since = parse_id(call.target.value("since").value_or(""));
  ServerResponse response;
  response.headers = {{"Content-Type", "application/x-ndjson"}};
  response.body = call.world.audit.text_since(static_cast<std::uint64_t>(since.value_or(0)));
  return response;
}

ServerResponse state(AdminCall& call) {
  const World& world = call.world;
  Json servers = Json::array();
  Json fips = Json::array();
  Json running = Json::array();
  for (const auto& [id, server] : world.model.servers()) {
    Json shown = server_json(server, world.model, world.calendar);
    shown.update({{"project", server.project}, {"link", server.link}});
    servers.push_back(std::move(shown));
  }
  for (const auto& [id, fip] : world.model.floating_ips()) {
    Json shown = floating_ip_json(fip, world.calendar);
    shown["project"] = fip.project;
    shown["routed_to"] = fip.routed_to ? Json(*fip.routed_to) : Json();
    shown["locked"] = world.model.is_locked({"floating_ip", id});
    fips.push_back(std::move(shown));
  }
  for (const auto& [id, action] : world.model.actions()) {
    if (!action.finished) running.push_back(action_json(action, world.calendar));
  }
  return json_response(200, {{"projects", world.projects},
                             {"servers", std::move(servers)},
                             {"floating_ips", std::move(fips)},
                             {"running_actions", std::move(running)},
                             {"faults", world.faults.json()}});
}

}  // namespace

std::vector<AdminEndpoint> admin_report_endpoints() {
  return {{"GET", "/faults", list_faults},
          {"POST", "/faults", add_fault},
          {"DELETE", "/faults", clear_faults},
          {"GET", "/audit", audit},
          {"GET", "/state", state}};
}

}  // namespace vipd::hcloudsim
