// The names that certificates of the control plane are to carry, and why each of them.
//
// The one list: `vipctl sans` judges by it, and the SAN patches of `vipctl render` are made of it.
// Order   the endpoint's host, Floating IPs, further names, spares, the old endpoint; each once.
// Source  Kinds of addresses: RFC 1918, RFC 4193 (private), RFC 6598 and Tailscale's
//         fd7a:115c:a1e0::/48 and ts.net (tailnet).
#pragma once

#include <string>
#include <vector>

namespace vipd::certsans {

enum class Kind { kAddress, kSpare, kPublicName, kPrivate, kTailnet, kOldEndpoint };

// What vipd.yaml says.
struct Declared {
  std::string host;                    // of the endpoint
  std::vector<std::string> addresses;  // that vipd moves
  std::vector<std::string> names;      // further names and addresses
  std::vector<std::string> spares;
  std::string old_host;  // of the endpoint to be left; empty: none, or nobody uses it any more
};

struct Wanted {
  std::string name;
  Kind kind = Kind::kAddress;
  std::string why;
  friend bool operator==(const Wanted&, const Wanted&) = default;
};

[[nodiscard]] std::vector<Wanted> wanted_set(const Declared& declared);

// "address", "spare", "public name", "private", "tailnet", "old endpoint"
[[nodiscard]] std::string text_of(Kind kind);

// By the form of the name alone: an address, a public name, private or of a tailnet.
[[nodiscard]] Kind kind_of(const std::string& name);

[[nodiscard]] std::vector<std::string> names_of(const std::vector<Wanted>& wanted);

}  // namespace vipd::certsans
