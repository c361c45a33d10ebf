// What vipctl's commands end with: `vipctl help exit-codes`. Scripts rely on them.
//
// 0 to 4 are vipd's own (vipd/shell/exit_code.h); those of `check` are named here so that the
// list is whole and none is given away twice.
#pragma once

#include <string>

#include "vipd/shell/exit_code.h"

namespace vipd::vipctl {

[[nodiscard]] std::string exit_codes_text();

}  // namespace vipd::vipctl
