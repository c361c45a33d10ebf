// What `vipctl reserve` says at its end. reserve.h has the shape.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "tools/vipctl/prices.h"
#include "tools/vipctl/reserve.h"
#include "tools/vipctl/reserve_plan.h"

namespace vipd::vipctl {

// What was done for each, by its place in the plan.
using Did = std::map<std::size_t, std::vector<std::string>>;

[[nodiscard]] base::Json reserve_report(const std::vector<Reservation>& plan, const Did& did,
                                        const Prices& prices, const ReserveOptions& options,
                                        const std::string& location);
[[nodiscard]] std::string reserve_text(const base::Json& report);

}  // namespace vipd::vipctl
