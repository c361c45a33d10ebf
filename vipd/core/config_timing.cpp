#include "vipd/core/config_timing.h"

#include <string_view>

#include <fmt/format.h>

#include "base/duration.h"

namespace vipd::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Time {
  std::string_view name;  // empty: a fixed bound
  Duration value;
};
enum class Must { kBeAtLeast, kBeAtMost, kBeLessThan };
struct Relation {
  Time left;
  Must must;
  Time right;
  std::string_view why;
};

bool holds(const Relation& relation) {
  const Duration left = relation.left.value;
  const Duration right = relation.right.value;
  switch (relation.must) {
    case Must::kBeAtLeast: return left >= right;
    case Must::kBeAtMost: return left <= right;
    case Must::kBeLessThan: return left < right;
  }
  return false;
}

std::string_view text_of(Must must) {
  switch (must) {
    case Must::kBeAtLeast: return "be at least";
    case Must::kBeAtMost: return "be at most";
    case Must::kBeLessThan: return "be less than";
  }
  return "";
}

std::string text_of(const Time& time) {
  const std::string value = base::duration_text(time.value);
  return time.name.empty() ? value : fmt::format("{} ({})", time.name, value);
}

std::vector<Time> all_times(const Timing& t) {
  return {{"timing.ttl", t.ttl},
          {"timing.keepaliveEvery", t.keepalive_every},
          {"timing.etcdDeadline", t.etcd_deadline},
          {"timing.keepaliveDeadline", t.keepalive_deadline},
          {"timing.readyzEvery", t.readyz_every},
          {"timing.readyzDeadline", t.readyz_deadline},
          {"timing.tlsEvery", t.tls_every},
          {"timing.tlsDeadline", t.tls_deadline},
          {"timing.guardValid", t.guard_valid},
          {"timing.assignDeadline", t.assign_deadline},
          {"timing.readDeadline", t.read_deadline},
          {"timing.readEvery", t.read_every},
          {"timing.cooldown", t.cooldown},
          {"timing.cooldownMost", t.cooldown_most},
          {"timing.intentWithin", t.intent_within},
          {"timing.verifiedWithin", t.verified_within},
          {"timing.stopWithin", t.stop_within}};
}

std::vector<Relation> relations(const Timing& t) {
  const Time ttl{"timing.ttl", t.ttl};
  const Time keepalive_every{"timing.keepaliveEvery", t.keepalive_every};
  const Time etcd_deadline{"timing.etcdDeadline", t.etcd_deadline};
  const Time guard_valid{"timing.guardValid", t.guard_valid};
  const Time assign_deadline{"timing.assignDeadline", t.assign_deadline};
  const Time read_every{"timing.readEvery", t.read_every};
  const Time intent_within{"timing.intentWithin", t.intent_within};
  const Time verified_within{"timing.verifiedWithin", t.verified_within};
  return {
      {ttl, Must::kBeAtLeast, {"", seconds(4)},
       "below that every etcd election suspends the holder"},
      {ttl, Must::kBeAtMost, {"", seconds(60)},
       "a dead holder keeps the Floating IP that long"},
      {{"timing.keepaliveEvery x 3", 3 * t.keepalive_every}, Must::kBeAtMost, ttl,
       "two lost keepalives must not cost the lease"},
      {{"timing.keepaliveDeadline", t.keepalive_deadline}, Must::kBeLessThan, keepalive_every,
       "a keepalive is answered or given up before the next"},
      {etcd_deadline, Must::kBeLessThan, keepalive_every,
       "the leader key is read with each keepalive (rule E22)"},
      {etcd_deadline, Must::kBeLessThan, guard_valid,
       "a guard that is answered in time must still be worth something (rule A1)"},
      {{"timing.readyzDeadline", t.readyz_deadline}, Must::kBeLessThan,
       {"timing.readyzEvery", t.readyz_every}, "an answer is in before the next question"},
      {{"timing.tlsDeadline", t.tls_deadline}, Must::kBeAtMost,
       {"timing.tlsEvery x 2", 2 * t.tls_every}, "handshakes must not pile up"},
      {{"timing.readyzEvery", t.readyz_every}, Must::kBeAtMost, {"", seconds(5)},
       "a gate that looks seldom notices nothing (rule E8)"},
      {{"timing.tlsEvery", t.tls_every}, Must::kBeAtMost, {"", seconds(2)},
       "a gate that looks seldom notices nothing (rule E8)"},
      {guard_valid, Must::kBeLessThan, assign_deadline,
       "that deadline counts from the guard (rule A2)"},
      {assign_deadline, Must::kBeLessThan, ttl, "the lease is the second fence of an assign"},
      {assign_deadline, Must::kBeLessThan, verified_within,
       "at least one assign must fit in (rule A16)"},
      {intent_within, Must::kBeAtLeast, {"", seconds(1)},
       "an etcd election would look like a holder without progress"},
      {intent_within, Must::kBeLessThan, verified_within, "the intent comes first (rule A15)"},
      {read_every, Must::kBeAtLeast, {"", seconds(120)},
       "30 reads an hour are the budget at Hetzner"},
      {{"timing.readDeadline", t.read_deadline}, Must::kBeLessThan, read_every,
       "reads must not pile up"},
      {{"timing.cooldown", t.cooldown}, Must::kBeAtMost, {"timing.cooldownMost", t.cooldown_most},
       "the cool-down only grows (rule E16)"},
      {{"timing.stopWithin", t.stop_within}, Must::kBeLessThan, {"", seconds(20)},
       "that is the pod's grace; then the kubelet kills"},
  };
}

}  // namespace

std::vector<std::string> timing_problems(const Timing& timing) {
  std::vector<Relation> all = relations(timing);
  for (const Time& time : all_times(timing)) {
    all.push_back({time, Must::kBeAtLeast, {"", milliseconds(10)}, "less only heats the node"});
  }
  std::vector<std::string> problems;
  for (const Relation& relation : all) {
    if (holds(relation)) continue;
    problems.push_back(fmt::format("{} must {} {}: {}", text_of(relation.left),
                                   text_of(relation.must), text_of(relation.right), relation.why));
  }
  return problems;
}

}  // namespace vipd::core
