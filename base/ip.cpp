#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace vipd::base {
namespace {

int bits(Family family) { return family == Family::kV4 ? 32 : 128; }
int system_family(Family family) { return family == Family::kV4 ? AF_INET : AF_INET6; }

absl::Status unreadable(std::string_view text, std::string_view expected) {
  return absl::InvalidArgumentError(fmt::format("\"{}\" is not {}", text, expected));
}

}  // namespace

absl::StatusOr<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress address;
  address.family = text.find(':') == std::string_view::npos ? Family::kV4 : Family::kV6;
  const std::string terminated(text);
  // inet_pton would stop at an embedded NUL and take what stands before it.
  if (text.find('\0') != std::string_view::npos ||
      inet_pton(system_family(address.family), terminated.c_str(), address.bytes.data()) != 1) {
    return unreadable(text, "an IP address such as 203.0.113.10 or 2001:db8::1");
  }
  return address;
}

std::string IpAddress::text() const {
  if (family == Family::kV4) {
    return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  }
  char buffer[INET6_ADDRSTRLEN];
  return inet_ntop(system_family(family), bytes.data(), buffer, sizeof buffer);
}

absl::StatusOr<IpPrefix> IpPrefix::parse(std::string_view text) {
  static constexpr std::string_view kExpected = "a prefix such as 10.0.1.0/24 or 2001:db8::/64";
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address.ok()) return unreadable(text, kExpected);
  IpPrefix prefix{*address, bits(address->family)};
  if (slash == std::string_view::npos) return prefix;
  const std::string_view length = text.substr(slash + 1);
  unsigned char value = 0;  // unsigned: no sign is taken
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), value);
  if (error != std::errc() || end != length.data() + length.size() || value > prefix.length) {
    return unreadable(text, kExpected);
  }
  prefix.length = value;
  return prefix;
}

std::string IpPrefix::text() const { return fmt::format("{}/{}", address.text(), length); }

bool IpPrefix::contains(const IpAddress& other) const {
  if (other.family != address.family) return false;
  const auto whole = static_cast<std::size_t>(length / 8);
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + length / 8,
                  other.bytes.begin())) {
    return false;
  }
  const int rest = 8 - length % 8;
  return rest == 8 || (address.bytes[whole] >> rest) == (other.bytes[whole] >> rest);
}

}  // namespace vipd::base
