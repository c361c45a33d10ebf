#include "vipd/core/turn.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace vipd::core {
namespace {

// An adapter answers at the deadline; this much later its answer is taken for lost.
constexpr Duration kAnswerSlack = std::chrono::milliseconds(500);

}  // namespace

bool Turn::reached(Instant at) {
  if (now >= at) return true;
  state.wake = state.wake ? std::min(*state.wake, at) : at;
  return false;
}

CallId Turn::begin(Flight& flight, Duration within) {
  flight = {++state.last_call, now + within};
  return flight.id;
}

bool Turn::busy(Flight& flight) {
  if (flight.id == 0) return false;
  if (!reached(flight.deadline + kAnswerSlack)) return true;
  flight.id = 0;
  return false;
}

bool Turn::ends(Flight& flight, CallId call) {
  if (call == 0 || flight.id != call) return false;
  flight.id = 0;
  return true;
}

void Turn::say(Say::Level level, std::string_view rule, std::string text, Fields fields) {
  if (state.keys.leader) {
    fields.emplace_back("epoch", absl::StrCat(state.keys.leader->kv.mod_revision));
  }
  // What is done at Hetzner is done for the cause that made this node the holder.
  const bool has_cause = std::any_of(fields.begin(), fields.end(),
                                     [](const auto& field) { return field.first == "cause"; });
  if (state.tenure && rule.starts_with('A') && !has_cause) {
    fields.emplace_back("cause", std::string(name_of(state.tenure->cause)));
  }
  send(Say{level, std::string(rule), std::move(text), std::move(fields)});
}

void Turn::say_once(const std::string& topic, Say::Level level, std::string_view rule,
                    const std::string& text) {
  std::string& last = state.said[topic];
  if (last == text) return;
  last = text;
  if (!text.empty()) say(level, rule, text);
}

// splitmix64 (public domain, S. Vigna): small, and the same on every machine.
std::uint64_t Turn::random() {
  std::uint64_t z = (state.random += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

Duration Turn::between(Duration least, Duration most) {
  const auto width = static_cast<std::uint64_t>(std::max<Duration::rep>(1, (most - least).count()));
  return least + Duration(static_cast<Duration::rep>(random() % width));
}

std::string Turn::new_instance() { return absl::StrCat(absl::Hex(random(), absl::kZeroPad16)); }

std::string Turn::key(std::string_view name) const { return config.prefix() + std::string(name); }

Compare Turn::leader_as_seen() const {
  const KeyValue& kv = state.keys.leader->kv;
  return {kv.key, kv.mod_revision, kv.value};
}

Compare Turn::assignment_as_seen(FipId fip) const {
  const auto found = state.keys.assignment_keys.find(fip);
  if (found != state.keys.assignment_keys.end()) {
    return {found->second.key, found->second.mod_revision, found->second.value};
  }
  return {key(absl::StrCat("assignment/", fip)), 0, std::nullopt};
}

void Turn::confirm_leader() {
  Flight& flight = state.election.confirm;
  if (busy(flight)) return;
  const CallId call = begin(flight, config.timing.etcd_deadline);
  send(ReadKey{call, key("leader"), flight.deadline});
}

bool Turn::lease_alive() {
  return state.session.lease.has_value() && !reached(state.session.good_until);
}

bool Turn::holder() const {
  return state.keys.leader && state.keys.leader->readable &&
         state.keys.leader->record.instance == state.self.instance;
}

bool Turn::can_write() { return holder() && state.keys.current && lease_alive(); }

bool Turn::paused() const { return state.keys.pause.has_value(); }

bool Turn::hard_paused() const { return paused() && state.keys.pause->record.hard; }

bool Turn::may_write_api() const {
  if (!paused()) return true;
  const bool takeover = state.tenure && state.tenure->cause == Cause::kTakeover &&
                        !state.tenure->ever_verified;
  return takeover && !hard_paused();
}

ServerId Turn::server() const { return state.self.identity ? state.self.identity->server : 0; }

}  // namespace vipd::core
