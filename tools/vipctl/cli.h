// The command line of vipctl.
//
// Exit codes  exit_codes.h; CLI11's own are mapped to wrong usage.
#pragma once

#include "tools/vipctl/environment.h"

namespace vipd::vipctl {

int run_cli(int argc, const char* const* argv, const Environment& around);

}  // namespace vipd::vipctl
