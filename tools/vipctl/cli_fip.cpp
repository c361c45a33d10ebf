#include "tools/vipctl/cli_fip.h"

#include <ostream>

#include "base/duration.h"
#include "tools/vipctl/render.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

constexpr auto kVariables = "[HCLOUD_TOKEN_FILE, HCLOUD_TOKEN, HCLOUD_ENDPOINT]";

constexpr auto kReserveExamples = R"(
vipd.yaml before the first run:
  cluster: prod
  labels: {vipd.cluster: prod}
  addresses: [{name: prod-api}]
  endpoint: {location: fsn1}

Examples:
  vipctl reserve -f vipd.yaml --dry-run       # what would be done; changes nothing
  vipctl reserve -f vipd.yaml                 # adopt or create it; prints the line for vipd.yaml
  vipctl reserve -f vipd.yaml --spare         # and one in reserve
  vipctl reserve -f vipd.yaml -o json | jq .vipdYaml)";

constexpr auto kListExamples = R"(
Examples:
  vipctl fip list                             # the whole project, and what it costs
  vipctl fip list -f vipd.yaml                # the cluster's: as declared? any strays?
  vipctl fip list -f vipd.yaml -o json | jq '.floatingIps[] | select(.stray)')";

constexpr auto kShowExamples = R"(
Examples:
  vipctl fip show prod-api
  vipctl fip show 203.0.113.10 -f vipd.yaml -o yaml)";

constexpr auto kAssignExamples = R"(
While a holder answers at the address this is refused: ask it instead, with `vipd handover`.
vipd.yaml names the control planes' labels: endpoint: {controlPlanes: {role: control-plane}}

Examples:
  vipctl fip assign cp-2 -f vipd.yaml --break-glass "etcd lost its quorum, cp-1 is off"
  vipctl fip assign 40000002 -f vipd.yaml --break-glass "new cluster, before bootstrap" -o json)";

void add_format(CLI::App& app, std::string& format) {
  app.add_option("-o,--output", format, "table, json or yaml")
      ->check(CLI::IsMember({"table", "json", "yaml"}))
      ->capture_default_str();
}

CLI::Option* add_file(CLI::App& app, std::string& file, const std::string& why) {
  return app.add_option("-f,--file", file, "vipd.yaml: " + why)->type_name("FILE");
}

void add_timeout(CLI::App& app, std::string& timeout) {
  const auto is_some = [](const std::string& text) {
    const auto duration = base::parse_duration(text);
    if (!duration.ok()) return std::string(duration.status().message());
    return std::string(*duration > Duration(0) ? "" : "it must be longer than nothing");
  };
  app.add_option("--timeout", timeout, "How long Hetzner's actions are waited for")
      ->check(CLI::Validator(is_some, "DURATION"))
      ->capture_default_str();
}

int complain_about(const absl::Status& status, const Environment& around) {
  around.err << status.message() << "\n";
  return shell::kWrongUsage;
}

int show(FipLine& line, const Environment& around) {
  if (!line.file.empty()) {
    auto settings = declared_settings(line.file);
    if (!settings.ok()) return complain_about(settings.status(), around);
    line.view.declared = *std::move(settings);
  }
  return show_floating_ips(line.view, around);
}

int assign(FipLine& line, const Environment& around) {
  const auto settings = declared_settings(line.file);
  if (!settings.ok()) return complain_about(settings.status(), around);
  line.assign.format = line.view.format;
  line.assign.timeout = *base::parse_duration(line.timeout);
  return assign_floating_ips(line.assign, *settings, around);
}

void add_assign(CLI::App& fip, FipLine& line, const Environment& around, const OnCommand& on) {
  CLI::App* command =
      fip.add_subcommand("assign", "By hand, for when vipd cannot: the group's onto one node");
  command->add_option("NODE", line.assign.node, "The control plane's name or id at Hetzner")
      ->required();
  command->add_option("--break-glass", line.assign.reason, "Why; it is repeated in the output")
      ->type_name("REASON")
      ->required();
  add_file(*command, line.file, "what may be moved, and where")->required();
  add_timeout(*command, line.timeout);
  add_format(*command, line.view.format);
  command->footer(kAssignExamples);
  on(command, [&line, &around] { return assign(line, around); });
}

}  // namespace

void add_reserve(CLI::App& app, ReserveLine& line, const Environment& around, const OnCommand& on) {
  CLI::App* command = app.add_subcommand(
      "reserve", std::string("Adopt or create the declared Floating IPs, protected from "
                             "deletion; assigns nothing ") +
                     kVariables);
  add_file(*command, line.options.file, "its addresses may still lack id and address")->required();
  command->add_flag("--spare", line.options.spare, "Also those of endpoint.spares, or one");
  command->add_flag("--dry-run", line.options.dry_run, "Say what would be done; change nothing");
  add_timeout(*command, line.timeout);
  add_format(*command, line.options.format);
  command->footer(kReserveExamples);
  on(command, [&line, &around] {
    line.options.timeout = *base::parse_duration(line.timeout);
    return reserve(line.options, around);
  });
}

void add_fip(CLI::App& app, FipLine& line, const Environment& around, const OnCommand& on) {
  CLI::App* fip = app.add_subcommand("fip", std::string("Floating IPs at Hetzner ") + kVariables);
  fip->require_subcommand(1);
  CLI::App* list =
      fip->add_subcommand("list", "All, or those that vipd.yaml's labels select; strays; prices");
  list->footer(kListExamples);
  CLI::App* one = fip->add_subcommand("show", "One");
  one->add_option("FIP", line.view.wanted, "Its id, name or address")->required();
  one->footer(kShowExamples);
  for (CLI::App* command : {list, one}) {
    add_file(*command, line.file, "judge them by what it declares");
    add_format(*command, line.view.format);
    on(command, [&line, &around] { return show(line, around); });
  }
  add_assign(*fip, line, around, on);
}

}  // namespace vipd::vipctl
