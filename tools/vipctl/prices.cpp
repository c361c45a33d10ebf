#include "tools/vipctl/prices.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "vipd/hcloud/api_error.h"
#include "vipd/hcloud/fields.h"

namespace vipd::vipctl {
namespace {

using hcloud::Fields;

constexpr std::int64_t kUnit = 10000;
constexpr std::size_t kDigits = 4;

bool is_digits(std::string_view text) { return text.find_first_not_of("0123456789") == text.npos; }

std::int64_t amount(const Fields& price, const char* field) {
  const auto parsed = parse_amount(price.text(field));
  if (!parsed) price.fail(field, "an amount");
  return parsed.value_or(0);
}

Prices prices_in(const Fields& pricing) {
  Prices prices;
  prices.currency = pricing.text("currency");
  for (const Fields& kind : pricing.list("floating_ips")) {
    for (const Fields& each : kind.list("prices")) {
      const Fields monthly = each.object("price_monthly");
      prices.monthly[{kind.text("type"), each.text("location")}] = {
          .net = amount(monthly, "net"), .gross = amount(monthly, "gross")};
    }
  }
  return prices;
}

}  // namespace

Price& Price::operator+=(const Price& more) {
  net += more.net;
  gross += more.gross;
  return *this;
}

std::optional<Price> Prices::of(const std::string& type, const std::string& location) const {
  const auto found = monthly.find({type, location});
  if (found == monthly.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> parse_amount(std::string_view text) {
  const auto dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view part = dot == text.npos ? "" : text.substr(dot + 1);
  // Nine digits before the dot keep every sum within 64 bits.
  if (whole.empty() || whole.size() > 9 || !is_digits(whole) || !is_digits(part)) {
    return std::nullopt;
  }
  std::string digits = std::string(whole) + std::string(part.substr(0, kDigits));
  digits.append(kDigits - std::min(part.size(), kDigits), '0');
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value + (part.size() > kDigits && part[kDigits] >= '5' ? 1 : 0);
}

std::string amount_text(std::int64_t amount) {
  const std::int64_t cents = (amount + kUnit / 200) / (kUnit / 100);
  return fmt::format("{}.{:02}", cents / 100, cents % 100);
}

absl::StatusOr<Prices> read_prices(HetznerSession& session) {
  const auto body = session.send({"GET", "/pricing"});
  if (!body.ok()) return absl::UnavailableError(body.status().message());
  const auto json = base::parse_json(*body);
  absl::Status problem = json.status();
  Prices prices;
  if (json.ok()) prices = prices_in(Fields(&*json, "", problem).object("pricing"));
  if (problem.ok()) return prices;
  return absl::UnavailableError(hcloud::explain_failure(problem, false, "GET /pricing").why);
}

base::Json price_json(const Prices& prices, const std::optional<Price>& price) {
  if (!price) return nullptr;
  return {{"currency", prices.currency},
          {"net", amount_text(price->net)},
          {"gross", amount_text(price->gross)}};
}

std::string price_text(const Prices& prices, const Price& price) {
  return fmt::format("{} {} a month ({} with VAT)", amount_text(price.net), prices.currency,
                     amount_text(price.gross));
}

}  // namespace vipd::vipctl
