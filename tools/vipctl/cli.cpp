#include "tools/vipctl/cli.h"

#include <functional>
#include <ostream>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/document.h"
#include "base/usage.h"
#include "tools/vipctl/cli_fip.h"
#include "tools/vipctl/cli_render.h"
#include "tools/vipctl/cli_sans.h"
#include "tools/vipctl/exit_codes.h"
#include "tools/vipctl/status.h"

namespace vipd::vipctl {
namespace {

constexpr auto kAbout = "What an operator does with vipd, from anywhere.";
constexpr auto kDefaultSocket = "/var/lib/vipd/vipd.sock";

using Chosen = std::function<int()>;

struct Cli {
  const Environment& around;
  Chosen chosen;
  std::string format = "table";
  StatusView status{.socket = kDefaultSocket, .address = {}, .format = {}};
  ReserveLine reserve;
  FipLine fip;
  RenderLine render;
  SansLine sans;

  // Runs `command` once the whole line is understood.
  void on(CLI::App* app, const std::function<int()>& command) {
    app->callback([this, command] { chosen = command; });
  }
};

void add_format(CLI::App& app, Cli& cli) {
  app.add_option("-o,--output", cli.format, "table, json or yaml")
      ->check(CLI::IsMember({"table", "json", "yaml"}))
      ->capture_default_str();
}

std::string version_text(const Environment& around) {
  return fmt::format("vipctl {} (commit {})", VIPD_VERSION, around.commit);
}

void add_version(CLI::App& app, Cli& cli) {
  app.set_version_flag("--version", version_text(cli.around));
  CLI::App* command = app.add_subcommand("version", "Print the version and its commit");
  add_format(*command, cli);
  cli.on(command, [&cli] {
    const base::Json version = {{"version", VIPD_VERSION}, {"commit", cli.around.commit}};
    cli.around.out << (cli.format == "table" ? version_text(cli.around) + "\n"
                                             : base::document(version, cli.format));
    return int{shell::kFine};
  });
}

void add_status(CLI::App& app, Cli& cli) {
  CLI::App* command = app.add_subcommand("status", "Show what one vipd knows and does");
  CLI::Option* socket =
      command->add_option("--socket", cli.status.socket, "Its socket [VIPD_SOCKET]")
          ->envname("VIPD_SOCKET")
          ->capture_default_str()
          ->type_name("PATH");
  command->add_option("--address", cli.status.address, "Its read-only TCP side (setting listen)")
      ->type_name("HOST:PORT")
      ->excludes(socket);
  add_format(*command, cli);
  cli.on(command, [&cli] {
    cli.status.format = cli.format;
    return show_status(cli.status, cli.around);
  });
}

void add_help(CLI::App& app, Cli& cli) {
  CLI::App* help = app.add_subcommand("help", "Help on a topic");
  CLI::App* codes = help->add_subcommand("exit-codes", "What the commands end with");
  cli.on(help, [&app, &cli, codes] {
    cli.around.out << (codes->parsed() ? exit_codes_text() : app.help());
    return int{shell::kFine};
  });
}

}  // namespace

int run_cli(int argc, const char* const* argv, const Environment& around) {
  CLI::App app(kAbout, "vipctl");
  app.require_subcommand(0, 1);
  app.failure_message(base::usage_problem);
  Cli cli{.around = around, .chosen = {}, .reserve = {}, .fip = {}, .render = {}, .sans = {}};
  cli.chosen = [&] {
    around.out << app.help();
    return int{shell::kFine};
  };
  add_version(app, cli);
  add_status(app, cli);
  const OnCommand on = [&cli](CLI::App* command, const Chosen& chosen) {
    cli.on(command, chosen);
  };
  add_reserve(app, cli.reserve, around, on);
  add_fip(app, cli.fip, around, on);
  add_render(app, cli.render, around, on);
  add_sans(app, cli.sans, around, on);
  add_help(app, cli);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem, around.out, around.err) == 0 ? shell::kFine : shell::kWrongUsage;
  }
  return cli.chosen();
}

}  // namespace vipd::vipctl
