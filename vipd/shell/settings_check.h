// What must hold for settings that could each be read. A part of load_settings().
#pragma once

#include <string>
#include <vector>

#include "vipd/shell/settings.h"

namespace vipd::shell {

// One sentence each, beginning with the setting's path: core::validate()'s, and those about
// what only the shell knows (URLs, paths, sockets).
[[nodiscard]] std::vector<std::string> settings_problems(const Settings& settings);

}  // namespace vipd::shell
