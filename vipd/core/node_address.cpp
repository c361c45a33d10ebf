#include "vipd/core/node_address.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace vipd::core {
namespace {

bool is_fip(const Config& config, const IpAddress& address) {
  return std::any_of(config.fips.begin(), config.fips.end(),
                     [&](const DeclaredFip& fip) { return fip.address == address; });
}

bool in_subnets(const Config& config, const IpAddress& address) {
  return std::any_of(config.node_subnets.begin(), config.node_subnets.end(),
                     [&](const base::IpPrefix& subnet) { return subnet.contains(address); });
}

}  // namespace

absl::StatusOr<std::string> node_address(const Config& config,
                                         const std::vector<IpAddress>& private_addresses,
                                         const std::optional<IpAddress>& public_v4) {
  for (const IpAddress& address : private_addresses) {
    const bool fits = config.node_subnets.empty() || in_subnets(config, address);
    if (fits && !is_fip(config, address)) return address.text();
  }
  if (public_v4 && !is_fip(config, *public_v4)) return public_v4->text();
  return absl::InvalidArgumentError(
      absl::StrCat("the server has no public address and ", private_addresses.size(),
                   " private ones, none of them in nodeSubnets; check nodeSubnets in vipd.yaml"));
}

}  // namespace vipd::core
