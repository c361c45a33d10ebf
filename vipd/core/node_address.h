// Which of a server's addresses is the node's own (rule E2): the private one in the cluster's
// subnet where it has one, else the public one; never a Floating IP.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "vipd/core/config.h"

namespace vipd::core {

// InvalidArgument says which subnets none of the addresses is in.
absl::StatusOr<std::string> node_address(const Config& config,
                                         const std::vector<IpAddress>& private_addresses,
                                         const std::optional<IpAddress>& public_v4);

}  // namespace vipd::core
