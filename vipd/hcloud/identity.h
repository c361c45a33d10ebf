// The texts of Hetzner's metadata service as the core's Identity. Pure.
//
// Errors  InvalidArgument naming the key that is not as it should be, and where in it.
// Source  facts/hetzner-api.md 10.10: instance-id is the decimal server id, hostname the
//         server's name in the API, private-networks a YAML list of {ip, alias_ips, ...}.
//         Alias addresses are not the node's own and are left out.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "vipd/core/event.h"

namespace vipd::hcloud {

struct MetadataTexts {
  std::string instance_id;
  std::string hostname;
  std::string public_v4;         // empty: none
  std::string private_networks;  // empty: none
};

absl::StatusOr<core::Identity> read_identity(const MetadataTexts& texts);

}  // namespace vipd::hcloud
