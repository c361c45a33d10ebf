// The holder cut off from etcd and from Hetzner.
#include "tests/catch.h"

#include <fmt/format.h>

#include "tests/lab/scenario.h"

namespace vipd::lab {
namespace {

Setup on_cp_1() {
  Setup setup = quick();
  setup.fip_on = "cp-1";
  return setup;
}

bool has_address(Scene& scene, const std::string& node) {
  return scene.run(node, {"ip", "-4", "addr", "show", "lo"}).output.find("203.0.113.10/32") !=
         std::string::npos;
}

TEST_CASE("a holder cut off from etcd whose apiserver falls is taken over from, and yields when it "
          "is back",
          "[E14][N1][N9][N10]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  scene.lead_etcd("cp-2");
  scene.until_settled("after the election");
  const auto start = scene.audit_seq();
  scene.act("partition", "cp-1", {{"from", "etcd"}});
  scene.until("cp-1 is frozen", Millis(15000), [&] { return scene.state_of("cp-1") == "frozen"; });
  CHECK(has_address(scene, "cp-1"));
  scene.until("another serves", Millis(30000), [&] {
    return !scene.holder().empty() && scene.holder() != "cp-1" &&
           scene.who_answers() == scene.holder();
  });
  const std::string heir = scene.holder();
  // The cut-off node made no call: what there is came from the heir.
  const std::string cut_off = scene.node("cp-1")["public_v4"];
  for (const auto& line : scene.audit_since(start))
    if (line.value("method", "") == "POST") CHECK(line["peer"] != cut_off);
  scene.act("heal", "cp-1");
  scene.act("wait-ready", "cp-1");
  scene.until_settled("after the healing", Millis(60000));
  CHECK(scene.holder() == heir);
  scene.during("one move, and no second holder", Millis(5000), [&] {
    return scene.moves_since(start).size() == 1 && scene.state_of("cp-1") != "holder";
  });
}

TEST_CASE("a holder whose vipd hangs keeps its claim while its apiserver answers",
          "[E13][N9][N10]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  scene.lead_etcd("cp-2");
  const auto start = scene.audit_seq();
  // vipd alone is away: its lease ends, its apiserver answers on.
  scene.act("freeze", "cp-1", {{"process", "vipd"}});
  scene.until("its lease has ended", Millis(20000),
              [&] { return scene.state_of("cp-2") == "unmanaged"; });
  scene.nothing_moves(start, Millis(10000), "while the apiserver of cp-1 answers");
  CHECK(scene.who_answers() == "cp-1");
  scene.act("thaw", "cp-1", {{"process", "vipd"}});
  scene.until_settled("after the thaw");
  CHECK(scene.holder() == "cp-1");
  CHECK(scene.moves_since(start).empty());
}

TEST_CASE("a holder cut off from Hetzner holds on, and nothing moves", "[A10][E12]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  const auto epoch = scene.status_of("cp-1")["epoch"];
  scene.act("partition", "cp-1", {{"from", "hetzner"}});
  scene.nothing_moves(start, long_or(Millis(15000), Millis(300000)), "without Hetzner");
  CHECK(scene.holder() == "cp-1");
  CHECK(scene.who_answers() == "cp-1");
  CHECK(scene.status_of("cp-1")["epoch"] == epoch);
  scene.act("heal", "cp-1");
  scene.until_settled("after the healing");
  CHECK(scene.moves_since(start).empty());
}

}  // namespace
}  // namespace vipd::lab
