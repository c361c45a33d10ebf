#include "vipd/core/claimant.h"

#include "vipd/core/gate.h"
#include "vipd/core/node_address.h"
#include "vipd/core/reads.h"
#include "vipd/core/session.h"

namespace vipd::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kClaimantEvery = milliseconds(300);
constexpr Duration kClaimantDeadline = milliseconds(600);
constexpr Duration kAskServerAgain = seconds(5);
constexpr int kMisses = 3;

// Three misses, and from one that served without a lease the silence of a ttl besides, which is
// what a holder is given: enabling vipd node by node must survive a hiccup.
bool fallen_silent(Turn& turn) {
  const Election& election = turn.state.election;
  if (election.claimant_pulse.misses < kMisses) return false;
  return !election.claimant_answered ||
         turn.reached(*election.claimant_answered + turn.config.timing.ttl);
}

}  // namespace

Claim claim(const Turn& turn) {
  Claim claim;
  for (const DeclaredFip& fip : turn.config.fips) {
    const auto belief = turn.state.beliefs.find(fip.id);
    if (belief == turn.state.beliefs.end() || !belief->second.known) {
      claim.unknown = true;
      if (belief != turn.state.beliefs.end()) claim.why_not = belief->second.why_not;
    } else if (belief->second.server && claim.server == 0) {
      claim.server = *belief->second.server;
      claim.certain = belief->second.certain;
    }
  }
  return claim;
}

void set_claimant(Turn& turn, ServerId server) {
  Election& election = turn.state.election;
  if (election.claimant != server) {
    election.claimant = server;
    election.claimant_address.clear();
    election.claimant_gone = election.claimable = false;
    election.claimant_pulse = {};
    election.claimant_answered.reset();
    election.claimant_address_call = {};
    election.retry_at = turn.now;
  }
  if (const NodeRecord* node = turn.state.keys.node_of(server)) {
    election.claimant_address = node->address;
  }
  for (const auto& [fip, held] : turn.state.keys.assignments) {
    if (!election.claimant_address.empty() || held.record.server != server) continue;
    if (IpAddress::parse(held.record.node_address).ok()) {
      election.claimant_address = held.record.node_address;
    }
  }
}

void ask_claimant(Turn& turn) {
  Election& election = turn.state.election;
  const auto address = IpAddress::parse(election.claimant_address);
  if (address.ok()) {
    Pulse& pulse = election.claimant_pulse;
    if (turn.busy(pulse.flight) || !turn.reached(pulse.next)) return;
    pulse.next = turn.now + kClaimantEvery;
    const CallId call = turn.begin(pulse.flight, kClaimantDeadline);
    turn.send(ProbeReadyz{call, *address, pulse.flight.deadline});
    return;
  }
  if (turn.busy(election.claimant_address_call) || !turn.reached(election.ask_server_at)) return;
  election.ask_server_at = turn.now + kAskServerAgain;
  const CallId call =
      turn.begin(election.claimant_address_call, turn.config.timing.read_deadline);
  turn.send(GetServer{call, election.claimant, election.claimant_address_call.deadline});
  ++turn.state.reads.others;
}

bool claimant_is_gone(Turn& turn) {
  return turn.state.election.claimant_gone || fallen_silent(turn);
}

bool on_claimant(Turn& turn, const ReadyzAnswer& event) {
  Pulse& pulse = turn.state.election.claimant_pulse;
  if (!Turn::ends(pulse.flight, event.call)) return false;
  const bool hit = event.result == ReadyzAnswer::Result::kOk;
  const bool everybodys = event.result == ReadyzAnswer::Result::kNotReady && etcd_unsettled(turn);
  if (hit || !everybodys) beat(pulse, hit, hit ? "its apiserver answers" : event.why);
  // One answer now and then is no service: only a pulse that has risen counts.
  if (hit && pulse.up) turn.state.election.claimant_answered = event.sent_at;
  return true;
}

bool on_claimant(Turn& turn, const ServerSeen& event) {
  Election& election = turn.state.election;
  if (!Turn::ends(election.claimant_address_call, event.call)) return false;
  note_rate(turn, event.rate);
  const auto address =
      node_address(turn.config, event.private_addresses, event.public_v4);
  if (address.ok() && election.claimant == event.server) election.claimant_address = *address;
  return true;
}

bool claimant_failed(Turn& turn, const HcloudFailed& event) {
  Election& election = turn.state.election;
  if (!Turn::ends(election.claimant_address_call, event.call)) return false;
  note_rate(turn, event.rate);
  if (event.error == HcloudError::kNotFound) election.claimant_gone = true;
  return true;
}

}  // namespace vipd::core
