// Orders as they come over the control socket: a path and a JSON body.
//
// Errors   InvalidArgument that says what the order lacks; nothing of it reaches the core then.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "vipd/core/event.h"

namespace vipd::shell {

[[nodiscard]] bool is_order(std::string_view path);

// The event for an order at one of the paths of is_order(); `id` is how it is answered.
absl::StatusOr<core::Event> read_order(std::string_view path, std::string_view body,
                                       core::CallId id);

}  // namespace vipd::shell
