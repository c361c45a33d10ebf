// What the core says while a group of nodes moves its address, as the lines that people read.
#include "vipd/shell/voice.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "tests/core/story.h"
#include "tests/shell/fixtures.h"

namespace vipd::shell {
namespace {

using base::Json;

// The JSON lines on stderr of a node that said all this.
std::vector<Json> lines_of(const std::vector<core::Say>& said) {
  const TempFolder folder;
  const std::string path = folder / "stderr";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(file >= 0);
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(file, STDERR_FILENO);
  {
    const SetClock clock;
    base::Log log(base::LogFormat::kJson, base::LogLevel::kDebug, clock);
    Voice voice(log);
    for (const auto& say : said) voice.carry_out(say);
  }
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(file);
  std::istringstream text(base::read_file(path).value());
  std::vector<Json> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

// The one line that begins so.
Json line_of(const std::vector<Json>& lines, const std::string& begins) {
  const auto so = [&](const Json& line) {
    return line["message"].get<std::string>().rfind(begins, 0) == 0;
  };
  INFO(begins << " in " << Json(lines).dump(1));
  REQUIRE(std::count_if(lines.begin(), lines.end(), so) == 1);
  return *std::find_if(lines.begin(), lines.end(), so);
}

struct Decision {
  std::string rule;
  std::string cause;
  std::string epoch;
  friend bool operator==(const Decision&, const Decision&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Decision& one) {
    return out << one.rule << " " << one.cause << " " << one.epoch;
  }
};

Decision decision(const Json& line) {
  return {line.value("rule", ""), line.value("cause", ""), line.value("epoch", "")};
}

TEST_CASE("each decision of a handover is one line with its rule, cause and epoch",
          "[E3][E6][E21][A1]") {
  core::World world = core::settled(3);
  const auto before = std::to_string(world.epoch());
  world.post(0, core::HandoverAsked{7, "cp-2", "", "ann", "test"});
  REQUIRE(core::held_by(world, "cp-2", 20s));
  const auto after = std::to_string(world.epoch());
  REQUIRE(before != after);
  const auto giver = lines_of(world.nodes[0].said);
  const auto taker = lines_of(world.nodes[1].said);
  CHECK(decision(line_of(giver, "hand over to cp-2")) == Decision{"E6", "request", before});
  CHECK(decision(line_of(giver, "the leader key names cp-2")) ==
        Decision{"E3", "request", after});
  CHECK(decision(line_of(taker, "this node holds the leader key")) ==
        Decision{"E21", "request", after});
  CHECK(decision(line_of(taker, "assign 203.0.113.10 to server 102")) ==
        Decision{"A1", "request", after});
  CHECK(decision(line_of(taker, "203.0.113.10 is verified on server 102")) ==
        Decision{"A6", "request", after});
}

TEST_CASE("each decision of a takeover is one line; there is no epoch before the key is taken",
          "[E3][E14][A1]") {
  core::World world = core::settled(3);
  world.power_off(0);
  REQUIRE(world.until([&] { return !world.holder().empty() && world.holder() != "cp-1"; }, 60s));
  REQUIRE(world.until([&] { return world.verified(); }, 20s));
  const auto& taker = world.nodes[static_cast<std::size_t>(world.index(world.holder()))];
  const auto epoch = std::to_string(world.epoch());
  const auto lines = lines_of(taker.said);
  const Json take = line_of(lines, "take the leader key: server 101 is gone");
  CHECK(decision(take) == Decision{"E14", "takeover", ""});
  CHECK(take["level"] == "info");
  CHECK(decision(line_of(lines, "this node holds the leader key")) ==
        Decision{"E21", "takeover", epoch});
  CHECK(decision(line_of(lines, "assign 203.0.113.10")) == Decision{"A1", "takeover", epoch});
}

TEST_CASE("whatever happens, a line with a cause has its rule, and the epoch once there is one",
          "[E3]") {
  core::World world = core::settled(3);
  world.nodes[0].apiserver = false;
  REQUIRE(world.until([&] { return world.holder() != "cp-1" && world.verified(); }, 30s));
  const int next = world.index(world.holder());
  world.nodes[0].apiserver = true;
  world.nodes[static_cast<std::size_t>(next)].cordoned = true;
  world.run(10s);
  world.term(next);
  world.run(20s);
  std::size_t decisions = 0;
  for (const auto& node : world.nodes) {
    for (const auto& line : lines_of(node.said)) {
      if (!line.contains("cause")) continue;
      INFO(line.dump());
      ++decisions;
      CHECK_FALSE(line.value("rule", "").empty());
      const bool takes = line["message"].get<std::string>().rfind("take the leader key", 0) == 0;
      CHECK((takes || !line.value("epoch", "").empty()));
    }
  }
  CHECK(decisions >= 10);
}

}  // namespace
}  // namespace vipd::shell
