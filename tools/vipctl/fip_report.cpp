#include "tools/vipctl/fip_report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/table.h"
#include "vipd/core/allowlist.h"

namespace vipd::vipctl {
namespace {

using base::Json;
using base::printable;
using Declared = std::optional<shell::Settings>;
using Seen = std::vector<core::FloatingIp>;

constexpr int kShape = 1;  // version of the JSON

// "yes", "spare", "no", or why the daemon would not touch it; null where nothing was declared.
Json standing(const core::FloatingIp& fip, const Declared& declared, const Seen& fips) {
  if (!declared) return nullptr;
  for (const core::DeclaredFip& each : declared->core.fips) {
    const core::Verdict verdict = core::judge(declared->core, each, fips);
    if (each.id == fip.id) return verdict.allowed ? "yes" : verdict.why_not;
  }
  const auto prefix = base::IpPrefix::parse(fip.ip);
  for (const std::string& spare : declared->endpoint.spares) {
    const auto address = base::IpAddress::parse(spare);
    if (prefix.ok() && address.ok() && prefix->contains(*address)) return "spare";
  }
  return "no";
}

Json stray(const core::FloatingIp& fip, const Json& declared) {
  const std::string unassigned = fip.server ? "" : "assigned to no server";
  if (declared.is_null()) return unassigned.empty() ? Json() : Json(unassigned);
  if (declared != "no") return nullptr;
  return "not declared" + (unassigned.empty() ? "" : ", " + unassigned);
}

Json describe(const HetznerFip& fip) {
  const core::FloatingIp& seen = fip.seen;
  return {{"id", seen.id},
          {"name", seen.name},
          {"ip", seen.ip},
          {"type", fip.type},
          {"location", fip.location},
          {"server", seen.server ? Json(*seen.server) : Json()},
          {"labels", seen.labels},
          {"blocked", seen.blocked},
          {"protected", fip.is_protected}};
}

bool is_wanted(const core::FloatingIp& fip, const std::string& wanted) {
  return wanted.empty() || fip.name == wanted || fip.ip == wanted ||
         std::to_string(fip.id) == wanted;
}

std::string server_text(const Json& server) { return server.is_null() ? "-" : server.dump(); }

std::string yes_no(const Json& flag) { return flag == true ? "yes" : "no"; }

std::string text_or_empty(const Json& object, const char* field) {
  return base::json_text(object, field).value_or("");
}

std::string net_text(const Json& price) { return price.is_null() ? "?" : price["net"]; }

std::string cost_line(const Json& price) {
  return fmt::format("{} {} a month ({} with VAT)", price["net"].get<std::string>(),
                     printable(price["currency"]), price["gross"].get<std::string>());
}

std::string totals_text(const Json& list) {
  const Json& total = list["pricePerMonth"];
  if (total.is_null()) return "";
  const Json& strays = list["straysPricePerMonth"];
  const auto& fips = list["floatingIps"];
  const auto count = std::count_if(fips.begin(), fips.end(),
                                   [](const Json& fip) { return !fip["stray"].is_null(); });
  std::string text = fmt::format("\nall together: {}\n", cost_line(total));
  if (count > 0) text += fmt::format("strays: {}, {}\n", count, cost_line(strays));
  return text;
}

}  // namespace

FipReport fip_report(const FipView& view, const HetznerFips& fips) {
  FipReport report;
  const Seen seen = as_the_daemon_sees(fips);
  for (const HetznerFip& fip : fips) {
    if (!is_wanted(fip.seen, view.wanted)) continue;
    Json shown = describe(fip);
    const Json declared = standing(fip.seen, view.declared, seen);
    if (!declared.is_null()) shown["declared"] = declared;
    shown["stray"] = stray(fip.seen, declared);
    report.fips.push_back(std::move(shown));
  }
  if (!view.wanted.empty()) {
    if (report.fips.empty()) {
      report.findings.push_back(fmt::format(
          "no Floating IP has the id, name or address \"{}\"; see `vipctl fip list`", view.wanted));
    }
    return report;
  }
  if (!view.declared) return report;
  for (const core::DeclaredFip& each : view.declared->core.fips) {
    const core::Verdict verdict = core::judge(view.declared->core, each, seen);
    if (!verdict.allowed) report.findings.push_back(verdict.why_not);
  }
  return report;
}

Json fip_list(FipReport report, const Prices& prices) {
  Price total;
  Price strays;
  bool all_known = !prices.monthly.empty();
  for (Json& fip : report.fips) {
    const auto price = prices.of(fip["type"], fip["location"]);
    fip["pricePerMonth"] = price_json(prices, price);
    all_known = all_known && price;
    if (!price) continue;
    total += *price;
    if (!fip["stray"].is_null()) strays += *price;
  }
  // A sum with a part missing would be a wrong one.
  const auto known = [&](const Price& sum) {
    return price_json(prices, all_known ? std::optional(sum) : std::nullopt);
  };
  return {{"version", kShape},
          {"floatingIps", std::move(report.fips)},
          {"pricePerMonth", known(total)},
          {"straysPricePerMonth", known(strays)}};
}

std::string labels_text(const std::map<std::string, std::string>& labels) {
  std::string text;
  for (const auto& [key, value] : labels) text += (text.empty() ? "" : ",") + key + "=" + value;
  return printable(text);
}

std::string fip_list_text(const Json& list) {
  std::vector<base::Row> rows = {
      {"ID", "NAME", "ADDRESS", "SERVER", "LOCATION", "LABELS", "DECLARED", "STRAY", "NET/MONTH"}};
  for (const Json& fip : list["floatingIps"]) {
    rows.push_back({fip["id"].dump(), printable(fip["name"]), printable(fip["ip"]),
                    server_text(fip["server"]), printable(fip["location"]),
                    labels_text(fip["labels"]), printable(text_or_empty(fip, "declared")),
                    printable(text_or_empty(fip, "stray")), net_text(fip["pricePerMonth"])});
  }
  return base::table(rows) + totals_text(list);
}

std::string fip_text(const Json& fip) {
  return base::table({{"id", fip["id"].dump()},
                      {"name", printable(fip["name"])},
                      {"address", printable(fip["ip"])},
                      {"server", server_text(fip["server"])},
                      {"location", printable(fip["location"])},
                      {"labels", labels_text(fip["labels"])},
                      {"blocked", yes_no(fip["blocked"])},
                      {"protected", yes_no(fip["protected"])},
                      {"declared", printable(text_or_empty(fip, "declared"))}});
}

}  // namespace vipd::vipctl
