#include "tools/vipctl/fip_assign.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "base/document.h"
#include "base/table.h"
#include "tools/vipctl/fip_report.h"
#include "tools/vipctl/holder.h"
#include "vipd/core/allowlist.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

using base::Json;
using base::printable;

constexpr int kShape = 1;  // version of the JSON
constexpr std::size_t kLongestReason = 200;

absl::Status check_line(const FipAssign& order, const shell::Settings& settings) {
  const std::string& reason = order.reason;
  if (reason.find_first_not_of(" \t") == reason.npos || reason.size() > kLongestReason ||
      printable(reason) != reason) {
    return absl::InvalidArgumentError(fmt::format(
        "--break-glass wants a reason, one line of at most {} characters, such as \"etcd has no "
        "quorum, holder is off\"",
        kLongestReason));
  }
  if (settings.endpoint.control_planes.empty()) {
    return absl::InvalidArgumentError(
        "which servers are control planes? Write their labels into vipd.yaml, such as "
        "endpoint: {controlPlanes: {role: control-plane}}; `hcloud server list -o "
        "columns=name,labels` shows them");
  }
  return absl::OkStatus();
}

bool lives_in(const std::vector<base::IpPrefix>& subnets, const hcloud::Server& server) {
  std::vector<core::IpAddress> addresses = server.private_addresses;
  if (server.public_v4) addresses.push_back(*server.public_v4);
  return subnets.empty() || std::any_of(subnets.begin(), subnets.end(), [&](const auto& subnet) {
           return std::any_of(addresses.begin(), addresses.end(),
                              [&](const auto& address) { return subnet.contains(address); });
         });
}

absl::Status check_node(const shell::Settings& settings, const HetznerServer& node) {
  const std::string name = fmt::format("server {} ({})", printable(node.seen.name), node.seen.id);
  for (const auto& [key, value] : settings.endpoint.control_planes) {
    const auto label = node.labels.find(key);
    if (label != node.labels.end() && label->second == value) continue;
    return absl::FailedPreconditionError(
        fmt::format("{} is no control plane: it carries {}, not {}={} (endpoint.controlPlanes)",
                    name, labels_text(node.labels), key, value));
  }
  if (!lives_in(settings.core.node_subnets, node.seen)) {
    return absl::FailedPreconditionError(
        fmt::format("{} has no address in nodeSubnets: is it a node of the cluster {}?", name,
                    settings.core.cluster));
  }
  if (node.status == "running") return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} is not running but {}: `hcloud server poweron {}`, or name another", name,
                  printable(node.status), node.seen.id));
}

class Assigning {
 public:
  Assigning(const shell::Settings& settings, const base::Clock& clock, HetznerSession& session)
      : settings_(settings), clock_(clock), session_(session) {}

  // What is there; everything that forbids it.
  absl::Status look(const std::string& node) {
    if (const absl::Status seen = read(); !seen.ok()) return seen;
    auto found = find_server(session_, node);
    if (!found.ok()) return found.status();
    node_ = *std::move(found);
    if (const absl::Status fits = check_node(settings_, node_); !fits.ok()) return fits;
    for (const core::DeclaredFip& each : settings_.core.fips) {
      const HetznerFip& fip = at(each.id);
      moves_.push_back({{"id", each.id},
                        {"ip", fip.seen.ip},
                        {"to", node_.seen.id},
                        {"from", fip.seen.server ? Json(*fip.seen.server) : Json()},
                        {"action", nullptr}});
    }
    return absl::OkStatus();
  }
  [[nodiscard]] bool is_done() const {
    return std::all_of(settings_.core.fips.begin(), settings_.core.fips.end(),
                       [this](const auto& each) { return is_there(each.id); });
  }
  absl::Status check_no_holder() {
    return vipctl::check_no_holder(settings_, fips_, node_, session_, clock_);
  }
  absl::Status carry_out() {
    for (Json& move : moves_) {
      const core::FipId id = move["id"];
      if (is_there(id)) continue;
      if (const absl::Status done = assign(id, move); !done.ok()) return done;
    }
    return absl::OkStatus();
  }
  [[nodiscard]] Json report(const std::string& reason) const {
    return {{"version", kShape},
            {"reason", reason},
            {"node", {{"id", node_.seen.id}, {"name", node_.seen.name}}},
            {"floatingIps", moves_}};
  }

 private:
  absl::Status read() {
    auto fips = list_floating_ips(session_, settings_.core.label_selector());
    if (!fips.ok()) return fips.status();
    fips_ = *std::move(fips);
    const auto seen = as_the_daemon_sees(fips_);
    for (const core::DeclaredFip& each : settings_.core.fips) {
      const core::Verdict verdict = core::judge(settings_.core, each, seen);
      if (!verdict.allowed) return absl::FailedPreconditionError(verdict.why_not);
    }
    return absl::OkStatus();
  }
  // read() has found each of the declared ones.
  [[nodiscard]] const HetznerFip& at(core::FipId id) const {
    return *std::find_if(fips_.begin(), fips_.end(),
                         [id](const HetznerFip& each) { return each.seen.id == id; });
  }
  [[nodiscard]] bool is_there(core::FipId id) const { return at(id).seen.server == node_.seen.id; }

  absl::Status assign(core::FipId id, Json& move) {
    const std::string what = fmt::format("{} to {}", at(id).seen.ip, printable(node_.seen.name));
    const auto action = session_.run_action(id, "assign", hcloud::assign_body(node_.seen.id), what);
    if (action.ok()) move["action"] = *action;
    // It may have been done, or just now by somebody else: what counts is what is there.
    const bool is_open = absl::IsUnknown(action.status()) ||
                         absl::IsAlreadyExists(action.status()) ||
                         absl::IsFailedPrecondition(action.status());
    if (!action.ok() && !is_open) return action.status();
    if (is_open) {
      const absl::Status idle = session_.wait_until_idle(id, what);
      if (!idle.ok()) return idle;
    }
    if (const absl::Status seen = read(); !seen.ok()) return seen;
    if (is_there(id)) return absl::OkStatus();
    if (absl::IsAlreadyExists(action.status())) {
      return absl::FailedPreconditionError(
          fmt::format("{}: Hetzner refuses to move it while it is assigned to server {}: run "
                      "`hcloud floating-ip unassign {}`, then this again",
                      what, at(id).seen.server.value_or(0), id));
    }
    if (!action.ok()) return action.status();
    return absl::UnavailableError(fmt::format(
        "{}: the action {} succeeded, but Hetzner shows it elsewhere: a vipd that runs may have "
        "moved it; see `vipctl fip show {}`",
        what, *action, id));
  }

  const shell::Settings& settings_;
  const base::Clock& clock_;
  HetznerSession& session_;
  HetznerFips fips_;
  HetznerServer node_;
  Json moves_ = Json::array();
};

std::string report_text(const Json& report, bool did) {
  std::vector<base::Row> rows = {{"ID", "ADDRESS", "FROM", "TO", "ACTION"}};
  const auto text = [](const Json& id) { return id.is_null() ? "-" : id.dump(); };
  for (const Json& move : report["floatingIps"]) {
    rows.push_back({text(move["id"]), printable(move["ip"]), text(move["from"]), text(move["to"]),
                    text(move["action"])});
  }
  const std::string name = printable(report["node"]["name"]);
  if (!did) return base::table(rows) + "\nnothing to do: " + name + " has them already\n";
  return fmt::format(
      "{}\nreason: {}\nA vipd that runs takes over there if {} is ready, and else moves them back: "
      "see `vipd status`.\n",
      base::table(rows), report["reason"].get<std::string>(), name);
}

int give_up(const absl::Status& status, int code, const Environment& around) {
  around.err << "vipctl: " << status.message() << "\n";
  return code;
}

}  // namespace

int assign_floating_ips(const FipAssign& order, const shell::Settings& settings,
                        const Environment& around) {
  const absl::Status usable = check_line(order, settings);
  auto access = usable.ok() ? hetzner_access(around, settings) : usable;
  if (!access.ok()) return give_up(access.status(), shell::kWrongUsage, around);
  HetznerSession session(*std::move(access), around.clock, around.err, order.timeout);
  Assigning assigning(settings, around.clock, session);
  absl::Status status = assigning.look(order.node);
  const bool did = status.ok() && !assigning.is_done();
  if (did) {
    status = assigning.check_no_holder();
    if (absl::IsFailedPrecondition(status)) return give_up(status, shell::kUnsafe, around);
    if (status.ok()) status = assigning.carry_out();
  }
  if (!status.ok()) return give_up(status, exit_code_for(status), around);
  const Json report = assigning.report(order.reason);
  around.out << (order.format == "table" ? report_text(report, did)
                                         : base::document(report, order.format));
  return shell::kFine;
}

}  // namespace vipd::vipctl
