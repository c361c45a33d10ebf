// Is the simulator worth its name? It must find what is broken on purpose, and repeat itself.
#include <sstream>

#include "tests/catch.h"
#include "tests/sim/mutations.h"
#include "tests/sim/run.h"

namespace vipd::sim {
namespace {

constexpr std::uint64_t kWithin = 1000;

// The first seed that fails; 0 where none of them does.
std::uint64_t found_by(Run run) {
  for (run.seed = 1; run.seed <= kWithin; ++run.seed) {
    if (sim::run(run).verdict != Verdict::kFine) return run.seed;
  }
  return 0;
}

TEST_CASE("a seed tells the same story twice") {
  std::ostringstream first, second;
  Run run{.seed = 3, .trace = &first};
  CHECK(sim::run(run).verdict == Verdict::kFine);
  run.trace = &second;
  CHECK(sim::run(run).verdict == Verdict::kFine);
  CHECK(first.str() == second.str());
  CHECK(first.str().find("at rest on") != std::string::npos);
}

TEST_CASE("an etcd that commits whatever it is asked to is caught") {
  CHECK(found_by({.canary = true}) != 0);
}

TEST_CASE("every mutation of the core is found within 1,000 seeds") {
  for (const Mutation& mutation : mutations()) {
    const std::uint64_t seed = found_by({.step = mutation.step});
    WARN(mutation.name << ": found by seed " << seed);
    CHECK(seed != 0);
  }
}

}  // namespace
}  // namespace vipd::sim
