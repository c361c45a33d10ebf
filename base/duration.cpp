#include "base/duration.h"

#include <array>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace vipd::base {
namespace {

using std::chrono::nanoseconds;

struct Unit {
  std::string_view name;
  nanoseconds size;
};
constexpr std::array kUnits = {
    Unit{"d", std::chrono::hours(24)}, Unit{"h", std::chrono::hours(1)},
    Unit{"m", std::chrono::minutes(1)}, Unit{"s", std::chrono::seconds(1)},
    Unit{"ms", std::chrono::milliseconds(1)}};
constexpr nanoseconds kMost = std::chrono::hours(1000);

// Takes one "<number><unit>" off the front; false where there is none, or past the limit.
bool take_part(std::string_view& text, nanoseconds& sum) {
  std::uint64_t count = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  const std::string_view name = text.substr(0, text.find_first_not_of("dhms"));
  text.remove_prefix(name.size());
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    if (count > static_cast<std::uint64_t>((kMost - sum) / unit.size)) return false;
    sum += static_cast<std::int64_t>(count) * unit.size;
    return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<nanoseconds> parse_duration(std::string_view text) {
  nanoseconds sum{0};
  std::string_view rest = text;
  bool good = !rest.empty();
  while (good && !rest.empty()) good = take_part(rest, sum);
  if (good) return sum;
  return absl::InvalidArgumentError(fmt::format(
      "\"{}\" is not a duration: write a number and a unit, such as 300ms, 5s, 2m or 7d", text));
}

std::string duration_text(nanoseconds duration) {
  std::string text;
  for (const Unit& unit : kUnits) {
    if (duration < unit.size) continue;
    text += fmt::format("{}{}", duration / unit.size, unit.name);
    duration %= unit.size;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace vipd::base
