// Is every rule accounted for, and does a run say so where one is not?
#include <algorithm>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/sim/many.h"

namespace vipd::sim {
namespace {

std::vector<std::string> rules_of_architecture() {
  std::ifstream file(VIPD_RULES);
  REQUIRE(file);
  const std::regex rule("- \\*\\*([A-Z][0-9]+)\\*\\* .*");
  std::vector<std::string> rules;
  std::smatch found;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, found, rule)) rules.push_back(found[1]);
  }
  return rules;
}

TEST_CASE("every rule of ARCHITECTURE.md is counted, or is shown elsewhere for a stated reason") {
  std::vector<std::string> listed;
  for (const Rule& rule : kRules) {
    listed.emplace_back(rule.id);
    INFO(rule.id);
    CHECK((rule.how == How::kSaid) == rule.by.empty());
  }
  CHECK(listed == rules_of_architecture());
}

std::vector<core::Command> says_a_new_rule(const core::Config& config, core::State& state,
                                           const core::Event& event, core::Now now) {
  auto all = core::advance(config, state, event, now);
  all.emplace_back(core::Say{core::Say::Level::kInfo, "O6", "a new decision", {}});
  return all;
}

TEST_CASE("a rule that is said though nothing counts it fails the run") {
  const auto tally = run_many({.first = 3, .seeds = 1, .like = {.step = says_a_new_rule}});
  REQUIRE(tally.ok());
  CHECK(std::string(tally->unlisted) == "O6");
  CHECK(ending_of(*tally) == Ending::kNotMet);
}

Tally of_seeds(std::uint64_t seeds, std::uint64_t each) {
  Tally tally;
  tally.seeds = seeds;
  std::fill(std::begin(tally.fired), std::end(tally.fired), each);
  return tally;
}

TEST_CASE("a rule met in fewer than 1 of 1,000 seeds fails a run that is long enough to judge") {
  CHECK(ending_of(of_seeds(3000, 3)) == Ending::kFine);
  CHECK(ending_of(of_seeds(2999, 0)) == Ending::kFine);
  Tally tally = of_seeds(3000, 3);
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    tally.fired[i] = 2;
    const bool judged = kRules[i].how != How::kElsewhere;
    CHECK((ending_of(tally) == Ending::kNotMet) == judged);
    tally.fired[i] = 3;
  }
}

}  // namespace
}  // namespace vipd::sim
