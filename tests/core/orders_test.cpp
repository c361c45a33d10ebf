// Orders of an operator: pause, resume, release of the leader key.
#include "tests/core/story.h"

namespace vipd::core {
namespace {

std::string last_answer(World& world, int node, bool done) {
  REQUIRE_FALSE(world.nodes[static_cast<std::size_t>(node)].answers.empty());
  const OrderAnswer& answer = world.nodes[static_cast<std::size_t>(node)].answers.back();
  CHECK(answer.done == done);
  return answer.text;
}

bool names(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a pause is a key on a lease as long as the pause and ends by itself", "[O1][E20]") {
  World world = settled(3);
  world.post(1, PauseAsked{5, 60s, false, "ann", "window"});
  world.run(1s);
  CHECK(names(last_answer(world, 1, true), "paused until"));
  const auto paused = world.status(0)["paused"];
  CHECK(paused["by"] == "ann");
  CHECK(paused["reason"] == "window");
  world.nodes[0].apiserver = false;
  world.run(50s);
  CHECK(world.holder() == "cp-1");
  CHECK(world.value("pause").has_value());
  world.run(15s);
  CHECK_FALSE(world.value("pause").has_value());
  CHECK(held_by(world, "cp-2", 30s));
}

TEST_CASE("a pause of no time or of weeks is refused, and so is one without etcd", "[O1]") {
  World world = settled(3);
  world.post(0, PauseAsked{5, 0s, false, "ann", "window"});
  CHECK(names(last_answer(world, 0, false), "at most 7 days"));
  world.post(0, PauseAsked{6, std::chrono::hours(24 * 8), true, "ann", "window"});
  CHECK(names(last_answer(world, 0, false), "at most 7 days"));
  world.cut_from_etcd(2);
  world.run(6s);
  world.post(2, PauseAsked{7, 60s, false, "ann", "window"});
  CHECK(names(last_answer(world, 2, false), "no etcd lease"));
  CHECK_FALSE(world.value("pause").has_value());
}

TEST_CASE("a pause whose write fails leaves nothing behind", "[O1]") {
  World world = settled(3);
  world.lose_next_txn_answer("pause");  // applied, but nobody is told
  world.post(0, PauseAsked{5, 600s, true, "ann", "window"});
  world.run(3s);
  CHECK(names(last_answer(world, 0, false), "etcd did not take it"));
  CHECK_FALSE(world.value("pause").has_value());
}

TEST_CASE("a pause whose extension is lost stays, the former or the new one", "[O1]") {
  World world = settled(3);
  world.post(0, PauseAsked{5, 60s, false, "ann", "window"});
  world.run(1s);
  world.lose_next_txn_answer("pause");
  world.post(0, PauseAsked{6, 600s, false, "ann", "longer"});
  world.run(3s);
  CHECK(names(last_answer(world, 0, false), "the former or the new pause may hold"));
  CHECK(world.status(1)["paused"]["by"] == "ann");
}

TEST_CASE("a second pause replaces the first; resume ends it; resume of nothing is fine", "[O2]") {
  World world = settled(3);
  world.post(0, PauseAsked{5, 60s, false, "ann", "window"});
  world.run(1s);
  world.post(1, PauseAsked{6, 600s, true, "bob", "longer"});
  world.run(1s);
  CHECK(names(last_answer(world, 1, true), "replaces"));
  world.run(70s);  // the first one's lease is over
  CHECK(world.status(2)["paused"]["by"] == "bob");
  CHECK(world.status(2)["paused"]["hard"] == true);
  CHECK(names(world.status(2)["next"], "hard paused: takes nothing over"));
  world.post(2, ResumeAsked{7, "bob"});
  world.run(1s);
  CHECK(last_answer(world, 2, true) == "resumed");
  CHECK(world.status(0)["paused"].is_null());
  CHECK(world.said(2, "O2"));
  world.post(2, ResumeAsked{8, "bob"});
  CHECK(last_answer(world, 2, true) == "nothing is paused");
}

TEST_CASE("the leader key is not released while its holder lives, nor another's", "[O3]") {
  World world = settled(3);
  const std::string holder = world.leader()->instance;
  const Revision epoch = world.epoch();
  world.post(1, ReleaseAsked{5, holder, "ann"});
  CHECK(names(last_answer(world, 1, false), "cp-1 lives"));
  world.post(1, ReleaseAsked{6, "somebody", "ann"});
  CHECK(names(last_answer(world, 1, false), "the holder is " + holder));
  world.run(2s);
  CHECK(world.epoch() == epoch);
}

TEST_CASE("the leader key of a holder without a nodes/ key is released at once", "[O3]") {
  World world = settled(3);
  const std::string holder = world.leader()->instance;
  world.kill_vipd(0);
  world.erase("nodes/" + holder);
  world.run(100ms);
  world.post(1, ReleaseAsked{5, holder, "ann"});
  world.run(100ms);  // long before the lease ends
  CHECK(names(last_answer(world, 1, true), "released"));
  CHECK(world.holder().empty());
  CHECK(world.said(1, "O3"));
  // The apiserver there still answers: no reason to move the address.
  world.start(0);
  CHECK(held_by(world, "cp-1", 10s));
  CHECK(world.assigns() == 0);
}

TEST_CASE("a holder that came back between the look and the transaction keeps the key", "[O3]") {
  World world = settled(3);
  const std::string holder = world.leader()->instance;
  const std::string node = *world.value("nodes/" + holder);
  world.kill_vipd(0);
  world.erase("nodes/" + holder);
  world.run(100ms);
  world.put("nodes/" + holder, node);  // cp-2 has not heard of it yet
  world.post(1, ReleaseAsked{5, holder, "ann"});
  world.run(100ms);
  CHECK(names(last_answer(world, 1, false), "come back"));
  CHECK(world.leader()->instance == holder);
}

TEST_CASE("a taker that restarts under a pause finishes the takeover of the dead holder",
          "[E15][E20]") {
  World world = settled(3);
  world.post(1, PauseAsked{5, 600s, false, "ann", "window"});
  world.run(1s);
  world.assign_faults.assign(1, {HcloudError::kTimeout, false, true});
  world.power_off(0);
  REQUIRE(world.until([&] { return world.holder() == "cp-2"; }, 20s));
  world.kill_vipd(1);
  world.run(1s);
  world.start(1);
  SECTION("a soft pause lets it") {
    CHECK(held_by(world, "cp-2", 20s));
    CHECK(world.status(1)["state"] == "holder");
  }
  SECTION("a pause made hard since then does not, and the status says that nothing is served") {
    world.put("pause", PauseRecord{"ann", "window", true, ""}.text());
    world.run(20s);
    CHECK(world.assigns() == 0);
    CHECK(world.status(1)["state"] == "taking");
    CHECK(world.status(1)["next"].get<std::string>().find("vipd resume") != std::string::npos);
  }
}

TEST_CASE("a takeover that ended with its key is not finished by an adoption that a pause stops",
          "[E15][E20]") {
  World world = settled(3);
  world.post(1, PauseAsked{5, 600s, false, "ann", "window"});
  world.run(1s);
  world.api_down = HcloudError::kTimeout;
  world.power_off(0);
  REQUIRE(world.until([&] { return world.holder() == "cp-2"; }, 20s));
  world.run(1s);
  world.term(1);
  REQUIRE(world.until([&] { return !world.nodes[1].vipd; }, 60s));
  world.run(10s);
  world.start(1);
  world.run(10s);
  world.api_down.reset();
  CHECK(world.until([&] { return world.verified(); }, 60s));
}

TEST_CASE("a late extension of a pause does not undo the resume after it", "[O1][O2]") {
  World world = settled(3);
  world.post(0, PauseAsked{5, 60s, false, "ann", "window"});
  world.run(1s);
  world.post(0, PauseAsked{6, 600s, false, "ann", "longer"});
  world.run(1ms);
  world.nodes[0].etcd_lag = 800ms;  // its put is applied long after it was given up
  world.run(350ms);
  world.post(1, ResumeAsked{7, "bob"});
  world.nodes[0].etcd_lag = 0ms;
  world.run(5s);
  CHECK_FALSE(world.value("pause").has_value());
}

TEST_CASE("of two first pauses at once one is refused, and the other stays", "[O1]") {
  World world = settled(3);
  world.post(1, PauseAsked{6, 600s, false, "bob", "other"});
  world.run(1ms);
  world.post(0, PauseAsked{5, 60s, false, "ann", "window"});
  world.run(std::chrono::microseconds(2500));  // bob's is written, ann's on its way
  world.lose_next_txn_answer("pause");
  world.run(3s);
  const bool ann = world.nodes[0].answers.back().done;
  const bool bob = world.nodes[1].answers.back().done;
  CHECK(bob);
  CHECK_FALSE(ann);
  CHECK(world.value("pause").has_value());
}

}  // namespace
}  // namespace vipd::core
