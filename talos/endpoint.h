// Where a machine API is dialled, and which node a request is meant for.
//
// Errors  InvalidArgument quotes the text and says what is expected.
// Source  facts/talos.md 4.1 and 6: "host", "host:port" or "https://...", port 50000 by default.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vipd::talos {

inline constexpr std::uint16_t kApidPort = 50000;

struct Endpoint {
  std::string host;  // a name, or an address as base::IpAddress::text(); without brackets
  std::uint16_t port = kApidPort;

  // "10.0.0.2", "10.0.0.2:50000", "https://cp.example.org", "fd00::2", "[fd00::2]:50000"
  static absl::StatusOr<Endpoint> parse(std::string_view text);
  [[nodiscard]] std::string text() const;  // "10.0.0.2:50000", "[fd00::2]:50000"
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// A node is named by its bare address or host name, without a port (facts/talos.md 4.2).
absl::Status check_node(std::string_view node);

}  // namespace vipd::talos
