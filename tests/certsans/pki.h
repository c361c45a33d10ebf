// A cluster's certificates with dates around kNow.
#pragma once

#include <string>
#include <vector>

#include "base/x509.h"

namespace vipd::certsans {

inline constexpr std::int64_t kDay = 24 * 3600;
inline constexpr base::WallTime kNow{1'800'000'000};

[[nodiscard]] inline base::WallTime in_days(std::int64_t days) {
  return {kNow.seconds + days * kDay};
}

struct Leaf {
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  base::WallTime from = in_days(-10);
  base::WallTime until = in_days(355);
  bool server = true;  // else it is for clients
};

[[nodiscard]] inline base::KeyPair minted(const base::KeyPair& ca, const Leaf& leaf) {
  return base::mint_certificate(ca, {.common_name = "kube-apiserver",
                                     .organizations = {},
                                     .dns_names = leaf.dns_names,
                                     .ip_addresses = leaf.ip_addresses,
                                     .server = leaf.server,
                                     .client = !leaf.server,
                                     .not_before = leaf.from,
                                     .not_after = leaf.until})
      .value();
}

[[nodiscard]] inline base::KeyPair authority(const std::string& name = "kubernetes",
                                             base::WallTime until = in_days(3650)) {
  return base::mint_ca(name, in_days(-100), until).value();
}

}  // namespace vipd::certsans
