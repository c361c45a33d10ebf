#include "tools/lab/hcloudsim/target.h"

#include <charconv>

#include <fmt/format.h>

#include "tools/lab/hcloudsim/text.h"

namespace vipd::hcloudsim {
namespace {

// Nothing where the two characters are no hexadecimal number.
std::optional<char> hex_byte(std::string_view two) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(two.data(), two.data() + two.size(), value, 16);
  const bool whole = two.size() == 2 && error == std::errc() && end == two.data() + 2;
  return whole ? std::optional<char>(static_cast<char>(value)) : std::nullopt;
}

std::string decode(std::string_view text, bool is_query) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto escaped = text[i] == '%' ? hex_byte(text.substr(i + 1, 2)) : std::nullopt;
    if (escaped) {
      decoded += *escaped;
      i += 2;
    } else {
      decoded += is_query && text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::string encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool mark = std::string_view("-_.~").find(c) != std::string_view::npos;
    const bool plain = is_letter_or_digit(c) || mark;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace

Target Target::parse(std::string_view text) {
  const auto mark = text.find('?');
  Target target;
  target.path = std::string(text.substr(0, mark));
  for (const std::string& each : split(target.path, '/')) {
    target.segments.push_back(decode(each, false));
  }
  if (mark == std::string_view::npos) return target;
  for (const std::string& each : split(text.substr(mark + 1), '&')) {
    const auto equals = each.find('=');
    const std::string value = equals == std::string::npos ? "" : each.substr(equals + 1);
    target.query.emplace_back(decode(each.substr(0, equals), true), decode(value, true));
  }
  return target;
}

std::optional<std::string> Target::value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Target::values(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [key, value] : query) {
    if (key == name) found.push_back(value);
  }
  return found;
}

std::string Target::with_page(int page, int per_page) const {
  std::string text = path + "?";
  for (const auto& [key, value] : query) {
    if (key == "page" || key == "per_page") continue;
    text += fmt::format("{}={}&", encode(key), encode(value));
  }
  return fmt::format("{}page={}&per_page={}", text, page, per_page);
}

std::optional<std::vector<std::string>> match_path(std::string_view pattern,
                                                   const std::vector<std::string>& segments) {
  const std::vector<std::string> parts = split(pattern, '/');
  if (segments.size() != parts.size()) return std::nullopt;
  std::vector<std::string> found;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool wild = parts[i] == "{text}" || (parts[i] == "{id}" && parse_id(segments[i]));
    if (wild) found.push_back(segments[i]);
    if (!wild && parts[i] != segments[i]) return std::nullopt;
  }
  return found;
}

std::optional<Id> parse_id(std::string_view text) {
  Id id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && id > 0 && id <= kLargestId ? std::optional<Id>(id) : std::nullopt;
}

}  // namespace vipd::hcloudsim
