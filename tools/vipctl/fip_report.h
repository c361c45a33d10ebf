// What `vipctl fip list|show` says of Floating IPs: pure, from what Hetzner has and vipd.yaml
// declares. fip.h has the shape.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "tools/vipctl/fip.h"
#include "tools/vipctl/hetzner.h"
#include "tools/vipctl/prices.h"

namespace vipd::vipctl {

struct FipReport {
  base::Json fips = base::Json::array();
  base::Json findings = base::Json::array();
};

[[nodiscard]] FipReport fip_report(const FipView& view, const HetznerFips& fips);

// The whole document of `list`. Without prices each of them is null.
[[nodiscard]] base::Json fip_list(FipReport report, const Prices& prices);

[[nodiscard]] std::string fip_list_text(const base::Json& list);
[[nodiscard]] std::string fip_text(const base::Json& fip);
[[nodiscard]] std::string labels_text(const std::map<std::string, std::string>& labels);

}  // namespace vipd::vipctl
