// `vipd handover`: gives the order and stays until it is done, refused, or the time is up.
#pragma once

#include <chrono>
#include <iosfwd>

#include "base/clock.h"
#include "base/json.h"
#include "vipd/shell/client.h"

namespace vipd::shell {

// What the order asks for stands: the right node holds, and every Floating IP is verified on it.
// `holder_before` is the server that held when the order was given; it counts where the order
// names no node.
[[nodiscard]] bool fulfilled(const base::Json& status, const Order& order,
                             std::int64_t holder_before);

// Prints what happens. The exit code: 0 done, 1 refused or not done in time, 3 could not tell.
int hand_over(Client& client, const base::Clock& clock, const Order& order,
              base::Instant::duration timeout, std::ostream& out, std::ostream& err);

}  // namespace vipd::shell
