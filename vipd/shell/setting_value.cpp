#include "vipd/shell/setting_value.h"

#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "absl/status/statusor.h"
#include "base/duration.h"

namespace vipd::shell {
namespace {

absl::Status unreadable(std::string_view text, std::string_view expected) {
  return absl::InvalidArgumentError(fmt::format("\"{}\" is not {}", text, expected));
}

absl::StatusOr<std::string> only_item(const Items& items) {
  if (items.size() == 1) return items.front();
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is a list; give one value", fmt::join(items, ",")));
}

// A whole number of type T and nothing else.
template <typename T>
std::optional<T> number(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename T>
using Choices = std::vector<std::pair<std::string_view, T>>;

Choices<bool> choices(const bool&) { return {{"true", true}, {"false", false}}; }

Choices<core::Mode> choices(const core::Mode&) {
  return {{"manage", core::Mode::kManage}, {"observe", core::Mode::kObserve}};
}

Choices<base::LogFormat> choices(const base::LogFormat&) {
  return {{"console", base::LogFormat::kConsole}, {"json", base::LogFormat::kJson}};
}

Choices<base::LogLevel> choices(const base::LogLevel&) {
  using base::LogLevel;
  return {{"debug", LogLevel::kDebug},
          {"info", LogLevel::kInfo},
          {"warn", LogLevel::kWarn},
          {"error", LogLevel::kError}};
}

template <typename T>
absl::Status read_choice(const Items& items, T& value) {
  const auto text = only_item(items);
  if (!text.ok()) return text.status();
  for (const auto& [name, choice] : choices(value)) {
    if (name != *text) continue;
    value = choice;
    return absl::OkStatus();
  }
  return unreadable(*text, fmt::format("one of {}", kind_of(value).name));
}

template <typename T>
std::string show_choice(const T& value) {
  for (const auto& [name, choice] : choices(value)) {
    if (choice == value) return std::string(name);
  }
  return {};
}

absl::StatusOr<DeclaredAddress> read_address(const std::string& item) {
  constexpr std::string_view kExpected = "ID=ADDRESS[=NAME], such as 1234=203.0.113.10";
  const auto first = item.find('=');
  if (first == std::string::npos) return unreadable(item, kExpected);
  const auto second = item.find('=', first + 1);
  const auto id = number<core::FipId>(std::string_view(item).substr(0, first));
  if (!id) return unreadable(item.substr(0, first), "a Floating IP's id, such as 1234");
  const auto address = base::IpAddress::parse(item.substr(first + 1, second - first - 1));
  if (!address.ok()) return address.status();
  return DeclaredAddress{*id, *address,
                         second == std::string::npos ? "" : item.substr(second + 1)};
}

}  // namespace

absl::Status read_value(const Items& items, std::string& value) {
  const auto text = only_item(items);
  if (text.ok()) value = *text;
  return text.status();
}

absl::Status read_value(const Items& items, bool& value) { return read_choice(items, value); }

absl::Status read_value(const Items& items, core::Mode& value) {
  return read_choice(items, value);
}

absl::Status read_value(const Items& items, base::LogFormat& value) {
  return read_choice(items, value);
}

absl::Status read_value(const Items& items, base::LogLevel& value) {
  return read_choice(items, value);
}

absl::Status read_value(const Items& items, std::uint16_t& value) {
  const auto text = only_item(items);
  if (!text.ok()) return text.status();
  const auto port = number<std::uint16_t>(*text);
  if (!port || *port == 0) return unreadable(*text, "a port from 1 to 65535");
  value = *port;
  return absl::OkStatus();
}

absl::Status read_value(const Items& items, core::Duration& value) {
  const auto text = only_item(items);
  if (!text.ok()) return text.status();
  const auto duration = base::parse_duration(*text);
  if (duration.ok()) value = *duration;
  return duration.status();
}

absl::Status read_value(const Items& items, std::chrono::seconds& value) {
  core::Duration duration{0};
  if (auto status = read_value(items, duration); !status.ok()) return status;
  if (duration % std::chrono::seconds(1) != core::Duration(0)) {
    return unreadable(items.front(), "a number of whole seconds, such as 5s");
  }
  value = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return absl::OkStatus();
}

absl::Status read_value(const Items& items, Items& value) {
  value = items;
  return absl::OkStatus();
}

absl::Status read_value(const Items& items, Labels& value) {
  Labels labels;
  for (const std::string& item : items) {
    const auto equals = item.find('=');
    if (equals == std::string::npos) return unreadable(item, "KEY=VALUE, such as vipd=prod");
    if (!labels.emplace(item.substr(0, equals), item.substr(equals + 1)).second) {
      return absl::InvalidArgumentError(
          fmt::format("the key \"{}\" is there twice", item.substr(0, equals)));
    }
  }
  value = std::move(labels);
  return absl::OkStatus();
}

absl::Status read_value(const Items& items, Prefixes& value) {
  Prefixes prefixes;
  for (const std::string& item : items) {
    const auto prefix = base::IpPrefix::parse(item);
    if (!prefix.ok()) return prefix.status();
    prefixes.push_back(*prefix);
  }
  value = std::move(prefixes);
  return absl::OkStatus();
}

absl::Status read_value(const Items& items, Addresses& value) {
  Addresses addresses;
  for (const std::string& item : items) {
    const auto address = read_address(item);
    if (!address.ok()) return address.status();
    addresses.push_back(*address);
  }
  value = std::move(addresses);
  return absl::OkStatus();
}

std::string show_value(const std::string& value) { return value; }
std::string show_value(const bool& value) { return show_choice(value); }
std::string show_value(const core::Mode& value) { return show_choice(value); }
std::string show_value(const base::LogFormat& value) { return show_choice(value); }
std::string show_value(const base::LogLevel& value) { return show_choice(value); }
std::string show_value(const std::uint16_t& value) { return std::to_string(value); }
std::string show_value(const core::Duration& value) { return base::duration_text(value); }
std::string show_value(const std::chrono::seconds& value) { return base::duration_text(value); }
std::string show_value(const Items& value) { return fmt::format("{}", fmt::join(value, ",")); }

std::string show_value(const Labels& value) {
  Items items;
  for (const auto& [key, text] : value) items.push_back(key + "=" + text);
  return show_value(items);
}

std::string show_value(const Prefixes& value) {
  Items items;
  for (const base::IpPrefix& prefix : value) items.push_back(prefix.text());
  return show_value(items);
}

std::string show_value(const Addresses& value) {
  Items items;
  for (const DeclaredAddress& each : value) {
    items.push_back(fmt::format("{}={}{}{}", each.id, each.address.text(),
                                each.name.empty() ? "" : "=", each.name));
  }
  return show_value(items);
}

}  // namespace vipd::shell
