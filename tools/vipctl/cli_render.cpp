#include "tools/vipctl/cli_render.h"

#include <ostream>

#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {
namespace {

constexpr auto kExamples = R"(
Examples:
  vipctl render --phase prepare -f vipd.yaml --talos-version v1.13.8 --old-endpoint \
    https://192.0.2.1:6443 --out talos --layout ksail
  vipctl render --phase prepare -f vipd.yaml --live cp-1.yaml       # only what is missing there
  vipctl render --phase daemon -f vipd.yaml --image REF@sha256:... --out talos --check
  vipctl render --phase finalize -f vipd.yaml --move-issuer accept)";

CLI::Validator name_validator() {
  return {[](const std::string& text) {
            const bool fits = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") ==
                                  text.npos &&
                              !text.empty();
            return fits ? std::string() : "\"" + text + "\" is not a name of a-z, 0-9, - and .";
          },
          "NAME"};
}

CLI::Option* add_file(CLI::App& app, RenderLine& line) {
  return app.add_option("-f,--file", line.file, "vipd.yaml: what to render")->type_name("FILE");
}

CLI::Option* add_image(CLI::App& app, RenderLine& line) {
  return app
      .add_option("--image", line.phase.image.image, "Pinned: REPOSITORY[:TAG]@sha256:DIGEST")
      ->type_name("REF");
}

void add_secret(CLI::App& app, RenderLine& line) {
  app.add_option("--secret", line.phase.image.from.secret, "The Secret in kube-system")
      ->check(name_validator())
      ->capture_default_str();
  app.add_option("--key", line.phase.image.from.key, "Its key that holds the token")
      ->check(name_validator())
      ->capture_default_str();
}

void add_phase(CLI::App& render, RenderLine& line) {
  PhaseOptions& options = line.phase;
  render.add_option("--phase", options.phase, "prepare, daemon, cutover or finalize")
      ->check(CLI::IsMember({"prepare", "daemon", "cutover", "finalize"}));
  add_file(render, line);
  add_patch_options(render, options);
  add_image(render, line);
  add_secret(render, line);
  render.add_option("--move-issuer", options.move_issuer,
                    "finalize, Talos 1.13 and later: accept, sign or drop")
      ->check(CLI::IsMember({"accept", "sign", "drop"}));
  render.add_option("--signed-since", options.signed_since,
                    "drop: when sign was applied to the last control plane")
      ->type_name("TIME");
  render.add_flag("--edited", options.edited,
                  "Print the --live config with all of it done, secrets included");
  render.footer(kExamples);
}

void choose(CLI::App* command, RenderLine& line, const std::function<int()>& run) {
  command->callback([&line, run] { line.chosen = run; });
}

void add_manifests(CLI::App& render, RenderLine& line, const Environment& around) {
  CLI::App* pod = render.add_subcommand("pod", "The static pod that runs vipd on Talos");
  CLI::App* daemonset = render.add_subcommand(
      "token-daemonset", "What keeps vipd's token file current from a Secret");
  for (CLI::App* command : {pod, daemonset}) {
    add_file(*command, line)->required();
    add_image(*command, line)->required();
  }
  add_secret(*daemonset, line);
  choose(pod, line, [&line, &around] {
    return render_manifest(static_pod_of, line.file, line.phase.image, around);
  });
  choose(daemonset, line, [&line, &around] {
    return render_manifest(daemonset_of, line.file, line.phase.image, around);
  });
}

void add_alternatives(CLI::App& render, RenderLine& line, const Environment& around) {
  AlternativeOptions& options = line.alternative;
  CLI::App* native = render.add_subcommand("native-vip", "Instead of vipd: Talos' built-in VIP");
  CLI::App* balancer =
      render.add_subcommand("load-balancer", "Instead of vipd: a Hetzner load balancer");
  for (CLI::App* command : {native, balancer}) {
    add_file(*command, line)->required();
    add_patch_options(*command, options.phase);
  }
  native->add_option("--link", options.link, "The node's public link, as Talos names it")
      ->required();
  balancer->add_option("--address", options.address, "Its address, once it is there");
  balancer->add_option("--location", options.location)->capture_default_str();
  balancer->add_option("--network", options.network, "The private network")->required();
  balancer->add_option("--selector", options.selector, "Label that control planes have")
      ->required();
  choose(native, line,
         [&] { return render_native_vip(line.alternative, line.file, around); });
  choose(balancer, line,
         [&] { return render_load_balancer(line.alternative, line.file, around); });
}

}  // namespace

void add_patch_options(CLI::App& app, PhaseOptions& options) {
  app.add_option("--live", options.live, "A control plane's machine config: render what is missing")
      ->type_name("FILE");
  app.add_option("--talos-version", options.overrides.talos_version,
                 "What the nodes run [talos.version]");
  app.add_option("--old-endpoint", options.overrides.old_endpoint,
                 "What is to be left [endpoint.old]")
      ->type_name("URL");
  app.add_option("--out", options.out, "Write files there instead of to stdout")->type_name("DIR");
  app.add_option("--layout", options.layout,
                 "Folders: plain, or ksail (cluster, control-planes, workers)")
      ->check(CLI::IsMember({"plain", "ksail"}))
      ->capture_default_str();
  app.add_flag("--check", options.check, "Write nothing; show what differs in --out and exit 1");
}

void add_render(CLI::App& app, RenderLine& line, const Environment& around, const OnCommand& on) {
  CLI::App* render = app.add_subcommand("render", "Patches and manifests from vipd.yaml");
  render->require_subcommand(0, 1);
  add_phase(*render, line);
  on(render, [&line, &around] {
    if (line.chosen) return line.chosen();
    if (line.phase.phase.empty() || line.file.empty()) {
      around.err << "vipctl: render needs --phase and --file, or a subcommand: see --help\n";
      return int{shell::kWrongUsage};
    }
    return render_phase(line.phase, line.file, around);
  });
  add_manifests(*render, line, around);
  add_alternatives(*render, line, around);
}

}  // namespace vipd::vipctl
