// How each type of setting is written and read back: the same for flag, variable and YAML,
// which differ only in how they tell the items apart.
//
// Errors  read_value() gives InvalidArgument that quotes the text and says what is expected;
//         the value is then unchanged.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/ip.h"
#include "base/log.h"
#include "vipd/core/config.h"
#include "vipd/shell/settings.h"

namespace vipd::shell {

using Items = std::vector<std::string>;
using Labels = std::map<std::string, std::string>;
using Prefixes = std::vector<base::IpPrefix>;
using Addresses = std::vector<DeclaredAddress>;

struct ValueKind {
  enum class Shape {
    kSwitch,     // true or false; as a flag it needs no value
    kSingle,     // one item
    kList,       // items
    kMap,        // items k=v
    kAddresses,  // items ID=ADDRESS[=NAME]; in YAML maps with id, address, name
  };
  Shape shape;
  std::string_view name;  // for the help
};
constexpr ValueKind kind_of(const std::string&) { return {ValueKind::Shape::kSingle, "TEXT"}; }
constexpr ValueKind kind_of(const bool&) { return {ValueKind::Shape::kSwitch, "true|false"}; }
constexpr ValueKind kind_of(const std::uint16_t&) { return {ValueKind::Shape::kSingle, "PORT"}; }
constexpr ValueKind kind_of(const std::chrono::seconds&) {
  return {ValueKind::Shape::kSingle, "DURATION"};
}
constexpr ValueKind kind_of(const core::Duration&) {
  return {ValueKind::Shape::kSingle, "DURATION"};
}
constexpr ValueKind kind_of(const base::LogFormat&) {
  return {ValueKind::Shape::kSingle, "console|json"};
}
constexpr ValueKind kind_of(const base::LogLevel&) {
  return {ValueKind::Shape::kSingle, "debug|info|warn|error"};
}
constexpr ValueKind kind_of(const core::Mode&) {
  return {ValueKind::Shape::kSingle, "manage|observe"};
}
constexpr ValueKind kind_of(const Items&) { return {ValueKind::Shape::kList, "TEXT,..."}; }
constexpr ValueKind kind_of(const Labels&) { return {ValueKind::Shape::kMap, "KEY=VALUE,..."}; }
constexpr ValueKind kind_of(const Prefixes&) { return {ValueKind::Shape::kList, "PREFIX,..."}; }
constexpr ValueKind kind_of(const Addresses&) {
  return {ValueKind::Shape::kAddresses, "ID=ADDRESS[=NAME],..."};
}

absl::Status read_value(const Items& items, std::string& value);
absl::Status read_value(const Items& items, bool& value);
absl::Status read_value(const Items& items, std::uint16_t& value);
absl::Status read_value(const Items& items, std::chrono::seconds& value);
absl::Status read_value(const Items& items, core::Duration& value);
absl::Status read_value(const Items& items, base::LogFormat& value);
absl::Status read_value(const Items& items, base::LogLevel& value);
absl::Status read_value(const Items& items, core::Mode& value);
absl::Status read_value(const Items& items, Items& value);
absl::Status read_value(const Items& items, Labels& value);
absl::Status read_value(const Items& items, Prefixes& value);
absl::Status read_value(const Items& items, Addresses& value);

// What read_value() would take back, as one flag's text.
std::string show_value(const std::string& value);
std::string show_value(const bool& value);
std::string show_value(const std::uint16_t& value);
std::string show_value(const std::chrono::seconds& value);
std::string show_value(const core::Duration& value);
std::string show_value(const base::LogFormat& value);
std::string show_value(const base::LogLevel& value);
std::string show_value(const core::Mode& value);
std::string show_value(const Items& value);
std::string show_value(const Labels& value);
std::string show_value(const Prefixes& value);
std::string show_value(const Addresses& value);

}  // namespace vipd::shell
