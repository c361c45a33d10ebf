// The error object of Hetzner's answers. Pure.
//
// Text    is made fit for a log (text.h).
// Source  facts/hetzner-api.md 10.3: {"error":{"code","message","details"}}.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vipd::hcloud {

struct ErrorBody {
  std::string code;
  std::string message;
  std::string fields;  // those that `invalid_input` and `uniqueness_error` name: "name, labels"
};

// Nothing where the body is not of that shape: then it is not Hetzner's.
[[nodiscard]] std::optional<ErrorBody> read_error_body(std::string_view body);

}  // namespace vipd::hcloud
