// The way from a node-bound endpoint to a stable one, in four phases that each leave a working
// cluster. What each wants of a control plane's config; why, and the order, facts/talos.md 7.
//
//   prepare   certificates name every address, tokens outlive the change, no address of vipd's is
//             ever advertised by etcd or kubelet
//   daemon    vipd itself
//   cutover   the endpoint
//   finalize  the old names go; the issuer stays pinned
//
// Errors  FailedPrecondition where a live config is not ready for the phase: what is missing and
//         which phase brings it. InvalidArgument where the declaration does not say enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "talos/edit.h"

namespace vipd::talos {

enum class Phase { kPrepare, kDaemon, kCutover, kFinalize };

// Of the issuer of service-account tokens, each rolled out everywhere before the next:
// [OLD] -> accept [OLD, NEW] -> sign [NEW, OLD] -> drop [NEW].
enum class IssuerMove { kNone, kAccept, kSign, kDrop };

struct Declaration {
  std::string host;  // of the endpoint
  std::uint16_t port = 6443;
  std::vector<std::string> addresses;  // that vipd moves
  // What clients reach the API by, the endpoint's host first; the old endpoint's is added here
  // until finalize (certsans/wanted.h has the list).
  std::vector<std::string> sans;
  std::string old_endpoint;  // URL; empty: as the live config has it
  std::vector<std::string> node_subnets;
  std::optional<Version> version;
};

struct PhaseRequest {
  Phase phase = Phase::kPrepare;
  IssuerMove move = IssuerMove::kNone;
  bool signed_long_ago = false;  // by NEW alone, everywhere, for kIssuerRest
  std::optional<Pod> pod;        // of the phase daemon
};

// Kubernetes renews a bound token long before a day; what holds one longer than two is broken.
inline constexpr int kIssuerRestHours = 48;

[[nodiscard]] std::string stable_endpoint(const Declaration& declared);

absl::StatusOr<Goals> goals_for(const PhaseRequest& request, const Declaration& declared,
                                const Form& form, const MachineConfig* live);

}  // namespace vipd::talos
