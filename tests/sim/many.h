// Many seeds, in as many processes as there are cores: a seed that crashes or never ends takes
// only its own process with it, and is known by its number.
#pragma once

#include <chrono>
#include <cstdint>

#include "absl/status/statusor.h"
#include "tests/sim/rules.h"
#include "tests/sim/run.h"

namespace vipd::sim {

struct Many {
  std::uint64_t first = 1;
  std::uint64_t seeds = 0;
  int processes = 1;
  // Of real time, for one seed: it takes 50 ms, or a second under sanitizers.
  std::chrono::seconds patience{60};
  Run like;  // all but the seed
};

struct Tally {
  std::uint64_t seeds = 0;  // that came to an end
  std::uint64_t crashes = 0, hangs = 0, safety = 0, liveness = 0;
  std::uint64_t faults = 0, moves = 0, calls = 0;
  std::uint64_t fired[kRules.size()] = {};  // seeds that met the rule, by its place in kRules
  char unlisted[8] = "";  // a rule that was said though kRules does not count it
};

// What vipd_sim exits with.
enum class Ending {
  kFine = 0, kUsage = 2, kNotMet = 3, kCrashed = 10, kUnsafe = 11, kNotLive = 12
};

// The smallest seed count at which a rule is judged. One that never fires in 3,000 seeds is with
// 95 % confidence rarer than 1 in 1,000 (3 / n, the rule of three); with fewer even that shows
// nothing.
inline constexpr std::uint64_t kEnoughToJudgeRules = 3000;

[[nodiscard]] bool too_rare(const Tally& tally, std::size_t rule);
// The worst that happened: a crash or a hang, safety, liveness, then rules that were not met.
[[nodiscard]] Ending ending_of(const Tally& tally);

// Prints each seed that fails, with what to type to see it. Internal, if a process cannot be
// started.
absl::StatusOr<Tally> run_many(const Many& many);

}  // namespace vipd::sim
