// The holder's server is deleted and re-created: the daily business of a cluster of cattle.
#include "tests/catch.h"

#include <fmt/format.h>

#include "tests/lab/scenario.h"

namespace vipd::lab {
namespace {

constexpr std::int64_t kTtl = 5'000'000'000;
constexpr std::int64_t kApi = 300'000'000 + 80'000'000;  // the action, and the call's own answer

void delete_and_recreate(const std::string& route, bool leads_etcd) {
  Setup setup = quick();
  setup.route = route;
  setup.fip_on = "cp-1";
  Scene scene(setup);
  scene.until_settled("at first");
  REQUIRE(scene.holder() == "cp-1");
  scene.lead_etcd(leads_etcd ? "cp-1" : "cp-2");
  scene.until_settled("after the election");

  const auto start = scene.audit_seq();
  const auto old_server = scene.server("cp-1");
  const auto died_at = scene.now_ns();
  scene.act("delete", "cp-1");
  scene.until("another node serves", Millis(40000), [&] {
    return !scene.holder().empty() && scene.who_answers() == scene.holder();
  });
  const std::string heir = scene.holder();
  CHECK(heir != "cp-1");
  const auto moves = scene.moves_since(start);
  REQUIRE(moves.size() == 1);
  CHECK(moves[0].server == scene.server(heir));
  const auto outage = moves[0].boot_ns - died_at;
  WARN("route " << route << (leads_etcd ? ", etcd leader" : "") << ": assigned elsewhere "
                << outage / 1'000'000 << " ms after the holder's death");
  CHECK(outage <= kTtl + (leads_etcd ? 6 : 3) * 1'000'000'000LL + kApi);

  const auto taken = scene.audit_seq();
  scene.act("recreate", "cp-1");
  scene.act("wait-ready", "cp-1");
  scene.until_settled("with the new cp-1", Millis(60000));
  const auto recreated = scene.status_of("cp-1");
  CHECK(recreated["state"] == "standby");
  CHECK(recreated["ready"] == true);
  CHECK(recreated["server"] != old_server);
  CHECK(recreated["server"] == scene.server("cp-1"));
  CHECK(scene.holder() == heir);
  scene.nothing_moves(taken, long_or(Millis(5000), Millis(60000)), "once it is back");
  CHECK(recreated["nodes"].size() == 3);  // the dead instance is not listed any more
}

TEST_CASE("a deleted holder is replaced, and its successor of the same name joins as a standby",
          "[E14][E17][E2]") {
  delete_and_recreate("with", false);
}

TEST_CASE("a deleted holder that led etcd is replaced, and its successor joins", "[E14][E17]") {
  delete_and_recreate("with", true);
}

TEST_CASE("a deleted holder is replaced where packets move before the action's end", "[E14][A6]") {
  delete_and_recreate("before", false);
}

TEST_CASE("a deleted holder is replaced where packets move after the action's end", "[E14][A6]") {
  delete_and_recreate("after", false);
}

}  // namespace
}  // namespace vipd::lab
