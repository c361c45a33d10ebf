// Who has which address in the lab. Pure.
//
// The shape is Hetzner's: a server has its public address as a /32 (and a /64) with an on-link
// gateway, and a second interface in a routed private network. Addresses are from the ranges
// for documentation and benchmarks (RFC 5737, 2544, 3849), so no real host can be meant.
// Source  facts of Hetzner Cloud: gateway 172.31.1.1 and fe80::1, networks routed at layer 3.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace vipd::lab {

inline constexpr const char* kClientV4 = "192.0.2.1";  // the outside world's own address
inline constexpr const char* kClientV6 = "2001:db8:c::1";
inline constexpr const char* kPublicGateway = "172.31.1.1";
inline constexpr const char* kPublicGatewayV6 = "fe80::1";
inline constexpr const char* kPrivateGateway = "10.0.0.1";
inline constexpr const char* kPrivateNetwork = "10.0.0.0/16";
inline constexpr const char* kNodeSubnet = "10.0.1.0/24";
inline constexpr const char* kHetznerAddress = "172.31.2.1";
inline constexpr const char* kMetadataAddress = "169.254.169.254";
inline constexpr const char* kFipV4 = "203.0.113.10";
inline constexpr const char* kFipV6Network = "2001:db8:f:1::/64";
inline constexpr const char* kFipV6 = "2001:db8:f:1::1";
inline constexpr const char* kPublicRange = "198.18.0.0/15";
inline constexpr const char* kPublicRangeV6 = "2001:db8:a::/48";
inline constexpr int kMostNodes = 5;
inline constexpr int kMostGenerations = 24;  // the last octet's worth of re-creations

struct NodePlan {
  std::string name;  // of the server, the network namespace and the etcd member
  std::string public_v4;
  std::string public_v6;
  std::string public_v6_network;
  std::string private_v4;
  std::string public_link;   // the outside's end of the node's eth0
  std::string private_link;  // the outside's end of the node's eth1
};

// index counts from 1. A re-created node is the next generation: same name, new addresses.
// OutOfRange past the two limits above.
absl::StatusOr<NodePlan> plan_node(int index, int generation);

}  // namespace vipd::lab
