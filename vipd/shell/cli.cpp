#include "vipd/shell/cli.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>

#include "base/duration.h"
#include "base/usage.h"
#include "fmt/format.h"
#include "vipd/shell/cli_parts.h"
#include "vipd/shell/client.h"
#include "vipd/shell/exit_code.h"
#include "vipd/shell/handover.h"
#include "vipd/shell/settings_flags.h"
#include "vipd/shell/status_command.h"
#include "vipd/shell/token_sync.h"

namespace vipd::shell {
namespace {

constexpr auto kAbout =
    "Keeps Hetzner Floating IPs on a healthy control-plane node of a Talos cluster.";

std::string variable(const Surroundings& around, std::string_view name) {
  for (const char* const* entry = around.environment; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.size() > name.size() && text[name.size()] == '=' && text.rfind(name, 0) == 0) {
      return std::string(text.substr(name.size() + 1));
    }
  }
  return "";
}

absl::StatusOr<Settings> settings_from(SettingSources& sources, const Surroundings& around) {
  take_environment(around.environment, sources);
  auto settings = load_settings(sources);
  if (settings.ok()) {
    settings->core.version = VIPD_VERSION;
  } else {
    around.err << settings.status().message() << "\n";
    if (!sources.config_file && !std::filesystem::exists(kDefaultConfigFile)) {
      around.err << "no --config FILE was given, and there is no " << kDefaultConfigFile << "\n";
    }
  }
  return settings;
}

void add_run(CLI::App& app, Chosen& chosen, SettingSources& sources, const Surroundings& around,
             const std::function<int(const Settings&)>& run) {
  CLI::App* command = app.add_subcommand("run", "Run the daemon; one per control-plane node");
  add_settings_flags(*command, sources);
  command->callback([&] {
    chosen = [&] {
      const auto settings = settings_from(sources, around);
      return settings.ok() ? run(*settings) : int{kWrongUsage};
    };
  });
}

void add_check_config(CLI::App& app, Chosen& chosen, SettingSources& sources,
                      const Surroundings& around) {
  CLI::App* command = app.add_subcommand(
      "check-config", "Say what is wrong with the settings, all of it; 0 if nothing is");
  add_settings_flags(*command, sources);
  command->callback([&] {
    chosen = [&] {
      const auto settings = settings_from(sources, around);
      if (!settings.ok()) return int{kWrongUsage};
      around.out << fmt::format("fine: cluster {}, group {}, {} address{}\n",
                                settings->core.cluster, settings->core.group,
                                settings->addresses.size(),
                                settings->addresses.size() == 1 ? "" : "es");
      return int{kFine};
    };
  });
}

struct StatusOptions {
  std::string socket = kDefaultSocket;
  std::string format = "table";
  bool watch = false;
};

void add_status(CLI::App& app, Chosen& chosen, StatusOptions& options,
                const Surroundings& around) {
  CLI::App* command =
      app.add_subcommand("status", "Show what the vipd on this node knows and does");
  add_socket(*command, options.socket);
  add_format(*command, options.format);
  command->add_flag("--watch", options.watch, "Again with every change");
  command->callback([&] {
    chosen = [&] {
      Client client(options.socket, around.clock);
      const StatusView view{.format = options.format,
                            .watch = options.watch,
                            .clear = around.out_is_terminal};
      return show_status(client, around.clock, view, around.out, around.err);
    };
  });
}

// An empty one, from a script's variable that is not set, would mean any node.
std::string node_problem(const std::string& text) {
  return is_blank(text) ? "name a node; `vipd status` lists them" : "";
}

struct HandoverOptions {
  std::string socket = kDefaultSocket;
  std::string timeout = "60s";
  Order order;
};

void add_handover(CLI::App& app, Chosen& chosen, HandoverOptions& options,
                  const Surroundings& around) {
  CLI::App* command = app.add_subcommand(
      "handover", "Move the Floating IPs to another ready node, and wait until they are there");
  add_socket(*command, options.socket);
  CLI::Option* to = command->add_option("--to", options.order.to, "To this node: name or server id")
                        ->check(CLI::Validator(node_problem, "NODE"))
                        ->type_name("");
  command->add_option("--off", options.order.off, "Off this node: name or server id")
      ->check(CLI::Validator(node_problem, "NODE"))
      ->type_name("")
      ->excludes(to);
  command->add_option("--reason", options.order.reason, "Kept with the move")
      ->required()
      ->check(CLI::Validator(reason_problem, "TEXT"))
      ->type_name("");
  command->add_option("--timeout", options.timeout, "Wait this long")
      ->check(CLI::Validator(duration_problem, "DURATION"))
      ->capture_default_str();
  command->callback([&] {
    chosen = [&] {
      options.order.by = caller(around);
      Client client(options.socket, around.clock);
      return hand_over(client, around.clock, options.order,
                       *base::parse_duration(options.timeout), around.out, around.err);
    };
  });
}

void add_sync_token(CLI::App& app, Chosen& chosen, TokenPaths& paths,
                    const Surroundings& around) {
  CLI::App* command = app.add_subcommand(
      "sync-token", "Keep the token file what a mounted Secret says, until SIGTERM");
  command->add_option("--from", paths.from, "The mounted file")->required()->type_name("PATH");
  command->add_option("--to", paths.to, "The token file")->required()->type_name("PATH");
  command->callback([&] { chosen = [&] { return sync_until_signal(paths, around.clock); }; });
}

}  // namespace

void add_socket(CLI::App& command, std::string& socket) {
  command.add_option("--socket", socket, "Where vipd takes orders [VIPD_SOCKET]")
      ->envname("VIPD_SOCKET")
      ->capture_default_str()
      ->type_name("PATH");
}

void add_format(CLI::App& command, std::string& format) {
  command.add_option("-o,--output", format, "table, json or yaml")
      ->check(CLI::IsMember({"table", "json", "yaml"}))
      ->capture_default_str();
}

std::string caller(const Surroundings& around) {
  std::string user = variable(around, "SUDO_USER");
  if (user.empty()) user = variable(around, "USER");
  if (user.empty()) user = fmt::format("uid {}", ::getuid());
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return user;
  return fmt::format("{}@{}", user, host.data());
}

std::string duration_problem(const std::string& text) {
  const auto duration = base::parse_duration(text);
  return duration.ok() ? "" : std::string(duration.status().message());
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t") == std::string::npos;
}

std::string reason_problem(const std::string& text) {
  return is_blank(text) ? "say why: whoever looks at the last moves will ask" : "";
}

int run_cli(int argc, const char* const* argv, const Surroundings& around,
            const std::function<int(const Settings&)>& run) {
  CLI::App app(kAbout, "vipd");
  app.require_subcommand(0, 1);
  app.failure_message(base::usage_problem);
  const std::string version = fmt::format("vipd {} (commit {})", VIPD_VERSION, around.commit);
  app.set_version_flag("--version", version);
  Chosen chosen = [&] {
    around.out << app.help();
    return int{kFine};
  };
  SettingSources sources;
  StatusOptions status;
  HandoverOptions handover;
  OrderOptions orders;
  LookOptions looks;
  TokenPaths token;
  add_run(app, chosen, sources, around, run);
  add_status(app, chosen, status, around);
  add_handover(app, chosen, handover, around);
  add_order_commands(app, chosen, orders, around);
  add_look_commands(app, chosen, looks, around);
  add_check_config(app, chosen, sources, around);
  add_sync_token(app, chosen, token, around);
  app.add_subcommand("version", "Print the version and its commit")->callback([&] {
    chosen = [&] {
      around.out << version << "\n";
      return int{kFine};
    };
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem, around.out, around.err) == 0 ? kFine : kWrongUsage;
  }
  return chosen();
}

}  // namespace vipd::shell
