// Many seeds, in as many processes as there are cores: a seed that crashes takes only its own
// process with it, and is known by its number.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "tests/sim/rules.h"
#include "tests/sim/run.h"

namespace vipd::sim {

struct Many {
  std::uint64_t first = 1;
  std::uint64_t seeds = 0;
  int processes = 1;
  Run like;  // all but the seed
};

struct Tally {
  std::uint64_t seeds = 0;  // that came to an end
  std::uint64_t crashes = 0, safety = 0, liveness = 0;
  std::uint64_t faults = 0, moves = 0, calls = 0;
  std::uint64_t fired[kRules] = {};  // seeds in which the rule spoke, by its place in kSaid
};

// Prints each seed that fails, with what to type to see it. Internal, if a process cannot be
// started.
absl::StatusOr<Tally> run_many(const Many& many);

}  // namespace vipd::sim
