// The report of `vipctl sans check` for people: a table, and each finding once, with all servers
// that it was seen at, and the next command.
#pragma once

#include <string>

#include "base/json.h"

namespace vipd::vipctl {

// `report` is sans_report()'s. `wide`: also every name and the chain of each server.
[[nodiscard]] std::string sans_text(const base::Json& report, bool wide);

}  // namespace vipd::vipctl
