// The values of our etcd keys, and their JSON.
//
// Keys     all under Config::prefix(); see ARCHITECTURE.md for the table (rule E1).
// Errors   parse() gives InvalidArgument that names the field. What does not parse is never
//          obeyed (keys.h says what stands in for it).
// Times    are wall-clock text for people; nothing compares them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "vipd/core/event.h"

namespace vipd::core {

// Why the leader key moved. The words appear in the key, logs, metrics and status.
enum class Cause {
  kFirstClaim,    // leader absent, nobody named or the claimant gone at first start
  kAdoption,      // the address is on this server already
  kTakeover,      // the holder's lease ended
  kUnready,       // the holder's gate fell
  kRequest,       // an operator asked
  kNoProgress,    // the holder wrote no intent in time
  kCannotFinish,  // the holder could not assign
  kDrift,         // somebody moved the address to a ready node
  kShutdown,      // the holder's node goes down
};
[[nodiscard]] std::string_view name_of(Cause cause);
[[nodiscard]] std::string_view rule_of(Cause cause);  // the one that moves for this cause
[[nodiscard]] bool unplanned(Cause cause);  // starts the cool-down (rule E16)

struct LeaderRecord {
  std::string instance;
  std::string node;
  ServerId server = 0;
  std::string address;
  std::string since;
  Cause cause = Cause::kFirstClaim;
  std::string giver;            // instance that handed over; empty otherwise
  std::vector<ServerId> tried;  // could not finish since the last verified (rule A16)
  std::string reason;           // an operator's words

  [[nodiscard]] std::string text() const;
  static absl::StatusOr<LeaderRecord> parse(std::string_view text);
};

struct NodeRecord {
  std::string instance;
  std::string node;
  ServerId server = 0;
  std::string address;
  bool ready = false;
  std::string why;
  std::string version;
  bool etcd_leader = false;

  [[nodiscard]] std::string text() const;
  static absl::StatusOr<NodeRecord> parse(std::string_view text);
  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

struct AssignmentRecord {
  enum class Phase { kIntent, kRunning, kVerified };
  FipId fip = 0;
  std::string address;
  std::map<std::string, std::string> labels;
  ServerId server = 0;
  std::string node;
  std::string node_address;
  Revision epoch = 0;
  ActionId action = 0;
  Phase phase = Phase::kIntent;
  std::string read;  // when the holder last saw it at Hetzner

  [[nodiscard]] std::string text() const;
  static absl::StatusOr<AssignmentRecord> parse(std::string_view text);
  friend bool operator==(const AssignmentRecord&, const AssignmentRecord&) = default;
};
[[nodiscard]] std::string_view name_of(AssignmentRecord::Phase phase);

struct RequestRecord {
  ServerId to = 0;   // 0: any ready node
  ServerId off = 0;  // 0: whoever holds
  std::string by;
  std::string reason;

  [[nodiscard]] std::string text() const;
  static absl::StatusOr<RequestRecord> parse(std::string_view text);
};

struct PauseRecord {
  std::string by;
  std::string reason;
  bool hard = false;
  std::string until;  // as the order put it; the key's lease ends the pause

  [[nodiscard]] std::string text() const;
  static absl::StatusOr<PauseRecord> parse(std::string_view text);
};

}  // namespace vipd::core
