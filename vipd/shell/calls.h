// The calls the core waits for, and what it is told where an answer is late or never comes.
//
// An adapter gives up at a call's deadline by itself. This is for what it cannot see: a good
// answer that lay in a queue while the process was paused, a second answer to the same call,
// an adapter that forgot. Bad news passes however late it is, for it says more than "late".
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "vipd/core/command.h"

namespace vipd::shell {

class Calls {
 public:
  // An adapter's own failure is due at the deadline; only after this is it thought forgotten.
  static constexpr std::chrono::seconds kGrace{1};

  // `now` is when the command is handed out. Commands that nothing answers are not kept.
  void note(const core::Command& command, core::Instant now);

  // What the core is to see: `event` itself; the call's failure in place of a good answer past
  // its deadline; nothing where the call was answered before.
  std::optional<core::Event> judge(core::Event event, core::Instant now);

  // The failures of calls that nobody answered; each is given once.
  std::vector<core::Event> overdue(core::Instant now);

 private:
  struct Call {
    core::Instant deadline;
    core::Event failure;
  };
  std::map<core::CallId, Call> open_;
};

}  // namespace vipd::shell
