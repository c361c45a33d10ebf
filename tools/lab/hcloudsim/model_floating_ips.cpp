// Floating IPs apart from their assignment: create, change, protect, delete.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "tools/lab/hcloudsim/model.h"

namespace vipd::hcloudsim {
namespace {

// Documentation ranges (RFC 5737, RFC 3849): nobody's real address is ever handed out.
base::IpPrefix nth_prefix(bool v6, int n) {
  base::IpPrefix prefix;
  if (v6) {
    prefix.address.family = base::Family::kV6;
    prefix.address.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0x0f, 0, static_cast<std::uint8_t>(n)};
    prefix.length = 64;
  } else {
    prefix.address.bytes = {203, 0, 113, static_cast<std::uint8_t>(n)};
    prefix.length = 32;
  }
  return prefix;
}

}  // namespace

base::IpPrefix Model::free_prefix(bool v6) const {
  int n = 1;
  const auto taken = [&](const base::IpPrefix& prefix) {
    return std::any_of(floating_ips_.begin(), floating_ips_.end(),
                       [&](const auto& each) { return each.second.prefix == prefix; });
  };
  while (n < 254 && taken(nth_prefix(v6, n))) ++n;
  return nth_prefix(v6, n);
}

bool Model::fip_name_taken(const std::string& project, const std::string& name, Id except) const {
  return std::any_of(floating_ips_.begin(), floating_ips_.end(), [&](const auto& each) {
    return each.second.project == project && each.second.name == name && each.first != except;
  });
}

Result<Id> Model::create_floating_ip(const Caller& caller, const NewFloatingIp& wanted) {
  const Id id = wanted.id ? *wanted.id : next_floating_ip_;
  if (floating_ips_.count(id) > 0) return not_unique("id");
  const std::string name = wanted.name.empty() ? fmt::format("floating-ip-{}", id) : wanted.name;
  if (fip_name_taken(caller.project, name, 0)) return not_unique("name");
  if (caller.actor != "admin" && switches.most_floating_ips) {
    const auto mine = std::count_if(
        floating_ips_.begin(), floating_ips_.end(),
        [&](const auto& each) { return each.second.project == caller.project; });
    if (mine >= *switches.most_floating_ips) {
      return limit_exceeded("project limit exceeded", "project_limit");
    }
  }
  FloatingIp fip;
  fip.id = id;
  fip.project = caller.project;
  fip.name = name;
  fip.description = wanted.description;
  fip.prefix = wanted.prefix ? *wanted.prefix : free_prefix(wanted.v6);
  fip.home_location = wanted.home_location;
  fip.labels = wanted.labels;
  fip.created = caller.now;
  if (!wanted.id) ++next_floating_ip_;
  record(caller.now, "floating_ip_created", {{"fip", id}, {"project", caller.project}});
  floating_ips_[id] = std::move(fip);
  return id;
}

Result<Id> Model::update_floating_ip(const Caller& caller, Id id, const FloatingIpChange& change) {
  FloatingIp* fip = mutable_floating_ip(caller.project, id);
  if (fip == nullptr) return not_found("Floating IP", id);
  if (change.name && fip_name_taken(caller.project, *change.name, id)) return not_unique("name");
  if (change.name) fip->name = *change.name;
  if (change.description) fip->description = change.description;
  if (change.labels) fip->labels = *change.labels;
  return id;
}

Result<Id> Model::delete_floating_ip(const Caller& caller, Id id) {
  const FloatingIp* fip = find_floating_ip(caller.project, id);
  if (fip == nullptr) return not_found("Floating IP", id);
  if (fip->delete_protection) return is_protected("Floating IP");
  if (is_locked({"floating_ip", id})) return locked("floating IP");
  if (fip->server) {
    return ApiError{422, "must_be_unassigned", "the Floating IP must be unassigned first"};
  }
  remove_floating_ip(id, caller.now);
  return id;
}

bool Model::remove_floating_ip(Id id, base::Instant now) {
  if (floating_ips_.erase(id) == 0) return false;
  record(now, "floating_ip_deleted", {{"fip", id}});
  return true;
}

Result<Id> Model::change_dns_ptr(const Caller& caller, Id id, const base::IpAddress& ip,
                                 const std::optional<std::string>& name) {
  constexpr std::size_t kMostEntries = 100;
  FloatingIp* fip = mutable_floating_ip(caller.project, id);
  if (fip == nullptr) return not_found("Floating IP", id);
  if (!fip->prefix.contains(ip)) {
    return invalid_input({{"ip", "is not an address of this Floating IP"}});
  }
  const bool one_more = name && fip->dns_ptr.count(ip.text()) == 0;
  if (one_more && fip->dns_ptr.size() >= kMostEntries) {
    return limit_exceeded("too many reverse DNS entries", "dns_ptr_limit");
  }
  const ResourceRef self{"floating_ip", id};
  return start_action(caller, "change_dns_ptr", {self}, {self}, timing.other,
                      [this, id, ip = ip.text(), name](Id, base::Instant) {
                        const auto found = floating_ips_.find(id);
                        if (found != floating_ips_.end() && name) found->second.dns_ptr[ip] = *name;
                        if (found != floating_ips_.end() && !name) found->second.dns_ptr.erase(ip);
                        return std::optional<ActionFailure>();
                      });
}

Result<Id> Model::protect_floating_ip(const Caller& caller, Id id, bool from_deletion) {
  if (find_floating_ip(caller.project, id) == nullptr) return not_found("Floating IP", id);
  const ResourceRef self{"floating_ip", id};
  return start_action(caller, "change_protection", {self}, {self}, timing.other,
                      [this, id, from_deletion](Id, base::Instant) {
                        const auto found = floating_ips_.find(id);
                        if (found != floating_ips_.end()) {
                          found->second.delete_protection = from_deletion;
                        }
                        return std::optional<ActionFailure>();
                      });
}

}  // namespace vipd::hcloudsim
