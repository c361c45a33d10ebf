#include "vipd/core/election.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "vipd/core/gate.h"
#include "vipd/core/handover.h"
#include "vipd/core/node_address.h"
#include "vipd/core/reads.h"
#include "vipd/core/session.h"

namespace vipd::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kRankStep = milliseconds(100);
constexpr Duration kGiverFirst = milliseconds(500);
constexpr Duration kClaimantEvery = milliseconds(300);
constexpr Duration kClaimantDeadline = milliseconds(600);
constexpr Duration kUnmanagedAlert = seconds(60);
constexpr Duration kAskServerAgain = seconds(5);
constexpr Duration kLookIsGoodFor = seconds(10);
constexpr Duration kRemembered = std::chrono::hours(1);
constexpr int kMisses = 3;
constexpr std::size_t kMovesKept = 20;

LeaderRecord own_record(const Turn& turn, Cause cause) {
  LeaderRecord record;
  record.instance = turn.state.self.instance;
  record.node = turn.state.self.identity->node;
  record.server = turn.server();
  record.address = turn.state.self.address;
  record.since = rfc3339(turn.wall);
  record.cause = cause;
  return record;
}

void take(Turn& turn, LeaderRecord record, std::vector<Compare> compare, std::string_view rule,
          const std::string& why) {
  Election& election = turn.state.election;
  if (turn.busy(election.txn) || turn.busy(election.confirm)) return;
  if (!turn.reached(election.retry_at)) return;
  const std::string value = record.text();
  election.proposed = KeyValue{turn.key("leader"), value, 0, *turn.state.session.lease};
  const CallId call = turn.begin(election.txn, turn.config.timing.etcd_deadline);
  turn.say(Say::Level::kInfo, rule, absl::StrCat("take the leader key: ", why),
           {{"cause", std::string(name_of(record.cause))}});
  turn.send(Txn{call, std::move(compare),
                {Put{turn.key("leader"), value, *turn.state.session.lease}},
                election.txn.deadline});
}

void acquire(Turn& turn, Cause cause, std::string_view rule, const std::string& why) {
  take(turn, own_record(turn, cause), {Compare{turn.key("leader"), 0, std::nullopt}}, rule, why);
}

// Our place among the ready nodes; nothing while our own key is not seen there.
std::optional<int> rank(const Turn& turn) {
  const auto nodes = ready_nodes(turn, 0);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i]->instance == turn.state.self.instance) return static_cast<int>(i);
  }
  return std::nullopt;
}

bool verified_by(const Turn& turn, const Held<LeaderRecord>& leader) {
  return std::all_of(turn.config.fips.begin(), turn.config.fips.end(), [&](const auto& fip) {
    const auto found = turn.state.keys.assignments.find(fip.id);
    return found != turn.state.keys.assignments.end() &&
           found->second.record.epoch == leader.kv.mod_revision &&
           found->second.record.phase == AssignmentRecord::Phase::kVerified;
  });
}

// The leader key is a former instance's of this very server (rule E15).
bool adopt(Turn& turn) {
  const Held<LeaderRecord>& leader = *turn.state.keys.leader;
  Election& election = turn.state.election;
  const bool former = leader.readable && leader.record.server == turn.server() &&
                      leader.record.instance != turn.state.self.instance &&
                      leader.kv.mod_revision <= turn.state.keys.listed_at;
  if (!former || election.adopted || !turn.state.gate.ready) return false;
  // A takeover of a dead holder stays one until it is finished: a pause does not end it (E20).
  const bool unfinished =
      leader.record.cause == Cause::kTakeover && !verified_by(turn, leader);
  LeaderRecord record = own_record(turn, unfinished ? Cause::kTakeover : Cause::kAdoption);
  record.tried = leader.record.tried;
  take(turn, std::move(record), {turn.leader_as_seen()}, "E15",
       "a former vipd of this server left it");
  return true;
}

// Latched: a record that somebody deletes later is no lack of progress.
bool wrote_intent(Turn& turn, Revision epoch) {
  for (const DeclaredFip& fip : turn.config.fips) {
    const auto found = turn.state.keys.assignments.find(fip.id);
    const bool this_epoch = found != turn.state.keys.assignments.end() &&
                            found->second.record.epoch == epoch;
    if (this_epoch) turn.state.intent_epoch = epoch;
  }
  return turn.state.intent_epoch == epoch;
}

void watch_progress(Turn& turn) {
  const Held<LeaderRecord>& leader = *turn.state.keys.leader;
  if (!leader.readable || turn.holder() || wrote_intent(turn, leader.kv.mod_revision)) return;
  if (!turn.state.gate.ready || turn.paused() || etcd_unsettled(turn)) return;
  if (leader.record.server == turn.server()) return;
  const auto place = rank(turn);
  if (!place) return;
  const bool giver = leader.record.giver == turn.state.self.instance;
  const Duration turn_of = giver ? Duration(0) : kGiverFirst + *place * kRankStep;
  if (!turn.reached(leader.seen_at + turn.config.timing.intent_within + turn_of)) return;
  std::vector<Compare> compare = {turn.leader_as_seen()};
  for (const DeclaredFip& fip : turn.config.fips) {
    compare.push_back(turn.assignment_as_seen(fip.id));
  }
  take(turn, own_record(turn, Cause::kNoProgress), std::move(compare), "A15",
       absl::StrCat(leader.record.node, " wrote no intent in time"));
}

struct Claim {
  ServerId server = 0;   // that Hetzner names; 0: none
  bool unknown = false;  // nothing has been read yet, or what was read is not as declared
  std::string why_not;
};

Claim claim(const Turn& turn) {
  Claim claim;
  for (const DeclaredFip& fip : turn.config.fips) {
    const auto belief = turn.state.beliefs.find(fip.id);
    if (belief == turn.state.beliefs.end() || !belief->second.known) {
      claim.unknown = true;
      if (belief != turn.state.beliefs.end()) claim.why_not = belief->second.why_not;
    } else if (belief->second.server && claim.server == 0) {
      claim.server = *belief->second.server;
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

// Three misses, and from one that served without a lease the silence of a ttl besides, which is
// what a holder is given: enabling vipd node by node must survive a hiccup.
bool fallen_silent(Turn& turn) {
  const Election& election = turn.state.election;
  if (election.claimant_pulse.misses < kMisses) return false;
  return !election.claimant_answered ||
         turn.reached(*election.claimant_answered + turn.config.timing.ttl);
}

void wait_for(Turn& turn, const std::string& why) {
  Election& election = turn.state.election;
  election.waiting = why;
  if (!turn.reached(turn.state.keys.leader_absent_since + kUnmanagedAlert)) return;
  turn.say_once("unmanaged", Say::Level::kError, "E13",
                absl::StrCat("nobody manages the Floating IPs for over 60 s: ", why));
}

// A pause may have held this up for hours, and somebody moved the address meanwhile. A Hetzner
// that does not answer holds up nobody.
bool look_first(Turn& turn) {
  const Reads& reads = turn.state.reads;
  const Instant good_from = std::max(turn.state.keys.leader_absent_since, reads.last_sent);
  turn.state.election.looks_first =
      reads.problem.empty() && turn.reached(good_from + kLookIsGoodFor);
  return turn.state.election.looks_first;
}

void acquire_by_rank(Turn& turn, Cause cause, const std::string& why) {
  Election& election = turn.state.election;
  if (!election.claimable) {
    election.claimable = true;
    election.claimable_since = turn.now;
  }
  const auto place = rank(turn);
  if (!turn.state.gate.ready || !place) return wait_for(turn, "no ready node acquires it");
  if (!turn.reached(election.claimable_since + *place * kRankStep)) return;
  if (look_first(turn)) return wait_for(turn, "Hetzner is asked once more who has the addresses");
  acquire(turn, cause, "E14", why);
}

// Leader absent (rules E13 to E15).
void claim_leader(Turn& turn) {
  Election& election = turn.state.election;
  const Claim named = claim(turn);
  if (named.server == 0 && named.unknown) {
    return wait_for(turn, named.why_not.empty()
                              ? "it is not known yet where Hetzner has the Floating IPs"
                              : named.why_not);
  }
  set_claimant(turn, named.server);
  if (named.server == 0) {
    // Hetzner detaches the addresses of a server that is deleted: its holder is gone with it.
    const bool was_held = turn.state.last_server != 0;
    if (turn.hard_paused() || (turn.paused() && !was_held)) return wait_for(turn, "paused");
    return acquire_by_rank(turn, was_held ? Cause::kTakeover : Cause::kFirstClaim,
                           "the Floating IPs are unassigned");
  }
  if (named.server == turn.server()) {
    if (!turn.state.gate.ready) return wait_for(turn, "this node has first claim but is not ready");
    return acquire(turn, Cause::kAdoption, "E15", "the address is on this server");
  }
  ask_claimant(turn);
  const bool gone = election.claimant_gone || fallen_silent(turn);
  if (!gone) {
    election.claimable = false;
    return wait_for(turn, absl::StrCat("server ", named.server, " has first claim: ",
                                       election.claimant_pulse.why));
  }
  if (turn.hard_paused()) return wait_for(turn, "hard paused");
  acquire_by_rank(turn, Cause::kTakeover,
                  absl::StrCat("server ", named.server, " is gone: ",
                               election.claimant_gone ? "Hetzner does not know it"
                                                      : election.claimant_pulse.why));
}

// Somebody wrote the key by hand: on another lease, or none, it would outlive this process.
void hold_on_own_lease(Turn& turn) {
  const Held<LeaderRecord>& leader = *turn.state.keys.leader;
  if (leader.kv.lease == *turn.state.session.lease) return;
  take(turn, leader.record, {turn.leader_as_seen()}, "E22",
       "it does not hang on this process's lease");
}

void complain_of_unreadable(Turn& turn) {
  const Held<LeaderRecord>& leader = *turn.state.keys.leader;
  if (!turn.reached(leader.seen_at + kUnmanagedAlert)) return;
  turn.say_once("unmanaged", Say::Level::kError, "E13",
                absl::StrCat("nobody manages the Floating IPs for over 60 s: nobody can read ",
                             leader.kv.key));
}

}  // namespace

bool on_election(Turn& turn, const ReadyzAnswer& event) {
  Pulse& pulse = turn.state.election.claimant_pulse;
  if (!Turn::ends(pulse.flight, event.call)) return false;
  const bool hit = event.result == ReadyzAnswer::Result::kOk;
  const bool everybodys = event.result == ReadyzAnswer::Result::kNotReady && etcd_unsettled(turn);
  if (hit || !everybodys) beat(pulse, hit, hit ? "its apiserver answers" : event.why);
  // One answer now and then is no service: only a pulse that has risen counts.
  if (hit && pulse.up) turn.state.election.claimant_answered = event.sent_at;
  return true;
}

bool on_election(Turn& turn, const ServerSeen& event) {
  Election& election = turn.state.election;
  if (!Turn::ends(election.claimant_address_call, event.call)) return false;
  note_rate(turn, event.rate);
  const auto address =
      node_address(turn.config, event.private_addresses, event.public_v4);
  if (address.ok() && election.claimant == event.server) election.claimant_address = *address;
  return true;
}

bool election_txn_done(Turn& turn, const TxnDone& event) {
  Election& election = turn.state.election;
  if (!Turn::ends(election.txn, event.call)) return false;
  if (!event.committed) {
    election.retry_at = turn.now + kRankStep;
    turn.confirm_leader();
    return true;
  }
  election.adopted = true;
  KeyRead read;
  read.found = election.proposed;
  read.found->mod_revision = read.revision = event.revision;
  apply_leader(turn.state.keys, read, turn.now);
  return true;
}

bool election_etcd_failed(Turn& turn, CallId call) {
  Election& election = turn.state.election;
  // The next keepalive reads the key again; asking at once would spin on a refused connection.
  if (Turn::ends(election.confirm, call)) return true;
  if (!Turn::ends(election.txn, call)) return false;
  election.retry_at = turn.now + kRankStep;
  turn.confirm_leader();
  return true;
}

bool election_hcloud_failed(Turn& turn, const HcloudFailed& event) {
  Election& election = turn.state.election;
  if (!Turn::ends(election.claimant_address_call, event.call)) return false;
  note_rate(turn, event.rate);
  if (event.error == HcloudError::kNotFound) election.claimant_gone = true;
  return true;
}

void account_for_leader(Turn& turn) {
  State& state = turn.state;
  if (!state.keys.leader || !state.keys.leader->readable) return;
  const Held<LeaderRecord>& leader = *state.keys.leader;
  if (leader.kv.mod_revision == state.last_epoch) return;
  const bool moved = state.last_server != 0 && state.last_server != leader.record.server;
  if (moved) {
    ++state.figures.moves[std::string(name_of(leader.record.cause))];
    if (unplanned(leader.record.cause)) {
      std::erase_if(state.unplanned, [&](Instant at) { return turn.now - at > kRemembered; });
      state.unplanned.push_back(turn.now);
    }
    if (state.moves.size() == kMovesKept) state.moves.erase(state.moves.begin());
    state.moves.push_back({turn.wall, state.last_holder, leader.record.node,
                           leader.record.server, leader.record.cause, leader.kv.mod_revision,
                           leader.record.reason});
  }
  turn.say(Say::Level::kInfo, "E3", absl::StrCat("the leader key names ", leader.record.node),
           {{"cause", std::string(name_of(leader.record.cause))},
            {"server", absl::StrCat(leader.record.server)}});
  state.last_epoch = leader.kv.mod_revision;
  state.last_holder = leader.record.node;
  state.last_server = leader.record.server;
}

void keep_election(Turn& turn) {
  State& state = turn.state;
  Election& election = state.election;
  election.waiting.clear();
  election.looks_first = false;
  if (state.stop.asked || turn.server() == 0 || state.self.address.empty()) return;
  if (!state.keys.current || !turn.lease_alive()) {
    // What was seen of a claimant so far is no word on it when etcd is back.
    election.claimable = false;
    election.claimant_pulse = {};
    return;
  }
  if (!state.keys.leader) return claim_leader(turn);
  election.claimable = false;
  election.claimant = 0;
  if (!state.keys.leader->readable) return complain_of_unreadable(turn);
  turn.say_once("unmanaged", Say::Level::kError, "E13", "");
  if (turn.holder()) return hold_on_own_lease(turn);
  if (!adopt(turn)) watch_progress(turn);
}

}  // namespace vipd::core
