#include "tools/lab/hetzner.h"

#include <fmt/format.h>

#include "tools/lab/call.h"
#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

constexpr Millis kPatience{3000};
constexpr const char* kProject = "lab";

}  // namespace

absl::StatusOr<base::Json> Hetzner::admin(const std::string& method, const std::string& target,
                                          const base::Json& body) const {
  return call(method, fmt::format("unix:{}:{}", socket_, target), body, kPatience);
}

absl::Status Hetzner::prepare(const Setup& setup) const {
  const auto answers = [this] { return admin("GET", "/state", nullptr).status(); };
  if (auto up = until_ok("hcloudsim answers", Millis(50), Millis(10000), answers); !up.ok())
    return up;
  const base::Json tokens = {{{"token", kToken}, {"mode", "rw"}},
                             {{"token", kReadToken}, {"mode", "ro"}}};
  if (auto made = admin("POST", "/projects", {{"name", kProject}, {"tokens", tokens}}); !made.ok())
    return made.status();
  const base::Json latency =
      setup.latency_median_ms == setup.latency_p99_ms
          ? base::Json{{"fixed_ms", setup.latency_median_ms}}
          : base::Json{{"median_ms", setup.latency_median_ms}, {"p99_ms", setup.latency_p99_ms}};
  return admin("PUT", "/latency", latency).status();
}

absl::StatusOr<std::int64_t> Hetzner::add_server(const NodePlan& node) const {
  const base::Json server = {{"project", kProject},
                             {"name", node.name},
                             {"public_ipv4", node.public_v4},
                             {"public_ipv6_net", node.public_v6_network},
                             {"private_ips",
                              {{{"ip", node.private_v4},
                                {"network", kPrivateNetwork},
                                {"subnet", kNodeSubnet},
                                {"gateway", kPrivateGateway}}}},
                             {"labels", {{"cluster", "lab"}, {"role", "control-plane"}}},
                             {"link", node.public_link},
                             {"via", {node.public_v4, node.public_v6}}};
  const auto made = admin("POST", "/servers", server);
  if (!made.ok()) return made.status();
  const auto id = base::json_integer(*made, "id");
  if (!id) return absl::InternalError("hcloudsim made a server without an id");
  return *id;
}

absl::Status Hetzner::delete_server(std::int64_t id) const {
  return admin("DELETE", fmt::format("/servers/{}", id), nullptr).status();
}

absl::Status Hetzner::set_power(std::int64_t id, bool on) const {
  return admin("PUT", fmt::format("/servers/{}", id), {{"status", on ? "running" : "off"}})
      .status();
}

absl::Status Hetzner::add_floating_ips(const Setup& setup,
                                       std::optional<std::int64_t> server) const {
  base::Json v4 = {{"project", kProject}, {"id", kFipV4Id}, {"name", "lab-api"},
                   {"type", "ipv4"},      {"ip", kFipV4},   {"labels", {{"cluster", "lab"}}}};
  if (server) v4["server"] = *server;
  if (auto made = admin("POST", "/floating_ips", v4); !made.ok()) return made.status();
  if (!setup.v6) return absl::OkStatus();
  base::Json v6 = v4;
  v6.update({{"id", kFipV6Id}, {"name", "lab-api-v6"}, {"type", "ipv6"}, {"ip", kFipV6Network}});
  return admin("POST", "/floating_ips", v6).status();
}

absl::StatusOr<base::Json> Hetzner::state() const { return admin("GET", "/state", nullptr); }

}  // namespace vipd::lab
