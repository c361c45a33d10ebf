#include "tools/vipctl/sans.h"

#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "base/document.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/table.h"
#include "tools/vipctl/declaration.h"
#include "tools/vipctl/sans_report.h"
#include "tools/vipctl/sans_text.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

using certsans::Service;
using certsans::Sight;
using certsans::Target;

std::vector<certsans::Wanted> wanted_by(const SansView& view, const shell::Settings& settings) {
  const std::string& old = view.old_endpoint.empty() ? settings.endpoint.old : view.old_endpoint;
  return wanted_names(settings, view.finalized ? "" : old);
}

// What was said of the old endpoint holds for the patches too.
std::string render_command(const SansView& view) {
  if (view.finalized) return fmt::format("vipctl render --phase finalize -f {}", view.file);
  const std::string old =
      view.old_endpoint.empty() ? "" : " --old-endpoint " + view.old_endpoint;
  return fmt::format("vipctl sans render -f {}{}", view.file, old);
}

// The CAs that --ca names, one text.
absl::StatusOr<std::string> given_authorities(const SansView& view) {
  std::string all;
  for (const std::string& file : view.ca_files) {
    const auto pem = base::read_file(file);
    if (!pem.ok()) return pem.status();
    if (const auto read = certsans::read_chain(*pem, file); !read.ok()) return read.status();
    all += *pem + "\n";
  }
  return all;
}

class Check {
 public:
  Check(const SansView& view, const shell::Settings& settings, const Environment& around)
      : view_(view), settings_(settings), around_(around) {}

  int run() {
    if (const auto status = prepare(); !status.ok()) {
      around_.err << "vipctl: " << status.message() << "\n";
      return shell::kWrongUsage;
    }
    if (nodes_.endpoints.empty()) {
      around_.err << "vipctl: only the stable endpoint is looked at; name the control planes with "
                     "--nodes A,B,C\n";
    }
    std::vector<JudgedServer> servers;
    for (const Sight& sight : sights()) servers.push_back({sight.target, judged(sight)});
    const auto report = sans_report(wanted_by(view_, settings_), servers, nodes_.from,
                                    {view_.file, render_command(view_)});
    const bool wide = view_.format == "wide";
    around_.out << (wide || view_.format == "table" ? sans_text(report, wide)
                                                    : base::document(report, view_.format));
    if (report["findings"] != 0) return shell::kFindings;
    return servers.empty() || report["notReached"] != 0 ? shell::kCouldNotTell : shell::kFine;
  }

 private:
  // Whatever fails here was named on the command line.
  absl::Status prepare() {
    const auto timeout = base::parse_duration(view_.timeout);
    if (!timeout.ok()) return timeout.status();
    timeout_ = *timeout;
    auto authorities = given_authorities(view_);
    if (!authorities.ok()) return authorities.status();
    authorities_ = *std::move(authorities);
    auto nodes = nodes_from(view_.nodes, around_);
    if (!nodes.ok()) return nodes.status();
    nodes_ = *std::move(nodes);
    return absl::OkStatus();
  }

  [[nodiscard]] std::vector<Sight> sights() const {
    std::optional<Service> only;
    if (!view_.only.empty()) only = view_.only == "apid" ? Service::kApid : Service::kApiserver;
    boost::asio::io_context loop(1);
    certsans::Prober prober(loop, around_.clock);
    std::vector<Sight> seen;
    prober.look(servers_of(settings_, nodes_, only), around_.clock.now() + timeout_,
                [&](std::vector<Sight> sights) { seen = std::move(sights); });
    loop.run();
    return seen;
  }

  [[nodiscard]] absl::StatusOr<certsans::Judgement> judged(const Sight& sight) const {
    if (!sight.shown.ok()) return sight.shown.status();
    certsans::Expectations expected;
    expected.wanted = wanted_by(view_, settings_);
    for (const talos::Endpoint& node : nodes_.endpoints) expected.node_names.push_back(node.host);
    if (!sight.target.is_stable) add_own_name(sight.target.host, expected.wanted);
    expected.trust = trust_in(sight.target.service);
    expected.min_days = view_.min_days;
    expected.now = around_.clock.wall();
    return certsans::judge(*sight.shown, expected);
  }

  // Where the stable address is gone, each node is still reached by its own.
  static void add_own_name(const std::string& host, std::vector<certsans::Wanted>& wanted) {
    for (const certsans::Wanted& each : wanted) {
      if (each.name == host) return;
    }
    wanted.push_back({host, certsans::kind_of(host), "the node itself, as it was dialled"});
  }

  // The Talos API has a CA of its own (facts/talos.md 5.1), which --ca may not hold.
  [[nodiscard]] certsans::Trust trust_in(Service service) const {
    if (service == Service::kApiserver) return {authorities_, true};
    return {authorities_ + nodes_.talos_ca_pem, !nodes_.talos_ca_pem.empty()};
  }

  const SansView& view_;
  const shell::Settings& settings_;
  const Environment& around_;
  std::chrono::nanoseconds timeout_{0};
  std::string authorities_;
  Nodes nodes_;
};

}  // namespace

int list_sans(const SansView& view, const shell::Settings& settings, const Environment& around) {
  const auto wanted = wanted_by(view, settings);
  if (view.format != "table") {
    around.out << base::document({{"version", kSansShape}, {"wanted", wanted_json(wanted)}},
                                 view.format);
    return shell::kFine;
  }
  std::vector<base::Row> rows = {{"NAME", "KIND", "WHY"}};
  for (const certsans::Wanted& each : wanted) {
    rows.push_back({base::printable(each.name), certsans::text_of(each.kind), each.why});
  }
  around.out << base::table(rows);
  return shell::kFine;
}

int check_sans(const SansView& view, const shell::Settings& settings, const Environment& around) {
  return Check(view, settings, around).run();
}

}  // namespace vipd::vipctl
