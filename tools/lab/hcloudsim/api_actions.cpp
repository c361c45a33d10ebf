// Actions, of the project, of a kind of resource and of one resource.
// Source: facts/hetzner-api.md 10.4; what was removed says so with 410.
#include <algorithm>

#include "tools/lab/hcloudsim/call.h"
#include "tools/lab/hcloudsim/listing.h"
#include "tools/lab/hcloudsim/resources_json.h"

namespace vipd::hcloudsim {
namespace {

using base::Json;

const std::vector<std::string> kSortable = {"id", "command", "status", "started", "finished"};

template <class Predicate>
Answer list_where(Call& call, Predicate wanted) {
  std::vector<Id> ids;
  for (const std::string& each : call.target.values("id")) {
    const auto id = parse_id(each);
    if (!id) return refuse(invalid_input({{"id", "must be a positive integer"}}));
    ids.push_back(*id);
  }
  std::vector<Json> items;
  for (const auto& [id, action] : call.model.actions()) {
    const bool asked = ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
    if (action.project == call.caller.project && asked && wanted(action)) {
      items.push_back(action_json(action, call.calendar));
    }
  }
  return list_answer(call, "actions", std::move(items), kSortable);
}

bool is_of_type(const Action& action, const std::string& type) {
  return std::any_of(action.resources.begin(), action.resources.end(),
                     [&](const ResourceRef& each) { return each.type == type; });
}

Answer get_of(Call& call, const std::string& type) {
  const Id id = call.ids.back();
  const Action* action = call.model.find_action(call.caller.project, id);
  const bool found = action != nullptr && (type.empty() || is_of_type(*action, type));
  if (!found) return refuse(not_found("action", id));
  return {.body = {{"action", action_json(*action, call.calendar)}}};
}

Answer list_all(Call& call) {
  if (call.target.values("id").empty()) {
    return refuse(removed_endpoint("listing actions without ?id=",
                                   "https://docs.hetzner.cloud/changelog#2025-01-30"));
  }
  return list_where(call, [](const Action&) { return true; });
}

Answer list_of_type(Call& call, const std::string& type) {
  return list_where(call, [&](const Action& action) { return is_of_type(action, type); });
}

Answer list_of_one(Call& call, const ResourceRef& resource) {
  return list_where(call, [&](const Action& action) { return action.concerns(resource); });
}

Answer get_any(Call& call) { return get_of(call, ""); }
Answer get_fip_action(Call& call) { return get_of(call, "floating_ip"); }
Answer get_server_action(Call& call) { return get_of(call, "server"); }
Answer list_fip_actions(Call& call) { return list_of_type(call, "floating_ip"); }
Answer list_server_actions(Call& call) { return list_of_type(call, "server"); }

Answer list_of_fip(Call& call) {
  if (call.model.find_floating_ip(call.caller.project, call.ids[0]) == nullptr) {
    return refuse(not_found("Floating IP", call.ids[0]));
  }
  return list_of_one(call, {"floating_ip", call.ids[0]});
}

Answer list_of_server(Call& call) {
  if (call.model.find_server(call.caller.project, call.ids[0]) == nullptr) {
    return refuse(not_found("server", call.ids[0]));
  }
  return list_of_one(call, {"server", call.ids[0]});
}

Answer removed(Call&) {
  return refuse(removed_endpoint("reading an action below its resource",
                                 "https://docs.hetzner.cloud/changelog#2026-04-30"));
}

}  // namespace

std::vector<Endpoint> action_endpoints() {
  return {{"GET", "/actions", list_all},
          {"GET", "/actions/{id}", get_any},
          {"GET", "/floating_ips/actions", list_fip_actions},
          {"GET", "/floating_ips/actions/{id}", get_fip_action},
          {"GET", "/floating_ips/{id}/actions", list_of_fip},
          {"GET", "/floating_ips/{id}/actions/{id}", removed},
          {"GET", "/servers/actions", list_server_actions},
          {"GET", "/servers/actions/{id}", get_server_action},
          {"GET", "/servers/{id}/actions", list_of_server},
          {"GET", "/servers/{id}/actions/{id}", removed}};
}

}  // namespace vipd::hcloudsim
