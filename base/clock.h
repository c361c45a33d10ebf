// The time line of the whole program, and the one seam through which it is read.
//
// Units    Instants count CLOCK_BOOTTIME nanoseconds: they go on during suspend, and no
//          change of the wall clock moves them.
// Wall     WallTime is for people only (records, logs). No decision compares it.
// Threads  Clocks are immutable; now() may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace vipd::base {

// Names a time line. It has no now(): whoever needs the time is handed it, or a Clock.
struct BootClock {
  using rep = std::chrono::nanoseconds::rep;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using Instant = BootClock::time_point;

// Seconds since 1970 in UTC, as the node believes.
struct WallTime {
  std::int64_t seconds = 0;
  friend bool operator==(const WallTime&, const WallTime&) = default;
};

// "2026-01-30T23:55:00Z"
[[nodiscard]] std::string rfc3339(WallTime time);

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;
};

// Reads CLOCK_BOOTTIME and CLOCK_REALTIME. Made by main() only.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] WallTime wall() const override;
};

}  // namespace vipd::base
