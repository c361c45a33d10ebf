// What all list calls share: filters by name and label, sorting, pages, the Link header.
//
// Source  facts/hetzner-api.md 10.6: 25 a page, 50 at most; more is cut down to 50.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/lab/hcloudsim/call.h"

namespace vipd::hcloudsim {

// Drops the items that `?name=`, `?status=` and `?label_selector=` exclude, orders the rest by
// `?sort=field[:asc|:desc]` (several: the first counts most; only `sortable` ones are allowed)
// and answers one page of them under `key`.
Answer list_answer(const Call& call, std::string_view key, std::vector<base::Json> items,
                   const std::vector<std::string>& sortable);

}  // namespace vipd::hcloudsim
