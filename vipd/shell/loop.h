// The one thread that owns the core: events in, in their order; commands out, in theirs.
//
// A turn reads the clock once. A deadline that is due goes before any queued event, for after
// a pause the queue is old. Then one event is taken, so every event sees a fresh clock.
//
// Threads  Everything runs on the thread of `io`, post() too. post() never calls the core
//          itself, so it may be called from anywhere on that thread.
// Limits   The queue holds kMostEvents. Where more come, the watch events in it are dropped and
//          the prefix is listed again, which tells the same; if that makes no room, the new
//          event goes, and a call that it answered fails at its deadline.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "vipd/shell/calls.h"
#include "vipd/shell/machine.h"

namespace vipd::shell {

class Loop {
 public:
  using CarryOut = std::function<void(const core::Command&)>;
  using AfterTurn = std::function<void(core::Now)>;

  // Some 100 times what a busy second brings; a few MB at most.
  static constexpr std::size_t kMostEvents = 4096;
  // The timer counts CLOCK_MONOTONIC, which stops in a suspend: look again at least this often.
  static constexpr std::chrono::seconds kRecheck{1};

  Loop(boost::asio::io_context& io, const base::Clock& clock, base::Log& log, Machine& machine);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Before it, events only queue. `after_turn` runs at least every kRecheck.
  void start(CarryOut carry_out, AfterTurn after_turn);
  void post(core::Event event);
  [[nodiscard]] core::Now now() const { return {clock_.now(), clock_.wall()}; }

 private:
  void turn();
  void apply(const core::Event& event, core::Now now);
  bool make_room();
  void schedule_turn();
  void arm(core::Instant now);

  boost::asio::io_context& io_;
  const base::Clock& clock_;
  base::Log& log_;
  Machine& machine_;
  CarryOut carry_out_;
  AfterTurn after_turn_;
  Calls calls_;
  std::deque<core::Event> queue_;
  boost::asio::steady_timer timer_;
  bool turn_scheduled_ = false;
  bool relist_wanted_ = false;
  bool overflow_said_ = false;  // once until the queue is empty again
};

}  // namespace vipd::shell
