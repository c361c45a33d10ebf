// Everything that can reach the core. A closed set: a new event does not compile until every
// place has thought about it.
//
// Answers carry the id of the Command they answer and `sent_at`, the moment the request left:
// an answer is judged by what was true then, and a keepalive counts from then (rule E22).
// The shell posts them in the order it got them; the core drops those it no longer waits for.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"

namespace vipd::core {

using base::Instant;
using base::IpAddress;
using Duration = std::chrono::nanoseconds;

using CallId = std::uint64_t;   // of a Command that is answered; never reused by a process
using Revision = std::int64_t;  // etcd's, cluster-wide
using LeaseId = std::int64_t;   // chosen by etcd
using ServerId = std::int64_t;  // Hetzner's
using FipId = std::int64_t;     // Hetzner's
using ActionId = std::int64_t;  // Hetzner's

// ---- the shell ----
struct Tick {};  // a deadline of State is due
struct TermSignal {};
struct Identity {  // from the metadata service; repeated only if it changed
  ServerId server = 0;
  std::string node;                          // the server's name in the API
  std::vector<IpAddress> private_addresses;  // of every attached network
  std::optional<IpAddress> public_v4;
};
struct IdentityFailed { std::string why; };
struct TokenSeen {  // the token file, on start and on every change of it
  bool present = false;
  std::uint64_t generation = 0;  // grows with every new content
  std::string problem;           // why not present
};
struct HandoverAsked {  // an order from the local socket; answered by OrderAnswer
  CallId order = 0;
  std::string to;   // node name or server id; empty: any ready node
  std::string off;  // node name or server id; empty: whoever holds
  std::string by;
  std::string reason;
};
struct PauseAsked {  // orders too, answered alike
  CallId order = 0;
  std::chrono::seconds lasts{0};
  bool hard = false;
  std::string by;
  std::string reason;
};
struct ResumeAsked { CallId order = 0; std::string by; };
struct ReleaseAsked {  // the leader key, if this instance has it and is gone
  CallId order = 0;
  std::string holder;
  std::string by;
};

// ---- etcd ----
struct KeyValue {
  std::string key;
  std::string value;
  Revision mod_revision = 0;
  LeaseId lease = 0;  // 0: none
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};
struct EtcdSnapshot {  // the whole prefix, on start and on every re-list
  Revision revision = 0;
  std::vector<KeyValue> keys;
  Instant sent_at;
};
struct KeyChange {
  KeyValue kv;           // of a deletion: only key and mod_revision, the deletion's own
  bool deleted = false;
};
struct EtcdChanged {  // one watch response, its events in order
  Revision revision = 0;  // of the header: may be newer than every event in it
  std::vector<KeyChange> changes;
};
struct EtcdWatchLost { std::string why; };  // a snapshot follows once it is back
struct LeaseGranted {
  CallId call = 0;
  LeaseId lease = 0;
  std::chrono::seconds ttl{0};
  Instant sent_at;
};
struct LeaseKept {
  CallId call = 0;
  LeaseId lease = 0;
  std::chrono::seconds ttl{0};  // 0: the lease is gone
  Instant sent_at;
};
struct TxnDone {
  CallId call = 0;
  bool committed = false;  // false: a compare failed
  Revision revision = 0;
  Instant sent_at;
};
struct KeyRead {
  CallId call = 0;
  std::optional<KeyValue> found;
  Revision revision = 0;
  Instant sent_at;
};
struct MemberStatus {  // of the local member
  CallId call = 0;
  std::uint64_t member = 0;
  std::uint64_t leader = 0;  // 0: none
  std::uint64_t term = 0;
  bool learner = false;
  std::string version;
  Instant sent_at;
};
struct EtcdFailed {
  CallId call = 0;
  bool unknown = false;  // the request may have been applied (deadline, connection lost)
  std::string why;
  Instant sent_at;
};

// ---- Hetzner ----
struct FloatingIp {
  FipId id = 0;
  std::string name;
  std::string ip;  // as sent: an address, or a /64 for v6
  std::optional<ServerId> server;
  std::map<std::string, std::string> labels;
  bool blocked = false;
};
struct Action {
  enum class State { kRunning, kSuccess, kError };
  ActionId id = 0;
  State state = State::kRunning;
  std::string error;  // code and message
};
struct Rate {
  int limit = 0;
  int remaining = 0;
  std::int64_t reset_in_seconds = 0;  // from the answer's own clock; 0 where unknown
};
enum class HcloudError {
  kUnreachable,   // no connection, reset, TLS
  kTimeout,       // deadline, 504
  kNotSent,       // the first byte would have been too late
  kBadAnswer,     // malformed, truncated, too large, HTML
  kUnauthorized,  // 401, 403
  kReadonly,      // token_readonly
  kNotFound,
  kConflict,      // 409
  kLocked,        // 423 locked
  kProtected,     // 423 protected
  kAssigned,      // 422 floating_ip_assigned
  kRateLimited,   // 429
  kServer,        // 500, 502, 503
  kRefused,       // any other code
};
struct FipsListed { CallId call = 0; std::vector<FloatingIp> fips; Instant sent_at; Rate rate; };
struct ServerSeen {
  CallId call = 0;
  ServerId server = 0;
  std::string name;
  std::vector<IpAddress> private_addresses;
  std::optional<IpAddress> public_v4;
  Instant sent_at;
  Rate rate;
};
struct AssignAccepted { CallId call = 0; Action action; Instant sent_at; Rate rate; };
struct ActionSeen { CallId call = 0; Action action; Instant sent_at; Rate rate; };
struct RunningFound { CallId call = 0; std::optional<Action> action; Instant sent_at; Rate rate; };
struct HcloudFailed {
  CallId call = 0;
  HcloudError error = HcloudError::kUnreachable;
  std::string why;
  bool sent = true;  // false: nothing can have been applied
  Instant sent_at;
  Rate rate;
};

// ---- the node ----
struct LocalAddress {
  IpAddress address;
  int prefix_length = 0;
  int scope = 0;      // rtnetlink: 0 global, 253 link, 254 host
  bool ours = false;  // carries vipd's protocol mark (IFA_PROTO)
  friend auto operator<=>(const LocalAddress&, const LocalAddress&) = default;
};
struct AddressesSeen { std::vector<LocalAddress> on_lo; };  // the whole set, on every change
struct NetlinkFailed { std::optional<IpAddress> address; std::string why; };

// ---- probes ----
struct ReadyzAnswer {
  CallId call = 0;
  enum class Result { kOk, kNotReady, kNoAnswer };
  Result result = Result::kNoAnswer;
  int http_status = 0;         // 0 without an answer; 401 comes as kNotReady
  bool shutting_down = false;  // the answer names the `shutdown` check
  std::string why;             // failing checks, or why no answer
  Instant sent_at;
};
struct TlsAnswer { CallId call = 0; bool alive = false; std::string why; Instant sent_at; };
struct CertificateSeen {  // of the apiserver, dialled at a FIP that is on this node
  CallId call = 0;
  IpAddress address;
  bool shown = false;  // a certificate was seen; without one, nothing is known of its names
  bool names_it = false;
  std::string why;
  Instant sent_at;
};
struct OwnNode {  // our Node object, asked on SIGTERM
  CallId call = 0;
  bool answered = false;
  bool cordoned = false;
  bool shutting_down = false;  // Ready is false because the kubelet is shutting down
  std::string why;
};

using Event =
    std::variant<Tick, TermSignal, Identity, IdentityFailed, TokenSeen, HandoverAsked, PauseAsked,
                 ResumeAsked, ReleaseAsked, EtcdSnapshot, EtcdChanged, EtcdWatchLost, LeaseGranted,
                 LeaseKept, TxnDone, KeyRead, MemberStatus, EtcdFailed, FipsListed, ServerSeen,
                 AssignAccepted, ActionSeen, RunningFound, HcloudFailed, AddressesSeen,
                 NetlinkFailed, ReadyzAnswer, TlsAnswer, CertificateSeen, OwnNode>;

}  // namespace vipd::core
