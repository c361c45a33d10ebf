// Durations as people write them: "300ms", "5s", "2m", "6h", "7d", and sums such as "1m30s".
//
// Errors  parse_duration() gives InvalidArgument that quotes the text and shows an example.
//         No sign, no fractions, at most 1000 hours.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace vipd::base {

absl::StatusOr<std::chrono::nanoseconds> parse_duration(std::string_view text);

// The shortest text that parse_duration() takes back: "1500ms" is "1s500ms". Below a
// millisecond it rounds down.
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace vipd::base
