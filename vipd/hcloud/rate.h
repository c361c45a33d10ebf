// What is left of the project's request budget, from an answer's headers. Pure.
//
// Units    reset_in_seconds counts from the answer's own Date, so a node's wrong clock does
//          not matter; 0 where either is missing. It is the time until the budget is full again.
// Unknown  A limit of 0: headers missing, malformed or contradictory.
// Source   facts/hetzner-api.md 10.2: RateLimit-Limit, -Remaining, -Reset (unix seconds); the
//          budget of an hour refills steadily, so no wait is longer than an hour.
#pragma once

#include "base/http_client.h"
#include "vipd/core/event.h"

namespace vipd::hcloud {

[[nodiscard]] core::Rate read_rate(const base::HttpHeaders& headers);

}  // namespace vipd::hcloud
