// What a program says of a command line that it does not understand; for CLI::App::failure_message.
//
// Source  CLI11 2.1 (Error.hpp, ExtrasError) names arguments that it does not take backwards.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace vipd::base {

// CLI11's own text, with such arguments in the order in which they were typed; they come before
// what is missing, which is missing because of a misspelt command most of the time.
[[nodiscard]] std::string usage_problem(const CLI::App* app, const CLI::Error& problem);

}  // namespace vipd::base
