#include "vipd/core/address.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "vipd/core/gate.h"
#include "vipd/core/session.h"

namespace vipd::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kSettle = milliseconds(200);  // for netlink to report what was asked for
constexpr Duration kAfterFailure = seconds(2);

bool is_declared(const Config& config, const IpAddress& address) {
  return std::any_of(config.fips.begin(), config.fips.end(),
                     [&](const DeclaredFip& fip) { return fip.address == address; });
}

void sweep(Turn& turn) {
  if (turn.state.swept || !turn.state.addresses_known) return;
  turn.state.swept = true;
  for (const LocalAddress& local : turn.state.addresses) {
    if (!local.ours || is_declared(turn.config, local.address)) continue;
    turn.say(Say::Level::kInfo, "N5",
             absl::StrCat(local.address.text(), " is vipd's but no longer declared: removed"));
    turn.send(RemoveAddress{local.address});
  }
}

// The one case in which an address leaves a node (rule N3).
bool must_go(Turn& turn, const IpAddress& address, FipId fip) {
  const State& state = turn.state;
  const bool ours = std::any_of(
      state.addresses.begin(), state.addresses.end(),
      [&](const LocalAddress& local) { return local.ours && local.address == address; });
  if (!ours) return false;  // what somebody else put there is left alone
  if (state.gate.ready || state.gate.serves || turn.holder() || state.stop.asked) return false;
  if (!state.keys.current || !turn.lease_alive() || !member_ok(turn)) return false;  // frozen
  const auto found = state.keys.assignments.find(fip);
  if (found == state.keys.assignments.end()) return false;
  const AssignmentRecord& record = found->second.record;
  const bool by_the_holder = state.keys.leader && state.keys.leader->readable &&
                             state.keys.leader->kv.mod_revision == record.epoch;
  // An etcd put back tells old ones (rule E4); this one was seen being written.
  return by_the_holder && found->second.fresh && turn.server() != 0 &&
         record.phase == AssignmentRecord::Phase::kVerified && record.server != turn.server();
}

bool wanted(const Turn& turn, const DeclaredFip& fip) {
  const bool guarded = fip.address.family == base::Family::kV4 ||
                       turn.config.address_guards_proven;
  const Gate& gate = turn.state.gate;
  return guarded && (gate.ready || gate.serves || turn.holder());
}

void say_failure(Turn& turn, const IpAddress& address, const std::string& why) {
  turn.state.address_problem[address] = why;
  turn.say_once(absl::StrCat("address/", address.text()), Say::Level::kError, "N6",
                why.empty() ? "" : absl::StrCat(address.text(), ": ", why));
}

}  // namespace

void on(Turn& turn, const AddressesSeen& event) {
  turn.state.addresses = event.on_lo;
  turn.state.addresses_known = true;
  for (const DeclaredFip& fip : turn.config.fips) {
    if (on_node(turn.state, fip.address)) say_failure(turn, fip.address, "");
  }
}

void on(Turn& turn, const NetlinkFailed& event) {
  if (!event.address) {
    turn.say(Say::Level::kError, "N6", absl::StrCat("netlink: ", event.why));
    return;
  }
  say_failure(turn, *event.address, event.why);
  turn.state.address_retry[*event.address] = turn.now + kAfterFailure;
}

void keep_addresses(Turn& turn) {
  sweep(turn);
  if (!turn.state.addresses_known) return;
  for (const DeclaredFip& fip : turn.config.fips) {
    const bool present = on_node(turn.state, fip.address);
    const bool add = !present && wanted(turn, fip);
    const bool remove = present && must_go(turn, fip.address, fip.id);
    if (!add && !remove) continue;
    Instant& retry_at = turn.state.address_retry[fip.address];
    if (!turn.reached(retry_at)) continue;
    retry_at = turn.now + kSettle;
    const std::string text = fip.address.text();
    if (add) {
      turn.say(Say::Level::kInfo, "N2", absl::StrCat("put ", text, " on lo"));
      turn.send(AddAddress{fip.address});
    } else {
      turn.say(Say::Level::kInfo, "N3",
               absl::StrCat("take ", text, " off lo: not ready, and verified on another node"));
      turn.send(RemoveAddress{fip.address});
    }
  }
}

}  // namespace vipd::core
