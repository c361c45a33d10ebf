// What one seed decides: the cluster, its timings, how quick the world is, and what goes wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/fakes/world.h"

namespace vipd::sim {

using core::Duration;
using core::Instant;

inline constexpr std::chrono::minutes kSafetyPhase{10};
inline constexpr core::ServerId kStranger = 4711;  // a server that is no node of ours

enum class Fault {
  kKill, kTerm, kCordonedTerm, kNodeGoesDown, kPowerOff, kStrandedKey,
  kApiserverDown, kApiserverHung, kApiserverShutsDown, kCertificate,
  kMemberDown, kNoQuorum, kCutNode, kCutPair, kEtcdLeaderCut,
  kSlowEtcd, kDeafEtcd, kSlowWatch, kCompaction, kRestore, kRestoreUnderGuard,
  kFreeze, kObserve,
  kHetznerUnreachable, kHetznerDeaf, kHetznerDown, kRateLimit, kAssignFaults, kActionError,
  kForeignAction,
  kTheft, kTheftOntoNode, kUnassigned, kLabels, kFipGone,
  kTokenGone, kTokenBad, kTokenReadonly,
  kHandover, kPause, kHardPause, kAddressTaken, kStrayAddress,
};
inline constexpr int kFaults = static_cast<int>(Fault::kStrayAddress) + 1;
[[nodiscard]] const char* name_of(Fault fault);

struct Planned {
  Fault fault = Fault::kKill;
  Duration at{0};      // since the start
  Duration lasts{0};
  bool on_holder = false;
  int node = 0;        // where not on the holder
  int other = 0;
  std::uint64_t dice = 0;  // for what the fault draws itself
};

struct Options {
  std::uint64_t seed = 0;
  int nodes = 3;
  bool dual_stack = false;
  core::Timing timing;
  fakes::Pace pace;
  Duration assign_takes{0};
  std::optional<core::ServerId> first_server;  // where Hetzner has the addresses
  std::vector<double> drift;                   // by node
  std::vector<Duration> ahead;
  std::vector<Duration> starts;
  std::vector<Planned> faults;                 // 5 on average
};

[[nodiscard]] Options draw(std::uint64_t seed);
[[nodiscard]] std::string text_of(const Options& options);

}  // namespace vipd::sim
