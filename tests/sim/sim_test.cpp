// Is the simulator worth its name? It must find what is broken on purpose, and repeat itself.
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/catch.h"
#include "tests/sim/mutations.h"
#include "tests/sim/run.h"

namespace vipd::sim {
namespace {

constexpr std::uint64_t kWithin = 1000;

// The first seed that fails, and why; empty where none of them does.
std::string found_by(Run run) {
  for (run.seed = 1; run.seed <= kWithin; ++run.seed) {
    const Result result = sim::run(run);
    if (result.verdict != Verdict::kFine) return absl::StrCat("seed ", run.seed, ", ", result.why);
  }
  return "";
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
  CHECK(found_by({.canary = true}).find("invariant 1") != std::string::npos);
}

TEST_CASE("every mutation of the core is found within 1,000 seeds, as what it breaks") {
  for (const Mutation& mutation : mutations()) {
    const std::string found = found_by({.step = mutation.step});
    WARN(mutation.name << ": " << found);
    CHECK(found.find(mutation.breaks) != std::string::npos);
  }
}

}  // namespace
}  // namespace vipd::sim
