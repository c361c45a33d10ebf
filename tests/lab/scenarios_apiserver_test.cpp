// A holder whose apiserver fails in one of four ways, and vipd that fails on its own.
#include <fmt/format.h>

#include "tests/catch.h"
#include "tests/lab/scenario.h"

namespace vipd::lab {
namespace {

constexpr std::int64_t kThreeMinutesNs = 180'000'000'000;

Setup without_cooldown() {
  Setup setup = quick();
  setup.fip_on = "cp-1";
  setup.timing["cooldown"] = "1s";  // four failures within a minute, each worth a move
  setup.timing["cooldownMost"] = "1s";
  return setup;
}

TEST_CASE("an apiserver that is killed, hangs, fails or is slow loses the address to a ready node",
          "[E8][E9][E12]") {
  Scene scene(without_cooldown());
  scene.until_settled("at first");
  for (const std::string how : {"kill", "hang", "fail", "slow"}) {
    const std::string ill = scene.holder();
    const auto start = scene.audit_seq();
    scene.act(how + "-apiserver", ill);
    scene.until("another serves after " + how, Millis(30000), [&] {
      const std::string holder = scene.holder();
      return !holder.empty() && holder != ill && scene.who_answers() == holder;
    });
    CHECK(scene.status_of(scene.holder())["holder"]["cause"] == "unready");
    scene.act("start-apiserver", ill);
    scene.act("wait-ready", ill);
    scene.until_settled("after " + how, Millis(60000));
    CHECK(scene.moves_since(start).size() == 1);
  }
}

TEST_CASE("where every apiserver fails the address stays and says degraded", "[E12]") {
  Scene scene(without_cooldown());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  for (const std::string name : {"cp-2", "cp-3", "cp-1"}) scene.act("fail-apiserver", name);
  scene.until("the holder is degraded", Millis(20000),
              [&] { return scene.state_of("cp-1") == "degraded"; });
  scene.nothing_moves(start, Millis(10000), "while no apiserver answers");
  for (const std::string name : {"cp-2", "cp-3", "cp-1"}) {
    scene.act("start-apiserver", name);
    scene.act("wait-ready", name);
  }
  scene.until_settled("when they are well", Millis(60000));
  CHECK(scene.moves_since(start).empty());
}

TEST_CASE("vipd killed every two seconds moves the address at most once", "[E15]") {
  Scene scene(without_cooldown());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  const auto end = scene.now_ns() + kThreeMinutesNs;
  while (scene.now_ns() < end) {
    scene.act("kill-vipd", "cp-1");
    scene.act("start-vipd", "cp-1");
    scene.during("cp-1 answers", Millis(2000),
                 [&] { return scene.moves_since(start).size() <= 1; });
  }
  scene.until_settled("when it is left alone", Millis(60000));
  CHECK(scene.moves_since(start).size() <= 1);
  CHECK(scene.who_answers() == scene.holder());
}

TEST_CASE("a vipd that stood still for half a minute comes back without a move or a stale call",
          "[N9][N10]") {
  Scene scene(without_cooldown());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  scene.act("freeze", "cp-1", {{"process", "vipd"}});
  scene.nothing_moves(start, Millis(30000), "while vipd stands still and its apiserver answers");
  CHECK(scene.who_answers() == "cp-1");
  scene.act("thaw", "cp-1", {{"process", "vipd"}});
  scene.until_settled("after the thaw");
  CHECK(scene.holder() == "cp-1");
  CHECK(scene.moves_since(start).empty());
}

}  // namespace
}  // namespace vipd::lab
