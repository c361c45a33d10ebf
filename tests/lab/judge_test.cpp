// The judge itself: it must find what it is there to find.
#include "tests/lab/judge.h"

#include <fmt/format.h>

#include "tests/catch.h"

namespace vipd::lab {
namespace {

KeyEvent leader(std::int64_t server, std::int64_t revision) {
  return {"leader", fmt::format(R"({{"instance":"a","server":{}}})", server), revision};
}

KeyEvent record(const char* state, std::int64_t server, std::int64_t epoch, std::int64_t action,
                std::int64_t revision) {
  return {"assignment/7",
          fmt::format(R"({{"fip":7,"server":{},"epoch":{},"action":{},"state":"{}"}})", server,
                      epoch, action, state),
          revision};
}

base::Json accepted(std::int64_t server, std::int64_t action) {
  return {{"event", "assign_accepted"}, {"fip", 7}, {"server", server}, {"action", action}};
}

// An array of one {object} would be read as an object.
base::Json audit(std::initializer_list<base::Json> lines) {
  base::Json all = base::Json::array();
  for (const auto& line : lines) all.push_back(line);
  return all;
}

using Lines = std::vector<std::string>;

TEST_CASE("an assign that followed its holder's intent is in order", "[A1]") {
  const std::vector<KeyEvent> history = {leader(101, 5), record("intent", 101, 5, 0, 6),
                                         record("running", 101, 5, 900, 7),
                                         record("verified", 101, 5, 900, 8)};
  CHECK(unguarded_assigns(audit({accepted(101, 900)}), history) == Lines{});
}

TEST_CASE("an assign whose answer was lost needs an intent of its own", "[A1]") {
  std::vector<KeyEvent> history = {leader(101, 5), record("intent", 101, 5, 0, 6),
                                   record("intent", 101, 5, 0, 7),
                                   record("running", 101, 5, 901, 8)};
  CHECK(unguarded_assigns(audit({accepted(101, 900), accepted(101, 901)}), history) == Lines{});
  history.erase(history.begin() + 1);
  CHECK(unguarded_assigns(audit({accepted(101, 900), accepted(101, 901)}), history).size() == 1);
}

TEST_CASE("an assign without an intent, or for another server, is found", "[A1]") {
  const std::vector<KeyEvent> history = {leader(101, 5), record("intent", 101, 5, 0, 6)};
  CHECK(unguarded_assigns(audit({accepted(102, 900)}), history).size() == 1);
  CHECK(unguarded_assigns(audit({accepted(101, 900), accepted(101, 901)}), history).size() == 1);
}

TEST_CASE("an intent under somebody else's leadership is found", "[A1]") {
  const std::vector<KeyEvent> late = {leader(101, 5), leader(102, 6),
                                      record("intent", 101, 5, 0, 7)};
  CHECK(unguarded_assigns(base::Json::array(), late).size() == 1);
  const std::vector<KeyEvent> gone = {
      leader(101, 5), {"leader", "", 6}, record("intent", 101, 5, 0, 7)};
  CHECK(unguarded_assigns(base::Json::array(), gone).size() == 1);
}

TEST_CASE("etcdctl's own words are read") {
  const std::string watched =
      R"({"Header":{"revision":9},"Events":[{"kv":{"key":"L3ZpcGQvbGFiL2FwaS9sZWFkZXI=",)"
      R"("mod_revision":9,"value":"e30="}},{"type":1,"kv":{"key":"L290aGVy","mod_revision":9}}]})"
      "\n";
  const auto history = parse_history(watched, "/vipd/lab/api/");
  REQUIRE(history.size() == 1);
  CHECK(history[0].name == "leader");
  CHECK(history[0].value == "{}");
  CHECK(history[0].revision == 9);
}

}  // namespace
}  // namespace vipd::lab
