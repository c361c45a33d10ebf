#include "vipd/shell/loop.h"

#include <algorithm>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>

namespace vipd::shell {

// A core that stays due must not spin.
constexpr auto kShortestWait = std::chrono::milliseconds(1);

Loop::Loop(boost::asio::io_context& io, const base::Clock& clock, base::Log& log, Machine& machine)
    : io_(io), clock_(clock), log_(log), machine_(machine), timer_(io) {}

void Loop::start(CarryOut carry_out, AfterTurn after_turn) {
  carry_out_ = std::move(carry_out);
  after_turn_ = std::move(after_turn);
  schedule_turn();
}

void Loop::post(core::Event event) {
  if (queue_.size() >= kMostEvents && !make_room()) return;
  queue_.push_back(std::move(event));
  schedule_turn();
}

void Loop::turn() {
  const core::Now time = now();
  if (std::exchange(relist_wanted_, false)) carry_out_(core::Relist{});
  if (const auto due = machine_.wake_at(); due && *due <= time.at) apply(core::Tick{}, time);
  for (const auto& failure : calls_.overdue(time.at)) apply(failure, time);
  if (!queue_.empty()) {
    core::Event next = std::move(queue_.front());
    queue_.pop_front();
    if (const auto event = calls_.judge(std::move(next), time.at)) apply(*event, time);
  }
  after_turn_(time);
  if (!queue_.empty()) {
    schedule_turn();
  } else {
    overflow_said_ = false;
  }
  arm(time.at);
}

void Loop::apply(const core::Event& event, core::Now now) {
  for (const auto& command : machine_.step(event, now)) {
    calls_.note(command, now.at);
    carry_out_(command);
  }
}

bool Loop::make_room() {
  const auto told_by_a_relist = [](const core::Event& event) {
    return std::holds_alternative<core::EtcdChanged>(event) ||
           std::holds_alternative<core::EtcdSnapshot>(event);
  };
  const auto dropped = std::erase_if(queue_, told_by_a_relist);
  if (dropped > 0) relist_wanted_ = true;
  if (!std::exchange(overflow_said_, true)) {
    log_.write(base::LogLevel::kError, "event queue full: watch events dropped, listing again",
               {{"limit", std::to_string(kMostEvents)}, {"dropped", std::to_string(dropped)}});
  }
  return dropped > 0;
}

void Loop::schedule_turn() {
  if (turn_scheduled_ || !carry_out_) return;
  turn_scheduled_ = true;
  boost::asio::post(io_, [this] {
    turn_scheduled_ = false;
    turn();
  });
}

void Loop::arm(core::Instant now) {
  core::Duration wait = kRecheck;
  if (const auto wake = machine_.wake_at()) {
    wait = std::clamp<core::Duration>(*wake - now, kShortestWait, kRecheck);
  }
  timer_.expires_after(wait);
  timer_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) schedule_turn();
  });
}

}  // namespace vipd::shell
