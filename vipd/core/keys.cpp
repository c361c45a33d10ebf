#include "vipd/core/keys.h"

#include <charconv>

#include "absl/strings/str_cat.h"

namespace vipd::core {
namespace {

constexpr std::string_view kLeader = "leader";
constexpr std::string_view kNodes = "nodes/";
constexpr std::string_view kAssignment = "assignment/";
constexpr std::string_view kRequest = "request";
constexpr std::string_view kPause = "pause";
constexpr Duration kShortGap = std::chrono::seconds(10);

std::optional<FipId> fip_of(std::string_view name) {
  name.remove_prefix(kAssignment.size());
  FipId id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return id;
}

template <typename Record>
Held<Record> hold(Keys& keys, const KeyValue& kv, Instant now, bool fresh) {
  Held<Record> held{.kv = kv, .record = {}, .readable = true, .seen_at = now, .fresh = fresh};
  auto record = Record::parse(kv.value);
  if (record.ok()) {
    held.record = *std::move(record);
    keys.problems.erase(kv.key);
    return held;
  }
  held.readable = false;
  keys.problems[kv.key] =
      absl::StrCat("etcd key ", kv.key, " has a value vipd cannot read (",
                   record.status().message(), "); look at it with `etcdctl get ", kv.key,
                   "`, and delete it if nobody needs it");
  return held;
}

void set_leader(Keys& keys, const KeyValue& kv, Revision as_of, Instant now, bool fresh) {
  if (as_of < keys.leader_as_of) return;
  keys.leader_as_of = as_of;
  if (keys.leader && keys.leader->kv == kv) return;
  keys.leader = hold<LeaderRecord>(keys, kv, now, fresh);
}

void drop_leader(Keys& keys, const std::string& key, Revision as_of, Instant now) {
  if (as_of < keys.leader_as_of) return;
  keys.leader_as_of = as_of;
  if (keys.leader) {
    keys.leader_absent_since = now;
    keys.problems.erase(keys.leader->kv.key);
  }
  keys.leader.reset();
  keys.problems.erase(key);
}

void put(Keys& keys, const std::string& prefix, const KeyValue& kv, Revision as_of, Instant now,
         bool fresh) {
  if (!kv.key.starts_with(prefix)) return;
  const std::string_view name = std::string_view(kv.key).substr(prefix.size());
  if (name == kLeader) {
    set_leader(keys, kv, as_of, now, fresh);
  } else if (name == kRequest) {
    auto held = hold<RequestRecord>(keys, kv, now, fresh);
    keys.request.reset();
    if (held.readable) keys.request = std::move(held);
  } else if (name == kPause) {
    keys.pause = hold<PauseRecord>(keys, kv, now, fresh);
  } else if (name.starts_with(kNodes)) {
    auto held = hold<NodeRecord>(keys, kv, now, fresh);
    const std::string instance(name.substr(kNodes.size()));
    keys.nodes.erase(instance);
    if (held.readable) keys.nodes.emplace(instance, std::move(held));
  } else if (name.starts_with(kAssignment)) {
    auto held = hold<AssignmentRecord>(keys, kv, now, fresh);
    const auto fip = fip_of(name);
    if (!fip) return;
    keys.assignment_keys[*fip] = kv;
    keys.assignments.erase(*fip);
    if (held.readable) keys.assignments.emplace(*fip, std::move(held));
  }
}

void drop(Keys& keys, const std::string& prefix, const std::string& key, Revision as_of,
          Instant now) {
  if (!key.starts_with(prefix)) return;
  const std::string_view name = std::string_view(key).substr(prefix.size());
  keys.problems.erase(key);
  if (name == kLeader) drop_leader(keys, key, as_of, now);
  if (name == kRequest) keys.request.reset();
  if (name == kPause) keys.pause.reset();
  if (name.starts_with(kNodes)) keys.nodes.erase(std::string(name.substr(kNodes.size())));
  if (!name.starts_with(kAssignment)) return;
  if (const auto fip = fip_of(name)) {
    keys.assignment_keys.erase(*fip);
    keys.assignments.erase(*fip);
  }
}

void note_revision(Keys& keys, Revision revision, Instant now) {
  if (revision < keys.newest) return;
  keys.newest = revision;
  keys.newest_at = now;
}

}  // namespace

const NodeRecord* Keys::node_of(ServerId server) const {
  const Held<NodeRecord>* last = nullptr;
  for (const auto& [instance, held] : nodes) {
    if (held.record.server != server) continue;
    if (last == nullptr || last->kv.mod_revision < held.kv.mod_revision) last = &held;
  }
  return last == nullptr ? nullptr : &last->record;
}

bool went_back(const Keys& keys, Revision revision, Instant sent_at) {
  return revision < keys.newest && sent_at > keys.newest_at;
}

void apply(Keys& keys, const std::string& prefix, const EtcdSnapshot& snapshot, Instant now) {
  const bool first = keys.listed_at == 0;
  if (first) keys.listed_at = snapshot.revision;
  const Keys before = keys;
  // What changed while nobody watched is as old as the gap.
  const bool ages_known = !first && now - keys.newest_at <= kShortGap;
  keys.nodes.clear();
  keys.assignments.clear();
  keys.assignment_keys.clear();
  keys.request.reset();
  keys.pause.reset();
  // The leader key is not read again where it is as it was.
  std::erase_if(keys.problems,
                [&](const auto& one) { return one.first != prefix + std::string(kLeader); });
  bool leader = false;
  for (const KeyValue& kv : snapshot.keys) {
    leader = leader || kv.key == prefix + std::string(kLeader);
    // A key that is as it was keeps the moment at which it was first seen.
    put(keys, prefix, kv, snapshot.revision, now, ages_known && kv.mod_revision > before.newest);
  }
  if (!leader) drop_leader(keys, prefix + std::string(kLeader), snapshot.revision, now);
  if (first && !leader) keys.leader_absent_since = now;
  for (auto& [fip, held] : keys.assignments) {
    const auto old = before.assignments.find(fip);
    if (old != before.assignments.end() && old->second.kv == held.kv) held = old->second;
  }
  keys.current = true;
  keys.watch_problem.clear();
  note_revision(keys, snapshot.revision, now);
}

void apply(Keys& keys, const std::string& prefix, const EtcdChanged& changed, Instant now) {
  for (const KeyChange& change : changed.changes) {
    const Revision as_of = change.kv.mod_revision;
    if (change.deleted) {
      drop(keys, prefix, change.kv.key, as_of, now);
    } else {
      put(keys, prefix, change.kv, as_of, now, true);
    }
  }
  note_revision(keys, changed.revision, now);
}

void apply_leader(Keys& keys, const KeyRead& read, Instant now) {
  if (read.found) {
    set_leader(keys, *read.found, read.revision, now, true);
  } else {
    drop_leader(keys, "", read.revision, now);
  }
  note_revision(keys, read.revision, now);
}

}  // namespace vipd::core
