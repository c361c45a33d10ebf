// What the commands of the command line share.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "vipd/shell/cli.h"

namespace vipd::shell {

using Chosen = std::function<int()>;  // what was asked for; gives the exit code

inline constexpr auto kDefaultSocket = "/var/lib/vipd/vipd.sock";

void add_socket(CLI::App& command, std::string& socket);

// -o table|json|yaml
void add_format(CLI::App& command, std::string& format);

// "anna@cp-1": who gave an order, for the record.
[[nodiscard]] std::string caller(const Surroundings& around);

// For CLI::Validator: "" where `text` is a duration such as 90s or 2h.
[[nodiscard]] std::string duration_problem(const std::string& text);
[[nodiscard]] bool is_blank(const std::string& text);
// As duration_problem(): "" where `text` is not blank.
[[nodiscard]] std::string reason_problem(const std::string& text);

// The options that these commands fill; they live as long as the App.
struct LookOptions {
  std::string socket = kDefaultSocket;
  std::string format = "table";
  std::string file;
  bool all = false;
};
struct OrderOptions {
  std::string socket = kDefaultSocket;
  std::string lasts;
  bool hard = false;
  std::string reason;
  std::string holder;
  std::string format = "table";
};

// why, journal dump, replay (cli_look.cpp); pause, resume, lease (cli_orders.cpp).
void add_look_commands(CLI::App& app, Chosen& chosen, LookOptions& options,
                       const Surroundings& around);
void add_order_commands(CLI::App& app, Chosen& chosen, OrderOptions& options,
                        const Surroundings& around);

}  // namespace vipd::shell
