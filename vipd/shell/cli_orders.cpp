// vipd pause, vipd resume, vipd lease show | release: orders to the vipd of this node.
#include <ostream>

#include "base/document.h"
#include "base/duration.h"
#include "vipd/shell/cli_parts.h"
#include "vipd/shell/client.h"
#include "vipd/shell/exit_code.h"
#include "vipd/shell/status_text.h"

namespace vipd::shell {
namespace {

int give(const std::string& path, const base::Json& body, const OrderOptions& options,
         const Surroundings& around) {
  Client client(options.socket, around.clock);
  const auto outcome = client.order(path, body, around.clock.now() + Client::kOrderAnswer);
  if (!outcome.ok()) {
    around.err << "vipd: " << outcome.status().message() << "\n";
    return exit_code_of(outcome.status());
  }
  if (outcome->taken) {
    around.out << outcome->text << "\n";
    return kFine;
  }
  around.err << "vipd: refused: " << outcome->text << "\n";
  return kFindings;
}

int pause(const OrderOptions& options, const Surroundings& around) {
  const auto lasts = std::chrono::duration_cast<std::chrono::seconds>(
      *base::parse_duration(options.lasts));
  return give("/pause",
              {{"seconds", lasts.count()},
               {"hard", options.hard},
               {"by", caller(around)},
               {"reason", options.reason.empty() ? "no reason given" : options.reason}},
              options, around);
}

int show_lease(const OrderOptions& options, const Surroundings& around) {
  Client client(options.socket, around.clock);
  const auto status = client.status(std::nullopt, around.clock.now() + Client::kOrderAnswer);
  if (!status.ok()) {
    around.err << "vipd: " << status.status().message() << "\n";
    return kCouldNotTell;
  }
  around.out << (options.format == "table"
                     ? leader_text(*status)
                     : base::document(leader_part(*status), options.format));
  return kFine;
}

// Left empty by a variable of a script that is not set, it would mean another order.
std::string holder_problem(const std::string& text) {
  return is_blank(text) ? "name the instance, as `vipd lease show` does" : "";
}

void add_pause(CLI::App& app, Chosen& chosen, OrderOptions& options, const Surroundings& around) {
  CLI::App* command = app.add_subcommand(
      "pause", "For a while no address moves, but off a dead holder; ends by itself");
  add_socket(*command, options.socket);
  command->add_option("--for", options.lasts, "How long, such as 30m or 2d")
      ->required()
      ->check(CLI::Validator(duration_problem, "DURATION"));
  command->add_flag("--hard", options.hard, "Not even off a dead holder");
  command->add_option("--reason", options.reason, "Shown to everybody, with who asked")
      ->check(CLI::Validator(reason_problem, "TEXT"))
      ->type_name("");
  command->callback([&] { chosen = [&] { return pause(options, around); }; });

  CLI::App* resume = app.add_subcommand("resume", "End a pause before its time");
  add_socket(*resume, options.socket);
  resume->callback([&] {
    chosen = [&] { return give("/resume", {{"by", caller(around)}}, options, around); };
  });
}

void add_lease(CLI::App& app, Chosen& chosen, OrderOptions& options, const Surroundings& around) {
  CLI::App* command =
      app.add_subcommand("lease", "The leader key: who has it; take it from a dead one");
  command->require_subcommand(1);
  CLI::App* show = command->add_subcommand("show", "Who has it, and whether that instance lives");
  add_socket(*show, options.socket);
  add_format(*show, options.format);
  show->callback([&] { chosen = [&] { return show_lease(options, around); }; });

  CLI::App* release = command->add_subcommand(
      "release", "Delete it, if that instance has it and is gone; refused while it lives");
  add_socket(*release, options.socket);
  release->add_option("--if-holder", options.holder, "The instance, as `vipd lease show` names it")
      ->required()
      ->check(CLI::Validator(holder_problem, "ID"))
      ->type_name("");
  release->callback([&] {
    chosen = [&] {
      return give("/release", {{"holder", options.holder}, {"by", caller(around)}}, options,
                  around);
    };
  });
}

}  // namespace

void add_order_commands(CLI::App& app, Chosen& chosen, OrderOptions& options,
                        const Surroundings& around) {
  add_pause(app, chosen, options, around);
  add_lease(app, chosen, options, around);
}

}  // namespace vipd::shell
