#include "tools/vipctl/cli_sans.h"

#include <ostream>

#include "base/duration.h"
#include "base/url.h"
#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

constexpr auto kListExamples = R"(
Examples:
  vipctl sans list -f vipd.yaml
  vipctl sans list -f vipd.yaml --finalized -o json    # once nobody uses the old endpoint)";

constexpr auto kCheckExamples = R"(
Looks at the stable endpoint and at each node's apiserver (6443) and apid (50000), all at once.
It needs no credentials. Without --nodes, a talosconfig's endpoints are the nodes
(--talosconfig, TALOSCONFIG, ~/.talos/config). A CA for --ca: a kubeconfig's
certificate-authority-data, decoded. `-o wide` shows every name and the chain.
Ends with 0: fine, 1: findings, 2: wrong usage, 3: no finding, but something was not reached.
Examples:
  vipctl sans check -f vipd.yaml
  vipctl sans check -f vipd.yaml --nodes 10.0.1.11,10.0.1.12,10.0.1.13 --ca kube-ca.pem
  vipctl sans check -f vipd.yaml --only apiserver --min-days 60 -o json)";

constexpr auto kRenderExamples = R"(
The two patches with names that `vipctl render --phase prepare` makes, alone.
Examples:
  vipctl sans render -f vipd.yaml --talos-version v1.13.8 --out talos --layout ksail
  vipctl sans render -f vipd.yaml --live cp-1.yaml     # only what is missing there)";

std::string duration_problem(const std::string& text) {
  const auto duration = base::parse_duration(text);
  if (!duration.ok()) return std::string(duration.status().message());
  return duration->count() > 0 ? "" : "give it some time, such as 5s";
}

std::string url_problem(const std::string& text) {
  const auto url = base::Url::parse(text);
  return url.ok() && url->scheme == base::Url::Scheme::kHttps
             ? ""
             : "write a URL such as https://192.0.2.1:6443";
}

void add_file(CLI::App& app, SansView& view) {
  app.add_option("-f,--file", view.file, "vipd.yaml: what is wanted")
      ->required()
      ->type_name("FILE");
}

void add_format(CLI::App& app, SansView& view, const std::vector<std::string>& formats) {
  app.add_option("-o,--output", view.format, "How to show it")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
}

void add_old(CLI::App& app, SansView& view) {
  app.add_option("--old-endpoint", view.old_endpoint, "What is to be left [endpoint.old]")
      ->check(CLI::Validator(url_problem, ""))
      ->type_name("URL");
  app.add_flag("--finalized", view.finalized,
               "Nobody uses the old endpoint any more (after render --phase finalize)");
}

void add_check_options(CLI::App& check, SansView& view) {
  check.add_option("-n,--nodes", view.nodes.nodes, "Control planes, as A,B,C")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("HOST[:APID-PORT]");
  check.add_option("--talosconfig", view.nodes.talosconfig, "Whose endpoints are the nodes")
      ->type_name("FILE");
  check.add_option("--context", view.nodes.context, "Of the talosconfig");
  check.add_option("--ca", view.ca_files, "CA that chains must verify up to; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FILE");
  check.add_option("--min-days", view.min_days, "Fewer days left are a finding")
      ->check(CLI::Range(0, 36500))
      ->capture_default_str();
  check.add_option("--only", view.only, "apiserver or apid")
      ->check(CLI::IsMember({"apiserver", "apid"}));
  check.add_option("--timeout", view.timeout, "For each server")
      ->check(CLI::Validator(duration_problem, ""))
      ->type_name("DURATION")
      ->capture_default_str();
}

using View = int (*)(const SansView&, const shell::Settings&, const Environment&);

int with_settings(View command, const SansView& view, const Environment& around) {
  const auto settings = declared_settings(view.file);
  if (settings.ok()) return command(view, *settings, around);
  around.err << "vipctl: " << settings.status().message() << "\n";
  return shell::kWrongUsage;
}

}  // namespace

void add_sans(CLI::App& app, SansLine& line, const Environment& around, const OnCommand& on) {
  CLI::App* sans = app.add_subcommand("sans", "Names in certificates: wanted, and really shown");
  sans->require_subcommand(1);
  CLI::App* list = sans->add_subcommand("list", "What certificates are to name, and why");
  CLI::App* check = sans->add_subcommand("check", "What servers really show");
  CLI::App* render = sans->add_subcommand("render", "Talos patches that bring what is wanted");
  for (CLI::App* command : {list, check, render}) add_file(*command, line.view);
  for (CLI::App* command : {list, check}) add_old(*command, line.view);
  add_format(*list, line.view, {"table", "json", "yaml"});
  add_format(*check, line.view, {"table", "wide", "json", "yaml"});
  add_check_options(*check, line.view);
  add_patch_options(*render, line.phase);
  list->footer(kListExamples);
  check->footer(kCheckExamples);
  render->footer(kRenderExamples);
  on(list, [&line, &around] { return with_settings(list_sans, line.view, around); });
  on(check, [&line, &around] { return with_settings(check_sans, line.view, around); });
  on(render, [&line, &around] {
    line.phase.phase = "prepare";
    line.phase.only_sans = true;
    return render_phase(line.phase, line.view.file, around);
  });
}

}  // namespace vipd::vipctl
