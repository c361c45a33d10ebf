// Assigning: the action, its effect on the `server` field, and the way packets go.
#include <algorithm>
#include <utility>

#include "tools/lab/hcloudsim/model.h"

namespace vipd::hcloudsim {

using namespace std::chrono_literals;

namespace {

base::Json id_or_null(const std::optional<Id>& id) { return id ? base::Json(*id) : base::Json(); }

}  // namespace

Result<Id> Model::assign(const Caller& caller, Id fip_id, Id server) {
  FloatingIp* fip = mutable_floating_ip(caller.project, fip_id);
  if (fip == nullptr) return not_found("Floating IP", fip_id);
  if (find_server(caller.project, server) == nullptr) return not_found("server", server);
  const bool refused = switches.floating_ip_assigned == Switches::Refuse::kAny
                           ? fip->server.has_value()
                           : fip->server == server;
  if (refused && switches.floating_ip_assigned != Switches::Refuse::kNever) {
    // A running action is reported first: the field may be about to change.
    if (is_locked({"floating_ip", fip_id})) return locked("floating IP");
    return ApiError{422, "floating_ip_assigned", "floating IP is already assigned"};
  }
  return move(caller, "assign_floating_ip", *fip, server);
}

Result<Id> Model::unassign(const Caller& caller, Id fip_id) {
  FloatingIp* fip = mutable_floating_ip(caller.project, fip_id);
  if (fip == nullptr) return not_found("Floating IP", fip_id);
  if (!fip->server) {
    if (is_locked({"floating_ip", fip_id})) return locked("floating IP");
    // No code of its own; this one and its sense were seen (terraform-provider-hcloud#279).
    return ApiError{422, "service_error",
                    "the Floating IP cannot be unassigned: it is assigned to no server"};
  }
  return move(caller, "unassign_floating_ip", *fip, std::nullopt);
}

Result<Id> Model::move(const Caller& caller, const std::string& command, FloatingIp& fip,
                       std::optional<Id> to) {
  const Id id = fip.id;
  const std::optional<Id> before = fip.server;
  const ResourceRef named{"server", to ? *to : *fip.server};
  std::vector<ResourceRef> locks{{"floating_ip", id}};
  if (switches.lock_servers) locks.push_back(named);
  const Milliseconds takes = timing.assign.draw(random);
  auto started = start_action(
      caller, command, {named, {"floating_ip", id}}, locks, takes,
      [this, id, to](Id action, base::Instant at) -> std::optional<ActionFailure> {
        const auto found = floating_ips_.find(id);
        if (found == floating_ips_.end() || (to && servers_.count(*to) == 0)) {
          return ActionFailure{"action_failed", "the resource is gone"};
        }
        found->second.server = to;
        record(at, to ? "assign_applied" : "unassign_applied",
               {{"fip", id}, {"server", id_or_null(to)}, {"action", action},
                {"project", found->second.project}});
        plan_route(found->second, to, at);
        return std::nullopt;
      });
  if (const Id* action = std::get_if<Id>(&started)) {
    record(caller.now, to ? "assign_accepted" : "unassign_accepted",
           {{"fip", id}, {"server", id_or_null(to)}, {"from", id_or_null(before)},
            {"action", *action}, {"project", caller.project}, {"token", caller.actor}});
    if (switches.server_field_at_accept && !caller.action_fails) fip.server = to;
    const bool early = switches.route == Switches::Route::kBefore && !caller.action_fails;
    const auto soon = std::min(takes, draw_between(50ms, 200ms, random));
    if (early) move_route_at(caller.now + soon, id, to);
  }
  return started;
}

// The action has succeeded.
void Model::plan_route(FloatingIp& fip, std::optional<Id> to, base::Instant at) {
  if (switches.route == Switches::Route::kAfter) {
    move_route_at(at + draw_between(50ms, 1000ms, random), fip.id, to);
  } else {
    ++route_order_[fip.id];
    route_now(fip, to, at);
  }
}

// A route that lags must not undo what was decided after it.
void Model::move_route_at(base::Instant due, Id id, std::optional<Id> to) {
  const std::uint64_t order = ++route_order_[id];
  schedule(due, [this, id, to, order](base::Instant at) {
    const auto found = floating_ips_.find(id);
    const bool gone = found == floating_ips_.end() || (to && servers_.count(*to) == 0);
    if (!gone && route_order_[id] == order) route_now(found->second, to, at);
  });
}

void Model::route_now(FloatingIp& fip, std::optional<Id> to, base::Instant at) {
  if (fip.routed_to == to) return;
  record(at, "route_moved",
         {{"fip", fip.id}, {"from", id_or_null(fip.routed_to)}, {"server", id_or_null(to)},
          {"project", fip.project}});
  fip.routed_to = to;
}

Result<Id> Model::place(Id fip_id, std::optional<Id> server, base::Instant now) {
  const auto found = floating_ips_.find(fip_id);
  if (found == floating_ips_.end()) return not_found("Floating IP", fip_id);
  FloatingIp& fip = found->second;
  if (server && find_server(fip.project, *server) == nullptr) return not_found("server", *server);
  fip.server = server;
  ++route_order_[fip_id];
  route_now(fip, server, now);
  return fip_id;
}

Result<Id> Model::steal(Id fip_id, std::optional<Id> server, base::Instant now) {
  const auto found = floating_ips_.find(fip_id);
  if (found == floating_ips_.end()) return not_found("Floating IP", fip_id);
  const std::optional<Id> from = found->second.server;
  Action action;
  action.project = found->second.project;
  action.command = server ? "assign_floating_ip" : "unassign_floating_ip";
  action.status = "success";
  action.started = now;
  action.finished = now;
  if (server || from) action.resources.push_back({"server", server ? *server : *from});
  action.resources.push_back({"floating_ip", fip_id});

  const auto placed = place(fip_id, server, now);
  if (std::holds_alternative<ApiError>(placed)) return placed;
  action.id = next_action_++;
  const Id id = action.id;
  record(now, "steal",
         {{"fip", fip_id}, {"server", id_or_null(server)}, {"from", id_or_null(from)},
          {"action", id}, {"project", action.project}, {"token", "third-party"}});
  actions_[id] = std::move(action);
  return id;
}

}  // namespace vipd::hcloudsim
