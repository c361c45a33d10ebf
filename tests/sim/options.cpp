#include "tests/sim/options.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace vipd::sim {
namespace {

using namespace std::chrono_literals;
using fakes::Random;

constexpr std::array<const char*, kFaults> kNames = {
    "kill", "term", "cordoned-term", "node-goes-down", "power-off",
    "stranded-key",
    "apiserver-down", "apiserver-hung", "apiserver-shuts-down", "certificate",
    "member-down", "no-quorum", "cut-node", "cut-pair", "etcd-leader-cut",
    "slow-etcd", "deaf-etcd", "slow-watch", "compaction", "restore", "restore-under-guard",
    "freeze", "observe",
    "hetzner-unreachable", "hetzner-deaf", "hetzner-down", "rate-limit", "assign-faults",
    "action-error", "foreign-action",
    "theft", "theft-onto-node", "unassigned", "labels", "fip-gone",
    "token-gone", "token-bad", "token-readonly",
    "handover", "pause", "hard-pause", "address-taken", "stray-address"};

// Long ones are rarer than short ones: even in the logarithm.
Duration log_between(Random& random, Duration least, Duration most) {
  const double ratio = std::pow(static_cast<double>(most.count()) /
                                    static_cast<double>(least.count()), random.fraction());
  return Duration(static_cast<Duration::rep>(static_cast<double>(least.count()) * ratio));
}

core::Timing timing(Random& random) {
  core::Timing timing;
  timing.ttl = std::chrono::seconds(4 + random.below(7));
  constexpr std::array<std::chrono::milliseconds, 4> kTls = {200ms, 300ms, 500ms, 1000ms};
  timing.tls_every = kTls.at(static_cast<std::size_t>(random.below(4)));
  timing.readyz_every = random.chance(0.5) ? 1s : 2s;
  timing.read_every = random.between(120s, 180s);
  timing.cooldown = std::chrono::seconds(20 + 20 * random.below(4));
  timing.cooldown_most = std::max<Duration>(timing.cooldown, random.between(2min, 15min));
  return timing;
}

// Half of the seeds know a few kinds of trouble only, so that the same comes again and again.
std::vector<Fault> kinds(Random& random) {
  std::vector<Fault> kinds;
  const int count = random.chance(0.5) ? 1 + random.below(4) : 0;
  for (int i = 0; i < count; ++i) kinds.push_back(static_cast<Fault>(random.below(kFaults)));
  for (int i = 0; count == 0 && i < kFaults; ++i) kinds.push_back(static_cast<Fault>(i));
  return kinds;
}

Planned fault(Random& random, int nodes, const std::vector<Fault>& kinds) {
  Planned planned;
  planned.fault = kinds[static_cast<std::size_t>(random.below(static_cast<int>(kinds.size())))];
  planned.at = random.between(15s, Duration(kSafetyPhase) - 20s);
  planned.lasts = log_between(random, 300ms, 90s);
  planned.lasts = std::min<Duration>(planned.lasts, Duration(kSafetyPhase) - 5s - planned.at);
  planned.on_holder = random.chance(0.6);
  planned.node = random.below(nodes);
  planned.other = random.below(nodes);
  planned.dice = random.next();
  return planned;
}

}  // namespace

const char* name_of(Fault fault) { return kNames.at(static_cast<std::size_t>(fault)); }

Options draw(std::uint64_t seed) {
  Random random(seed * 0x2545f4914f6cdd1dU + 17);
  Options options;
  options.seed = seed;
  options.nodes = 3 + random.below(3);
  options.dual_stack = random.chance(0.4);
  options.timing = timing(random);
  options.pace.random = true;
  options.pace.etcd = log_between(random, 1ms, 20ms);
  options.pace.watch = log_between(random, 1ms, 20ms);
  options.pace.probe = log_between(random, 1ms, 20ms);
  options.pace.api = log_between(random, 20ms, 500ms);
  options.pace.connect = log_between(random, 2ms, 100ms);
  options.assign_takes = log_between(random, 200ms, 6s);
  if (const int first = random.below(options.nodes + 2); first < options.nodes) {
    options.first_server = 101 + first;
  } else if (first == options.nodes) {
    options.first_server = kStranger;
  }
  for (int i = 0; i < options.nodes; ++i) {
    options.drift.push_back((random.fraction() - 0.5) * 0.01);
    options.ahead.push_back(random.between(0s, 100h));
    options.starts.push_back(random.between(0s, 8s));
  }
  const int count = random.below(11);
  const std::vector<Fault> of = kinds(random);
  for (int i = 0; i < count; ++i) options.faults.push_back(fault(random, options.nodes, of));
  // Trouble seldom comes alone: some follow the one before within seconds.
  for (std::size_t i = 1; i < options.faults.size(); ++i) {
    if (!random.chance(0.4)) continue;
    const Duration after = options.faults[i - 1].at + log_between(random, 50ms, 20s);
    const Duration latest = Duration(kSafetyPhase) - 5s - options.faults[i].lasts;
    options.faults[i].at = std::min(after, latest);
  }
  return options;
}

std::string text_of(const Options& options) {
  std::string text = absl::StrCat("seed ", options.seed, ": ", options.nodes, " nodes, ",
                                  options.dual_stack ? "v4 and v6" : "v4", ", ttl ",
                                  options.timing.ttl.count(), " s, Floating IP first on ",
                                  options.first_server.value_or(0), ", faults:");
  for (const Planned& planned : options.faults) absl::StrAppend(&text, " ", name_of(planned.fault));
  return text;
}

}  // namespace vipd::sim
