// One value as JSON or YAML, for `-o`. Tables are each command's own.
//
// YAML  Text is quoted wherever it could be read as something else; empty lists and maps are
//       written as [] and {}.
#pragma once

#include <string>

#include "base/json.h"

namespace vipd::base {

// `format` is "json" or "yaml".
[[nodiscard]] std::string document(const Json& value, const std::string& format);

// A scalar as YAML, such that every reader takes it for this text.
[[nodiscard]] std::string yaml_text(const std::string& text);

}  // namespace vipd::base
