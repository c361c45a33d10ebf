#include "tools/vipctl/fip.h"

#include <chrono>
#include <ostream>
#include <utility>

#include "base/document.h"
#include "base/table.h"
#include "tools/vipctl/fip_report.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

constexpr std::chrono::seconds kPatience{15};

void print_one(const FipView& view, const FipReport& report, std::ostream& out) {
  for (const base::Json& fip : report.fips) {
    out << (view.format == "table" ? fip_text(fip) : base::document(fip, view.format));
  }
}

void print_all(const FipView& view, const FipReport& report, HetznerSession& session,
               const Environment& around) {
  const auto prices = read_prices(session);
  if (!prices.ok()) around.err << "vipctl: no prices: " << prices.status().message() << "\n";
  const base::Json list = fip_list(report, prices.ok() ? *prices : Prices{});
  around.out << (view.format == "table" ? fip_list_text(list)
                                        : base::document(list, view.format));
}

}  // namespace

int show_floating_ips(const FipView& view, const Environment& around) {
  auto access = hetzner_access(around, view.declared);
  if (!access.ok()) {
    around.err << "vipctl: " << access.status().message() << "\n";
    return shell::kWrongUsage;
  }
  HetznerSession session(*std::move(access), around.clock, around.err, kPatience);
  const std::string selector = view.declared ? view.declared->core.label_selector() : "";
  const auto fips = list_floating_ips(session, selector);
  if (!fips.ok()) {
    around.err << "vipctl: " << fips.status().message() << "\n";
    return shell::kCouldNotTell;
  }
  const FipReport report = fip_report(view, *fips);
  if (view.wanted.empty()) {
    print_all(view, report, session, around);
  } else {
    print_one(view, report, around.out);
  }
  for (const base::Json& finding : report.findings) {
    around.err << "vipctl: " << base::printable(finding) << "\n";
  }
  return report.findings.empty() ? shell::kFine : shell::kFindings;
}

}  // namespace vipd::vipctl
