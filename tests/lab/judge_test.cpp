// The judge itself: it must find what it is there to find.
#include "tests/lab/judge.h"

#include <fmt/format.h>

#include "tests/catch.h"

namespace vipd::lab {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

KeyEvent leader(std::int64_t server, std::int64_t revision) {
  return {"leader", fmt::format(R"({{"instance":"a","server":{}}})", server), revision,
          revision * kSecond};
}

// A revision a second: all below is told in seconds.
KeyEvent record(const char* state, std::int64_t server, std::int64_t epoch, std::int64_t action,
                std::int64_t revision) {
  return {"assignment/7",
          fmt::format(R"({{"fip":7,"server":{},"epoch":{},"action":{},"state":"{}"}})", server,
                      epoch, action, state),
          revision, revision * kSecond};
}

base::Json accepted(std::int64_t server, std::int64_t action, double at) {
  return {{"event", "assign_accepted"},
          {"fip", 7},
          {"server", server},
          {"action", action},
          {"boot_ns", static_cast<std::int64_t>(at * kSecond)}};
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
  CHECK(unguarded_assigns(audit({accepted(101, 900, 6.1)}), history) == Lines{});
}

TEST_CASE("an assign whose answer was lost needs an intent of its own", "[A1]") {
  std::vector<KeyEvent> history = {leader(101, 5), record("intent", 101, 5, 0, 6),
                                   record("intent", 101, 5, 0, 7),
                                   record("running", 101, 5, 901, 8)};
  const auto both = audit({accepted(101, 900, 6.1), accepted(101, 901, 7.1)});
  CHECK(unguarded_assigns(both, history) == Lines{});
  history.erase(history.begin() + 1);
  CHECK(unguarded_assigns(both, history).size() == 1);
}

TEST_CASE("an assign without an intent, or for another server, is found", "[A1]") {
  const std::vector<KeyEvent> history = {leader(101, 5), record("intent", 101, 5, 0, 6)};
  CHECK(unguarded_assigns(audit({accepted(102, 900, 6.1)}), history).size() == 1);
}

TEST_CASE("of two assigns on one intent one is found", "[A1]") {
  const std::vector<KeyEvent> history = {leader(101, 5), record("intent", 101, 5, 0, 6),
                                         record("running", 101, 5, 900, 7)};
  const auto both = audit({accepted(101, 900, 6.1), accepted(101, 901, 6.2)});
  CHECK(unguarded_assigns(both, history).size() == 1);
}

TEST_CASE("an assign before its intent is found", "[A1]") {
  const std::vector<KeyEvent> later = {leader(101, 5), record("intent", 101, 5, 0, 8)};
  CHECK(unguarded_assigns(audit({accepted(101, 900, 6)}), later).size() == 1);
  // Whatever a clock says: an intent that is written after the action's own record is too late.
  const std::vector<KeyEvent> named = {leader(101, 5), record("running", 101, 5, 900, 6),
                                       record("intent", 101, 5, 0, 7)};
  CHECK(unguarded_assigns(audit({accepted(101, 900, 6.5)}), named).size() == 2);
}

TEST_CASE("an intent that was told late may have been written at any time before", "[A1]") {
  std::vector<KeyEvent> history = {leader(101, 5), record("intent", 101, 5, 0, 30)};
  history.back().late = true;
  CHECK(unguarded_assigns(audit({accepted(101, 900, 6)}), history) == Lines{});
  history.back().late = false;
  CHECK(unguarded_assigns(audit({accepted(101, 900, 6)}), history).size() == 1);
}

TEST_CASE("an assign under an intent of an older epoch is found", "[A1][A2]") {
  const std::vector<KeyEvent> history = {leader(101, 5), record("intent", 101, 5, 0, 6),
                                         leader(102, 7), leader(101, 12)};
  CHECK(unguarded_assigns(audit({accepted(101, 900, 12.5)}), history).size() == 1);
  // Soon after it may be a call of the older epoch; a record of the newer says that it is not.
  const std::vector<KeyEvent> soon = {leader(101, 5), record("intent", 101, 5, 0, 6),
                                      leader(101, 7), record("running", 101, 7, 900, 8)};
  CHECK(unguarded_assigns(audit({accepted(101, 900, 7.5)}), soon).size() == 1);
}

TEST_CASE("a restored etcd begins again with its snapshot, under the leader of then", "[A1][E4]") {
  const std::vector<KeyEvent> before = {leader(101, 5), record("intent", 101, 5, 0, 6),
                                        leader(102, 7), record("intent", 102, 7, 0, 8)};
  std::vector<KeyEvent> after = {before[0], before[1], record("verified", 101, 5, 900, 7)};
  const auto audited =
      audit({accepted(101, 900, 6.1), accepted(102, 901, 8.1), accepted(101, 902, 20)});
  CHECK(unguarded_assigns(audited, restored(before, after)).size() == 1);
  after.push_back(record("intent", 101, 5, 0, 8));
  after.back().seen_ns = 20 * kSecond;
  CHECK(unguarded_assigns(audited, restored(before, after)) == Lines{});
  after.push_back(leader(103, 9));
  after.push_back(record("intent", 102, 7, 0, 10));  // of an epoch that is forgotten
  CHECK(unguarded_assigns(audited, restored(before, after)).size() == 1);
}

TEST_CASE("what is no record at all is nobody's deed", "[E1]") {
  const std::vector<KeyEvent> history = {
      leader(101, 5), {"assignment/9", R"({"server":"x"})", 6}, {"assignment/9", "[1,2]", 7}};
  CHECK(unguarded_assigns(base::Json::array(), history) == Lines{});
}

TEST_CASE("of what several watches told, each event counts as it was told first") {
  auto slow = leader(101, 5);
  slow.seen_ns = 9 * kSecond;
  const auto history = merged({slow, record("intent", 101, 5, 0, 6), leader(101, 5)});
  REQUIRE(history.size() == 2);
  CHECK(history[0].seen_ns == 5 * kSecond);
  CHECK(history[1].name == "assignment/7");
}

TEST_CASE("an intent under somebody else's leadership is found", "[A1]") {
  const std::vector<KeyEvent> late = {leader(101, 5), leader(102, 6),
                                      record("intent", 101, 5, 0, 7)};
  CHECK(unguarded_assigns(base::Json::array(), late).size() == 1);
  const std::vector<KeyEvent> gone = {
      leader(101, 5), {"leader", "", 6}, record("intent", 101, 5, 0, 7)};
  CHECK(unguarded_assigns(base::Json::array(), gone).size() == 1);
}

TEST_CASE("etcdctl's own words are read, behind the uptime at which they were told") {
  const std::string watched =
      R"(4711.05 {"Header":{"revision":9},"Events":[{"kv":{"key":"L3ZpcGQvbGFiL2FwaS9sZWFkZXI=",)"
      R"("mod_revision":9,"value":"e30="}},{"type":1,"kv":{"key":"L290aGVy","mod_revision":9}},)"
      R"({"kv":{"key":"L3ZpcGQvbGFiL2FwaS9sZWFkZXI=","mod_revision":8,"value":"e30="}}]})"
      "\n4712.00 {\"Header\":";
  const auto history = parse_history(watched, "/vipd/lab/api/");
  REQUIRE(history.size() == 2);
  CHECK(history[0].name == "leader");
  CHECK(history[0].value == "{}");
  CHECK(history[0].revision == 9);
  CHECK(history[0].seen_ns == 4711'050'000'000);
  CHECK_FALSE(history[0].late);
  CHECK(history[1].late);
}

}  // namespace
}  // namespace vipd::lab
