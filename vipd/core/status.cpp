#include "vipd/core/status.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "vipd/core/figures.h"
#include "vipd/core/forecast.h"
#include "vipd/core/handover.h"
#include "vipd/core/observe.h"
#include "vipd/core/reads.h"
#include "vipd/core/session.h"
#include "vipd/core/tenure.h"
#include "vipd/core/turn.h"

namespace vipd::core {
namespace {

using base::Json;

std::int64_t milliseconds_until(Instant now, Instant at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at - now).count();
}

struct Summary {
  std::string state;
  std::string next;  // what happens next, or what to do
};


bool holder_is_silent(const State& state) {
  const auto& leader = state.keys.leader;
  return leader && leader->readable && state.keys.nodes.count(leader->record.instance) == 0;
}

Summary holder_summary(Turn& turn) {
  const State& state = turn.state;
  if (!turn.lease_alive()) {
    return {"frozen", "serves on and writes nothing until etcd answers again: check etcd's quorum"};
  }
  if (cannot_finish(turn)) {
    return {"stuck", "the assignment cannot be finished and no untried node is ready; see fips"};
  }
  if (undeclared(turn.config, state)) {
    return {"stuck", "a Floating IP is not as declared; see fips"};
  }
  if (turn.paused() && !all_verified(turn)) {
    return {state.gate.ready ? "taking" : "degraded",
            turn.may_write_api() ? "finishes the takeover of a dead holder, pause or not; see fips"
                                 : "paused: the Floating IPs are not all verified here, and none "
                                   "is assigned until the pause ends: `vipd resume` ends it"};
  }
  if (turn.paused()) {
    return {state.gate.ready ? "holder" : "degraded",
            "paused: keeps the address whatever happens to this node; see `paused`"};
  }
  if (!state.gate.ready && !passes_on(state.gate)) {
    return {"degraded", comes_back(state.gate)
                            ? "keeps the address: the apiserver answers again; see gate"
                            : "keeps the address: what fails here fails for every node; see gate"};
  }
  if (!state.gate.ready) {
    return {"degraded", turn.reached(cooldown_until(turn))
                            ? "hands over as soon as a node is ready"
                            : "cool-down: keeps the address for now although not ready"};
  }
  if (!all_verified(turn)) return {"taking", "assigning the Floating IPs to this server"};
  return {"holder", "keeps the address; hands over if this node stops being ready"};
}

Summary summary(Turn& turn) {
  const State& state = turn.state;
  if (state.stop.asked) return {"stopping", "exits; the address stays on the node"};
  if (observes(turn.config)) return {"observing", absl::StrCat("would ", would_do(turn))};
  if (turn.holder()) return holder_summary(turn);
  if (!state.self.identity) return {"starting", state.self.identity_problem};
  if (state.keys.listed_at == 0) {
    return {"starting", absl::StrCat("waits for etcd: ", state.keys.watch_problem)};
  }
  if (!turn.lease_alive()) return {"frozen", "no etcd lease: nothing can move; check etcd"};
  if (state.gate.serves) {
    return {"serving", "serves the address but never moves it: no usable token; see gate"};
  }
  if (!state.keys.leader) {
    return {"unmanaged", state.election.waiting.empty() ? "nobody holds the leader key yet"
                                                        : state.election.waiting};
  }
  if (!state.keys.leader->readable) {
    return {"unmanaged", absl::StrCat("nobody can read ", state.keys.leader->kv.key,
                                      ": look at it with `etcdctl get`; deleting it makes the "
                                      "key free again")};
  }
  if (!state.gate.ready) return {"not-ready", "cannot take over; see gate"};
  if (turn.hard_paused()) return {"standby", "hard paused: takes nothing over; see `paused`"};
  if (turn.paused()) {
    return {"standby", "paused: takes over only when the holder's lease ends; see `paused`"};
  }
  return {"standby", "takes over when the holder's lease ends or the key is handed to it"};
}

Json gate_json(const Gate& gate) {
  Json list = Json::array();
  for (const Condition& condition : gate.conditions) {
    list.push_back({{"condition", condition.name},
                    {"ok", condition.ok},
                    {"evidence", condition.evidence}});
  }
  return list;
}

std::string_view phase_name(const State& state, FipId id) {
  if (state.tenure) {
    const auto work = state.tenure->work.find(id);
    if (work != state.tenure->work.end()) {
      switch (work->second.phase) {
        case Work::Phase::kStart:
          return "waiting";
        case Work::Phase::kGuarding:
          return "guarding";
        case Work::Phase::kAssigning:
          return "assigning";
        case Work::Phase::kPolling:
          return "running";
        case Work::Phase::kReading:
          return work->second.verified ? "verified" : "reading";
        case Work::Phase::kLocked:
          return "locked";
        case Work::Phase::kDone:
          return "verified";
      }
    }
  }
  const auto record = state.keys.assignments.find(id);
  if (record == state.keys.assignments.end()) return "unknown";
  return name_of(record->second.record.phase);
}

Json fips_json(const Config& config, const State& state) {
  Json list = Json::array();
  for (const DeclaredFip& fip : config.fips) {
    Json entry = {{"id", fip.id},
                  {"address", fip.address.text()},
                  {"phase", phase_name(state, fip.id)},
                  {"server", nullptr},
                  {"verified", false},
                  {"why", ""}};
    const auto belief = state.beliefs.find(fip.id);
    if (belief != state.beliefs.end()) {
      if (belief->second.known && belief->second.server) entry["server"] = *belief->second.server;
      if (!belief->second.why_not.empty()) entry["why"] = belief->second.why_not;
    }
    const auto record = state.keys.assignments.find(fip.id);
    if (record != state.keys.assignments.end()) {
      const AssignmentRecord& seen = record->second.record;
      // Where it is, as somebody saw it; where it shall be stands in `target`.
      const bool verified = seen.phase == AssignmentRecord::Phase::kVerified;
      entry["target"] = seen.server;
      if (verified) entry["server"] = seen.server;
      entry["verified"] = verified && state.keys.leader &&
                          state.keys.leader->kv.mod_revision == seen.epoch &&
                          !undeclared(state, fip.id);
      entry["action"] = seen.action;
      entry["epoch"] = seen.epoch;
      entry["read"] = seen.read;
    }
    if (state.tenure) {
      const auto work = state.tenure->work.find(fip.id);
      const bool has_why = work != state.tenure->work.end() && !work->second.why.empty();
      if (has_why) entry["why"] = work->second.why;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Json nodes_json(const State& state) {
  Json list = Json::array();
  for (const auto& [instance, held] : state.keys.nodes) {
    const NodeRecord& node = held.record;
    list.push_back({{"node", node.node},
                    {"server", node.server},
                    {"instance", instance},
                    {"address", node.address},
                    {"ready", node.ready},
                    {"why", node.why},
                    {"version", node.version},
                    {"etcdLeader", node.etcd_leader}});
  }
  std::sort(list.begin(), list.end(),
            [](const Json& a, const Json& b) { return a["node"] < b["node"]; });
  return list;
}

Json moves_json(const State& state) {
  Json list = Json::array();
  for (const Move& move : state.moves) {
    list.push_back({{"at", rfc3339(move.at)},
                    {"from", move.from},
                    {"to", move.to},
                    {"server", move.to_server},
                    {"cause", name_of(move.cause)},
                    {"rule", rule_of(move.cause)},
                    {"epoch", move.epoch},
                    {"reason", move.reason}});
  }
  return list;
}

Json problems_json(const State& state) {
  Json list = Json::array();
  for (const auto& [key, problem] : state.keys.problems) list.push_back(problem);
  for (const auto& [address, problem] : state.address_problem) {
    if (!problem.empty()) list.push_back(absl::StrCat(address.text(), ": ", problem));
  }
  if (!state.keys.watch_problem.empty()) {
    list.push_back(absl::StrCat("etcd: ", state.keys.watch_problem));
  }
  if (!state.reads.problem.empty()) list.push_back(absl::StrCat("Hetzner: ", state.reads.problem));
  if (holder_is_silent(state)) {
    list.push_back(absl::StrCat("the holder ", state.keys.leader->record.node,
                                " has no nodes/ key: its vipd is gone; the key goes with its "
                                "lease, else: vipd lease release --if-holder ",
                                state.keys.leader->record.instance));
  }
  for (const auto& [instance, held] : state.keys.nodes) {
    const bool twin = state.self.identity && instance != state.self.instance &&
                      held.record.server == state.self.identity->server;
    if (twin) {
      list.push_back(absl::StrCat("another vipd (instance ", instance,
                                  ") reports from this server; after a restart its key goes "
                                  "within the lease's ttl, otherwise stop one of the two"));
    }
  }
  return list;
}

Json holder_json(const State& state) {
  if (!state.keys.leader) return nullptr;
  const Held<LeaderRecord>& leader = *state.keys.leader;
  const std::string lease = absl::StrCat(absl::Hex(leader.kv.lease));
  if (!leader.readable) {
    return {{"node", "?"}, {"server", 0}, {"instance", "?"}, {"lease", lease}, {"alive", nullptr}};
  }
  const bool alive = state.keys.nodes.count(leader.record.instance) != 0;
  return {{"node", leader.record.node},         {"server", leader.record.server},
          {"instance", leader.record.instance}, {"address", leader.record.address},
          {"cause", name_of(leader.record.cause)}, {"since", leader.record.since},
          {"reason", leader.record.reason}, {"lease", lease},
          {"alive", alive}};
}

}  // namespace

base::Json status_json(const Config& config, const State& state, Now now) {
  State copy = state;
  std::vector<Command> none;
  Turn turn(config, copy, now, none);
  const Summary said = summary(turn);
  Json json = {{"version", config.version},
               {"cluster", config.cluster},
               {"group", config.group},
               {"mode", observes(config) ? "observe" : "manage"},
               {"instance", state.self.instance},
               {"node", state.self.identity ? state.self.identity->node : ""},
               {"server", turn.server()},
               {"address", state.self.address},
               {"state", said.state},
               {"next", said.next},
               {"epoch", state.keys.leader ? state.keys.leader->kv.mod_revision : 0},
               {"holder", holder_json(state)},
               {"ready", state.gate.ready},
               {"gate", gate_json(state.gate)},
               {"fips", fips_json(config, state)},
               {"nodes", nodes_json(state)},
               {"moves", moves_json(state)},
               {"ifThisNodeDied", if_this_node_died(turn)},
               {"figures", figures_json(state.figures)},
               {"problems", problems_json(state)}};
  json["lease"] = {{"id", absl::StrCat(absl::Hex(state.session.lease.value_or(0)))},
                   {"remaining_ms", milliseconds_until(now.at, state.session.good_until)}};
  if (!state.session.lease) json["lease"] = nullptr;
  json["paused"] = nullptr;
  if (state.keys.pause) {
    const PauseRecord& pause = state.keys.pause->record;
    json["paused"] = {{"by", pause.by}, {"reason", pause.reason}, {"hard", pause.hard},
                      {"until", pause.until}};
  }
  json["hcloud"] = {{"limit", state.reads.rate.limit},
                    {"remaining", state.reads.rate.remaining},
                    {"lists", state.reads.lists},
                    {"assigns", state.reads.assigns},
                    {"others", state.reads.others}};
  return json;
}

}  // namespace vipd::core
