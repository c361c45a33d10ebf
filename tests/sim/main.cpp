// vipd_sim: the core of a whole group over a simulated world, seed by seed.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include <CLI/CLI.hpp>

#include "tests/sim/many.h"
#include "tests/sim/mutations.h"

namespace vipd::sim {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 fine, 2 wrong usage, 3 a rule was met in fewer than 1 of 1,000 seeds (judged\n"
    "from 3,000 on) or said without being listed, 10 a seed crashed or never ended, 11 a safety\n"
    "invariant was violated, 12 a group did not converge. With several the smallest of 10, 11,\n"
    "12 counts.";
constexpr std::uint64_t kMostSeeds = 1'000'000'000;
constexpr std::uint64_t kLastSeed = 1'000'000'000'000'000'000;  // with kMostSeeds no overflow

using Number = unsigned long long;

struct Asked {
  Many many;
  std::uint64_t seed = 0;
  bool trace = false;
  std::string mutation;
};

// CLI11 takes -5 for an unsigned number.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  return CLI::Validator(
      [=](const std::string& text) -> std::string {
        std::uint64_t number = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        const bool good = error == std::errc() && stop == end && number >= least && number <= most;
        if (good) return "";
        return "not a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
               ": " + text;
      },
      "");
}

// Nothing where the processes could not be started.
std::optional<Tally> run_it(const Many& many) {
  auto tally = run_many(many);
  if (tally.ok()) return *std::move(tally);
  std::fprintf(stderr, "vipd_sim: %s\n", std::string(tally.status().message()).c_str());
  return std::nullopt;
}

Ending run_one(Asked asked) {
  asked.many.first = asked.seed;
  asked.many.seeds = 1;
  asked.many.processes = 1;
  // What was told before a crash must be seen.
  if (asked.trace) std::cout << std::unitbuf;
  if (asked.trace) asked.many.like.trace = &std::cout;
  const auto tally = run_it(asked.many);
  if (!tally) return Ending::kCrashed;
  const Ending ending = ending_of(*tally);
  if (ending == Ending::kFine) std::printf("seed %llu: fine\n", static_cast<Number>(asked.seed));
  if (ending == Ending::kNotMet) std::printf("rule %s is said, but not listed\n", tally->unlisted);
  return ending;
}

void print_rules(const Tally& tally) {
  std::printf("seeds that met each rule (- : shown elsewhere, see tests/sim/rules.h):");
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    const bool counted = kRules[i].how != How::kElsewhere;
    std::printf("%s%-4s%7s", i % 8 == 0 ? "\n  " : "   ", std::string(kRules[i].id).c_str(),
                counted ? std::to_string(tally.fired[i]).c_str() : "-");
  }
  std::printf("\n");
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (!too_rare(tally, i)) continue;
    std::printf("rule %s was met in fewer than 1 of 1,000 seeds\n",
                std::string(kRules[i].id).c_str());
  }
  if (tally.unlisted[0] != '\0') {
    std::printf("rule %s is said, but tests/sim/rules.h does not count it\n", tally.unlisted);
  }
}

Ending run_all(const Asked& asked) {
  const auto begun = std::chrono::steady_clock::now();
  const auto tally = run_it(asked.many);
  if (!tally) return Ending::kCrashed;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const auto seeds = static_cast<double>(std::max<std::uint64_t>(tally->seeds, 1));
  print_rules(*tally);
  std::printf("%llu seeds from %llu on in %.1f s (%.1f a second); a seed has %.1f faults, %.1f "
              "changes of holder, %.1f API calls\n",
              static_cast<Number>(tally->seeds), static_cast<Number>(asked.many.first),
              took.count(), seeds / took.count(), static_cast<double>(tally->faults) / seeds,
              static_cast<double>(tally->moves) / seeds,
              static_cast<double>(tally->calls) / seeds);
  std::printf("%llu crashes, %llu hangs, %llu safety violations, %llu liveness violations\n",
              static_cast<Number>(tally->crashes), static_cast<Number>(tally->hangs),
              static_cast<Number>(tally->safety), static_cast<Number>(tally->liveness));
  const Ending ending = ending_of(*tally);
  // A core that was broken on purpose meets what it meets.
  return ending == Ending::kNotMet && !asked.mutation.empty() ? Ending::kFine : ending;
}

Ending main_of(int argc, char** argv) {
  Asked asked;
  CLI::App app("The core of a group over a simulated etcd, Hetzner and network.", "vipd_sim");
  app.footer(kExitCodes);
  auto* one = app.add_option("--seed", asked.seed, "run this seed alone")
                  ->check(whole_number(0, kLastSeed));
  app.add_flag("--trace", asked.trace, "with --seed: tell the story")->needs(one);
  app.add_option("--seeds", asked.many.seeds, "run so many seeds")
      ->excludes(one)
      ->check(whole_number(1, kMostSeeds));
  asked.many.processes = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  app.add_option("--first", asked.many.first, "from this seed on (1)")
      ->check(whole_number(0, kLastSeed));
  app.add_option("--processes", asked.many.processes, "in so many processes (one a core)")
      ->check(whole_number(1, 64));
  std::uint64_t patience = 60;
  app.add_option("--patience", patience, "seconds of real time for one seed (60)")
      ->check(whole_number(1, 86400));
  app.add_flag("--canary", asked.many.like.canary,
               "break the world: etcd commits whatever it is asked to");
  std::string names;
  for (const Mutation& mutation : mutations()) names += "\n" + mutation.name + ": " + mutation.what;
  app.add_option("--mutation", asked.mutation, "break the core:" + names);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? Ending::kFine : Ending::kUsage;
  }
  asked.many.patience = std::chrono::seconds(patience);
  if (!asked.mutation.empty()) {
    const auto found =
        std::find_if(mutations().begin(), mutations().end(),
                     [&](const Mutation& mutation) { return mutation.name == asked.mutation; });
    if (found == mutations().end()) {
      std::fprintf(stderr, "vipd_sim: no mutation is called %s; --help names them\n",
                   asked.mutation.c_str());
      return Ending::kUsage;
    }
    asked.many.like.step = found->step;
  }
  if (one->count() != 0) return run_one(asked);
  if (asked.many.seeds == 0) {
    std::fprintf(stderr, "vipd_sim: how many? Give --seeds N or --seed N\n");
    return Ending::kUsage;
  }
  return run_all(asked);
}

}  // namespace
}  // namespace vipd::sim

int main(int argc, char** argv) {
  return static_cast<int>(vipd::sim::main_of(argc, argv));
}
