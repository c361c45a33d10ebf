// One seed: ten minutes of trouble under the checker, then everything is healed and the group
// must come to rest within a stated bound.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "tests/sim/meter.h"
#include "tests/sim/options.h"

namespace vipd::sim {

enum class Verdict { kFine, kSafety, kLiveness };

struct Result {
  Verdict verdict = Verdict::kFine;
  std::string why;
  Met met;                // how often each rule was met, of those that are counted (rules.h)
  std::string unlisted;   // a rule that was said though rules.h does not count it
  std::int64_t calls = 0;           // at Hetzner
  int moves = 0;
  int faults = 0;
};

struct Run {
  std::uint64_t seed = 0;
  fakes::StepFunction step = core::advance;  // or a mutation of it
  bool canary = false;                    // an etcd that commits whatever it is asked to
  std::ostream* trace = nullptr;
};

[[nodiscard]] Result run(const Run& what);

}  // namespace vipd::sim
