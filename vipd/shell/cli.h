// The command line of vipd. It carries out every command but `run`, which main() hands in:
// only main() names the daemon's parts.
//
// Exit codes  exit_code.h; CLI11's own are mapped to kWrongUsage.
#pragma once

#include <functional>
#include <iosfwd>
#include <string_view>

#include "base/clock.h"
#include "vipd/shell/settings.h"

namespace vipd::shell {

struct Surroundings {
  const char* const* environment;  // as main() has it
  const base::Clock& clock;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  std::string_view commit = "unknown";  // what the program was built from
};

int run_cli(int argc, const char* const* argv, const Surroundings& around,
            const std::function<int(const Settings&)>& run);

}  // namespace vipd::shell
