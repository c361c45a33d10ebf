// Splitting and trimming on std::string_view, which Debian's Abseil does not take.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vipd::hcloudsim {

// Without the empty pieces.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string trimmed(std::string_view text);
[[nodiscard]] bool is_letter_or_digit(char c);  // ASCII only

}  // namespace vipd::hcloudsim
