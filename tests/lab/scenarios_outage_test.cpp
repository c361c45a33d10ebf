// Hetzner out of reach, limited or robbed; etcd without quorum, put back, with new certificates.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/file.h"
#include "tests/catch.h"
#include "tests/lab/scenario.h"
#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

namespace fs = std::filesystem;
const std::vector<std::string> kNodes = {"cp-1", "cp-2", "cp-3"};

Setup on_cp_1() {
  Setup setup = quick();
  setup.fip_on = "cp-1";
  return setup;
}

// A token of a new generation makes every vipd look at Hetzner at once (rule A5).
void look_now(Scene& scene, const std::string& token) {
  scene.hetzner("POST", "/projects", {{"name", "lab"}, {"tokens", {{{"token", token}}}}});
  for (const auto& name : kNodes) scene.write_token(name, token);
}

TEST_CASE("Hetzner down or rate-limited for long moves nothing, and a handover then still works",
          "[A10][A12]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  SECTION("every call hangs") {
    scene.hetzner("POST", "/faults", {{"fault", "hang"}, {"match", base::Json::object()}});
    look_now(scene, "second");
    scene.nothing_moves(start, long_or(Millis(60000), Millis(600000)), "while Hetzner is down");
    scene.hetzner("DELETE", "/faults");
  }
  SECTION("the project's rate limit is used up") {
    scene.hetzner("POST", "/faults", {{"fault", "rate_limited"}, {"match", base::Json::object()}});
    look_now(scene, "second");
    scene.nothing_moves(start, long_or(Millis(60000), Millis(600000)), "while nothing is allowed");
    scene.hetzner("DELETE", "/faults");
  }
  CHECK(scene.holder() == "cp-1");
  CHECK(scene.who_answers() == "cp-1");
  REQUIRE(scene.ask_handover("cp-1", "cp-2").ok());
  scene.until("cp-2 holds", Millis(90000), [&] { return scene.holder() == "cp-2"; });
  scene.until_settled("after the handover", Millis(90000));
  CHECK(scene.moves_since(start).size() == 1);
}

TEST_CASE("an address stolen for a foreign server is taken back by the holder", "[A19]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto foreign = scene.hetzner("POST", "/servers", {{"project", "lab"}, {"name", "other"}});
  scene.hetzner("POST", "/steal", {{"floating_ip", kFipV4Id}, {"server", foreign["id"]}});
  look_now(scene, "second");
  scene.until("cp-1 serves again", Millis(20000), [&] { return scene.who_answers() == "cp-1"; });
  scene.until_settled("after the repair");
  CHECK(scene.holder() == "cp-1");
}

TEST_CASE("a Floating IP that is deleted is missed loudly, no call is made for it, and it is "
          "served again once it is back",
          "[A20]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  scene.hetzner("DELETE", fmt::format("/floating_ips/{}", kFipV4Id));
  look_now(scene, "second");
  for (const auto& name : kNodes)
    scene.until(name + " misses it", Millis(20000), [&] {
      return scene.problem_of(name, fmt::format("Floating IP {} is not among", kFipV4Id));
    });
  for (const auto& line : scene.audit_since(start)) CHECK(line.value("method", "") != "POST");

  const auto gone = scene.audit_seq();
  scene.hetzner("POST", "/floating_ips",
                {{"project", "lab"},
                 {"id", kFipV4Id},
                 {"name", "lab-api"},
                 {"type", "ipv4"},
                 {"ip", kFipV4},
                 {"labels", {{"cluster", "lab"}}}});
  scene.until("it is read again within a minute", Millis(65000), [&] {
    for (const auto& line : scene.audit_since(gone))
      if (line["event"] == "request" && line["method"] == "GET") return true;
    return false;
  });
  scene.until_settled("once it is back", Millis(20000));
  CHECK(scene.moves_since(gone).size() == 1);  // it came back unassigned
  CHECK(scene.holder() == "cp-1");
}

TEST_CASE("without quorum the holder is frozen and serves; with it, all goes on", "[N1][N9]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  const auto epoch = scene.status_of("cp-1")["epoch"];
  scene.act("stop-etcd", "cp-2");
  scene.act("stop-etcd", "cp-3");
  scene.until("cp-1 is frozen", Millis(20000), [&] { return scene.state_of("cp-1") == "frozen"; });
  scene.nothing_moves(start, Millis(10000), "without quorum");
  // The stand-in's readiness needs etcd, as the real one's does; the address stays all the same.
  CHECK(scene.run("cp-1", {"ip", "-4", "addr", "show", "lo"}).output.find("203.0.113.10/32") !=
        std::string::npos);
  scene.act("start-etcd", "cp-2");
  scene.act("start-etcd", "cp-3");
  scene.until_settled("with quorum again", Millis(60000));
  CHECK(scene.holder() == "cp-1");
  CHECK(scene.moves_since(start).empty());
}

TEST_CASE("an etcd put back from a snapshot makes every vipd start over; at most one adopts its "
          "old key and fetches the address",
          "[E4][E15]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const std::string snapshot = scene.layout().dir + "/snapshot.db";
  REQUIRE(scene.etcdctl("cp-1", {"snapshot", "save", snapshot}).exit_code == 0);
  REQUIRE(scene.ask_handover("cp-1", "cp-2").ok());
  scene.until("cp-2 holds", Millis(20000), [&] { return scene.holder() == "cp-2"; });
  scene.until_settled("after the handover");
  const auto start = scene.audit_seq();
  std::map<std::string, base::Json> before;
  for (const auto& name : kNodes) before[name] = scene.status_of(name)["instance"];
  std::string members;
  for (const auto& name : kNodes)
    members += fmt::format("{}{}=https://{}:2380", members.empty() ? "" : ",", name,
                           scene.node(name)["private_v4"].get<std::string>());
  for (const auto& name : kNodes) scene.act("stop-etcd", name);
  scene.etcd_is_replaced();
  for (const auto& name : kNodes) {
    const std::string data = scene.layout().disk(name) + "/etcd";
    fs::remove_all(data);
    const std::string peer =
        fmt::format("https://{}:2380", scene.node(name)["private_v4"].get<std::string>());
    const auto restored =
        scene.etcdctl(name, {"snapshot", "restore", snapshot, "--name", name, "--initial-cluster",
                             members, "--initial-advertise-peer-urls", peer, "--data-dir", data});
    INFO(restored.output);
    REQUIRE(restored.exit_code == 0);
  }
  for (const auto& name : kNodes) scene.act("start-etcd", name);
  // The leader key of then names cp-1, and the address is on cp-2. Does cp-1 find it before its
  // lease ends, it adopts it and fetches the address; else the key goes to where the address is.
  scene.until_settled("after the restore", Millis(90000));
  const auto moves = scene.moves_since(start);
  WARN("the key was " << (moves.empty() ? "gone: cp-2 holds on" : "there: cp-1 adopted it"));
  CHECK(scene.holder() == (moves.empty() ? "cp-2" : "cp-1"));
  CHECK(scene.status_of(scene.holder())["holder"]["cause"] == "adoption");
  REQUIRE(moves.size() <= 1);
  if (!moves.empty()) CHECK(moves[0].from == scene.server("cp-2"));
  CHECK(scene.status_of(scene.holder())["instance"] != before[scene.holder()]);
}

TEST_CASE("etcd's client certificate is rotated by torn writes, and the lease lives on", "[E22]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  const auto epoch = scene.status_of("cp-1")["epoch"];
  const auto crt = base::read_file(scene.layout().pki("etcd-client.crt"));
  const auto key = base::read_file(scene.layout().pki("etcd-client.key"));
  REQUIRE((crt.ok() && key.ok()));
  for (const auto& name : kNodes) {
    const auto put = [&](const char* file, const std::string& text) {
      std::ofstream(scene.layout().kube(name, file), std::ios::trunc) << text;
    };
    put("etcd-client.crt", crt->substr(0, crt->size() / 2));
    scene.nothing_moves(start, Millis(1500), "with half a certificate");
    put("etcd-client.crt", *crt);
    scene.nothing_moves(start, Millis(1500), "with a key of another certificate");
    put("etcd-client.key", *key);
  }
  scene.nothing_moves(start, Millis(8000), "on the new certificate");
  scene.until_settled("after the rotation");
  CHECK(scene.status_of("cp-1")["epoch"] == epoch);
}

TEST_CASE(
    "a holder cut off from its peers alone is frozen and taken over from only when it is "
    "not reached",
    "[E13][E14]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  scene.lead_etcd("cp-2");
  const auto start = scene.audit_seq();
  scene.act("partition", "cp-1", {{"from", "peers"}});
  scene.until("another serves", Millis(40000), [&] {
    const std::string holder = scene.holder();
    return !holder.empty() && holder != "cp-1" && scene.who_answers() == holder;
  });
  scene.act("heal", "cp-1");
  scene.act("wait-ready", "cp-1");
  scene.until_settled("after the healing", Millis(60000));
  CHECK(scene.holder() != "cp-1");
  CHECK(scene.moves_since(start).size() == 1);
}

}  // namespace
}  // namespace vipd::lab
