// What a run of seeds, and the program, end with.
#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "tests/catch.h"
#include "tests/sim/many.h"
#include "tests/sim/mutations.h"

namespace vipd::sim {
namespace {

using Commands = std::vector<core::Command>;

Commands crashes(const core::Config& config, core::State& state, const core::Event& event,
                 core::Now now) {
  if (std::holds_alternative<core::FipsListed>(event)) std::abort();
  return core::advance(config, state, event, now);
}

// A loop that an optimiser has to keep, for it looks outside.
Commands hangs(const core::Config&, core::State&, const core::Event&, core::Now) {
  while (std::getenv("no such variable") == nullptr) {
  }
  return {};
}

// No node ever gets to know its token, so none is ready and nothing is written.
Commands has_no_token(const core::Config& config, core::State& state, const core::Event& event,
                      core::Now now) {
  if (std::holds_alternative<core::TokenSeen>(event)) return {};
  return core::advance(config, state, event, now);
}

fakes::StepFunction mutation(const std::string& name) {
  for (const Mutation& each : mutations()) {
    if (each.name == name) return each.step;
  }
  return nullptr;
}

Tally run_with(const Run& like, std::uint64_t seeds) {
  auto tally = run_many({.seeds = seeds, .patience = std::chrono::seconds(20), .like = like});
  REQUIRE(tally.ok());
  return *tally;
}

TEST_CASE("a seed that crashes is counted, and the others go on") {
  const Tally tally = run_with({.step = crashes}, 3);
  CHECK(tally.crashes == 3);
  CHECK(ending_of(tally) == Ending::kCrashed);
}

TEST_CASE("a seed that never ends is ended, and counts as a crash") {
  auto tally = run_many({.seeds = 2, .patience = std::chrono::seconds(1), .like = {.step = hangs}});
  REQUIRE(tally.ok());
  CHECK(tally->hangs == 2);
  CHECK(tally->crashes == 0);
  CHECK(ending_of(*tally) == Ending::kCrashed);
}

TEST_CASE("a core that does not verify ends as unsafe") {
  const Tally tally = run_with({.step = mutation("no-verify")}, 40);
  CHECK(tally.safety > 0);
  CHECK(ending_of(tally) == Ending::kUnsafe);
}

TEST_CASE("a group in which no node gets ready ends as not live") {
  const Tally tally = run_with({.step = has_no_token}, 3);
  CHECK(tally.safety == 0);
  CHECK(tally.liveness > 0);
  CHECK(ending_of(tally) == Ending::kNotLive);
}

TEST_CASE("the worst of several counts") {
  Tally tally;
  tally.liveness = 1;
  tally.unlisted[0] = 'O';
  CHECK(ending_of(tally) == Ending::kNotLive);
  tally.safety = 1;
  CHECK(ending_of(tally) == Ending::kUnsafe);
  tally.hangs = 1;
  CHECK(ending_of(tally) == Ending::kCrashed);
}

int program(const std::string& flags) {
  const std::string line = std::string(VIPD_SIM_PROGRAM) + " " + flags + " >/dev/null 2>&1";
  const int status = std::system(line.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("the program's exit codes are those endings, for one seed and for many") {
  CHECK(program("--seed 3") == 0);
  CHECK(program("--seeds 2 --first 3") == 0);
  CHECK(program("--seeds 30 --canary") == 11);
}

TEST_CASE("numbers that are none, negative or absurd are wrong usage") {
  for (const std::string flag : {"--seeds", "--seed", "--seeds 1 --first", "--seeds 1 --processes",
                                 "--seeds 1 --patience"}) {
    for (const std::string number : {"-5", "1e3", "many", "0x10", "1.5", "''", "+3",
                                     "99999999999999999999"}) {
      INFO(flag << " " << number);
      CHECK(program(flag + " " + number) == 2);
    }
  }
  CHECK(program("--seeds 0") == 2);
  CHECK(program("--seeds 1 --trace") == 2);
  CHECK(program("") == 2);
}

}  // namespace
}  // namespace vipd::sim
