#include "vipd/core/session.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace vipd::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kAgain = milliseconds(50);
constexpr Duration kMemberEvery = seconds(1);
constexpr Duration kMemberStale = seconds(4);
constexpr Duration kLeaderSettles = seconds(3);
constexpr Duration kWatchLags = seconds(2);  // our own put may not have come back before

void lose_lease(Turn& turn, const std::string& why) {
  Session& session = turn.state.session;
  turn.say(Say::Level::kWarn, "E22", absl::StrCat("the etcd lease is over: ", why));
  session.lease.reset();
  session.put_lease = 0;
  session.next_grant = turn.now;
}

void grant(Turn& turn) {
  Session& session = turn.state.session;
  if (session.lease || turn.busy(session.grant) || !turn.reached(session.next_grant)) return;
  const CallId call = turn.begin(session.grant, turn.config.timing.etcd_deadline);
  turn.send(GrantLease{call, turn.config.timing.ttl, session.grant.deadline});
}

void keep(Turn& turn) {
  Session& session = turn.state.session;
  if (!session.lease || turn.busy(session.keep) || !turn.reached(session.next_keep)) return;
  const Timing& timing = turn.config.timing;
  session.next_keep = turn.now + timing.keepalive_every;
  const CallId call = turn.begin(session.keep, timing.keepalive_deadline);
  turn.send(KeepLease{call, *session.lease, session.keep.deadline});
  if (turn.busy(session.read)) return;
  const CallId read = turn.begin(session.read, timing.etcd_deadline);
  turn.send(ReadKey{read, turn.key("leader"), session.read.deadline});
}

NodeRecord own_record(const Turn& turn) {
  const State& state = turn.state;
  NodeRecord record;
  record.instance = state.self.instance;
  record.node = state.self.identity->node;
  record.server = state.self.identity->server;
  record.address = state.self.address;
  record.ready = state.gate.ready && !state.stop.asked;
  record.version = turn.config.version;
  record.etcd_leader = state.member.last && state.member.last->leader != 0 &&
                       state.member.last->leader == state.member.last->member;
  if (state.stop.asked) record.why = "stopping";
  for (const Condition& condition : state.gate.conditions) {
    if (record.why.empty() && !condition.ok) record.why = condition.name;
  }
  return record;
}

void publish(Turn& turn) {
  Session& session = turn.state.session;
  const State& state = turn.state;
  if (!turn.lease_alive() || !state.self.identity || state.self.address.empty()) return;
  if (state.stop.released || turn.busy(session.put) || !turn.reached(session.next_put)) return;
  // Compared as a record: its text is made only where it is written (this runs every step).
  session.flying_record = own_record(turn);
  const bool known = session.put_record == session.flying_record;
  if (known && session.put_lease == *session.lease) return;
  session.flying_lease = *session.lease;
  const CallId call = turn.begin(session.put, turn.config.timing.etcd_deadline);
  const std::string key = turn.key(absl::StrCat("nodes/", state.self.instance));
  const std::string value = session.flying_record.text();
  session.put_lease = 0;  // until it is answered, nobody knows what the key holds (rule E21)
  turn.send(Txn{call, {}, {Put{key, value, *session.lease}}, session.put.deadline});
}

}  // namespace

void on(Turn& turn, const LeaseGranted& event) {
  Session& session = turn.state.session;
  if (!Turn::ends(session.grant, event.call)) {
    turn.send(RevokeLease{event.lease});  // an answer given up: do not leave it behind
    return;
  }
  session.lease = event.lease;
  session.good_until = event.sent_at + event.ttl;
  session.next_keep = turn.now + turn.config.timing.keepalive_every;
  session.grant_failures = 0;
  session.problem.clear();
}

void on(Turn& turn, const LeaseKept& event) {
  Session& session = turn.state.session;
  if (!Turn::ends(session.keep, event.call) || session.lease != event.lease) return;
  if (event.ttl.count() == 0) return lose_lease(turn, "etcd answered ttl 0");
  session.good_until = std::max(session.good_until, event.sent_at + event.ttl);
  session.problem.clear();
}

void on(Turn& turn, const KeyRead& event) {
  const bool ours = Turn::ends(turn.state.session.read, event.call) ||
                    Turn::ends(turn.state.election.confirm, event.call);
  if (ours) apply_leader(turn.state.keys, event, turn.now);
}

void on(Turn& turn, const MemberStatus& event) {
  Member& member = turn.state.member;
  if (!Turn::ends(member.read, event.call)) return;
  const bool changed = member.last && (member.last->leader != event.leader ||
                                       member.last->term != event.term);
  if (changed) {
    member.leader_since = turn.now;
    member.leader_changed = true;
  }
  member.last = event;
  member.problem.clear();
}

bool session_txn_done(Turn& turn, const TxnDone& event) {
  Session& session = turn.state.session;
  if (!Turn::ends(session.put, event.call)) return false;
  session.put_record = session.flying_record;
  session.put_lease = session.flying_lease;
  return true;
}

bool session_failed(Turn& turn, const EtcdFailed& event) {
  Session& session = turn.state.session;
  if (Turn::ends(session.grant, event.call)) {
    session.problem = event.why;
    const int doublings = std::min(session.grant_failures++, 5);
    session.next_grant = turn.now + milliseconds(100) * (1 << doublings);
    return true;
  }
  if (Turn::ends(session.keep, event.call)) {
    session.problem = event.why;
    session.next_keep = turn.now + kAgain;
    return true;
  }
  if (Turn::ends(session.put, event.call)) {
    // A refusal means that etcd does not know the lease; the keepalive will say so too.
    session.next_put = turn.now + kAgain;
    session.next_keep = turn.now;
    return true;
  }
  if (Turn::ends(turn.state.member.read, event.call)) {
    turn.state.member.problem = event.why;
    return true;
  }
  return Turn::ends(session.read, event.call);
}

void ask_member(Turn& turn) {
  Member& member = turn.state.member;
  if (turn.busy(member.read) || !turn.reached(member.next)) return;
  member.next = turn.now + kMemberEvery;
  const CallId call = turn.begin(member.read, turn.config.timing.etcd_deadline);
  turn.send(ReadMember{call, member.read.deadline});
}

void keep_session(Turn& turn) {
  ask_member(turn);
  if (turn.state.stop.released) return;
  if (turn.state.keys.listed_at != 0) grant(turn);
  keep(turn);
  publish(turn);
  // A nodes/ key that is not as it was put (a restored etcd, a hand, a late write) is put again.
  Session& session = turn.state.session;
  const Keys& keys = turn.state.keys;
  const auto listed = keys.nodes.find(turn.state.self.instance);
  const bool as_put = listed != keys.nodes.end() && listed->second.record == session.put_record;
  const bool astray = session.put_lease != 0 && keys.current && !as_put;
  if (!astray) session.astray_since.reset();
  if (astray && !session.astray_since) session.astray_since = turn.now;
  if (astray && turn.reached(*session.astray_since + kWatchLags)) session.put_lease = 0;
}

bool etcd_unsettled(Turn& turn) {
  Member& member = turn.state.member;
  // A member that does not answer knows of no leader either; its last word is void.
  if (!member.last || member.last->leader == 0 || !member.problem.empty()) return true;
  return member.leader_changed && !turn.reached(member.leader_since + kLeaderSettles);
}

bool member_ok(Turn& turn) {
  const Member& member = turn.state.member;
  return member.last && !turn.reached(member.last->sent_at + kMemberStale) &&
         member.last->leader != 0 && !member.last->learner;
}

}  // namespace vipd::core
