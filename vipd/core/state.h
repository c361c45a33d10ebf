// Everything one vipd knows between two events. Plain data; only step() changes it.
//
// Threads  Owned by the loop thread. Copyable, so that a test or a replay can fork it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vipd/core/event.h"
#include "vipd/core/keys.h"

namespace vipd::core {

// A request under way; id 0: none. An answer that never comes is given up a little after the
// deadline, so nothing waits for ever.
struct Flight {
  CallId id = 0;
  Instant deadline;
};

struct Self {
  std::string instance;
  std::optional<Identity> identity;
  std::string identity_problem = "the metadata service has not answered yet";
  std::string address;  // the node's own, as rule E2 chooses it
  std::string address_problem;
};

// Our lease and our nodes/ key.
struct Session {
  std::optional<LeaseId> lease;
  Instant good_until;  // counts from when the last good keepalive was sent
  Flight grant, keep, read, put;
  Instant next_grant, next_keep, next_put;
  int grant_failures = 0;
  NodeRecord put_record;  // what the key is known to hold, under `put_lease`
  LeaseId put_lease = 0;
  std::optional<Instant> astray_since;  // put, and yet not listed so
  NodeRecord flying_record;
  LeaseId flying_lease = 0;
  std::string problem;
};

struct Member {  // the local etcd member
  Flight read;
  Instant next;
  std::optional<MemberStatus> last;
  Instant leader_since;          // when this leader was first seen
  bool leader_changed = false;   // since this process started
  std::string problem = "etcd has not answered yet";
};

// Hits and misses of one probe.
struct Pulse {
  Flight flight;
  Instant next;
  int hits = 0;
  int misses = 0;
  bool up = false;
  bool ever_up = false;
  std::string why = "not asked yet";
};

struct CertificateCheck {
  Flight flight;
  Instant next;
  std::optional<bool> names_it;
  std::string why = "not asked yet";
};

struct Condition {
  std::string name;
  bool ok = false;
  std::string evidence;
};

struct Gate {
  Pulse readyz, tls;
  std::map<FipId, CertificateCheck> certificates;
  std::vector<Condition> conditions;  // as of this step
  bool ready = false;
  bool serves = false;  // all holds but what a token is needed for (rule O5)
};

struct Token {
  bool seen = false;  // the file has been looked for
  bool present = false;
  std::uint64_t generation = 0;
  std::string problem = "the token file has not been read yet";
  std::string refused;  // what Hetzner said; cleared by a new generation
  bool readonly = false;  // refused for writing; a good read does not clear that
};

// What Hetzner is believed to say about one declared FIP.
struct Belief {
  bool known = false;
  std::optional<ServerId> server;
  Instant at;                // of our own read, or when a record was seen to change
  bool aged = false;         // false: from a record of unknown age
  bool certain = false;      // seen at Hetzner, by us or by a holder; false: only intended
  std::optional<bool> allowed;  // nothing until judged (rule A20)
  std::string why_not;
};

struct Reads {
  Flight list, own;
  Instant next_regular, next_try;
  Instant failed_at;   // a list that failed
  Instant limited_at;  // the last 429 to a list or to the work
  std::uint64_t generation_listed = 0;
  std::uint64_t generation_own = 0;
  std::string own_problem;  // our server is unknown to the token's project
  Instant last_sent;        // of the last good list
  Instant own_again;        // when to ask for ourselves again after a 404
  bool ever = false;
  bool restored = false;  // etcd was put back since the last good list: its records are of old
  int failures = 0;
  std::string problem;
  Rate rate;
  std::int64_t lists = 0, assigns = 0, others = 0;
};

// Work on one FIP during a tenure.
struct Work {
  enum class Phase { kStart, kGuarding, kAssigning, kPolling, kReading, kLocked, kDone };
  Phase phase = Phase::kStart;
  Flight guard, call, record;
  bool rechecking = false;  // kReading, though verified
  bool intent_written = false;
  Action action;
  Instant polling_since;
  Instant poll_at;
  Duration poll_every{0};
  Instant read_after;  // the read that counts must have been sent at or after this
  Instant retry_at;
  int failures = 0;
  bool unassign_first = false;
  bool verified = false;  // once in this tenure; drift clears it
  Instant unsettled_until;  // an older epoch's call may land until then (rule A7)
  std::optional<Instant> recheck_at;
  bool checked_once_more = false;
  std::string read_wall;  // when it was last seen right, for the record
  Instant seen_here;      // the same: when that read was sent
  std::optional<AssignmentRecord> recorded;  // the last record known to be written
  AssignmentRecord recording;
  std::string why;
};

struct Drift {
  int repairs = 0;
  Instant next;
  Instant last;
  std::optional<ServerId> onto;  // a ready node that has the FIP now (rule A18)
};

struct Tenure {
  Revision epoch = 0;
  Instant since;
  Cause cause = Cause::kFirstClaim;
  std::map<FipId, Work> work;
  std::map<FipId, Drift> drift;
  bool ever_verified = false;
  Instant frozen_at;  // the last moment at which this node could not write or was not to (A16)
};

struct Handover {
  Cause cause = Cause::kUnready;
  std::string candidate;  // instance
  Flight probe, txn;
  Instant confirmed_at;  // when the probe that answered 200 was sent
  bool confirmed = false;
  std::set<std::string> refused;  // candidates whose /readyz missed, until retry_at
  Instant retry_at;
};

struct Election {
  Flight txn, confirm;  // confirm: read the leader key after an unknown outcome
  ServerId claimant = 0;
  std::string claimant_address;
  Flight claimant_address_call;
  Instant ask_server_at;
  bool claimant_gone = false;  // Hetzner does not know that server
  Pulse claimant_pulse;
  std::optional<Instant> claimant_answered;  // when last, while nobody held the key
  Instant claimable_since;
  bool claimable = false;
  bool looks_first = false;  // what Hetzner said is old: it is asked again before a take
  KeyValue proposed;  // what our transaction under way would put
  bool adopted = false;  // took over from a former instance of this server; once a process
  std::string waiting;   // why nobody acquires
  Instant retry_at;
  Instant undeclared_at;  // a Floating IP was not as declared, as far as known, until then
};

// An order under way: a key put on a lease of its own, or one transaction.
struct Order {
  CallId id = 0;
  std::string key, value;
  LeaseId lease = 0;
  Revision former = 0;   // mod_revision of the pause that this one is to replace
  std::string former_value;
  Flight grant, txn;
  std::string done, refused;  // what is answered
};

struct Stop {
  bool asked = false;
  Instant deadline;
  Flight node;
  std::optional<bool> hand_over;  // known once the Node object has been looked at
  Flight release;
  Instant release_again;
  bool released = false;
  bool gave = false;  // handed over: serve until verified
};

struct Move {
  base::WallTime at;
  std::string from, to;
  ServerId to_server = 0;
  Cause cause = Cause::kFirstClaim;
  Revision epoch = 0;
  std::string reason;  // the operator's, where one asked
};

// What is counted for metrics, since the process started.
struct Took {  // how long a phase of a move took
  std::int64_t count = 0;
  Duration sum{0};
  std::vector<std::int64_t> within;  // of each bound of figures.h, not cumulative; then the rest
};
struct Figures {
  std::map<std::string, std::int64_t> moves;   // by cause, as this node saw them
  std::map<std::string, std::int64_t> drift;   // by what was done about it
  std::map<std::string, Took> phases;
};

struct State {
  std::uint64_t random = 0;
  CallId last_call = 0;
  Instant started;
  std::optional<Instant> wake;

  Self self;
  Keys keys;
  Session session;
  Member member;
  Gate gate;
  Token token;
  std::map<FipId, Belief> beliefs;
  Reads reads;
  std::optional<Tenure> tenure;
  Handover handover;
  Election election;
  std::map<CallId, Order> orders;
  Stop stop;

  std::vector<LocalAddress> addresses;  // on lo
  bool addresses_known = false;
  bool swept = false;
  std::map<IpAddress, Instant> address_retry;
  std::map<IpAddress, std::string> address_problem;

  Revision intent_epoch = 0;  // the last one whose intent was seen
  Revision last_epoch = 0;  // of the leader key last accounted for
  std::string last_holder;
  ServerId last_server = 0;
  std::vector<Instant> unplanned;  // moves within the last hour (rule E16)
  std::vector<Move> moves;
  Figures figures;
  std::map<std::string, std::string> said;  // by topic, so that nothing is said twice
};

}  // namespace vipd::core
