#include "base/document.h"

#include <fmt/format.h>

namespace vipd::base {
namespace {

constexpr auto kReplace = Json::error_handler_t::replace;

bool is_branch(const Json& value) { return value.is_structured() && !value.empty(); }

std::string leaf(const Json& value) {
  return value.is_string() ? yaml_text(value.get_ref<const std::string&>())
                           : value.dump(-1, ' ', false, kReplace);
}

// Each line begins with `indent`, but for the first one, which its parent has begun.
std::string branch(const Json& value, const std::string& indent) {
  std::string text;
  const auto begin_line = [&] { return text.empty() ? std::string() : indent; };
  for (const auto& [key, item] : value.items()) {
    if (value.is_array()) {
      text += begin_line() + "- ";
      text += is_branch(item) ? branch(item, indent + "  ") : leaf(item) + "\n";
    } else if (is_branch(item)) {
      text += begin_line() + yaml_text(key) + ":\n" + indent + "  " + branch(item, indent + "  ");
    } else {
      text += begin_line() + yaml_text(key) + ": " + leaf(item) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string yaml_text(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '/';
  };
  bool quote = text.empty() || text.front() == '-';
  for (const char c : text) quote = quote || !plain(c);
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}) {
    std::string lower = text;
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    quote = quote || lower == word;
  }
  return quote ? Json(text).dump(-1, ' ', false, kReplace) : text;  // JSON's quotes are YAML's
}

std::string document(const Json& value, const std::string& format) {
  if (format == "json") return value.dump(2, ' ', false, kReplace) + "\n";
  return is_branch(value) ? branch(value, "") : leaf(value) + "\n";
}

}  // namespace vipd::base
