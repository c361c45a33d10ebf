#include "tools/lab/hcloudsim/model.h"

#include <algorithm>
#include <utility>

namespace vipd::hcloudsim {
namespace {

// What belongs to another project is not there.
template <class Map>
auto* find_in(Map& map, const std::string& project, Id id) {
  const auto found = map.find(id);
  return found == map.end() || found->second.project != project ? nullptr : &found->second;
}

}  // namespace

Model::Model(std::uint64_t seed) : random(seed) {}

void Model::advance(base::Instant now) {
  while (!later_.empty() && later_.begin()->first <= now) {
    auto first = later_.extract(later_.begin());
    first.mapped()(first.key());
  }
}

std::optional<base::Instant> Model::next_due() const {
  if (later_.empty()) return std::nullopt;
  return later_.begin()->first;
}

std::vector<Record> Model::take_records() { return std::exchange(records_, {}); }

std::vector<FipRoute> Model::routes() const {
  std::vector<FipRoute> routes;
  for (const auto& [id, fip] : floating_ips_) {
    FipRoute route{fip.prefix, "", std::nullopt};
    const auto server = fip.routed_to ? servers_.find(*fip.routed_to) : servers_.end();
    if (server != servers_.end()) {
      route.link = server->second.link;
      route.via = fip.is_v4() ? server->second.via_v4 : server->second.via_v6;
    }
    routes.push_back(std::move(route));
  }
  return routes;
}

const Server* Model::find_server(const std::string& project, Id id) const {
  return find_in(servers_, project, id);
}

const FloatingIp* Model::find_floating_ip(const std::string& project, Id id) const {
  return find_in(floating_ips_, project, id);
}

const Action* Model::find_action(const std::string& project, Id id) const {
  return find_in(actions_, project, id);
}

FloatingIp* Model::mutable_floating_ip(const std::string& project, Id id) {
  return find_in(floating_ips_, project, id);
}

Server* Model::mutable_server(const std::string& project, Id id) {
  return find_in(servers_, project, id);
}

bool Model::edit_server(Id id, const std::function<void(Server&)>& change) {
  const auto found = servers_.find(id);
  if (found == servers_.end()) return false;
  change(found->second);
  return true;
}

bool Model::edit_floating_ip(Id id, const std::function<void(FloatingIp&)>& change) {
  const auto found = floating_ips_.find(id);
  if (found == floating_ips_.end()) return false;
  change(found->second);
  return true;
}

bool Model::is_locked(const ResourceRef& resource) const { return locks_.count(resource) > 0; }

void Model::schedule(base::Instant due, std::function<void(base::Instant)> what) {
  later_.emplace(due, std::move(what));
}

void Model::record(base::Instant at, std::string event, base::Json fields) {
  records_.push_back({at, std::move(event), std::move(fields)});
}

Result<Id> Model::start_action(const Caller& caller, const std::string& command,
                               std::vector<ResourceRef> resources, std::vector<ResourceRef> locks,
                               Milliseconds takes, Change on_success) {
  for (const ResourceRef& each : locks) {
    if (is_locked(each)) return locked(each.type == "server" ? "server" : "floating IP");
  }
  const Id id = next_action_++;
  for (const ResourceRef& each : locks) locks_[each] = id;
  Action action;
  action.id = id;
  action.project = caller.project;
  action.command = command;
  action.started = caller.now;
  action.resources = std::move(resources);
  actions_[id] = std::move(action);
  schedule(caller.now + takes,
           [this, id, change = std::move(on_success), fails = caller.action_fails](
               base::Instant at) { finish_action(id, change, fails, at); });
  return id;
}

void Model::finish_action(Id id, const Change& on_success, bool fails, base::Instant at) {
  Action& action = actions_.at(id);
  for (auto lock = locks_.begin(); lock != locks_.end();) {
    lock = lock->second == id ? locks_.erase(lock) : std::next(lock);
  }
  action.failure = fails ? ActionFailure{"action_failed", "Action failed"} : on_success(id, at);
  action.status = action.failure ? "error" : "success";
  action.finished = at;
  if (!action.failure) return;
  base::Json fields{{"action", id}, {"project", action.project}, {"command", action.command}};
  for (const ResourceRef& each : action.resources) {
    fields[each.type == "floating_ip" ? "fip" : each.type] = each.id;
  }
  record(at, "action_failed", std::move(fields));
}

}  // namespace vipd::hcloudsim
