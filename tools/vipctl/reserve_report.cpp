#include "tools/vipctl/reserve_report.h"

#include <utility>

#include <fmt/format.h>

#include "base/table.h"

namespace vipd::vipctl {
namespace {

using base::Json;
using base::printable;

constexpr int kShape = 1;  // version of the JSON

Json describe(const Reservation& each, const std::string& location) {
  Json shown = {{"id", nullptr},
                {"name", each.wanted.name},
                {"ip", nullptr},
                {"type", "ipv4"},
                {"location", location},
                {"server", nullptr},
                {"spare", each.wanted.is_spare}};
  if (!each.found) return shown;
  const core::FloatingIp& fip = each.found->seen;
  shown.update({{"id", fip.id},
                {"name", fip.name},
                {"ip", fip.ip},
                {"type", each.found->type},
                {"location", each.found->location}});
  if (fip.server) shown["server"] = *fip.server;
  return shown;
}

// Clients use one address of a /64; which is the operator's choice.
std::string address_of(const Reservation& each) {
  return each.wanted.address ? each.wanted.address->text() : each.found->seen.ip;
}

Json lines_for_yaml(const std::vector<Reservation>& plan) {
  Json lines = {{"addresses", Json::array()}, {"spares", Json::array()}};
  for (const Reservation& each : plan) {
    if (!each.found) continue;
    if (each.wanted.is_spare) {
      lines["spares"].push_back(address_of(each));
    } else {
      lines["addresses"].push_back({{"id", each.found->seen.id},
                                    {"address", address_of(each)},
                                    {"name", each.found->seen.name}});
    }
  }
  return lines;
}

std::string joined(const Json& words) {
  std::string text;
  for (const Json& each : words) text += (text.empty() ? "" : ", ") + each.get<std::string>();
  return text;
}

// JSON's quotes are YAML's too, and a flow map needs them for some names.
std::string yaml_text(const Json& report) {
  const Json& lines = report["vipdYaml"];
  std::string text;
  for (const Json& each : lines["addresses"]) {
    text += fmt::format("  - {{id: {}, address: {}, name: {}}}\n", each["id"].dump(),
                        each["address"].dump(), each["name"].dump());
  }
  if (!text.empty()) text = "addresses:\n" + text;
  if (!lines["spares"].empty()) text += "endpoint: {spares: [" + joined(lines["spares"]) + "]}\n";
  return text.empty() ? text : "\nin vipd.yaml:\n" + text;
}

std::string text_or_dash(const Json& value) {
  return value.is_null() ? "-" : value.is_string() ? printable(value) : value.dump();
}

std::string cost_text(const Json& price, bool is_plan) {
  if (price.is_null()) return "";
  return fmt::format("\n{} {} {} a month ({} with VAT), assigned or not\n",
                     is_plan ? "they would cost" : "costs", price["net"].get<std::string>(),
                     printable(price["currency"]), price["gross"].get<std::string>());
}

}  // namespace

Json reserve_report(const std::vector<Reservation>& plan, const Did& did, const Prices& prices,
                    const ReserveOptions& options, const std::string& location) {
  Json fips = Json::array();
  std::optional<Price> total = Price{};
  for (std::size_t i = 0; i < plan.size(); ++i) {
    Json shown = describe(plan[i], location);
    const auto found = did.find(i);
    shown["did"] = found == did.end() ? Json::array() : Json(found->second);
    const auto price = prices.of(shown["type"], shown["location"]);
    shown["pricePerMonth"] = price_json(prices, price);
    if (total && price) *total += *price;
    if (!price) total.reset();
    fips.push_back(std::move(shown));
  }
  return {{"version", kShape},
          {"dryRun", options.dry_run},
          {"floatingIps", std::move(fips)},
          {"pricePerMonth", price_json(prices, total)},
          {"vipdYaml", lines_for_yaml(plan)}};
}

std::string reserve_text(const Json& report) {
  const bool is_plan = report["dryRun"] == true;
  std::vector<base::Row> rows = {
      {"NAME", "ADDRESS", "ID", "LOCATION", "SERVER", "KIND", is_plan ? "TO DO" : "DONE"}};
  bool anything = false;
  for (const Json& fip : report["floatingIps"]) {
    anything = anything || !fip["did"].empty();
    rows.push_back({text_or_dash(fip["name"]), text_or_dash(fip["ip"]), text_or_dash(fip["id"]),
                    text_or_dash(fip["location"]), text_or_dash(fip["server"]),
                    fip["spare"] == true ? "spare" : "address",
                    fip["did"].empty() ? "nothing to do" : joined(fip["did"])});
  }
  return base::table(rows) + (anything ? "" : "\nnothing to do\n") + yaml_text(report) +
         cost_text(report["pricePerMonth"], is_plan);
}

}  // namespace vipd::vipctl
