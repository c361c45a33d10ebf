// Servers: made by the admin, deleted by anybody, switched on and off.
#include <algorithm>
#include <utility>

#include "tools/lab/hcloudsim/model.h"

namespace vipd::hcloudsim {

Result<Id> Model::create_server(const Caller& caller, Server server) {
  if (server.id == 0) server.id = next_server_++;
  if (servers_.count(server.id) > 0) return not_unique("id");
  const bool taken = std::any_of(servers_.begin(), servers_.end(), [&](const auto& each) {
    return each.second.project == caller.project && each.second.name == server.name;
  });
  if (taken) return not_unique("name");
  server.project = caller.project;
  server.created = caller.now;
  record(caller.now, "server_created",
         {{"server", server.id}, {"name", server.name}, {"project", server.project}});
  const Id id = server.id;
  servers_[id] = std::move(server);
  return id;
}

Result<Id> Model::delete_server(const Caller& caller, Id id) {
  Server* server = mutable_server(caller.project, id);
  if (server == nullptr) return not_found("server", id);
  if (server->delete_protection) return is_protected("server");
  const ResourceRef self{"server", id};
  auto action = start_action(caller, "delete_server", {self}, {self}, timing.other,
                             [this, id](Id, base::Instant at) {
                               remove_server(id, at);
                               return std::optional<ActionFailure>();
                             });
  if (std::holds_alternative<Id>(action) && !caller.action_fails) server->status = "deleting";
  return action;
}

bool Model::remove_server(Id id, base::Instant now) {
  const auto found = servers_.find(id);
  if (found == servers_.end()) return false;
  record(now, "server_deleted", {{"server", id}, {"project", found->second.project}});
  servers_.erase(found);
  for (auto& [fip_id, fip] : floating_ips_) {
    if (fip.server == id) {
      fip.server.reset();
      record(now, "detached", {{"fip", fip_id}, {"server", id}, {"project", fip.project}});
    }
    if (fip.routed_to == id) route_now(fip, std::nullopt, now);
  }
  return true;
}

Result<Id> Model::change_power(const Caller& caller, Id id, const std::string& command,
                               const std::string& status_after) {
  if (find_server(caller.project, id) == nullptr) return not_found("server", id);
  const ResourceRef self{"server", id};
  return start_action(caller, command, {self}, {self}, timing.other,
                      [this, id, status_after](Id, base::Instant) -> std::optional<ActionFailure> {
                        const auto found = servers_.find(id);
                        if (found == servers_.end()) {
                          return ActionFailure{"action_failed", "the server is gone"};
                        }
                        found->second.status = status_after;
                        return std::nullopt;
                      });
}

Result<Id> Model::change_alias_ips(const Caller& caller, Id id, Id network,
                                   std::vector<std::string> alias_ips) {
  Server* server = mutable_server(caller.project, id);
  if (server == nullptr) return not_found("server", id);
  const auto in_network = [network](const PrivateIp& each) { return each.network == network; };
  if (std::none_of(server->private_ips.begin(), server->private_ips.end(), in_network)) {
    return not_found("network", network);
  }
  const ResourceRef self{"server", id};
  return start_action(
      caller, "change_alias_ips", {self, {"network", network}}, {self}, timing.other,
      [this, id, in_network, alias_ips = std::move(alias_ips)](Id, base::Instant) {
        const auto found = servers_.find(id);
        if (found == servers_.end()) return std::optional<ActionFailure>();
        auto& nets = found->second.private_ips;
        std::find_if(nets.begin(), nets.end(), in_network)->alias_ips = alias_ips;
        return std::optional<ActionFailure>();
      });
}

}  // namespace vipd::hcloudsim
