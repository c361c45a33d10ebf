// vipd's metrics, made of its status: what people see and what alerts see is the same.
//
// Input    the status document as `vipd status -o json` shows it; what it lacks is left out.
// Threads  Pure.
#pragma once

#include <string>
#include <string_view>

namespace vipd::metrics {

inline constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

[[nodiscard]] std::string metrics_text(std::string_view status);

}  // namespace vipd::metrics
