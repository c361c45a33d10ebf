#include "vipd/shell/loop.h"

#include <algorithm>

#include "tests/shell/fixtures.h"
#include "vipd/shell/hands.h"

namespace vipd::shell {
namespace {

core::Command say(std::string text) {
  core::Say say;
  say.text = std::move(text);
  return say;
}

struct Rig {
  boost::asio::io_context io;
  SetClock clock;
  base::Log log{base::LogFormat::kJson, base::LogLevel::kError, clock};
  ScriptedMachine machine;
  Loop loop{io, clock, log, machine};
  std::vector<core::Command> carried_out;
  int turns = 0;

  void start() {
    loop.start([this](const core::Command& command) { carried_out.push_back(command); },
               [this](core::Now) { ++turns; });
  }
  bool until_seen(std::size_t events) {
    return run_until(io, [&] { return machine.seen.size() >= events; });
  }
  template <class Event>
  [[nodiscard]] bool saw(std::size_t index) const {
    return index < machine.seen.size() && std::holds_alternative<Event>(machine.seen[index]);
  }
};

TEST_CASE("after a pause the due deadline is dealt with before the events that queued up") {
  Rig rig;
  rig.machine.wake = rig.clock.now() + 300ms;
  rig.machine.answer = [&](const core::Event& event) {
    if (std::holds_alternative<core::Tick>(event)) rig.machine.wake.reset();
    return std::vector<core::Command>();
  };
  rig.start();
  rig.loop.post(core::EtcdWatchLost{"came before the pause"});
  rig.clock.advance(10s);
  REQUIRE(rig.until_seen(2));
  CHECK(rig.saw<core::Tick>(0));
  CHECK(rig.saw<core::EtcdWatchLost>(1));
}

TEST_CASE("a deadline that is not due yet brings no tick") {
  Rig rig;
  rig.machine.wake = rig.clock.now() + 10s;
  rig.start();
  rig.loop.post(core::TermSignal{});
  REQUIRE(rig.until_seen(1));
  CHECK(rig.saw<core::TermSignal>(0));
}

TEST_CASE("events are taken in the order they came and commands go out in theirs, each once") {
  Rig rig;
  rig.machine.answer = [](const core::Event& event) -> std::vector<core::Command> {
    const auto& why = std::get<core::EtcdWatchLost>(event).why;
    return {say(why + "/1"), say(why + "/2")};
  };
  rig.start();
  for (const auto* why : {"a", "b", "c"}) rig.loop.post(core::EtcdWatchLost{why});
  REQUIRE(rig.until_seen(3));
  run_for(rig.io, 30ms);
  std::vector<std::string> said;
  for (const auto& command : rig.carried_out) said.push_back(std::get<core::Say>(command).text);
  CHECK(said == std::vector<std::string>{"a/1", "a/2", "b/1", "b/2", "c/1", "c/2"});
}

TEST_CASE("events that come before the start are kept for it") {
  Rig rig;
  rig.loop.post(core::TermSignal{});
  run_for(rig.io, 20ms);
  CHECK(rig.machine.seen.empty());
  rig.start();
  CHECK(rig.until_seen(1));
}

TEST_CASE("posting from within a command does not step the core within its step") {
  Rig rig;
  int depth = 0;
  rig.machine.answer = [&](const core::Event&) {
    CHECK(++depth == 1);
    if (rig.machine.seen.size() < 3) rig.loop.post(core::TermSignal{});
    --depth;
    return std::vector<core::Command>();
  };
  rig.start();
  rig.loop.post(core::TermSignal{});
  CHECK(rig.until_seen(3));
}

TEST_CASE("a core that stays due neither spins nor starves the events") {
  Rig rig;
  rig.machine.wake = rig.clock.now();
  rig.start();
  rig.loop.post(core::TermSignal{});
  run_for(rig.io, 100ms);
  CHECK(std::any_of(rig.machine.seen.begin(), rig.machine.seen.end(), [](const auto& event) {
    return std::holds_alternative<core::TermSignal>(event);
  }));
  CHECK(rig.turns > 1);
  CHECK(rig.turns <= 110);
}

TEST_CASE("a suspend, which the timer does not count, is noticed within a second or so") {
  Rig rig;
  rig.machine.wake = rig.clock.now() + 1h;
  rig.start();
  REQUIRE(run_until(rig.io, [&] { return rig.turns == 1; }));
  rig.clock.advance(2h);
  const auto before = std::chrono::steady_clock::now();
  REQUIRE(rig.until_seen(1));
  CHECK(rig.saw<core::Tick>(0));
  CHECK(std::chrono::steady_clock::now() - before < 2s);
}

TEST_CASE("an overflowing queue loses watch events only, and the prefix is listed again") {
  Rig rig;
  rig.loop.post(core::TermSignal{});
  for (std::size_t i = 1; i < Loop::kMostEvents; ++i) rig.loop.post(core::EtcdChanged{});
  rig.loop.post(core::TokenSeen{});
  rig.start();
  REQUIRE(rig.until_seen(2));
  run_for(rig.io, 20ms);
  REQUIRE(rig.machine.seen.size() == 2);
  CHECK(rig.saw<core::TermSignal>(0));
  CHECK(rig.saw<core::TokenSeen>(1));
  REQUIRE(rig.carried_out.size() == 1);
  CHECK(std::holds_alternative<core::Relist>(rig.carried_out[0]));
}

TEST_CASE("a queue full of other events stays within its limit") {
  Rig rig;
  for (std::size_t i = 0; i < Loop::kMostEvents + 100; ++i) rig.loop.post(core::TermSignal{});
  rig.start();
  REQUIRE(rig.until_seen(Loop::kMostEvents));
  run_for(rig.io, 20ms);
  CHECK(rig.machine.seen.size() == Loop::kMostEvents);
  CHECK(rig.carried_out.empty());
}

TEST_CASE("a call that no adapter answers fails all the same [E21]", "[E21]") {
  Rig rig;
  rig.machine.answer = [&](const core::Event& event) -> std::vector<core::Command> {
    if (!std::holds_alternative<core::TermSignal>(event)) return {};
    return {core::ReadKey{.call = 7, .key = "k", .deadline = rig.clock.now() + 300ms}};
  };
  rig.start();
  rig.loop.post(core::TermSignal{});
  REQUIRE(rig.until_seen(1));
  rig.clock.advance(300ms + Calls::kGrace);
  REQUIRE(rig.until_seen(2));
  const auto& failed = std::get<core::EtcdFailed>(rig.machine.seen[1]);
  CHECK(failed.call == 7);
  CHECK(failed.unknown);
}

struct Ears {
  std::vector<std::string> heard;
  void carry_out(const core::Say& say) { heard.push_back(say.text); }
};
struct Door {
  bool open = false;
  void carry_out(const core::Exit&) { open = true; }
};
struct Rest {
  int taken = 0;
  template <class One>
    requires(!std::is_same_v<One, core::Say> && !std::is_same_v<One, core::Exit>)
  void carry_out(const One&) {
    ++taken;
  }
};

TEST_CASE("each command reaches the one collaborator that owns it") {
  Ears ears;
  Door door;
  Rest rest;
  const Hands hands(ears, door, rest);
  hands(say("hello"));
  CHECK_FALSE(door.open);
  hands(core::Exit{});
  hands(core::Relist{});
  CHECK(ears.heard == std::vector<std::string>{"hello"});
  CHECK(door.open);
  CHECK(rest.taken == 1);
}

}  // namespace
}  // namespace vipd::shell
