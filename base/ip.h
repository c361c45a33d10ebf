// IPv4 and IPv6 addresses and prefixes as values.
//
// Errors  parse() gives InvalidArgument that quotes the text and says what is expected.
// Text    RFC 5952 for v6. A v4-mapped v6 address is not folded into v4.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace vipd::base {

enum class Family { kV4, kV6 };

struct IpAddress {
  Family family = Family::kV4;
  std::array<std::uint8_t, 16> bytes{};  // v4 uses the first four, the rest are zero

  static absl::StatusOr<IpAddress> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

struct IpPrefix {
  IpAddress address;
  int length = 0;

  // "10.0.1.0/24"; a bare address is a /32 or /128.
  static absl::StatusOr<IpPrefix> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool contains(const IpAddress& address) const;
  friend auto operator<=>(const IpPrefix&, const IpPrefix&) = default;
};

}  // namespace vipd::base
