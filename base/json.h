// nlohmann::json with errors as values: no exception leaves these functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"

namespace vipd::base {

using Json = nlohmann::json;

// InvalidArgument with the byte offset; never quotes the text (it may hold a secret).
// Nesting deeper than 64 levels is refused.
absl::StatusOr<Json> parse_json(std::string_view text);

// Typed look-ups that do not throw. Nothing where the field is missing, null or of another type.
[[nodiscard]] std::optional<std::string> json_text(const Json& object, std::string_view field);
[[nodiscard]] std::optional<std::int64_t> json_integer(const Json& object, std::string_view field);
[[nodiscard]] std::optional<bool> json_bool(const Json& object, std::string_view field);

}  // namespace vipd::base
