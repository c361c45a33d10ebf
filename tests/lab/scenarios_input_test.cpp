// What operators, disks and other programs get wrong: it is shown, it moves nothing, and it is
// over when it is put right.
#include "tests/catch.h"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/file.h"
#include "tests/lab/scenario.h"
#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

constexpr Millis kShown{20000};

Setup on_cp_1() {
  Setup setup = quick();
  setup.fip_on = "cp-1";
  return setup;
}

void shows(Scene& scene, const std::string& node, const std::string& part) {
  scene.until(node + " shows: " + part, kShown, [&] { return scene.problem_of(node, part); });
}

std::string addresses(Scene& scene, const std::string& node) {
  return scene.run(node, {"ip", "-4", "-o", "addr", "show"}).output;
}

// A second token of the project, read-only or read-write.
void add_token(Scene& scene, const std::string& token, const std::string& mode) {
  scene.hetzner("POST", "/projects",
                {{"name", "lab"},
                 {"tokens", {{{"token", token}, {"mode", mode}, {"name", token}}}}});
}

TEST_CASE("a token that is missing, empty, wrong or read-only is shown and may be put right",
          "[E11][A5][A13][A16][O5]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  const std::string file = scene.layout().node("cp-3") + "/hcloud-token";
  const auto only_serves = [&](const std::string& what, const std::string& part) {
    scene.until("cp-3 only serves with a token that is " + what, kShown,
                [&] { return scene.state_of("cp-3") == "serving"; });
    shows(scene, "cp-3", part);
  };
  scene.write_token("cp-3", "");
  only_serves("empty", file);
  REQUIRE(std::remove(file.c_str()) == 0);
  only_serves("missing", file);
  scene.write_token("cp-3", "wrong");
  only_serves("wrong", "token");
  scene.write_token("cp-3", kToken);
  scene.until_settled("with the right token");
  CHECK(scene.moves_since(start).empty());

  // Read-only is seen at the first assign: whoever was to take over passes it on.
  add_token(scene, "reader", "ro");
  scene.write_token("cp-3", "reader");
  scene.until("cp-3 reads with it", kShown, [&] {
    for (const auto& line : scene.audit_since(start))
      if (line.value("token", "") == "reader") return scene.state_of("cp-3") == "standby";
    return false;
  });
  REQUIRE(scene.ask_handover("cp-1", "cp-3").ok());
  shows(scene, "cp-3", "read");
  scene.until("a node that may write holds", Millis(60000), [&] {
    return !scene.holder().empty() && scene.holder() != "cp-3";
  });
  scene.until_settled("with a reader among them", Millis(60000), {"cp-3"});
  scene.write_token("cp-3", kToken);
  scene.until_settled("with the right token again", Millis(60000));
}

TEST_CASE("a Floating IP that lost its labels is not touched until it has them again", "[A20]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  add_token(scene, "second", "rw");
  scene.hetzner("PUT", fmt::format("/floating_ips/{}", kFipV4Id),
                {{"labels", {{"cluster", "other"}}}});
  const auto start = scene.audit_seq();
  // Each looks as soon as it has a new token; the holder last, or it would hand over to one that
  // has not looked yet.
  for (const std::string node : {"cp-3", "cp-2", "cp-1"}) {
    scene.write_token(node, "second");
    scene.until(node + " is not ready", kShown, [&] {
      const auto status = scene.status_of(node);
      return status.is_object() && status["ready"] == false;
    });
  }
  scene.during("nobody writes", Millis(5000), [&] {
    for (const auto& line : scene.audit_since(start))
      if (line.value("method", "") == "POST" && line["event"] == "request") return false;
    return true;
  });
  CHECK(scene.who_answers() == "cp-1");
  scene.hetzner("PUT", fmt::format("/floating_ips/{}", kFipV4Id),
                {{"labels", {{"cluster", "lab"}}}});
  scene.write_token("cp-1", kToken);
  scene.until("cp-1 has seen them", kShown, [&] { return scene.state_of("cp-1") == "holder"; });
  for (const std::string node : {"cp-2", "cp-3"}) scene.write_token(node, kToken);
  scene.until_settled("with the labels");
  CHECK(scene.holder() == "cp-1");
  CHECK(scene.moves_since(start).empty());
}

TEST_CASE("a vipd that starts without metadata or etcd waits, says so and joins later", "[E19]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  scene.act("stop-vipd", "cp-3");
  scene.hetzner("PUT", "/metadata",
                {{"peer", scene.node("cp-3")["public_v4"]}, {"mode", "silent"}});
  scene.act("start-vipd", "cp-3");
  scene.until("cp-3 waits", kShown, [&] { return scene.state_of("cp-3") == "starting"; });
  shows(scene, "cp-3", "metadata");
  scene.hetzner("PUT", "/metadata",
                {{"peer", scene.node("cp-3")["public_v4"]}, {"mode", "normal"}});
  scene.until_settled("with metadata", Millis(60000));

  scene.act("stop-vipd", "cp-3");
  scene.act("stop-etcd", "cp-3");
  scene.act("start-vipd", "cp-3");
  shows(scene, "cp-3", "etcd");
  scene.act("start-etcd", "cp-3");
  scene.until_settled("with etcd", Millis(60000));

  scene.act("stop-vipd", "cp-3");
  const std::string ca = scene.layout().kube("cp-3", "etcd-client-ca.crt");
  const auto right = *base::read_file(ca);
  const auto wrong = *base::read_file(scene.layout().pki("hetzner-ca.crt"));
  REQUIRE(base::write_file_atomically(ca, wrong).ok());
  scene.act("start-vipd", "cp-3");
  shows(scene, "cp-3", "etcd");
  CHECK(scene.state_of("cp-3") != "standby");
  REQUIRE(base::write_file_atomically(ca, right).ok());
  scene.until_settled("with the right CA, without a restart", Millis(60000));
  CHECK(scene.moves_since(start).empty());
  CHECK(scene.holder() == "cp-1");
}

TEST_CASE("a second vipd on a node waits and names the first", "[E19]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  const auto before = scene.status_of("cp-1")["instance"];
  const auto owner = *base::read_file(scene.layout().disk("cp-1") + "/vipd/lock");
  const char* bin = std::getenv("SCENARIO_BIN");
  const std::string lab = LAB_PROGRAM;
  const std::string folder = bin != nullptr ? bin : lab.substr(0, lab.rfind('/'));
  const auto said = scene.run("cp-1", {"timeout", "3", folder + "/vipd", "run", "--config",
                                       scene.layout().node("cp-1") + "/vipd.yaml"});
  INFO(said.output);
  CHECK(said.output.find("process " + owner.substr(0, owner.find('\n'))) != std::string::npos);
  scene.until_settled("with the first alone again");
  CHECK(scene.status_of("cp-1")["instance"] == before);
  CHECK(scene.moves_since(start).empty());
}

TEST_CASE("garbage in its keys is shown, moves nothing, and is gone when it is deleted", "[E1]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  const std::string prefix = "/vipd/lab/api/";
  const std::vector<std::string> keys = {"nodes/ghost", "request", "suspects/1/x", "nonsense",
                                         "assignment/999"};
  for (const auto& key : keys)
    for (const std::string value : {"{", "\xff\xfe", "[1,2]", "{\"server\":\"x\"}"})
      REQUIRE(scene.etcdctl("cp-2", {"put", prefix + key, value}).exit_code == 0);
  shows(scene, "cp-1", "nodes/ghost");
  scene.nothing_moves(start, Millis(5000), "with garbage in etcd");
  CHECK(scene.holder() == "cp-1");
  for (const auto& key : keys)
    REQUIRE(scene.etcdctl("cp-2", {"del", prefix + key}).exit_code == 0);
  scene.until("cp-1 has no problem left", kShown,
              [&] { return scene.status_of("cp-1")["problems"].empty(); });

  // A leader key nobody can read stays taken: nobody acquires over it.
  REQUIRE(scene.etcdctl("cp-2", {"put", prefix + "leader", "garbage"}).exit_code == 0);
  shows(scene, "cp-2", prefix + "leader");
  scene.nothing_moves(start, Millis(5000), "with garbage for a leader");
  CHECK(scene.who_answers() == "cp-1");
  REQUIRE(scene.etcdctl("cp-2", {"del", prefix + "leader"}).exit_code == 0);
  scene.until_settled("without garbage", Millis(60000));
  CHECK(scene.holder() == "cp-1");
  CHECK(scene.moves_since(start).empty());
}

TEST_CASE("garbage for the pause or for the address' own record costs no move, dead holder or not",
          "[E1][A1][A4][E20]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  const std::string prefix = "/vipd/lab/api/";
  const std::string record = fmt::format("{}assignment/{}", prefix, kFipV4Id);
  const auto put_garbage = [&] {  // which takes an etcd leader
    scene.until("etcd has taken garbage for the record", Millis(20000), [&] {
      return scene.etcdctl("cp-2", {"put", record, "{"}).exit_code == 0;
    });
  };
  put_garbage();
  scene.until("the holder has written its record again", Millis(5000), [&] {
    const auto got = scene.etcdctl("cp-2", {"get", "--print-value-only", record});
    return got.output.find("verified") != std::string::npos;
  });
  scene.nothing_moves(start, Millis(5000), "with the record written again");
  // A pause that cannot be read is one: somebody meant to stop vipd.
  REQUIRE(scene.etcdctl("cp-2", {"put", prefix + "pause", "\xff"}).exit_code == 0);
  shows(scene, "cp-1", prefix + "pause");
  scene.until("cp-1 is paused", kShown,
              [&] { return scene.status_of("cp-1")["paused"].is_object(); });
  scene.nothing_moves(start, Millis(5000), "with garbage for the pause");
  REQUIRE(scene.etcdctl("cp-2", {"del", prefix + "pause"}).exit_code == 0);
  scene.until("cp-1 is not paused", kShown,
              [&] { return scene.status_of("cp-1")["paused"].is_null(); });
  scene.act("kill", "cp-1");
  put_garbage();  // nobody is left to mend it
  scene.until("another node serves", Millis(20000),
              [&] { return scene.who_answers().find("cp-") == 0; });
}

TEST_CASE("an address removed by hand comes back; one put there in global scope is refused",
          "[N6][N7][E11]") {
  Scene scene(on_cp_1());
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  const std::string address = fmt::format("{}/32", kFipV4);
  for (const std::string node : {"cp-1", "cp-2"}) {
    REQUIRE(scene.run(node, {"ip", "addr", "del", address, "dev", "lo"}).exit_code == 0);
    scene.until("it is back on " + node, Millis(5000),
                [&] { return addresses(scene, node).find(kFipV4) != std::string::npos; });
  }
  scene.until_settled("with it back");

  scene.act("stop-vipd", "cp-3");
  scene.run("cp-3", {"ip", "addr", "del", address, "dev", "lo"});
  REQUIRE(scene.run("cp-3", {"ip", "addr", "add", address, "dev", "lo", "scope", "global"})
              .exit_code == 0);
  scene.act("start-vipd", "cp-3");
  scene.until("cp-3 is not ready", kShown, [&] { return scene.state_of("cp-3") == "not-ready"; });
  shows(scene, "cp-3", "ip addr del");
  REQUIRE(scene.run("cp-3", {"ip", "addr", "del", address, "dev", "lo"}).exit_code == 0);
  scene.until_settled("once it is removed", Millis(30000));
  CHECK(addresses(scene, "cp-3").find("scope host") != std::string::npos);
  CHECK(scene.moves_since(start).empty());
}

}  // namespace
}  // namespace vipd::lab
