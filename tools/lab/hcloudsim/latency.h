// How long an assign takes: log-normal by median and 99th percentile, or always the same.
//
// Source  No number is published; median 1.5 s and p99 10 s are an inference
//         (facts/hetzner-api.md 10.5), so both can be set.
#pragma once

#include <chrono>
#include <optional>
#include <random>

namespace vipd::hcloudsim {

using Random = std::mt19937_64;
using Milliseconds = std::chrono::milliseconds;

struct Latency {
  Milliseconds median{1500};
  Milliseconds p99{10000};
  std::optional<Milliseconds> fixed;

  [[nodiscard]] Milliseconds draw(Random& random) const;
};

// Evenly from [least, most].
[[nodiscard]] Milliseconds draw_between(Milliseconds least, Milliseconds most, Random& random);

}  // namespace vipd::hcloudsim
