#include "base/clock.h"

#include <ctime>

namespace vipd::base {
namespace {

timespec read_clock(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);  // cannot fail for the clocks named below
  return time;
}

}  // namespace

std::string rfc3339(WallTime time) {
  const std::time_t seconds = time.seconds;
  std::tm parts{};
  char text[64];
  if (gmtime_r(&seconds, &parts) == nullptr) return "(no such time)";
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

Instant SystemClock::now() const {
  const timespec time = read_clock(CLOCK_BOOTTIME);
  return Instant(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

WallTime SystemClock::wall() const { return {read_clock(CLOCK_REALTIME).tv_sec}; }

}  // namespace vipd::base
