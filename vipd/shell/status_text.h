// The status as people read it: `vipd status`. Pure: JSON in, text out.
//
// Total: a missing or unexpected field shows as "-", so an older vipctl or daemon still works.
// Control characters in names and evidence are shown as '?': they must not reach a terminal.
#pragma once

#include <string>

#include "base/json.h"

namespace vipd::shell {

[[nodiscard]] std::string status_text(const base::Json& status);

// One line: who holds, since when, and where each Floating IP stands.
[[nodiscard]] std::string holder_text(const base::Json& status);

}  // namespace vipd::shell
