// Turns the simulation's instants into the dates it writes. Hetzner's clock does not jump, so the
// wall clock is read once and counted on from there.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"

namespace vipd::hcloudsim {

class Calendar {
 public:
  Calendar(base::Instant start, base::WallTime wall) : start_(start), wall_(wall) {}

  [[nodiscard]] base::WallTime at(base::Instant instant) const {
    return {wall_.seconds +
            std::chrono::floor<std::chrono::seconds>(instant - start_).count()};
  }
  [[nodiscard]] std::string text(base::Instant instant) const {
    return base::rfc3339(at(instant));
  }

 private:
  base::Instant start_;
  base::WallTime wall_;
};

}  // namespace vipd::hcloudsim
