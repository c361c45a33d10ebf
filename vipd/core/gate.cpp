#include "vipd/core/gate.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "vipd/core/observe.h"
#include "vipd/core/session.h"

namespace vipd::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kFall = 3;
constexpr int kRise = 2;
constexpr Duration kUntilFirstRise = milliseconds(250);
constexpr Duration kCertificateEvery = seconds(60);
constexpr Duration kCertificateAgain = seconds(5);
constexpr Duration kCertificateDeadline = seconds(2);
constexpr int kScopeHost = 254;  // rtnetlink(7)

const IpAddress& loopback(base::Family family) {
  static const IpAddress v4{base::Family::kV4, {127, 0, 0, 1}};
  static const IpAddress v6{base::Family::kV6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  return family == base::Family::kV4 ? v4 : v6;
}

void probe_readyz(Turn& turn) {
  Pulse& pulse = turn.state.gate.readyz;
  if (turn.busy(pulse.flight) || !turn.reached(pulse.next)) return;
  const Timing& timing = turn.config.timing;
  pulse.next = turn.now + (pulse.ever_up ? timing.readyz_every : kUntilFirstRise);
  const CallId call = turn.begin(pulse.flight, timing.readyz_deadline);
  turn.send(ProbeReadyz{call, loopback(base::Family::kV4), pulse.flight.deadline});
}

void probe_tls(Turn& turn) {
  Pulse& pulse = turn.state.gate.tls;
  if (turn.busy(pulse.flight) || !turn.reached(pulse.next)) return;
  pulse.next = turn.now + turn.config.timing.tls_every;
  const CallId call = turn.begin(pulse.flight, turn.config.timing.tls_deadline);
  turn.send(ProbeTls{call, loopback(base::Family::kV4), pulse.flight.deadline});
}

void probe_certificates(Turn& turn) {
  if (!turn.state.gate.tls.up) return;
  for (const DeclaredFip& fip : turn.config.fips) {
    CertificateCheck& check = turn.state.gate.certificates[fip.id];
    if (turn.busy(check.flight) || !turn.reached(check.next)) continue;
    check.next = turn.now + (check.names_it.value_or(false) ? kCertificateEvery
                                                            : kCertificateAgain);
    const CallId call = turn.begin(check.flight, kCertificateDeadline);
    const IpAddress& dial = on_node(turn.state, fip.address) ? fip.address
                                                             : loopback(base::Family::kV4);
    turn.send(ProbeCertificate{call, fip.address, dial, check.flight.deadline});
  }
}

Condition certificate_condition(const Turn& turn) {
  Condition condition{"certificate", true, "names every Floating IP"};
  if (!turn.config.require_certificate) {
    condition.evidence = "not required (requireCertificate: false)";
    return condition;
  }
  for (const DeclaredFip& fip : turn.config.fips) {
    const auto check = turn.state.gate.certificates.find(fip.id);
    const bool ok = check != turn.state.gate.certificates.end() &&
                    check->second.names_it.value_or(false);
    if (ok) continue;
    condition.ok = false;
    condition.evidence =
        absl::StrCat(fip.address.text(), ": ",
                     check == turn.state.gate.certificates.end() ? "not asked yet"
                                                                 : check->second.why);
  }
  return condition;
}

Condition token_condition(const State& state) {
  const Token& token = state.token;
  if (!token.present) return {"token", false, token.problem};
  if (!token.refused.empty()) return {"token", false, token.refused};
  return {"token", true, "present, not refused"};
}

Condition identity_condition(const State& state) {
  if (!state.self.identity) return {"identity", false, state.self.identity_problem};
  if (state.self.address.empty()) return {"identity", false, state.self.address_problem};
  if (!state.reads.own_problem.empty()) return {"identity", false, state.reads.own_problem};
  return {"identity", true,
          absl::StrCat("server ", state.self.identity->server, " at ", state.self.address)};
}

// Only host scope keeps a v4 address out of Talos' node addresses (facts/talos.md 3.6).
Condition guards_condition(const Turn& turn) {
  for (const DeclaredFip& fip : turn.config.fips) {
    if (fip.address.family == base::Family::kV6 && !turn.config.address_guards_proven) {
      return {"address-guards", false,
              absl::StrCat(fip.address.text(), " is v6 and addressGuardsProven is not set: set "
                                 "cluster.etcd.advertisedSubnets and "
                                 "machine.kubelet.nodeIP.validSubnets first")};
    }
    for (const LocalAddress& local : turn.state.addresses) {
      const bool wrong = local.address == fip.address &&
                         fip.address.family == base::Family::kV4 && local.scope < kScopeHost;
      if (wrong && !turn.config.address_guards_proven) {
        return {"address-guards", false,
                absl::StrCat(fip.address.text(), " is on lo with scope ", local.scope,
                             " (Talos would advertise it); whoever added it must remove it: "
                             "`ip addr del ", fip.address.text(), "/", local.prefix_length,
                             " dev lo`")};
      }
    }
  }
  return {"address-guards", true, "in force"};
}

Condition fips_condition(const Turn& turn) {
  for (const DeclaredFip& fip : turn.config.fips) {
    const auto belief = turn.state.beliefs.find(fip.id);
    const bool judged = belief != turn.state.beliefs.end() && belief->second.allowed.has_value();
    if (!judged) {
      return {"floating-ips", false,
              absl::StrCat("Floating IP ", fip.id, " has not been read yet",
                           turn.state.reads.problem.empty() ? "" : ": ",
                           turn.state.reads.problem)};
    }
    if (!*belief->second.allowed) return {"floating-ips", false, belief->second.why_not};
  }
  return {"floating-ips", true, "as declared"};
}

Condition member_condition(Turn& turn) {
  const Member& member = turn.state.member;
  if (member_ok(turn)) return {"etcd-member", true, absl::StrCat("term ", member.last->term)};
  if (!member.problem.empty()) return {"etcd-member", false, member.problem};
  if (member.last && member.last->learner) return {"etcd-member", false, "still a learner"};
  return {"etcd-member", false, "the member has no leader"};
}

// What only a node that reads Hetzner can know, or use.
bool needs_token(const Condition& condition) {
  return condition.name == "token" || condition.name == "floating-ips";
}

// Healthy, but without a token that serves, and nothing known against the addresses (rule O5).
bool serves_without_token(const State& state) {
  const bool token = state.token.present && state.token.refused.empty();
  if (token || !state.token.seen) return false;
  const bool forbidden = std::any_of(state.beliefs.begin(), state.beliefs.end(),
                                     [](const auto& one) { return one.second.allowed == false; });
  return !forbidden && std::all_of(state.gate.conditions.begin(), state.gate.conditions.end(),
                                   [](const Condition& c) { return c.ok || needs_token(c); });
}

// A good answer is not enough where several are asked for, nor is one bad answer too much.
std::string evidence(const Pulse& pulse) {
  if (!pulse.up && pulse.hits > 0) {
    return absl::StrCat(pulse.why, ", ", pulse.hits, " of ", kRise, " times in a row");
  }
  if (pulse.up && pulse.misses > 0) {
    return absl::StrCat(pulse.why, ", ", pulse.misses, " of ", kFall, " times in a row");
  }
  return pulse.why;
}

Condition lease_condition(Turn& turn) {
  if (observes(turn.config)) return {"lease", true, "observe mode keeps none"};
  if (turn.lease_alive()) return {"lease", true, "alive"};
  const Session& session = turn.state.session;
  if (!session.problem.empty()) return {"lease", false, session.problem};
  return {"lease", false, session.lease ? "not kept alive in time" : "none granted yet"};
}

}  // namespace

void beat(Pulse& pulse, bool hit, const std::string& why) {
  pulse.why = why;
  pulse.in_doubt = false;
  if (hit) {
    pulse.misses = 0;
    pulse.hits = std::min(pulse.hits + 1, kRise);
    if (pulse.hits == kRise) pulse.up = pulse.ever_up = true;
  } else {
    pulse.hits = 0;
    pulse.misses = std::min(pulse.misses + 1, kFall);
    if (pulse.misses == kFall) pulse.up = false;
  }
}

bool on_gate(Turn& turn, const ReadyzAnswer& event) {
  Pulse& pulse = turn.state.gate.readyz;
  if (!Turn::ends(pulse.flight, event.call)) return false;
  const bool hit = event.result == ReadyzAnswer::Result::kOk;
  if (event.shutting_down) {
    pulse.why = "the apiserver is shutting down";
    pulse.hits = 0;
    pulse.misses = kFall;
    pulse.up = pulse.in_doubt = false;
  } else if (!hit && event.result == ReadyzAnswer::Result::kNotReady && etcd_unsettled(turn)) {
    // Everybody's failure, nobody's verdict (rule E10). A member that does not even answer may be
    // this node's own trouble: then it neither counts nor clears what was counted.
    if (turn.state.member.problem.empty()) pulse.misses = 0;
    pulse.in_doubt = true;
  } else {
    beat(pulse, hit, hit ? "ok" : event.why);
  }
  return true;
}

void on(Turn& turn, const TlsAnswer& event) {
  Pulse& pulse = turn.state.gate.tls;
  if (Turn::ends(pulse.flight, event.call))
    beat(pulse, event.alive, event.alive ? "ok" : event.why);
}

void on(Turn& turn, const CertificateSeen& event) {
  for (auto& [fip, check] : turn.state.gate.certificates) {
    if (!Turn::ends(check.flight, event.call)) continue;
    // Who did not answer has not changed its certificate: the handshakes judge that.
    if (!event.shown && check.names_it) continue;
    check.names_it = event.names_it;
    check.why = event.why;
    if (event.names_it) check.next = turn.now + kCertificateEvery;
  }
}

void keep_gate(Turn& turn) {
  probe_readyz(turn);
  probe_tls(turn);
  probe_certificates(turn);
  State& state = turn.state;
  Gate& gate = state.gate;
  std::array<Condition, 9> conditions = {{
      {"apiserver-readyz", gate.readyz.up, evidence(gate.readyz)},
      {"apiserver-tls", gate.tls.up, evidence(gate.tls)},
      certificate_condition(turn),
      lease_condition(turn),
      member_condition(turn),
      identity_condition(state),
      token_condition(state),
      guards_condition(turn),
      fips_condition(turn),
  }};
  gate.conditions.assign(std::make_move_iterator(conditions.begin()),
                         std::make_move_iterator(conditions.end()));
  const auto broken = std::find_if(gate.conditions.begin(), gate.conditions.end(),
                                   [](const Condition& condition) { return !condition.ok; });
  gate.ready = broken == gate.conditions.end();
  gate.serves = serves_without_token(state);
  turn.say_once("serves", Say::Level::kWarn, "O5",
                gate.serves ? "no usable token: serves the address, never moves it"
                            : "");
  turn.say_once("gate", gate.ready ? Say::Level::kInfo : Say::Level::kWarn, "E8",
                gate.ready ? "this node is ready"
                           : absl::StrCat("this node is not ready: ", broken->name, ": ",
                                          broken->evidence));
}

bool on_node(const State& state, const IpAddress& address) {
  return std::any_of(state.addresses.begin(), state.addresses.end(),
                     [&](const LocalAddress& local) { return local.address == address; });
}

}  // namespace vipd::core
