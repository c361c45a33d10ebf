// Numbers that look random and follow from a seed alone, the same on every machine.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace vipd::fakes {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // splitmix64 (public domain, S. Vigna).
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  // From [0, count).
  int below(int count) {
    return static_cast<int>(next() % static_cast<std::uint64_t>(count));
  }
  double fraction() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  bool chance(double likely) { return fraction() < likely; }
  // From [least, most].
  std::chrono::nanoseconds between(std::chrono::nanoseconds least,
                                   std::chrono::nanoseconds most) {
    const auto width = static_cast<std::uint64_t>((most - least).count()) + 1;
    return least + std::chrono::nanoseconds(static_cast<std::int64_t>(next() % width));
  }

 private:
  std::uint64_t state_;
};

}  // namespace vipd::fakes
