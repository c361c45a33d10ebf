// `lab status` for people. Pure.
#pragma once

#include <string>

#include "base/json.h"

namespace vipd::lab {

[[nodiscard]] std::string status_text(const base::Json& status);

}  // namespace vipd::lab
