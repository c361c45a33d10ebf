// Which fault may lead to which move, and for how long after its end.
#include <algorithm>
#include <initializer_list>

#include "tests/sim/checker.h"

namespace vipd::sim {
namespace {

using namespace std::chrono_literals;
using core::Cause;

bool one_of(Fault fault, std::initializer_list<Fault> list) {
  return std::find(list.begin(), list.end(), fault) != list.end();
}

// Nothing reaches the holder's vipd, or it is gone, or it lost the key in etcd's own trouble.
bool silences_holder(Fault fault) {
  // kObserve ends its process and starts one that takes no lease, so for the others it is gone.
  // kStrandedKey is a power-off whose key stays until it is released.
  return fault <= Fault::kStrandedKey ||
         one_of(fault, {Fault::kFreeze, Fault::kObserve, Fault::kStrayAddress}) ||
         (fault >= Fault::kMemberDown && fault <= Fault::kRestoreUnderGuard);
}

bool breaks_gate(Fault fault) {
  return (fault >= Fault::kPowerOff && fault <= Fault::kCertificate) ||
         (fault >= Fault::kTokenGone && fault <= Fault::kTokenReadonly) ||
         one_of(fault, {Fault::kNodeGoesDown, Fault::kHetznerUnreachable, Fault::kFreeze});
}

bool breaks_hetzner(Fault fault) {
  return (fault >= Fault::kHetznerUnreachable && fault <= Fault::kTokenReadonly) ||
         silences_holder(fault);
}

bool may_lead_to(Fault fault, Cause cause) {
  switch (cause) {
    case Cause::kTakeover: return silences_holder(fault);
    case Cause::kUnready: return breaks_gate(fault);
    case Cause::kRequest: return fault == Fault::kHandover;
    case Cause::kNoProgress: return silences_holder(fault) || breaks_gate(fault);
    case Cause::kCannotFinish: return breaks_hetzner(fault);
    case Cause::kShutdown:
      return one_of(fault, {Fault::kTerm, Fault::kCordonedTerm, Fault::kNodeGoesDown});
    case Cause::kDrift: return false;  // the route itself must show it
    case Cause::kFirstClaim:
    case Cause::kAdoption: return silences_holder(fault);
  }
  return false;
}

Duration echo(Cause cause, const core::Timing& timing) {
  switch (cause) {
    case Cause::kRequest: return 300s + 10s;  // the request's lease
    case Cause::kUnready: return 75s;         // a certificate is asked again after 60 s
    case Cause::kCannotFinish: return timing.verified_within + 120s;
    case Cause::kTakeover: return timing.ttl + 60s;
    case Cause::kShutdown: return 25s;
    default: return timing.ttl + 60s;
  }
}

}  // namespace

bool Checker::excused(Cause cause, int from) const {
  return std::any_of(incidents_.begin(), incidents_.end(), [&](const Incident& incident) {
    const bool here = incident.node < 0 || from < 0 || incident.node == from ||
                      incident.fault == Fault::kEtcdLeaderCut;
    const Instant until = incident.until + echo(cause, world_.config.timing);
    return here && may_lead_to(incident.fault, cause) && world_.now() <= until;
  });
}

}  // namespace vipd::sim
