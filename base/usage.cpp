#include "base/usage.h"

#include <vector>

namespace vipd::base {

std::string usage_problem(const CLI::App* app, const CLI::Error& problem) {
  if (dynamic_cast<const CLI::ExtrasError*>(&problem) == nullptr) {
    return CLI::FailureMessage::simple(app, problem);
  }
  const auto extra = app->remaining(true);
  return CLI::FailureMessage::simple(
      app, CLI::ExtrasError(std::vector<std::string>(extra.rbegin(), extra.rend())));
}

}  // namespace vipd::base
