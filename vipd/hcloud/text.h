// Small readings of text that others wrote. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vipd::hcloud {

// ASCII letters and white space, whatever the locale.
[[nodiscard]] bool is_space(char c);
[[nodiscard]] bool is_letter_or_digit(char c);

// Without the white space around it; views into `text`.
[[nodiscard]] std::string_view trimmed(std::string_view text);

// Decimal digits and nothing else, within 64 bits; else nothing.
[[nodiscard]] std::optional<std::int64_t> whole_number(std::string_view text);

// A base URL to which "/path" is added.
[[nodiscard]] std::string without_last_slash(std::string url);

// One line of printable ASCII, at most 200 characters and "...", whatever a peer sent.
[[nodiscard]] std::string for_log(std::string text);

// As the value of a query parameter (RFC 3986, 2.1 and 2.3).
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace vipd::hcloud
