#include "base/usage.h"

#include <vector>

namespace vipd::base {

std::string usage_problem(const CLI::App* app, const CLI::Error& problem) {
  const auto extra = app->remaining(true);
  const bool is_misspelt = problem.get_name() == "RequiredError" && !extra.empty();
  if (!is_misspelt && dynamic_cast<const CLI::ExtrasError*>(&problem) == nullptr) {
    return CLI::FailureMessage::simple(app, problem);
  }
  return CLI::FailureMessage::simple(
      app, CLI::ExtrasError(std::vector<std::string>(extra.rbegin(), extra.rend())));
}

}  // namespace vipd::base
