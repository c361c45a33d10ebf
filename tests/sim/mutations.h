// The core, broken on purpose from outside: wrappers round advance(). Each takes away one thing
// that a rule stands for, and the checker must notice.
#pragma once

#include <string>
#include <vector>

#include "tests/fakes/world.h"

namespace vipd::sim {

struct Mutation {
  std::string name;
  std::string what;
  std::string breaks;  // how the checker's words about it begin
  fakes::StepFunction step;
};

[[nodiscard]] const std::vector<Mutation>& mutations();

}  // namespace vipd::sim
