#include "base/json.h"

#include <limits>

#include <fmt/format.h>

namespace vipd::base {
namespace {

constexpr int kDeepest = 64;

const Json* find(const Json& object, std::string_view field) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(field);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

absl::StatusOr<Json> parse_json(std::string_view text) {
  bool too_deep = false;
  const auto watch_depth = [&](int depth, Json::parse_event_t event, Json&) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    too_deep = too_deep || (opens && depth >= kDeepest);  // the outermost opens at depth 0
    return !too_deep;
  };
  try {
    Json value = Json::parse(text, watch_depth);
    if (!too_deep) return value;
    return absl::InvalidArgumentError(
        fmt::format("JSON is nested deeper than {} levels", kDeepest));
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(fmt::format("malformed JSON at byte {}", error.byte));
  } catch (const Json::exception&) {  // what() may quote the text
    return absl::InvalidArgumentError("malformed JSON: a number is out of range");
  }
}

std::optional<std::string> json_text(const Json& object, std::string_view field) {
  const Json* value = find(object, field);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

std::optional<std::int64_t> json_integer(const Json& object, std::string_view field) {
  const Json* value = find(object, field);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > kMost) return std::nullopt;
  return value->get<std::int64_t>();
}

std::optional<bool> json_bool(const Json& object, std::string_view field) {
  const Json* value = find(object, field);
  if (value == nullptr || !value->is_boolean()) return std::nullopt;
  return value->get<bool>();
}

}  // namespace vipd::base
