// vipd_sim: the core of a whole group over a simulated world, seed by seed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <thread>

#include <CLI/CLI.hpp>

#include "tests/sim/many.h"
#include "tests/sim/mutations.h"

namespace vipd::sim {
namespace {

enum ExitCode {
  kFine = 0, kUsage = 2, kNotMet = 3, kCrashed = 10, kUnsafe = 11, kNotLive = 12
};
constexpr const char* kExitCodes =
    "Exit codes: 0 fine, 2 wrong usage, 3 a rule fired in fewer than 1 of 1,000 seeds,\n"
    "10 a seed crashed, 11 a safety invariant was violated, 12 a group did not converge.\n"
    "With several the smallest of 10, 11, 12 counts.";
constexpr std::uint64_t kEnoughToJudgeRules = 5000;

struct Asked {
  Many many;
  std::uint64_t seed = 0;
  bool one = false;
  bool trace = false;
  std::string mutation;
};

int run_one(const Asked& asked) {
  Run what = asked.many.like;
  what.seed = asked.seed;
  what.trace = asked.trace ? &std::cout : nullptr;
  const Result result = run(what);
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(asked.seed),
              result.verdict == Verdict::kFine ? "fine" : result.why.c_str());
  if (result.verdict == Verdict::kFine) return kFine;
  return result.verdict == Verdict::kSafety ? kUnsafe : kNotLive;
}

bool rules_met(const Tally& tally) {
  bool met = true;
  std::printf("seeds in which each rule spoke:");
  for (std::size_t i = 0; i < kRules; ++i) {
    std::printf("%s%-4s%7llu", i % 8 == 0 ? "\n  " : "   ", std::string(kSaid[i]).c_str(),
                static_cast<unsigned long long>(tally.fired[i]));
  }
  std::printf("\n");
  if (tally.seeds < kEnoughToJudgeRules) return true;
  for (std::size_t i = 0; i < kRules; ++i) {
    if (tally.fired[i] * 1000 >= tally.seeds) continue;
    std::printf("rule %s spoke in fewer than 1 of 1,000 seeds\n", std::string(kSaid[i]).c_str());
    met = false;
  }
  return met;
}

int run_all(const Asked& asked) {
  const auto begun = std::chrono::steady_clock::now();
  const auto tally = run_many(asked.many);
  if (!tally.ok()) {
    std::fprintf(stderr, "vipd_sim: %s\n", std::string(tally.status().message()).c_str());
    return kCrashed;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const auto seeds = static_cast<double>(std::max<std::uint64_t>(tally->seeds, 1));
  const bool met = rules_met(*tally);
  std::printf("%llu seeds from %llu on in %.1f s (%.1f a second); a seed has %.1f faults, %.1f "
              "changes of holder, %.1f API calls\n",
              static_cast<unsigned long long>(tally->seeds),
              static_cast<unsigned long long>(asked.many.first), took.count(),
              seeds / took.count(), static_cast<double>(tally->faults) / seeds,
              static_cast<double>(tally->moves) / seeds,
              static_cast<double>(tally->calls) / seeds);
  std::printf("%llu crashes, %llu safety violations, %llu liveness violations\n",
              static_cast<unsigned long long>(tally->crashes),
              static_cast<unsigned long long>(tally->safety),
              static_cast<unsigned long long>(tally->liveness));
  if (tally->crashes != 0) return kCrashed;
  if (tally->safety != 0) return kUnsafe;
  if (tally->liveness != 0) return kNotLive;
  return met || !asked.mutation.empty() ? kFine : kNotMet;
}

int main_of(int argc, char** argv) {
  Asked asked;
  CLI::App app("The core of a group over a simulated etcd, Hetzner and network.", "vipd_sim");
  app.footer(kExitCodes);
  auto* one = app.add_option("--seed", asked.seed, "run this seed alone");
  app.add_flag("--trace", asked.trace, "with --seed: tell the story");
  app.add_option("--seeds", asked.many.seeds, "run so many seeds")->excludes(one);
  asked.many.processes = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  app.add_option("--first", asked.many.first, "from this seed on (1)");
  app.add_option("--processes", asked.many.processes, "in so many processes (one a core)");
  app.add_flag("--canary", asked.many.like.canary,
               "break the world: etcd commits whatever it is asked to");
  std::string names;
  for (const Mutation& mutation : mutations()) names += "\n" + mutation.name + ": " + mutation.what;
  app.add_option("--mutation", asked.mutation, "break the core:" + names);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFine : kUsage;
  }
  asked.one = one->count() != 0;
  if (!asked.mutation.empty()) {
    const auto found =
        std::find_if(mutations().begin(), mutations().end(),
                     [&](const Mutation& mutation) { return mutation.name == asked.mutation; });
    if (found == mutations().end()) {
      std::fprintf(stderr, "vipd_sim: no mutation is called %s; --help names them\n",
                   asked.mutation.c_str());
      return kUsage;
    }
    asked.many.like.step = found->step;
  }
  if (asked.one) return run_one(asked);
  if (asked.many.seeds == 0) {
    std::fprintf(stderr, "vipd_sim: how many? Give --seeds N or --seed N\n");
    return kUsage;
  }
  return run_all(asked);
}

}  // namespace
}  // namespace vipd::sim

int main(int argc, char** argv) { return vipd::sim::main_of(argc, argv); }
