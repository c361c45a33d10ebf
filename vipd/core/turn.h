// One call of step() in the making: what the rules read and write.
//
// Time   Rules compare time through reached() only. What has not come yet is noted there, so
//        the loop wakes for it and no rule can forget to set a timer.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vipd/core/command.h"
#include "vipd/core/config.h"
#include "vipd/core/state.h"
#include "vipd/core/step.h"

namespace vipd::core {

class Turn {
 public:
  Turn(const Config& its_config, State& its_state, Now moment, std::vector<Command>& commands)
      : config(its_config),
        state(its_state),
        now(moment.at),
        wall(moment.wall),
        commands_(commands) {}

  const Config& config;
  State& state;
  const Instant now;
  const base::WallTime wall;

  // True at or after `at`; before it, asks to be woken then.
  [[nodiscard]] bool reached(Instant at);

  void send(Command command) { commands_.push_back(std::move(command)); }

  // Starts a call that is due `within` from now; its id and deadline go into the flight.
  CallId begin(Flight& flight, Duration within);
  // True while its answer may still come.
  [[nodiscard]] bool busy(Flight& flight);
  // True where `call` is the one under way; it no longer is afterwards.
  [[nodiscard]] static bool ends(Flight& flight, CallId call);

  using Fields = std::vector<std::pair<std::string, std::string>>;
  void say(Say::Level level, std::string_view rule, std::string text, Fields fields = {});
  // Says it only where it differs from what was last said on that topic; an empty text says
  // nothing and lets the topic be said again.
  void say_once(const std::string& topic, Say::Level level, std::string_view rule,
                const std::string& text);

  [[nodiscard]] std::uint64_t random();
  // Evenly from [least, most).
  [[nodiscard]] Duration between(Duration least, Duration most);
  [[nodiscard]] std::string new_instance();

  [[nodiscard]] std::string key(std::string_view name) const;
  // The compare of rule E3 on the leader key as it is seen now; it must be there.
  [[nodiscard]] Compare leader_as_seen() const;
  [[nodiscard]] Compare assignment_as_seen(FipId fip) const;

  // Reads the leader key now: a compare on it failed, or an outcome is unknown (rule E21).
  void confirm_leader();

  // ---- what several rules ask ----
  [[nodiscard]] bool lease_alive();      // the fence: by our own clock
  [[nodiscard]] bool holder() const;     // the leader key names this instance
  [[nodiscard]] bool can_write();        // holder, mirror current, lease alive
  [[nodiscard]] bool paused() const;
  [[nodiscard]] bool hard_paused() const;
  [[nodiscard]] bool may_write_api() const;  // as far as a pause is concerned (rule E20)
  [[nodiscard]] ServerId server() const;  // 0 until known

 private:
  std::vector<Command>& commands_;
};

}  // namespace vipd::core
