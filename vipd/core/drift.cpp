#include "vipd/core/drift.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace vipd::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<Duration, 5> kRepairAfter = {Duration(0), seconds(10), minutes(1),
                                                  minutes(5), minutes(10)};
constexpr int kAlertFrom = 3;
constexpr Duration kForgetAfter = hours(1);

bool ready_elsewhere(const Turn& turn, ServerId server) {
  const NodeRecord* node = turn.state.keys.node_of(server);
  return server != turn.server() && node != nullptr && node->ready;
}

}  // namespace

void meet_drift(Turn& turn, FipId fip, Work& work) {
  Drift& drift = turn.state.tenure->drift[fip];
  const std::optional<ServerId> seen = turn.state.beliefs[fip].server;
  const std::string where = seen ? absl::StrCat("on server ", *seen) : "unassigned";
  // A call of an older epoch that lands late is no third party: re-assert (rule A7).
  const bool late_call = work.seen_here < work.unsettled_until;
  if (seen && !late_call && !turn.paused() && ready_elsewhere(turn, *seen)) {
    drift.onto = seen;
    ++turn.state.figures.drift["followed"];
    turn.say(Say::Level::kWarn, "A18",
             absl::StrCat("Floating IP ", fip, " was moved from outside onto ready server ",
                          *seen, ": the key follows it"));
    return;
  }
  drift.onto.reset();
  if (turn.now - drift.last > kForgetAfter) drift.repairs = 0;
  const auto step = std::min(static_cast<std::size_t>(drift.repairs), kRepairAfter.size() - 1);
  work.retry_at = turn.now + kRepairAfter[step];
  drift.last = turn.now;
  if (!late_call) ++drift.repairs;
  ++turn.state.figures.drift[turn.paused() ? "reported" : "repaired"];
  const bool alert = drift.repairs >= kAlertFrom;
  turn.say(alert ? Say::Level::kError : Say::Level::kWarn, turn.paused() ? "E20" : "A19",
           absl::StrCat("Floating IP ", fip, " is ", where, ", not here",
                        turn.paused() ? "; paused: only reported"
                                      : absl::StrCat("; repair ", drift.repairs)));
}

ServerId drifted_onto(Turn& turn) {
  if (!turn.state.tenure || turn.paused()) return 0;
  for (auto& [fip, drift] : turn.state.tenure->drift) {
    if (!drift.onto) continue;
    if (ready_elsewhere(turn, *drift.onto)) return *drift.onto;
    // The node fell meanwhile: repair instead.
    drift.onto.reset();
    ++drift.repairs;
    turn.state.tenure->work[fip].retry_at = turn.now;
  }
  return 0;
}

void repair_instead(Turn& turn, ServerId onto) {
  for (auto& [fip, drift] : turn.state.tenure->drift) {
    if (drift.onto != onto) continue;
    drift.onto.reset();
    ++drift.repairs;
    turn.state.tenure->work[fip].retry_at = turn.now;
    turn.say(Say::Level::kWarn, "A19",
             absl::StrCat("Floating IP ", fip, " is on server ", onto,
                          ", whose apiserver does not answer: repaired"));
  }
}

}  // namespace vipd::core
