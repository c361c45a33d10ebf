// Hetzner's JSON as the core's values. Pure.
//
// Strict   about what is used: a field that is missing or of another type makes the whole
//          answer bad, for half a list looks like a lost Floating IP. Unknown fields are
//          ignored: the API adds some every few months.
// Errors   InvalidArgument naming the field ("floating_ips[3].server is not an id"), never
//          quoting the answer.
// Sources  facts/hetzner-api.md 10.1 (ids), 10.4 (actions), 10.5 (Floating IPs), 10.6 (pages),
//          10.7 (servers); each reader names its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "vipd/core/event.h"

namespace vipd::hcloud {

// 10.1: ids are 1 to 2^53-1, so that JavaScript can hold them.
inline constexpr std::int64_t kLargestId = (std::int64_t{1} << 53) - 1;

struct FipPage {
  std::vector<core::FloatingIp> fips;
  std::optional<std::int64_t> next_page;
};

struct Server {
  core::ServerId id = 0;
  std::string name;
  std::vector<core::IpAddress> private_addresses;
  std::optional<core::IpAddress> public_v4;
};

// GET /floating_ips
absl::StatusOr<FipPage> read_fip_page(std::string_view body);
// GET /servers/{id}
absl::StatusOr<Server> read_server(std::string_view body);
// POST /floating_ips/{id}/actions/assign, .../unassign and GET /actions/{id}
absl::StatusOr<core::Action> read_action(std::string_view body);
// GET /floating_ips/{id}/actions?status=running: the first that runs, or nothing.
absl::StatusOr<std::optional<core::Action>> read_running_action(std::string_view body);

// The body of POST /floating_ips/{id}/actions/assign.
[[nodiscard]] std::string assign_body(core::ServerId server);

}  // namespace vipd::hcloud
