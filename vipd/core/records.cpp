#include "vipd/core/records.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/json.h"

namespace vipd::core {
namespace {

using base::Json;
using base::json_bool;
using base::json_integer;
using base::json_text;

constexpr std::array<std::pair<Cause, std::string_view>, 9> kCauses = {{
    {Cause::kFirstClaim, "first-claim"},
    {Cause::kAdoption, "adoption"},
    {Cause::kTakeover, "takeover"},
    {Cause::kUnready, "unready"},
    {Cause::kRequest, "request"},
    {Cause::kNoProgress, "no-progress"},
    {Cause::kCannotFinish, "cannot-finish"},
    {Cause::kDrift, "drift"},
    {Cause::kShutdown, "shutdown"},
}};

constexpr std::array<std::pair<Cause, std::string_view>, 9> kRules = {{
    {Cause::kFirstClaim, "E14"},
    {Cause::kAdoption, "E15"},
    {Cause::kTakeover, "E14"},
    {Cause::kUnready, "E12"},
    {Cause::kRequest, "E6"},
    {Cause::kNoProgress, "A15"},
    {Cause::kCannotFinish, "A16"},
    {Cause::kDrift, "A18"},
    {Cause::kShutdown, "E18"},
}};

constexpr std::array<std::pair<AssignmentRecord::Phase, std::string_view>, 3> kPhases = {{
    {AssignmentRecord::Phase::kIntent, "intent"},
    {AssignmentRecord::Phase::kRunning, "running"},
    {AssignmentRecord::Phase::kVerified, "verified"},
}};

template <typename Table, typename Key>
std::string_view word_for(const Table& table, Key key) {
  for (const auto& [value, word] : table) {
    if (value == key) return word;
  }
  return "unknown";
}

absl::Status lacks(const std::string& field) {
  return absl::InvalidArgumentError(absl::StrCat("field \"", field, "\" is missing or malformed"));
}

absl::StatusOr<Json> parse_object(std::string_view text) {
  auto json = base::parse_json(text);
  if (!json.ok()) return json.status();
  if (!json->is_object()) return absl::InvalidArgumentError("not a JSON object");
  return json;
}

}  // namespace

std::string_view name_of(Cause cause) { return word_for(kCauses, cause); }
std::string_view rule_of(Cause cause) { return word_for(kRules, cause); }
std::string_view name_of(AssignmentRecord::Phase phase) { return word_for(kPhases, phase); }

bool unplanned(Cause cause) {
  return cause == Cause::kTakeover || cause == Cause::kUnready || cause == Cause::kNoProgress;
}

std::string LeaderRecord::text() const {
  return Json{{"instance", instance}, {"node", node},   {"server", server},
              {"address", address},   {"since", since}, {"cause", name_of(cause)},
              {"giver", giver},       {"tried", tried}, {"reason", reason}}
      .dump();
}

absl::StatusOr<LeaderRecord> LeaderRecord::parse(std::string_view text) {
  const auto json = parse_object(text);
  if (!json.ok()) return json.status();
  LeaderRecord record;
  const auto instance = json_text(*json, "instance");
  if (!instance || instance->empty()) return lacks("instance");
  record.instance = *instance;
  const auto server = json_integer(*json, "server");
  if (!server || *server <= 0) return lacks("server");
  record.server = *server;
  record.node = json_text(*json, "node").value_or("");
  record.address = json_text(*json, "address").value_or("");
  record.since = json_text(*json, "since").value_or("");
  record.giver = json_text(*json, "giver").value_or("");
  record.reason = json_text(*json, "reason").value_or("");
  const std::string cause = json_text(*json, "cause").value_or("");
  for (const auto& [value, word] : kCauses) {
    if (word == cause) record.cause = value;
  }
  if (json->contains("tried") && (*json)["tried"].is_array()) {
    for (const Json& entry : (*json)["tried"]) {
      if (entry.is_number_integer()) record.tried.push_back(entry.get<ServerId>());
    }
  }
  return record;
}

std::string NodeRecord::text() const {
  return Json{{"instance", instance}, {"node", node},   {"server", server},
              {"address", address},   {"ready", ready}, {"why", why},
              {"version", version},   {"etcdLeader", etcd_leader}}
      .dump();
}

absl::StatusOr<NodeRecord> NodeRecord::parse(std::string_view text) {
  const auto json = parse_object(text);
  if (!json.ok()) return json.status();
  NodeRecord record;
  const auto instance = json_text(*json, "instance");
  if (!instance || instance->empty()) return lacks("instance");
  record.instance = *instance;
  const auto server = json_integer(*json, "server");
  if (!server || *server <= 0) return lacks("server");
  record.server = *server;
  const auto address = json_text(*json, "address");
  if (!address || !IpAddress::parse(*address).ok()) return lacks("address");
  record.address = *address;
  const auto ready = json_bool(*json, "ready");
  if (!ready) return lacks("ready");
  record.ready = *ready;
  record.node = json_text(*json, "node").value_or("");
  record.why = json_text(*json, "why").value_or("");
  record.version = json_text(*json, "version").value_or("");
  record.etcd_leader = json_bool(*json, "etcdLeader").value_or(false);
  return record;
}

std::string AssignmentRecord::text() const {
  return Json{{"fip", fip},     {"address", address}, {"labels", labels},
              {"server", server}, {"node", node},     {"nodeAddress", node_address},
              {"epoch", epoch}, {"action", action},   {"state", name_of(phase)},
              {"read", read}}
      .dump();
}

absl::StatusOr<AssignmentRecord> AssignmentRecord::parse(std::string_view text) {
  const auto json = parse_object(text);
  if (!json.ok()) return json.status();
  AssignmentRecord record;
  const auto fip = json_integer(*json, "fip");
  if (!fip) return lacks("fip");
  record.fip = *fip;
  const auto server = json_integer(*json, "server");
  if (!server || *server <= 0) return lacks("server");
  record.server = *server;
  const auto epoch = json_integer(*json, "epoch");
  if (!epoch || *epoch <= 0) return lacks("epoch");
  record.epoch = *epoch;
  const std::string phase = json_text(*json, "state").value_or("");
  bool known = false;
  for (const auto& [value, word] : kPhases) {
    if (word != phase) continue;
    record.phase = value;
    known = true;
  }
  if (!known) return lacks("state");
  record.address = json_text(*json, "address").value_or("");
  record.node = json_text(*json, "node").value_or("");
  record.node_address = json_text(*json, "nodeAddress").value_or("");
  record.action = json_integer(*json, "action").value_or(0);
  record.read = json_text(*json, "read").value_or("");
  if (json->contains("labels") && (*json)["labels"].is_object()) {
    for (const auto& [key, value] : (*json)["labels"].items()) {
      if (value.is_string()) record.labels[key] = value.get<std::string>();
    }
  }
  return record;
}

std::string RequestRecord::text() const {
  return Json{{"to", to}, {"off", off}, {"by", by}, {"reason", reason}}.dump();
}

absl::StatusOr<RequestRecord> RequestRecord::parse(std::string_view text) {
  const auto json = parse_object(text);
  if (!json.ok()) return json.status();
  const auto to = json_integer(*json, "to");
  if (!to || *to < 0) return lacks("to");
  const auto off = json_integer(*json, "off");
  if (!off || *off < 0) return lacks("off");
  return RequestRecord{*to, *off, json_text(*json, "by").value_or(""),
                       json_text(*json, "reason").value_or("")};
}

std::string PauseRecord::text() const {
  return Json{{"by", by}, {"reason", reason}, {"hard", hard}, {"until", until}}.dump();
}

absl::StatusOr<PauseRecord> PauseRecord::parse(std::string_view text) {
  const auto json = parse_object(text);
  if (!json.ok()) return json.status();
  return PauseRecord{json_text(*json, "by").value_or(""), json_text(*json, "reason").value_or(""),
                     json_bool(*json, "hard").value_or(false),
                     json_text(*json, "until").value_or("")};
}

}  // namespace vipd::core
