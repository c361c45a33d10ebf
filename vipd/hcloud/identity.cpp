#include "vipd/hcloud/identity.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "vipd/hcloud/messages.h"
#include "vipd/hcloud/text.h"

namespace vipd::hcloud {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1123

absl::StatusOr<core::ServerId> server_id(std::string_view text) {
  const auto id = whole_number(text);
  if (id && *id >= 1 && *id <= kLargestId) return *id;
  return absl::InvalidArgumentError("instance-id is not a server id");
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; });
}

absl::StatusOr<std::vector<core::IpAddress>> private_addresses(const std::string& yaml) {
  const auto list = base::parse_yaml(yaml, "private-networks");
  if (!list.ok()) return list.status();
  std::vector<core::IpAddress> addresses;
  if (list->kind == base::YamlNode::Kind::kNull) return addresses;
  if (list->kind != base::YamlNode::Kind::kSequence) return list->problem("this is not a list");
  for (const base::YamlNode& network : list->items) {
    const base::YamlNode* ip = network.find("ip");
    if (ip == nullptr) return network.problem("this network has no ip");
    const auto address = core::IpAddress::parse(ip->scalar);
    if (!address.ok()) return ip->problem("this is not an address");
    addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace

absl::StatusOr<core::Identity> read_identity(const MetadataTexts& texts) {
  core::Identity identity;
  const auto id = server_id(trimmed(texts.instance_id));
  if (!id.ok()) return id.status();
  identity.server = *id;

  const std::string_view name = trimmed(texts.hostname);
  if (!is_name(name)) return absl::InvalidArgumentError("hostname is not a server's name");
  identity.node = std::string(name);

  const std::string_view v4 = trimmed(texts.public_v4);
  if (!v4.empty()) {
    const auto address = core::IpAddress::parse(v4);
    if (!address.ok() || address->family != base::Family::kV4) {
      return absl::InvalidArgumentError("public-ipv4 is not an IPv4 address");
    }
    identity.public_v4 = *address;
  }

  auto addresses = private_addresses(texts.private_networks);
  if (!addresses.ok()) return addresses.status();
  identity.private_addresses = *std::move(addresses);
  return identity;
}

}  // namespace vipd::hcloud
