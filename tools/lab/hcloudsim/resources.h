// The things a project owns, as plain values, and the catalogue of locations.
//
// Source  facts/hetzner-api.md 10.4, 10.5, 10.7, 10.10.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"

namespace vipd::hcloudsim {

using Id = std::int64_t;
using Labels = std::map<std::string, std::string>;

inline constexpr Id kLargestId = 9007199254740991;  // 2^53 - 1

struct Location {
  Id id = 0;
  std::string name;
  std::string city;
  std::string country;
  double latitude = 0;
  double longitude = 0;
  std::string network_zone;
  std::string datacenter;  // gone from the API, still what metadata calls availability zone
};

const std::vector<Location>& locations();
// Nothing where no location has that name.
const Location* find_location(std::string_view name);

struct PrivateIp {
  Id network = 0;
  std::string network_name;
  std::string ip;
  std::vector<std::string> alias_ips;
  std::string mac_address;
  std::string network_range;
  std::string subnet;
  std::string gateway;
};

struct Server {
  Id id = 0;
  std::string project;
  std::string name;
  std::string status = "running";
  std::string location = "fsn1";
  std::string public_ipv4;      // empty: none
  std::string public_ipv6_net;  // a /64, empty: none
  std::vector<PrivateIp> private_ips;
  Labels labels;
  bool delete_protection = false;
  base::Instant created;
  // Where the lab sends packets for addresses of this server: a link of the simulator's own
  // network namespace and the next hops on it.
  std::string link;
  std::optional<base::IpAddress> via_v4;
  std::optional<base::IpAddress> via_v6;
};

struct FloatingIp {
  Id id = 0;
  std::string project;
  std::string name;
  std::optional<std::string> description;
  base::IpPrefix prefix;  // v4: a /32, v6: a /64
  std::optional<Id> server;
  std::map<std::string, std::string> dns_ptr;
  std::string home_location = "fsn1";
  bool blocked = false;
  bool delete_protection = false;
  Labels labels;
  base::Instant created;
  // Where packets really go. It differs from `server` while an assign is under way.
  std::optional<Id> routed_to;

  [[nodiscard]] bool is_v4() const { return prefix.address.family == base::Family::kV4; }
  // An address for v4, a /64 for v6, as the API writes them.
  [[nodiscard]] std::string ip() const { return is_v4() ? prefix.address.text() : prefix.text(); }
};

struct ResourceRef {
  std::string type;  // "server", "floating_ip"
  Id id = 0;
  friend auto operator<=>(const ResourceRef&, const ResourceRef&) = default;
};

struct ActionFailure {
  std::string code;
  std::string message;
};

struct Action {
  Id id = 0;
  std::string project;
  std::string command;
  std::string status = "running";  // "success", "error"
  base::Instant started;
  std::optional<base::Instant> finished;
  std::vector<ResourceRef> resources;
  std::optional<ActionFailure> failure;

  [[nodiscard]] bool concerns(const ResourceRef& resource) const;
};

}  // namespace vipd::hcloudsim
