// Everything the core can ask for. A closed set, carried out by the shell in order.
//
// Every command with a CallId is answered exactly once, by its event or by EtcdFailed,
// HcloudFailed (same id), at the latest at its deadline. Deadlines are absolute; an adapter
// gives up then and says so.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "vipd/core/event.h"

namespace vipd::core {

// ---- etcd ----
struct GrantLease { CallId call = 0; std::chrono::seconds ttl{0}; Instant deadline; };
struct KeepLease { CallId call = 0; LeaseId lease = 0; Instant deadline; };
struct RevokeLease { LeaseId lease = 0; };  // not answered
struct ReadKey { CallId call = 0; std::string key; Instant deadline; };  // linearizable
struct ReadMember { CallId call = 0; Instant deadline; };
struct Compare {
  std::string key;
  Revision mod_revision = 0;         // 0: the key must be absent
  std::optional<std::string> value;  // must be equal too, where given
  friend bool operator==(const Compare&, const Compare&) = default;
};
struct Put {
  std::string key;
  std::string value;
  LeaseId lease = 0;
  friend bool operator==(const Put&, const Put&) = default;
};
struct Delete {
  std::string key;
  friend bool operator==(const Delete&, const Delete&) = default;
};
using Write = std::variant<Put, Delete>;
struct Txn {  // all compares hold => all writes, atomically; else nothing
  CallId call = 0;
  std::vector<Compare> compare;
  std::vector<Write> write;
  Instant deadline;
};
struct Relist {};  // forget the watch, list the prefix again

// ---- Hetzner ----
struct ListFips { CallId call = 0; std::string label_selector; Instant deadline; };
struct GetServer { CallId call = 0; ServerId server = 0; Instant deadline; };
struct Assign {
  CallId call = 0;
  FipId fip = 0;
  ServerId server = 0;
  Instant first_byte_by;  // later than this it must not leave (rule A1)
  Instant deadline;
};
// Needed only where Hetzner refuses to move an assigned address in place.
struct Unassign { CallId call = 0; FipId fip = 0; Instant first_byte_by; Instant deadline; };
struct GetAction { CallId call = 0; ActionId action = 0; Instant deadline; };
struct FindRunningAction { CallId call = 0; FipId fip = 0; Instant deadline; };

// ---- the node ----
struct AddAddress { IpAddress address; };     // on lo, /32 scope host or /128, marked as ours
struct RemoveAddress { IpAddress address; };  // only if it carries our mark

// ---- probes ----
struct ProbeReadyz { CallId call = 0; IpAddress target; Instant deadline; };
struct ProbeTls { CallId call = 0; IpAddress target; Instant deadline; };
// The certificate that answers at `dial` (the address itself where it is local, else loopback:
// a FIP that is not local would reach another node, rule E9) must name `address`.
struct ProbeCertificate { CallId call = 0; IpAddress address; IpAddress dial; Instant deadline; };
struct ReadOwnNode { CallId call = 0; std::string node; Instant deadline; };

// ---- the shell ----
struct OrderAnswer { CallId order = 0; bool done = false; std::string text; };
struct Say {  // one log line per decision
  enum class Level { kDebug, kInfo, kWarn, kError };
  Level level = Level::kInfo;
  std::string rule;  // "E12"; empty where no rule stands behind it
  std::string text;
  std::vector<std::pair<std::string, std::string>> fields;  // cause, epoch, …
};
struct Exit {};  // SIGTERM is done with

using Command = std::variant<GrantLease, KeepLease, RevokeLease, ReadKey, ReadMember, Txn, Relist,
                             ListFips, GetServer, Assign, Unassign, GetAction, FindRunningAction,
                             AddAddress, RemoveAddress, ProbeReadyz, ProbeTls, ProbeCertificate,
                             ReadOwnNode, OrderAnswer, Say, Exit>;

}  // namespace vipd::core
