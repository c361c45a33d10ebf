// Plain structs to JSON and back, for the journal: every member of every struct, by the names
// of journal_events.h and journal_state.h. What equals the default is left out.
//
// Text     may be any bytes (what others put into etcd): each byte becomes one character, so a
//          round trip loses nothing.
// Errors   of reading are InvalidArgument that names the member; an unknown member too, for it
//          means another version of vipd.
#pragma once

#include <array>
#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "base/json.h"
#include "vipd/shell/journal_state.h"

namespace vipd::shell {

using base::Json;

[[nodiscard]] Json text_to_json(std::string_view bytes);
absl::Status text_from_json(const Json& json, std::string& bytes);
absl::Status address_from_json(const Json& json, base::IpAddress& address);
[[nodiscard]] absl::Status expected(std::string_view what);
// Puts `where` before the message of a failure.
[[nodiscard]] absl::Status inside(std::string_view where, const absl::Status& status);

template <typename T, template <typename...> class Template>
inline constexpr bool kIs = false;
template <template <typename...> class Template, typename... Parts>
inline constexpr bool kIs<Template<Parts...>, Template> = true;

template <typename T>
concept Sequence = kIs<T, std::vector> || kIs<T, std::set> || kIs<T, std::map>;
template <typename T>
concept Counted = requires { typename T::period; };  // a duration

template <Described T>
Json members_to_json(const T& value);

template <typename T>
Json to_json(const T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    return value;
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<int>(value);
  } else if constexpr (std::same_as<T, std::string>) {
    return text_to_json(value);
  } else if constexpr (std::same_as<T, base::IpAddress>) {
    return value.text();
  } else if constexpr (std::same_as<T, base::Instant>) {
    return value.time_since_epoch().count();
  } else if constexpr (Counted<T>) {
    return value.count();
  } else if constexpr (kIs<T, std::optional>) {
    return value ? to_json(*value) : Json();
  } else if constexpr (kIs<T, std::pair>) {
    return Json::array({to_json(value.first), to_json(value.second)});
  } else if constexpr (Sequence<T>) {
    Json list = Json::array();
    for (const auto& element : value) list.push_back(to_json(element));
    return list;
  } else if constexpr (kIs<T, std::variant>) {
    return std::visit(
        [](const auto& one) {
          return Json{{std::string(type_name<std::decay_t<decltype(one)>>()), to_json(one)}};
        },
        value);
  } else {
    return members_to_json(value);
  }
}

// Every member, the defaults too.
template <Described T>
std::vector<Json> whole(const T& value) {
  std::vector<Json> list;
  std::apply([&list](const auto&... member) { (list.push_back(to_json(member)), ...); },
             members_of<T>(value));
  return list;
}

template <Described T>
Json members_to_json(const T& value) {
  static const std::vector<Json> kDefaults = whole(T{});
  const std::vector<Json> all = whole(value);
  Json object = Json::object();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] != kDefaults[i]) object[std::string(member_name<T>(i))] = all[i];
  }
  return object;
}

template <typename T>
absl::Status from_json(const Json& json, T& value);

template <std::integral T>
absl::Status number_from_json(const Json& json, T& value) {
  const bool fits = json.is_number_unsigned()
                        ? std::in_range<T>(json.get<std::uint64_t>())
                        : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>());
  if (!fits) return expected("a number in range");
  value = json.get<T>();
  return absl::OkStatus();
}

template <typename Enum>
absl::Status enum_from_json(const Json& json, Enum& value) {
  int number = 0;
  if (auto read = number_from_json(json, number); !read.ok()) return read;
  if (number < 0 || number > static_cast<int>(kLast<Enum>)) return expected("a known number");
  value = static_cast<Enum>(number);
  return absl::OkStatus();
}

template <typename Duration>
absl::Status duration_from_json(const Json& json, Duration& value) {
  typename Duration::rep count = 0;
  if (auto read = number_from_json(json, count); !read.ok()) return read;
  value = Duration(count);
  return absl::OkStatus();
}

template <typename T>
absl::Status sequence_from_json(const Json& json, T& value) {
  if (!json.is_array()) return expected("a list");
  value.clear();
  for (const Json& element : json) {
    if constexpr (kIs<T, std::map>) {
      std::pair<typename T::key_type, typename T::mapped_type> entry;
      if (auto read = from_json(element, entry); !read.ok()) return read;
      value.insert(std::move(entry));
    } else {
      typename T::value_type one{};
      if (auto read = from_json(element, one); !read.ok()) return read;
      value.insert(value.end(), std::move(one));
    }
  }
  return absl::OkStatus();
}

// {"TypeName": {...}}, of one of the alternatives.
template <typename... Alternatives>
absl::Status variant_from_json(const Json& json, std::variant<Alternatives...>& value) {
  if (!json.is_object() || json.size() != 1) return expected("one named thing");
  const auto entry = json.begin();
  absl::Status status = inside(entry.key(), expected("a type that this version of vipd knows"));
  const auto attempt = [&]<typename One>(One one) {
    if (entry.key() != type_name<One>()) return;
    status = inside(entry.key(), from_json(entry.value(), one));
    if (status.ok()) value = std::move(one);
  };
  (attempt(Alternatives{}), ...);
  return status;
}

template <Described T>
absl::Status members_from_json(const Json& json, T& value) {
  if (!json.is_object()) return expected("an object");
  value = T{};
  std::size_t known = 0;
  std::size_t index = 0;
  absl::Status status;
  const auto take = [&](auto& member) {
    const std::string name(member_name<T>(index++));
    const auto found = json.find(name);
    if (found == json.end() || !status.ok()) return;
    ++known;
    status = inside(name, from_json(*found, member));
  };
  std::apply([&take](auto&... member) { (take(member), ...); }, members_of<T>(value));
  if (status.ok() && known != json.size()) return expected("no member that vipd does not know");
  return status;
}

template <typename T>
absl::Status from_json(const Json& json, T& value) {
  if constexpr (std::same_as<T, bool>) {
    if (!json.is_boolean()) return expected("true or false");
    value = json.get<bool>();
    return absl::OkStatus();
  } else if constexpr (std::integral<T>) {
    return number_from_json(json, value);
  } else if constexpr (std::is_enum_v<T>) {
    return enum_from_json(json, value);
  } else if constexpr (std::same_as<T, std::string>) {
    return text_from_json(json, value);
  } else if constexpr (std::same_as<T, base::IpAddress>) {
    return address_from_json(json, value);
  } else if constexpr (std::same_as<T, base::Instant>) {
    base::Instant::duration since{0};
    auto read = duration_from_json(json, since);
    value = base::Instant(since);
    return read;
  } else if constexpr (Counted<T>) {
    return duration_from_json(json, value);
  } else if constexpr (kIs<T, std::optional>) {
    value.reset();
    return json.is_null() ? absl::OkStatus() : from_json(json, value.emplace());
  } else if constexpr (kIs<T, std::pair>) {
    if (!json.is_array() || json.size() != 2) return expected("a pair");
    if (auto read = from_json(json[0], value.first); !read.ok()) return read;
    return from_json(json[1], value.second);
  } else if constexpr (Sequence<T>) {
    return sequence_from_json(json, value);
  } else if constexpr (kIs<T, std::variant>) {
    return variant_from_json(json, value);
  } else {
    return members_from_json(json, value);
  }
}

}  // namespace vipd::shell
