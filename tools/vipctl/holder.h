// Whether a holder answers: what forbids `vipctl fip assign`.
//
// A holder answers where a TLS handshake at one of the group's addresses, on the apiserver's port,
// completes or is refused by a TLS alert: what vipd's own probe takes for life. From outside, that
// is the node to which Hetzner has assigned the address; the leader key itself lies in etcd,
// whose client certificate no operator's machine has.
//
// Dead      3 misses, a second apart: refused, unreachable, or no TLS within a second. So one that
//           hangs (takes connections and says nothing) is dead, too.
// Proven    Silence could also be a firewall on the way. So it counts only if Hetzner itself says
//           that nobody can answer (assigned to no server, or to one that is off or being
//           deleted), or if the apiserver of the node that is to get the address does answer from
//           here, on the same port.
// Local     Where this machine has the address itself, as every ready control plane does, a probe
//           reaches this machine and says nothing about the holder.
// Errors    FailedPrecondition: a holder answers. Unavailable: could not tell, and what would.
// Source    facts/hetzner-api.md 10.7 (a server's status).
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "tools/vipctl/hetzner.h"
#include "vipd/shell/settings.h"

namespace vipd::vipctl {

// OK where the group's Floating IPs, as given, are nobody's to answer at.
absl::Status check_no_holder(const shell::Settings& settings, const HetznerFips& group,
                             const HetznerServer& target, HetznerSession& session,
                             const base::Clock& clock);

}  // namespace vipd::vipctl
