// The journal: nothing of an event or the state is lost, it stays within its bound, and a replay
// comes to the same commands.
#include "vipd/shell/journal.h"

#include <sstream>

#include "tests/core/story.h"
#include "vipd/shell/codec.h"
#include "vipd/shell/exit_code.h"
#include "vipd/shell/journal_line.h"
#include "vipd/shell/replay.h"

namespace vipd::shell {
namespace {

using namespace std::chrono_literals;
using fakes::World;

// Gives every member another value than the default, all the way down.
template <typename T>
void fill(T& value) {
  if constexpr (std::same_as<T, bool>) {
    value = !value;
  } else if constexpr (std::integral<T>) {
    value = std::numeric_limits<T>::max();
  } else if constexpr (std::is_enum_v<T>) {
    value = value == kLast<T> ? static_cast<T>(0) : kLast<T>;
  } else if constexpr (std::same_as<T, std::string>) {
    value = "\"7\n\x01\xc3\xa9\xff\x80 end";
  } else if constexpr (std::same_as<T, base::IpAddress>) {
    value = *base::IpAddress::parse("2001:db8::7");
  } else if constexpr (std::same_as<T, base::Instant>) {
    value = base::Instant(123456789012345ns);
  } else if constexpr (Counted<T>) {
    value = T(77);
  } else if constexpr (kIs<T, std::optional>) {
    fill(value.emplace());
  } else if constexpr (kIs<T, std::pair>) {
    fill(value.first);
    fill(value.second);
  } else if constexpr (kIs<T, std::map>) {
    std::pair<typename T::key_type, typename T::mapped_type> entry;
    fill(entry);
    value = {entry};
  } else if constexpr (Sequence<T>) {
    typename T::value_type one{};
    fill(one);
    value = T{one};
  } else if constexpr (kIs<T, std::variant>) {
    fill(value.template emplace<0>());
  } else {
    std::apply([](auto&... member) { (fill(member), ...); }, members_of<T>(value));
  }
}

template <Described T>
void round_trips() {
  INFO(type_name<T>());
  T value;
  fill(value);
  const Json json = to_json(value);
  CHECK(json.size() == member_count<T>());
  T back;
  const auto read = from_json(Json::parse(json.dump()), back);
  INFO(std::string(read.message()));
  REQUIRE(read.ok());
  CHECK(to_json(back) == json);
}

template <typename... Types>
void all_round_trip(const std::variant<Types...>&) {
  (round_trips<Types>(), ...);
}

// What a vipd at node 0 of a world would have written.
struct Recorded {
  explicit Recorded(World& world, Journal::Limits limits = Journal::kUsual) : journal(limits) {
    world.before_step = [this](int node, const core::Config& config, const core::State& state,
                               const core::Event& event, core::Now now) {
      if (node == 0) journal.event(config, state, event, now);
    };
    world.after_step = [this](int node, const std::vector<core::Command>& commands) {
      if (node == 0) journal.commands(commands);
    };
  }
  Journal journal;
};

struct Told {
  explicit Told(const std::string& journal, Telling telling = Telling::kNotable) {
    std::stringstream text;
    std::stringstream problems;
    code = replay(journal, telling, text, problems);
    out = text.str();
    err = problems.str();
  }
  [[nodiscard]] bool tells(const std::string& part) const {
    return out.find(part) != std::string::npos;
  }
  int code;
  std::string out;
  std::string err;
};

TEST_CASE("every member of every event, command, state and config survives the journal") {
  all_round_trip(core::Event{});
  all_round_trip(core::Command{});
  round_trips<core::Config>();
  round_trips<core::State>();
  round_trips<core::Tenure>();
}

TEST_CASE("an eventful hour replays to the same commands and tells its story") {
  World world(3);
  Recorded recorded(world);
  for (auto& [id, fip] : world.fips) fip.fip.server = world.nodes[0].server;
  for (int i = 0; i < 3; ++i) world.start(i);
  REQUIRE(world.until([&] { return world.holder() == "cp-1" && world.verified(); }, 20s));
  world.run(5s);
  world.post(0, core::HandoverAsked{5, "cp-2", "", "ann", "drill"});
  REQUIRE(world.until([&] { return world.holder() == "cp-2" && world.verified(); }, 30s));
  world.power_off(1);
  REQUIRE(world.until([&] { return world.holder() == "cp-3" && world.verified(); }, 90s));
  world.lose_quorum();
  world.run(20s);
  world.regain_quorum();
  world.run(10s);

  const Told told(recorded.journal.text());
  INFO(told.err);
  CHECK(told.code == kFine);
  CHECK(told.tells("the same commands as recorded"));
  CHECK(told.tells("says info  E6   hand over to cp-2"));
  CHECK(told.tells("does Txn {"));
  CHECK(told.tells("HandoverAsked {\"by\":\"ann\""));
  CHECK(told.tells("now  state = \"frozen\""));
  CHECK_FALSE(told.tells("ProbeTls"));
  const Told all(recorded.journal.text(), Telling::kAll);
  CHECK(all.code == kFine);
  CHECK(all.tells("does ProbeTls {"));
  CHECK(all.tells(" TlsAnswer {"));
  CHECK(all.out.size() > 2 * told.out.size());
}

TEST_CASE("a full journal forgets the oldest, stays within its bound and still replays") {
  World world(3);
  const Journal::Limits limits{.bytes = 60'000, .entries = 150};
  Recorded recorded(world, limits);
  for (int i = 0; i < 3; ++i) world.start(i);
  std::size_t longest = 0;
  for (int second = 0; second < 60; ++second) {
    world.run(1s);
    const std::string text = recorded.journal.text();
    longest = std::max(longest, text.size());
    const Told told(text);
    INFO(told.err << told.out.substr(0, 2000));
    REQUIRE(told.code == kFine);  // the replay came to the state of the second head too
  }
  CHECK(longest <= 2 * limits.bytes);
  CHECK(longest > limits.bytes / 2);
  const std::string text = recorded.journal.text();
  std::size_t entries = 0;
  for (auto at = text.find("\"event\""); at != text.npos; at = text.find("\"event\"", at + 1)) {
    ++entries;
  }
  CHECK(entries <= 2 * limits.entries);
}

TEST_CASE("an event that does not fit leaves a gap, and the next part goes on after it") {
  World world(3);
  Recorded recorded(world, {.bytes = 60'000, .entries = 5000});
  world.start(0);
  world.run(2s);
  world.put("nodes/large", std::string(80'000, 'x'));
  world.run(1s);
  const Told told(recorded.journal.text());
  CHECK(told.code == kFine);
  CHECK(told.tells("-- gap: an event of"));
}

TEST_CASE("a replay that decides otherwise says where") {
  World world(1);
  Recorded recorded(world);
  world.start(0);
  world.run(10s);
  std::string text = recorded.journal.text();
  SECTION("another digest") {
    const auto at = text.rfind("\"digest\":\"") + 10;
    text[at] = text[at] == '0' ? '1' : '0';
  }
  SECTION("an event taken out") {
    const auto at = text.find("\"LeaseGranted\"");
    const auto begin = text.rfind('\n', at) + 1;
    text.erase(begin, text.find('\n', begin) + 1 - begin);
  }
  SECTION("other settings") {
    const auto at = text.find("\"cluster\":\"prod\"");
    text.replace(at, 16, "\"cluster\":\"test\"");
  }
  const Told told(text);
  CHECK(told.code == kFindings);
  CHECK(told.tells("!! line "));
}

TEST_CASE("a journal of a crash ends with the event that caused it, whose commands are unknown") {
  World world(1);
  Recorded recorded(world);
  world.start(0);
  world.run(5s);
  world.after_step = nullptr;
  world.before_step = nullptr;
  const core::Now now{world.now(), {}};
  recorded.journal.event(world.config, world.nodes[0].state, core::TermSignal{}, now);
  const Told told(recorded.journal.text());
  CHECK(told.code == kFine);
  CHECK(told.tells("the journal ends here"));
}

TEST_CASE("garbage, a missing head and a line cut short are named with their line") {
  World world(1);
  Recorded recorded(world);
  world.start(0);
  world.run(3s);
  const std::string text = recorded.journal.text();
  const std::string head = text.substr(0, text.find('\n') + 1);
  const std::string rest = text.substr(head.size());
  struct Case {
    std::string journal, message;
  };
  for (const auto& [journal, message] : std::vector<Case>{
           {"", "the journal is empty"},
           {"hello\n", "line 1 is no line of a journal: malformed JSON"},
           {"[]\n", "line 1 is no line of a journal: expected a JSON object"},
           {"{}\n", "expected a line of a vipd journal"},
           {rest, "line 1 does not belong there: is the journal's head missing?"},
           {text.substr(0, text.size() - 3), "is cut short"},
           {R"({"journal":2,"version":"9"})" "\n", "journal: expected format 1"},
           {head + R"({"at":1,"wall":1,"event":{"Tock":{}}})" "\n",
            "line 2 is no line of a journal: event: Tock: expected a type that this version"},
           {head + R"({"at":1,"wall":1,"event":{"TlsAnswer":{"call":-1}}})" "\n",
            "event: TlsAnswer: call: expected a number in range"},
           {head + R"({"at":1,"wall":1,"event":{"HcloudFailed":{"error":99}}})" "\n",
            "error: expected a known number"},
           {head + R"({"at":1,"wall":1,"event":{"TlsAnswer":{"colour":"red"}}})" "\n",
            "expected no member that vipd does not know"},
           {head + R"({"at":"1","wall":1,"event":{"Tick":{}}})" "\n", "at: expected a number"},
           {head + R"({"did":1,"digest":"0"})" "\n", "line 2 does not belong there"}}) {
    const Told told(journal);
    INFO(journal.substr(0, 200) << " -> " << told.err);
    CHECK(told.code == kCouldNotTell);
    CHECK(told.err.find(message) != std::string::npos);
  }
}

}  // namespace
}  // namespace vipd::shell
