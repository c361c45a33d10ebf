// What main() hands down: the environment, the clock and where output goes.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace vipd::vipctl {

struct Environment {
  const char* const* variables;  // as main() has them: "NAME=value", ended by a null pointer
  const base::Clock& clock;
  std::ostream& out;
  std::ostream& err;
  std::string_view commit = "unknown";  // what the program was built from

  // Empty where it is not set.
  [[nodiscard]] std::string variable(std::string_view name) const {
    for (const char* const* entry = variables; *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      if (text.size() > name.size() && text[name.size()] == '=' && text.rfind(name, 0) == 0) {
        return std::string(text.substr(name.size() + 1));
      }
    }
    return "";
  }
};

}  // namespace vipd::vipctl
