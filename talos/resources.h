// Talos' resources (COSI): one, all of a type, or as they change.
//
//   get<NodeAddresses>(client, target, NodeAddresses::kCurrent)
//
// Spec    one of talos/specs.h: MachineConfig, Member, NodeAddresses, NodeIps, EtcdSpec,
//         StaticPodStatus, CertSans.
// Errors, threads, deadlines: talos/client.h. NotFound: no such id. Internal: a spec that cannot
//         be read. A watch's end is its deadline: DeadlineExceeded.
// Source  facts/talos.md 4.5, cosi-project/specification.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "talos/client.h"
#include "talos/specs.h"

namespace vipd::talos {

template <class Spec>
struct Resource {
  std::string id;
  std::string version;  // another one with every change
  bool going = false;   // being torn down
  Spec spec;
};

template <class Spec>
struct Change {
  enum class What {
    kIs,         // there at the watch's begin, made since, or changed
    kGone,       // `resource` has its id only
    kCaughtUp,   // all that there was at the begin has been told; no resource
  };
  What what = What::kIs;
  Resource<Spec> resource;
};

template <class Spec>
absl::StatusOr<Resource<Spec>> get(const Client& client, const Target& target,
                                   const std::string& id);

template <class Spec>
absl::StatusOr<std::vector<Resource<Spec>>> list(const Client& client, const Target& target);

// Calls `told` on this thread, first with all that there is, until it returns false: then OK.
// With an `id` only that one, which begins as kIs or kGone and is never kCaughtUp.
template <class Spec>
absl::Status watch(const Client& client, const Target& target,
                   const std::optional<std::string>& id,
                   const std::function<bool(const Change<Spec>&)>& told);

}  // namespace vipd::talos
