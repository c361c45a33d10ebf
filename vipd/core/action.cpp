#include "vipd/core/action.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "vipd/core/figures.h"
#include "vipd/core/reads.h"
#include "vipd/core/work.h"

namespace vipd::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Phase = Work::Phase;

constexpr Duration kFirstPoll = milliseconds(300);
constexpr Duration kPollMost = seconds(3);
constexpr Duration kActionGivenUp = minutes(1);

void follow_action(Turn& turn, Work& work, const Action& action) {
  work.action = action;
  if (action.state == Action::State::kRunning) {
    work.poll_every = std::min<Duration>(work.poll_every * 3 / 2, kPollMost);
    work.poll_at = turn.now + work.poll_every;
    return;
  }
  if (action.state == Action::State::kError) {
    ++work.failures;
    work.why = absl::StrCat("action ", action.id, " failed: ", action.error);
    turn.say(Say::Level::kWarn, "A14", work.why);
  } else {
    took(turn, "action", turn.now - work.polling_since);
  }
  read_again(turn, work, action.state == Action::State::kError ? retry_wait(turn, work)
                                                               : Duration(0));
}

}  // namespace

void start_polling(Turn& turn, Work& work, const Action& action) {
  work.phase = Phase::kPolling;
  work.action = action;
  work.polling_since = turn.now;
  work.poll_every = kFirstPoll;
  work.poll_at = turn.now + kFirstPoll;
}

void poll(Turn& turn, Work& work) {
  if (turn.busy(work.call)) return;
  if (turn.reached(work.polling_since + kActionGivenUp)) {
    ++work.failures;
    work.why = absl::StrCat("action ", work.action.id, " does not end");
    turn.say(Say::Level::kWarn, "A14", work.why);
    return read_again(turn, work, Duration(0));
  }
  if (!turn.reached(work.poll_at)) return;
  const CallId call = turn.begin(work.call, turn.config.timing.read_deadline);
  turn.send(GetAction{call, work.action.id, work.call.deadline});
  ++turn.state.reads.others;
}

void find_running(Turn& turn, FipId id, Work& work) {
  if (turn.busy(work.call) || !turn.reached(work.retry_at)) return;
  const CallId call = turn.begin(work.call, turn.config.timing.read_deadline);
  turn.send(FindRunningAction{call, id, work.call.deadline});
  ++turn.state.reads.others;
}

void on(Turn& turn, const AssignAccepted& event) {
  note_rate(turn, event.rate);
  Work* work = work_of(turn, &Work::call, event.call);
  if (work == nullptr) return;
  took(turn, "assign", turn.now - event.sent_at);
  start_polling(turn, *work, event.action);
  if (event.action.state != Action::State::kRunning) follow_action(turn, *work, event.action);
}

void on(Turn& turn, const ActionSeen& event) {
  note_rate(turn, event.rate);
  if (Work* work = work_of(turn, &Work::call, event.call)) {
    follow_action(turn, *work, event.action);
  }
}

void on(Turn& turn, const RunningFound& event) {
  note_rate(turn, event.rate);
  Work* work = work_of(turn, &Work::call, event.call);
  if (work == nullptr) return;
  if (event.action) {
    start_polling(turn, *work, *event.action);
  } else {
    read_again(turn, *work, kFirstPoll);
  }
}

bool work_hcloud_failed(Turn& turn, const HcloudFailed& event) {
  FipId id = 0;
  Work* work = work_of(turn, &Work::call, event.call, &id);
  if (work == nullptr) return false;
  note_rate(turn, event.rate);
  note_limit(turn, event);
  note_refusal(turn, event.error, event.why);
  work->why = event.why;
  turn.say(Say::Level::kWarn, "A10", absl::StrCat("Hetzner: ", event.why),
           {{"fip", absl::StrCat(id)}});
  if (work->phase == Phase::kPolling || work->phase == Phase::kLocked) {
    // Only a question failed. An action nobody knows is answered by a read.
    if (event.error == HcloudError::kNotFound) {
      read_again(turn, *work, Duration(0));
    } else if (event.error == HcloudError::kRateLimited) {  // the whole project's (rule A12)
      work->poll_at = work->retry_at = turn.now + turn.between(seconds(1), seconds(2));
    } else {
      ++work->failures;
      work->poll_at = work->retry_at = turn.now + retry_wait(turn, *work);
    }
    return true;
  }
  switch (event.error) {
    case HcloudError::kLocked:
      work->phase = Phase::kLocked;
      work->retry_at = turn.now;
      break;
    case HcloudError::kRateLimited:
      // The whole project's, so no other node would do better; a request comes back each second
      // (facts/hetzner-api.md 10.2), Reset tells when all of them are.
      work->phase = Phase::kStart;
      work->retry_at = turn.now + turn.between(seconds(1), seconds(2));
      break;
    case HcloudError::kAssigned:
      work->unassign_first = true;
      read_again(turn, *work, Duration(0));
      break;
    case HcloudError::kNotSent:
      ++work->failures;
      work->phase = Phase::kStart;
      work->retry_at = turn.now + milliseconds(50);
      break;
    default:
      ++work->failures;
      if (event.sent) {
        read_again(turn, *work, retry_wait(turn, *work));
      } else {
        work->phase = Phase::kStart;
        work->retry_at = turn.now + retry_wait(turn, *work);
      }
  }
  return true;
}

}  // namespace vipd::core
