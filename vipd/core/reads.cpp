#include "vipd/core/reads.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "vipd/core/allowlist.h"
#include "vipd/core/observe.h"

namespace vipd::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kSpread = seconds(5);
constexpr Duration kRefresh = hours(6);
constexpr Duration kUndeclaredAgain = seconds(60);  // somebody may be putting it right
constexpr Duration kUndeclaredSoon = seconds(5);    // while nobody manages the addresses
constexpr Duration kUnheldLook = seconds(10);       // nobody held the key for so long
constexpr Duration kUnheldAgain = std::chrono::minutes(10);
constexpr int kReserve = 20;  // requests of the budget that only an assign may use
constexpr Duration kBackoffMost = seconds(60);
constexpr Duration kWorkAgain = seconds(5);  // clients wait for what work reads

Duration backoff(Turn& turn, int failures) {
  const Duration base = seconds(1) * (1 << std::min(failures, 6));
  return std::min<Duration>(turn.between(base, base + base / 4), kBackoffMost);
}

// Requests of the reserve are for assign; a read waits until there are more (rule A12).
bool budget_low(const Rate& rate) { return rate.limit > 0 && rate.remaining < kReserve; }

bool work_wants_list(Turn& turn) {
  if (!turn.state.tenure) return false;
  const auto& work = turn.state.tenure->work;
  return std::any_of(work.begin(), work.end(), [&](const auto& entry) {
    return entry.second.phase == Work::Phase::kReading &&
           turn.reached(entry.second.read_after);
  });
}

// Nobody holds the key, and everybody may believe that another is to take it: somebody moved the
// address meanwhile. Asked anew after a while, and then now and then.
bool nobody_looks(Turn& turn) {
  const Keys& keys = turn.state.keys;
  const Reads& reads = turn.state.reads;
  if (!keys.current || keys.leader || observes(turn.config)) return false;
  if (!turn.reached(keys.leader_absent_since + kUnheldLook)) return false;
  return reads.last_sent < keys.leader_absent_since || turn.reached(reads.last_sent + kUnheldAgain);
}

// The leader is gone and the last word on an address is what somebody intended: asked once, for a
// good list makes it certain.
bool claim_is_uncertain(const Turn& turn) {
  const Keys& keys = turn.state.keys;
  if (!keys.current || keys.leader) return false;
  return std::any_of(turn.config.fips.begin(), turn.config.fips.end(), [&](const auto& fip) {
    const auto belief = turn.state.beliefs.find(fip.id);
    return belief != turn.state.beliefs.end() && belief->second.known && !belief->second.certain;
  });
}

// A Floating IP that was not as declared when we looked may be so again. A holder's newer
// verified record says that it is, but only Hetzner's own word counts (rule A20).
bool undeclared_may_have_changed(Turn& turn) {
  const State& state = turn.state;
  bool undeclared = false;
  bool contradicted = false;
  for (const auto& [fip, belief] : state.beliefs) {
    if (belief.allowed != false) continue;
    undeclared = true;
    const auto record = state.keys.assignments.find(fip);
    contradicted = contradicted ||
                   (record != state.keys.assignments.end() && record->second.fresh &&
                    record->second.record.phase == AssignmentRecord::Phase::kVerified &&
                    record->second.seen_at > state.reads.last_sent);
  }
  const bool soon = contradicted || (state.keys.current && !state.keys.leader);
  return undeclared && turn.reached(state.reads.last_sent +
                                    (soon ? kUndeclaredSoon : kUndeclaredAgain));
}

bool list_due(Turn& turn) {
  Reads& reads = turn.state.reads;
  // Else the keys of a restored etcd, which come later, would pass for the newer word.
  if (reads.restored && turn.state.keys.listed_at == 0) return false;
  const bool for_work = work_wants_list(turn) || turn.state.election.looks_first;
  // Frozen, it waits like everybody: nobody could use the answer yet.
  const bool sooner = for_work && turn.can_write();
  if (!turn.reached(sooner ? std::min(reads.next_try, reads.failed_at + kWorkAgain)
                           : reads.next_try))
    return false;
  if (reads.generation_listed != turn.state.token.generation) return true;
  if (for_work) return true;
  if (claim_is_uncertain(turn) || nobody_looks(turn)) return true;
  if (undeclared_may_have_changed(turn)) return true;
  if (!reads.ever || turn.reached(reads.last_sent + kRefresh)) return true;
  return turn.state.tenure.has_value() && turn.reached(reads.next_regular);
}

void list(Turn& turn) {
  Reads& reads = turn.state.reads;
  if (turn.busy(reads.list) || !turn.state.token.present || !list_due(turn)) return;
  reads.generation_listed = turn.state.token.generation;
  const CallId call = turn.begin(reads.list, turn.config.timing.read_deadline);
  turn.send(ListFips{call, turn.config.label_selector(), reads.list.deadline});
  ++reads.lists;
}

// A token of another project would show only when it matters; so ask once for ourselves.
void ask_for_ourselves(Turn& turn) {
  Reads& reads = turn.state.reads;
  if (turn.server() == 0 || !turn.state.token.present || turn.busy(reads.own)) return;
  const bool asked = reads.generation_own == turn.state.token.generation;
  const bool again = !reads.own_problem.empty() && turn.reached(reads.own_again);
  if ((asked && !again) || !turn.reached(reads.next_try)) return;
  reads.generation_own = turn.state.token.generation;
  const CallId call = turn.begin(reads.own, turn.config.timing.read_deadline);
  turn.send(GetServer{call, turn.server(), reads.own.deadline});
  ++reads.others;
}

}  // namespace

bool undeclared(const State& state, FipId fip) {
  const auto belief = state.beliefs.find(fip);
  return belief != state.beliefs.end() && belief->second.allowed == false;
}

bool undeclared(const Config& config, const State& state) {
  return std::any_of(config.fips.begin(), config.fips.end(),
                     [&](const DeclaredFip& fip) { return undeclared(state, fip.id); });
}

void note_rate(Turn& turn, const Rate& rate) {
  if (rate.limit > 0) turn.state.reads.rate = rate;
}

void note_limit(Turn& turn, const HcloudFailed& event) {
  if (event.error == HcloudError::kRateLimited) turn.state.reads.limited_at = turn.now;
}

void note_refusal(Turn& turn, HcloudError error, const std::string& why) {
  if (error != HcloudError::kUnauthorized && error != HcloudError::kReadonly) return;
  turn.state.token.refused = why;
  turn.state.token.readonly = turn.state.token.readonly || error == HcloudError::kReadonly;
  turn.state.reads.generation_listed = 0;  // a read tells whether that was passing
  turn.say_once("token", Say::Level::kError, "A13",
                absl::StrCat("Hetzner refuses the token: ", why));
}

bool on_list(Turn& turn, const FipsListed& event) {
  Reads& reads = turn.state.reads;
  if (!Turn::ends(reads.list, event.call)) return false;
  note_rate(turn, event.rate);
  reads.ever = true;
  reads.restored = false;
  reads.failures = 0;
  reads.problem.clear();
  reads.last_sent = event.sent_at;
  if (!turn.state.token.readonly) turn.state.token.refused.clear();
  const Duration every = turn.config.timing.read_every;
  reads.next_regular = turn.now + turn.between(every - kSpread, every + kSpread);
  for (const DeclaredFip& declared : turn.config.fips) {
    const Verdict verdict = judge(turn.config, declared, event.fips);
    Belief& belief = turn.state.beliefs[declared.id];
    belief.allowed = verdict.allowed;
    belief.why_not = verdict.why_not;
    turn.say_once(absl::StrCat("allow/", declared.id), Say::Level::kError, "A20",
                  verdict.why_not);
    belief.known = verdict.allowed;
    if (!verdict.allowed) continue;
    belief.server = verdict.fip->server;
    belief.at = event.sent_at;
    belief.aged = belief.certain = true;
  }
  return true;
}

bool on_reads(Turn& turn, const ServerSeen& event) {
  if (!Turn::ends(turn.state.reads.own, event.call)) return false;
  note_rate(turn, event.rate);
  turn.state.reads.own_problem.clear();
  return true;
}

bool reads_failed(Turn& turn, const HcloudFailed& event) {
  Reads& reads = turn.state.reads;
  const bool own = Turn::ends(reads.own, event.call);
  if (!own && !Turn::ends(reads.list, event.call)) return false;
  note_rate(turn, event.rate);
  note_limit(turn, event);
  note_refusal(turn, event.error, event.why);
  if (own && event.error == HcloudError::kNotFound) {
    reads.own_again = turn.now + kBackoffMost;  // a new server may not be known everywhere yet
    reads.own_problem = absl::StrCat("server ", turn.server(),
                                     " is unknown to the project of this token; use a token of "
                                     "the project that owns the servers");
    return true;
  }
  if (own) {
    reads.generation_own = 0;
  } else {
    reads.generation_listed = 0;
    reads.problem = event.why;
    reads.failed_at = turn.now;
  }
  Duration wait = backoff(turn, reads.failures++);
  if (event.error == HcloudError::kRateLimited) {
    wait = std::max<Duration>(wait, std::min<Duration>(seconds(event.rate.reset_in_seconds),
                                                       kBackoffMost));
  }
  // Both reads may be under way: what fails later must not undo the other's reset (rule A12).
  reads.next_try = std::max(reads.next_try, turn.now + wait);
  turn.say_once("reads", Say::Level::kWarn, "A10", absl::StrCat("Hetzner: ", event.why));
  return true;
}

void on(Turn& turn, const TokenSeen& event) {
  Token& token = turn.state.token;
  if (event.present && event.generation != token.generation) {
    token.refused.clear();
    token.readonly = false;
    turn.state.reads.next_try = turn.now;
    turn.say_once("token", Say::Level::kInfo, "A5",
                  absl::StrCat("a Hetzner token is there (generation ", event.generation, ")"));
  }
  if (!event.present) turn.say_once("token", Say::Level::kError, "E11", event.problem);
  token.seen = true;
  token.present = event.present;
  token.problem = event.problem;
  if (event.present) token.generation = event.generation;
}

void learn_from_records(Turn& turn) {
  for (const DeclaredFip& declared : turn.config.fips) {
    const auto found = turn.state.keys.assignments.find(declared.id);
    if (found == turn.state.keys.assignments.end()) continue;
    const Held<AssignmentRecord>& held = found->second;
    // Our own record says what we did, not what Hetzner shows now.
    if (turn.state.tenure && held.record.epoch >= turn.state.tenure->epoch) continue;
    Belief& belief = turn.state.beliefs[declared.id];
    // A record of unknown age says less than what this process has read itself, unless it was
    // written since (while nobody watched) or says otherwise and came later: then it may be the
    // newer word, and is looked into.
    const bool read_ourselves = turn.state.reads.ever;
    const bool missed = held.kv.mod_revision > turn.state.keys.listed_at;
    const bool differs = !turn.state.reads.restored && belief.known &&
                         belief.server != held.record.server;
    if (!held.fresh && read_ourselves && !missed && !differs) continue;
    if (belief.known && belief.at >= held.seen_at) continue;
    if (belief.allowed == false) continue;  // Hetzner's word stands (rule A20)
    const bool ours = held.record.address == declared.address.text() &&
                      held.record.labels == turn.config.labels;
    if (!ours) continue;
    belief.known = true;
    belief.server = held.record.server;
    belief.at = held.seen_at;
    belief.aged = held.fresh;
    belief.certain = held.record.phase == AssignmentRecord::Phase::kVerified &&
                     (held.fresh || !(read_ourselves || turn.state.reads.restored));
    if (!belief.allowed) belief.allowed = true;
  }
}

void keep_reads(Turn& turn) {
  if (turn.state.stop.released || turn.state.stop.asked) return;
  const bool spared = work_wants_list(turn) || turn.state.election.looks_first;
  if (budget_low(turn.state.reads.rate) && !spared) {
    // The bucket refills by one a second (facts/hetzner-api.md 10.2).
    const Duration refill = seconds(2 * kReserve);
    if (!turn.reached(turn.state.reads.last_sent + refill)) return;
  }
  list(turn);
  ask_for_ourselves(turn);
}

}  // namespace vipd::core
