// The one table of settings. Flags, variables, the YAML reader and the help all go by it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "vipd/shell/setting_value.h"
#include "vipd/shell/settings.h"

namespace vipd::shell {

struct Setting {
  std::string path;  // "timing.keepaliveEvery"
  ValueKind kind;
  std::string_view help;
  std::function<absl::Status(const Items&, Settings&)> set;
  std::function<std::string(const Settings&)> show;
  bool for_vipctl = false;  // the daemon has no use for it, so no pod is given it
};

// In the order of the help. Built anew by each call: there are no globals.
[[nodiscard]] std::vector<Setting> settings_table();

[[nodiscard]] std::string flag_of(std::string_view path);      // "--timing-keepalive-every"
[[nodiscard]] std::string variable_of(std::string_view path);  // "VIPD_TIMING_KEEPALIVE_EVERY"

// Where people put a token's value though only tokenFile exists. Given, it is refused, and
// what was given is never quoted.
[[nodiscard]] std::vector<std::string> token_paths();
[[nodiscard]] bool is_token(std::string_view path);

}  // namespace vipd::shell
