#include "tools/vipctl/fip.h"

#include <algorithm>
#include <ostream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/document.h"
#include "base/table.h"
#include "tools/vipctl/hetzner.h"
#include "vipd/core/allowlist.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

using base::Json;
using base::printable;
using core::FloatingIp;
using Fips = std::vector<FloatingIp>;

struct Report {
  Json fips = Json::array();
  Json findings = Json::array();
};

// "yes", "no", or why the daemon would not touch it; null where nothing was declared.
Json standing(const FloatingIp& fip, const std::optional<shell::Settings>& declared,
              const Fips& fips) {
  if (!declared) return nullptr;
  for (const core::DeclaredFip& each : declared->core.fips) {
    const core::Verdict verdict = core::judge(declared->core, each, fips);
    if (each.id == fip.id) return verdict.allowed ? "yes" : verdict.why_not;
  }
  return "no";
}

Json describe(const FloatingIp& fip) {
  return {{"id", fip.id},
          {"name", fip.name},
          {"ip", fip.ip},
          {"server", fip.server ? Json(*fip.server) : Json()},
          {"labels", fip.labels},
          {"blocked", fip.blocked}};
}

bool is_wanted(const FloatingIp& fip, const std::string& wanted) {
  return wanted.empty() || fip.name == wanted || fip.ip == wanted ||
         std::to_string(fip.id) == wanted;
}

Report report_of(const FipView& view, const Fips& fips) {
  Report report;
  for (const FloatingIp& fip : fips) {
    if (!is_wanted(fip, view.wanted)) continue;
    report.fips.push_back(describe(fip));
    const Json declared = standing(fip, view.declared, fips);
    if (!declared.is_null()) report.fips.back()["declared"] = declared;
  }
  if (!view.wanted.empty()) {
    if (report.fips.empty()) {
      report.findings.push_back(fmt::format(
          "no Floating IP has the id, name or address \"{}\"; see `vipctl fip list`",
          view.wanted));
    }
    return report;
  }
  if (!view.declared) return report;
  for (const core::DeclaredFip& each : view.declared->core.fips) {
    const core::Verdict verdict = core::judge(view.declared->core, each, fips);
    if (!verdict.allowed) report.findings.push_back(verdict.why_not);
  }
  return report;
}

std::string labels_text(const Json& labels) {
  std::string text;
  for (const auto& [key, value] : labels.items()) {
    text += (text.empty() ? "" : ",") + key + "=" + value.get<std::string>();
  }
  return printable(text);
}

std::string server_text(const Json& server) { return server.is_null() ? "-" : server.dump(); }

std::string list_text(const Json& fips) {
  std::vector<base::Row> rows = {{"ID", "NAME", "ADDRESS", "SERVER", "LABELS", "DECLARED"}};
  for (const Json& fip : fips) {
    rows.push_back({fip["id"].dump(), printable(fip["name"]), printable(fip["ip"]),
                    server_text(fip["server"]), labels_text(fip["labels"]),
                    printable(fip.value("declared", ""))});
  }
  return base::table(rows);
}

std::string single_text(const Json& fip) {
  return base::table({{"id", fip["id"].dump()},
                      {"name", printable(fip["name"])},
                      {"address", printable(fip["ip"])},
                      {"server", server_text(fip["server"])},
                      {"labels", labels_text(fip["labels"])},
                      {"blocked", fip["blocked"] == true ? "yes" : "no"},
                      {"declared", printable(fip.value("declared", ""))}});
}

void print(const FipView& view, const Report& report, std::ostream& out) {
  const bool single = !view.wanted.empty();
  if (view.format != "table") {
    if (single && report.fips.empty()) return;
    out << base::document(single ? report.fips.front() : report.fips, view.format);
  } else if (!single) {
    out << list_text(report.fips);
  } else {
    for (const Json& fip : report.fips) out << single_text(fip);
  }
}

}  // namespace

int show_floating_ips(const FipView& view, const Environment& around) {
  const auto access = hetzner_access(around, view.declared);
  if (!access.ok()) {
    around.err << "vipctl: " << access.status().message() << "\n";
    return shell::kWrongUsage;
  }
  const std::string selector = view.declared ? view.declared->core.label_selector() : "";
  const auto fips = list_floating_ips(*access, selector, around.clock);
  if (!fips.ok()) {
    around.err << "vipctl: " << fips.status().message() << "\n";
    return shell::kCouldNotTell;
  }
  const Report report = report_of(view, *fips);
  print(view, report, around.out);
  for (const Json& finding : report.findings) {
    around.err << "vipctl: " << printable(finding) << "\n";
  }
  return report.findings.empty() ? shell::kFine : shell::kFindings;
}

}  // namespace vipd::vipctl
