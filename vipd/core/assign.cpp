#include "vipd/core/assign.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "vipd/core/action.h"
#include "vipd/core/drift.h"
#include "vipd/core/figures.h"
#include "vipd/core/reads.h"
#include "vipd/core/tenure.h"
#include "vipd/core/work.h"

namespace vipd::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Phase = Work::Phase;

constexpr Duration kTrustRecord = minutes(10);
constexpr Duration kGuardAgain = milliseconds(300);
constexpr Duration kOldCallMayLand = seconds(2);  // beyond its deadline
constexpr Duration kUnsettledEvery = seconds(1);
constexpr Duration kOnceMore = seconds(5);
constexpr Duration kBlockedEvery = seconds(5);

const DeclaredFip& declared(const Turn& turn, FipId id) {
  return *std::find_if(turn.config.fips.begin(), turn.config.fips.end(),
                       [id](const DeclaredFip& fip) { return fip.id == id; });
}

AssignmentRecord record_of(const Turn& turn, FipId id, const Work& work,
                           AssignmentRecord::Phase phase) {
  const State& state = turn.state;
  AssignmentRecord record;
  record.fip = id;
  record.address = declared(turn, id).address.text();
  record.labels = turn.config.labels;
  record.server = turn.server();
  record.node = state.self.identity ? state.self.identity->node : "";
  record.node_address = state.self.address;
  record.epoch = state.tenure->epoch;
  record.action = work.action.id;
  record.phase = phase;
  // The work's own read counts, so that a steady holder writes once a read.
  if (phase == AssignmentRecord::Phase::kVerified) record.read = work.read_wall;
  return record;
}

Txn fenced_put(Turn& turn, Flight& flight, FipId id, const std::string& value) {
  const CallId call = turn.begin(flight, turn.config.timing.etcd_deadline);
  return Txn{call,
             {turn.leader_as_seen()},
             {Put{turn.key(absl::StrCat("assignment/", id)), value, 0}},
             flight.deadline};
}

// An older epoch's last word on this FIP: an intent whose call may still land, an action that
// still holds its lock. The leader key may be learnt before that word comes with the watch, so
// the first guard of a tenure holds only against the record as it was looked at here.
void heed_record(Turn& turn, FipId id, Work& work) {
  const auto found = turn.state.keys.assignments.find(id);
  if (found == turn.state.keys.assignments.end()) return;
  const Held<AssignmentRecord>& old = found->second;
  if (old.record.epoch >= turn.state.tenure->epoch) return;
  if (old.record.phase == AssignmentRecord::Phase::kIntent) {
    const Instant since = old.fresh ? old.seen_at : turn.state.tenure->since;
    work.unsettled_until = std::max(
        work.unsettled_until, since + turn.config.timing.assign_deadline + kOldCallMayLand);
  }
  // It is waited for, not raced.
  if (old.record.phase == AssignmentRecord::Phase::kRunning) work.action.id = old.record.action;
}

void guard(Turn& turn, FipId id, Work& work) {
  work.phase = Phase::kGuarding;
  work.recorded.reset();
  if (!work.intent_written) heed_record(turn, id, work);
  Txn txn = fenced_put(turn, work.guard, id,
                       record_of(turn, id, work, AssignmentRecord::Phase::kIntent).text());
  if (!work.intent_written) txn.compare.push_back(turn.assignment_as_seen(id));
  turn.send(std::move(txn));
}

void verified(Turn& turn, FipId id, Work& work) {
  work.phase = Phase::kDone;
  work.rechecking = false;
  work.why.clear();
  if (!work.verified) {
    if (work.action.id != 0) took(turn, "verify", turn.now - work.read_after);
    work.verified = true;
    work.failures = 0;
    work.unassign_first = false;
    turn.say(Say::Level::kInfo, "A6",
             absl::StrCat(declared(turn, id).address.text(), " is verified on server ",
                          turn.server()),
             {{"fip", absl::StrCat(id)}, {"action", absl::StrCat(work.action.id)}});
  }
  if (work.seen_here < work.unsettled_until) {
    work.recheck_at = turn.now + kUnsettledEvery;
  } else if (work.action.id != 0 && !work.checked_once_more) {
    work.checked_once_more = true;
    work.recheck_at = turn.now + kOnceMore;
  } else {
    work.recheck_at.reset();
  }
}

// Somebody serves meanwhile, or drift says that the record is wrong (rule A18): there is time to
// look first. Otherwise clients wait, and the record is trusted (rule A5).
bool urgent(Cause cause) {
  return cause == Cause::kTakeover || cause == Cause::kUnready || cause == Cause::kNoProgress;
}

// Another server whose vipd says that its apiserver serves; `why` is the first of the gate's
// conditions that fails, and these say nothing against that.
bool serves_elsewhere(const Turn& turn, ServerId server) {
  const NodeRecord* node = turn.state.keys.node_of(server);
  if (node == nullptr || server == turn.server()) return false;
  return node->ready || node->why == "floating-ips" || node->why == "etcd-member" ||
         node->why == "lease";
}

// Why this one is not to be touched now (rule A20); empty: it may be. A group moves as one: while
// another of it may not be touched, none is taken off a node that serves it. A repair is no move.
std::string barred(const Turn& turn, FipId id) {
  const auto belief = turn.state.beliefs.find(id);
  if (belief == turn.state.beliefs.end()) return "";
  if (belief->second.allowed == false) return belief->second.why_not;
  const auto drift = turn.state.tenure->drift.find(id);
  if (drift != turn.state.tenure->drift.end() && drift->second.repairs > 0) return "";
  const std::optional<ServerId> server = belief->second.server;
  const bool served = belief->second.known && server && serves_elsewhere(turn, *server);
  if (!served || !undeclared(turn.config, turn.state)) return "";
  return "another of its group is not as declared, and a node serves this one: it stays there";
}

// Nothing is left to do but a read that Hetzner does not answer: no other node could do more.
bool only_unread(const Turn& turn) {
  if (turn.state.reads.problem.empty()) return false;
  const auto& work = turn.state.tenure->work;
  return std::all_of(work.begin(), work.end(), [&](const auto& entry) {
    const auto belief = turn.state.beliefs.find(entry.first);
    const bool here = belief != turn.state.beliefs.end() && belief->second.known &&
                      belief->second.server == turn.server();
    return entry.second.verified || (here && entry.second.failures == 0);
  });
}

// Time that says nothing about whether this node can finish (rule A16).
bool stands_still(Turn& turn) {
  const bool undeclared_for_all =
      undeclared(turn.config, turn.state) && turn.state.reads.problem.empty();
  return !turn.can_write() || turn.paused() || undeclared_for_all || only_unread(turn);
}

// After a committed guard: what is there to do? `sent_at` is the guard's.
void decide(Turn& turn, FipId id, Work& work, Instant sent_at) {
  const Belief& belief = turn.state.beliefs[id];
  const bool right = belief.known && belief.server == turn.server();
  if (!barred(turn, id).empty()) {
    work.phase = Phase::kStart;
    return;
  }
  if (right && belief.certain && turn.reached(work.unsettled_until)) {
    verified(turn, id, work);
    // Old news is good enough to go on with, not to leave unread.
    const bool old = !belief.aged || turn.now - belief.at >= kTrustRecord;
    if (old) work.recheck_at = turn.now;
    // Nor does a new tenure put the read off: with short ones nobody would ever read.
    Reads& reads = turn.state.reads;
    reads.next_regular =
        std::min(reads.next_regular, reads.last_sent + turn.config.timing.read_every);
    return;
  }
  if (right || !belief.known) return read_again(turn, work, Duration(0));
  const Tenure& tenure = *turn.state.tenure;
  const bool look_first = !urgent(tenure.cause) && belief.at < tenure.since;
  const bool recent = belief.aged && !look_first && turn.now - belief.at < kTrustRecord;
  if (!recent) return read_again(turn, work, Duration(0));
  if (!turn.may_write_api()) {
    work.phase = Phase::kStart;
    work.why = "paused";
    work.retry_at = turn.now + kUnsettledEvery;
    return;
  }
  work.phase = Phase::kAssigning;
  work.action = {};
  work.checked_once_more = false;
  const Instant deadline = sent_at + turn.config.timing.assign_deadline;
  const Instant first_byte_by = sent_at + turn.config.timing.guard_valid;
  const CallId call = turn.begin(work.call, deadline - turn.now);
  ++turn.state.reads.assigns;
  if (work.unassign_first && belief.server) {
    turn.send(Unassign{call, id, first_byte_by, deadline});
    return;
  }
  turn.send(Assign{call, id, turn.server(), first_byte_by, deadline});
  turn.say(Say::Level::kInfo, "A1",
           absl::StrCat("assign ", declared(turn, id).address.text(), " to server ",
                        turn.server()),
           {{"fip", absl::StrCat(id)}, {"cause", std::string(name_of(turn.state.tenure->cause))}});
}

void start(Turn& turn, FipId id, Work& work) {
  if (turn.busy(work.guard) || !turn.reached(work.retry_at)) return;
  if (turn.state.tenure->drift[id].onto) return;  // the key follows it (rule A18)
  const std::string why_not = barred(turn, id);
  if (work.intent_written && !why_not.empty()) {
    work.why = why_not;
    work.retry_at = turn.now + kBlockedEvery;
    return;
  }
  if (work.intent_written && (!turn.may_write_api() || !turn.state.token.present)) {
    work.why = turn.may_write_api() ? turn.state.token.problem : "paused";
    work.retry_at = turn.now + kUnsettledEvery;
    return;
  }
  guard(turn, id, work);
}

// Writes what others should know: the action under way, and every verified read.
void keep_record(Turn& turn, FipId id, Work& work) {
  if (turn.busy(work.record) || turn.busy(work.guard) || !work.intent_written) return;
  std::optional<AssignmentRecord::Phase> phase;
  if (work.verified) phase = AssignmentRecord::Phase::kVerified;
  if (!work.verified && work.phase == Phase::kPolling) phase = AssignmentRecord::Phase::kRunning;
  if (!phase) return;
  AssignmentRecord record = record_of(turn, id, work, *phase);
  if (record == work.recorded) return;
  work.recording = std::move(record);
  turn.send(fenced_put(turn, work.record, id, work.recording.text()));
}

void advance(Turn& turn, FipId id, Work& work) {
  switch (work.phase) {
    case Phase::kStart:
      start(turn, id, work);
      break;
    case Phase::kGuarding:
      if (!turn.busy(work.guard)) work.phase = Phase::kStart;
      break;
    case Phase::kAssigning:
      if (!turn.busy(work.call)) read_again(turn, work, Duration(0));
      break;
    case Phase::kPolling:
      poll(turn, work);
      break;
    case Phase::kLocked:
      find_running(turn, id, work);
      break;
    case Phase::kReading:
      break;  // keep_reads sends the list
    case Phase::kDone:
      if (work.recheck_at && turn.reached(*work.recheck_at)) {
        work.recheck_at.reset();
        work.rechecking = true;
        read_again(turn, work, Duration(0));
      }
      break;
  }
  keep_record(turn, id, work);
}

}  // namespace

bool work_txn_done(Turn& turn, const TxnDone& event) {
  FipId id = 0;
  if (Work* work = work_of(turn, &Work::guard, event.call, &id)) {
    if (!event.committed) {
      work->phase = Phase::kStart;
      work->retry_at = turn.now + kGuardAgain;
      turn.confirm_leader();
      return true;
    }
    const bool first = !work->intent_written;
    work->intent_written = true;
    if (first) took(turn, "intent", turn.now - turn.state.tenure->since);
    if (first && work->action.id != 0) {
      start_polling(turn, *work, work->action);
    } else {
      decide(turn, id, *work, event.sent_at);
    }
    return true;
  }
  if (Work* work = work_of(turn, &Work::record, event.call)) {
    if (event.committed) work->recorded = work->recording;
    if (!event.committed) turn.confirm_leader();
    return true;
  }
  return false;
}

bool work_etcd_failed(Turn& turn, CallId call) {
  if (Work* work = work_of(turn, &Work::guard, call)) {
    work->phase = Phase::kStart;  // an unknown outcome is no guard (rule A1)
    work->retry_at = turn.now + milliseconds(50);
    return true;
  }
  return work_of(turn, &Work::record, call) != nullptr;
}

void look_at_list(Turn& turn) {
  if (!turn.state.tenure) return;
  for (auto& [id, work] : turn.state.tenure->work) {
    const Belief& belief = turn.state.beliefs[id];
    const bool ours = work.phase == Phase::kDone ||
                      (work.phase == Phase::kReading &&
                       turn.state.reads.last_sent >= work.read_after);
    if (!ours) continue;
    if (!belief.known) {
      work.verified = false;
      work.phase = Phase::kStart;
      continue;
    }
    if (belief.server == turn.server()) {
      work.read_wall = rfc3339(turn.wall);
      work.seen_here = turn.state.reads.last_sent;
      turn.state.tenure->drift[id].onto.reset();
      verified(turn, id, work);
      continue;
    }
    const bool drifted = work.verified;
    work.verified = work.rechecking = false;
    work.phase = Phase::kStart;
    if (drifted) meet_drift(turn, id, work);
  }
}

void heed_lost_records(Turn& turn, const EtcdChanged& event) {
  if (!turn.state.tenure) return;
  for (auto& [id, work] : turn.state.tenure->work) {
    if (turn.state.keys.assignments.count(id) != 0) continue;
    const std::string key = turn.key(absl::StrCat("assignment/", id));
    // Once a change: the mirror shows the new record only when the watch brings it.
    const bool lost = std::any_of(event.changes.begin(), event.changes.end(),
                                  [&](const KeyChange& change) { return change.kv.key == key; });
    if (lost) work.recorded.reset();
  }
}

void keep_work(Turn& turn) {
  if (!turn.state.tenure || turn.state.stop.released) return;
  Tenure& tenure = *turn.state.tenure;
  if (stands_still(turn)) tenure.frozen_at = turn.now;
  if (!turn.can_write()) return;  // frozen: no API write (rules N1, N9)
  for (auto& [id, work] : tenure.work) advance(turn, id, work);
  if (tenure.ever_verified || !all_verified(turn)) return;
  took(turn, "total", turn.now - tenure.since);
  tenure.ever_verified = true;
}

}  // namespace vipd::core
