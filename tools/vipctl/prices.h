// What Floating IPs cost a month, as Hetzner's price list says.
//
// Amounts  Ten-thousandths of the currency, so that sums are exact; what the list says beyond
//          four digits is rounded.
// Source   GET /pricing, facts/hetzner-api.md "Pricing": floating_ips[].type and
//          .prices[].location, .price_monthly.net and .gross, all amounts as text. A Floating IP
//          is billed for as long as it exists, assigned or not (facts/operator.md 5.4).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "tools/vipctl/hetzner_session.h"

namespace vipd::vipctl {

struct Price {
  std::int64_t net = 0;
  std::int64_t gross = 0;
  Price& operator+=(const Price& more);
};

struct Prices {
  std::string currency;
  std::map<std::pair<std::string, std::string>, Price> monthly;  // by type and home location

  [[nodiscard]] std::optional<Price> of(const std::string& type, const std::string& location) const;
};

// "3.0000000000" is 30000; nothing where it is no amount.
[[nodiscard]] std::optional<std::int64_t> parse_amount(std::string_view text);
[[nodiscard]] std::string amount_text(std::int64_t amount);  // "3.00"

// Errors  Unavailable; nobody fails for the want of a price.
absl::StatusOr<Prices> read_prices(HetznerSession& session);

// {"currency","net","gross"}, or null where it is not known.
[[nodiscard]] base::Json price_json(const Prices& prices, const std::optional<Price>& price);
// "3.00 EUR a month (3.57 with VAT)"
[[nodiscard]] std::string price_text(const Prices& prices, const Price& price);

}  // namespace vipd::vipctl
