#include "vipd/core/election.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "vipd/core/claimant.h"
#include "vipd/core/reads.h"
#include "vipd/core/session.h"
#include "vipd/core/take.h"

namespace vipd::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kGiverFirst = milliseconds(500);
constexpr Duration kUnmanagedAlert = seconds(60);
constexpr Duration kLookIsGoodFor = seconds(10);

void acquire(Turn& turn, Cause cause, std::string_view rule, const std::string& why) {
  take(turn, own_leader_record(turn, cause), {Compare{turn.key("leader"), 0, std::nullopt}}, rule,
       why);
}

bool verified_by(const Turn& turn, const Held<LeaderRecord>& leader) {
  return std::all_of(turn.config.fips.begin(), turn.config.fips.end(), [&](const auto& fip) {
    const auto found = turn.state.keys.assignments.find(fip.id);
    if (undeclared(turn.state, fip.id)) return true;  // nobody's to finish
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
  LeaderRecord record = own_leader_record(turn, unfinished ? Cause::kTakeover : Cause::kAdoption);
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

// From when a holder could have written: not while it may not touch an address, nor before it has
// read that it may again, which it asks each minute.
Instant progress_due_from(Turn& turn, const Held<LeaderRecord>& leader) {
  constexpr Duration kReadsAgainWithin = std::chrono::seconds(65);
  Instant& undeclared_at = turn.state.election.undeclared_at;
  if (undeclared(turn.config, turn.state)) undeclared_at = turn.now;
  if (undeclared_at == Instant()) return leader.seen_at;
  return std::max(leader.seen_at, undeclared_at + kReadsAgainWithin);
}

void watch_progress(Turn& turn) {
  const Held<LeaderRecord>& leader = *turn.state.keys.leader;
  const Instant due_from = progress_due_from(turn, leader);
  if (!leader.readable || turn.holder() || wrote_intent(turn, leader.kv.mod_revision)) return;
  if (!turn.state.gate.ready || turn.paused() || etcd_unsettled(turn)) return;
  if (leader.record.server == turn.server()) return;
  const auto place = rank(turn);
  if (!place) return;
  const bool giver = leader.record.giver == turn.state.self.instance;
  const Duration turn_of = giver ? Duration(0) : kGiverFirst + *place * kRankStep;
  if (!turn.reached(due_from + turn.config.timing.intent_within + turn_of)) return;
  std::vector<Compare> compare = {turn.leader_as_seen()};
  for (const DeclaredFip& fip : turn.config.fips) {
    compare.push_back(turn.assignment_as_seen(fip.id));
  }
  take(turn, own_leader_record(turn, Cause::kNoProgress), std::move(compare), "A15",
       absl::StrCat(leader.record.node, " wrote no intent in time"));
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
    // Only intended, perhaps, by a takeover that a pause does not let an adoption finish (E20).
    if (turn.paused() && !named.certain) {
      return wait_for(turn, "paused, and Hetzner is asked first whether the address is here");
    }
    return acquire(turn, Cause::kAdoption, "E15", "the address is on this server");
  }
  ask_claimant(turn);
  if (!claimant_is_gone(turn)) {
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
