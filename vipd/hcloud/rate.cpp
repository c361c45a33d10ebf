#include "vipd/hcloud/rate.h"

#include <time.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "vipd/hcloud/text.h"

namespace vipd::hcloud {
namespace {

constexpr std::int64_t kLongestReset = 3600;

std::optional<std::int64_t> number(const base::HttpHeaders& headers, std::string_view name) {
  const auto text = base::find_header(headers, name);
  return text ? whole_number(*text) : std::nullopt;
}

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7), as unix seconds.
std::optional<std::int64_t> date(const base::HttpHeaders& headers) {
  const auto text = base::find_header(headers, "Date");
  if (!text) return std::nullopt;
  std::tm parts{};
  const char* end = strptime(text->c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&parts);
}

}  // namespace

core::Rate read_rate(const base::HttpHeaders& headers) {
  const auto limit = number(headers, "RateLimit-Limit");
  const auto remaining = number(headers, "RateLimit-Remaining");
  if (!limit || !remaining || *remaining > *limit) return {};
  if (*limit > std::numeric_limits<int>::max()) return {};
  core::Rate rate{.limit = static_cast<int>(*limit),
                  .remaining = static_cast<int>(*remaining),
                  .reset_in_seconds = 0};

  const auto reset = number(headers, "RateLimit-Reset");
  const auto answered = date(headers);
  if (reset && answered) {
    rate.reset_in_seconds = std::clamp<std::int64_t>(*reset - *answered, 0, kLongestReset);
  }
  return rate;
}

}  // namespace vipd::hcloud
