// Machines that lose power.
#include "tests/catch.h"
#include "tests/lab/scenario.h"

namespace vipd::lab {
namespace {

Setup on_cp_1() {
  Setup setup = quick();
  setup.fip_on = "cp-1";
  return setup;
}

// The holder is dead: somebody else serves, by one move, and it comes back as a standby.
void taken_over_from(Scene& scene, const std::string& dead) {
  const auto start = scene.audit_seq();
  scene.act("kill", dead);
  scene.until("another serves", Millis(30000), [&] {
    const std::string holder = scene.holder();
    return !holder.empty() && holder != dead && scene.who_answers() == holder;
  });
  const std::string heir = scene.holder();
  scene.act("revive", dead);
  scene.act("wait-ready", dead);
  scene.until_settled("with the dead one back", Millis(60000));
  CHECK(scene.holder() == heir);
  CHECK(scene.moves_since(start).size() == 1);
}

TEST_CASE("of the nodes that lose power only the holder costs a move, whoever leads etcd",
          "[E14][E17]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();

  scene.lead_etcd("cp-2");
  scene.act("kill", "cp-3");
  scene.nothing_moves(start, Millis(12000), "while a standby is dark");
  CHECK(scene.holder() == "cp-1");
  scene.act("revive", "cp-3");
  scene.act("wait-ready", "cp-3");
  scene.until_settled("with the standby back", Millis(60000));

  scene.lead_etcd("cp-2");
  scene.act("kill", "cp-2");
  scene.nothing_moves(start, Millis(15000), "while etcd's leader, no holder, is dark");
  CHECK(scene.holder() == "cp-1");
  scene.act("revive", "cp-2");
  scene.act("wait-ready", "cp-2");
  scene.until_settled("with etcd's old leader back", Millis(60000));
  CHECK(scene.moves_since(start).empty());

  scene.lead_etcd("cp-2");
  taken_over_from(scene, "cp-1");
  const std::string second = scene.holder();
  scene.lead_etcd(second);
  taken_over_from(scene, second);
}

TEST_CASE("of five nodes two may lose power, the holder among them", "[E14][E17]") {
  Setup setup = on_cp_1();
  setup.nodes = 5;
  Scene scene(setup);
  scene.until_settled("at first");
  CHECK(scene.running().size() == 5);
  const auto start = scene.audit_seq();
  scene.lead_etcd("cp-2");
  scene.act("kill", "cp-5");
  scene.act("kill", "cp-1");
  scene.until("another serves", Millis(30000), [&] {
    const std::string holder = scene.holder();
    return !holder.empty() && holder != "cp-1" && scene.who_answers() == holder;
  });
  CHECK(scene.moves_since(start).size() == 1);
}

}  // namespace
}  // namespace vipd::lab
