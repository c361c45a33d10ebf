// What an operator asks a running vipd, and what its journal tells afterwards.
#include "tests/catch.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "tests/lab/scenario.h"
#include "tools/lab/programs.h"

namespace vipd::lab {
namespace {

bool names(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// One vipd command at the socket of the node's own vipd, through a shell.
Executed vipd(Scene& scene, const std::string& node, const std::string& words) {
  return scene.run(node, {"sh", "-c",
                          fmt::format("VIPD_SOCKET={} {}/vipd {}",
                                      scene.layout().vipd_socket(node), quick().bin, words)});
}

TEST_CASE("journals of the lab replay to the same commands and hold no token", "[O6]") {
  Setup setup = quick();
  setup.fip_on = "cp-1";
  Scene scene(setup);
  scene.until_settled("at first");
  REQUIRE(scene.ask_handover("cp-1", "cp-2").ok());
  scene.until("cp-2 holds", Millis(20000), [&] { return scene.holder() == "cp-2"; });
  CHECK(names(vipd(scene, "cp-2", "why").output, "would take over"));
  scene.act("kill-apiserver", "cp-2");
  scene.until("another holds", Millis(30000), [&] {
    return !scene.holder().empty() && scene.holder() != "cp-2";
  });
  scene.act("start-apiserver", "cp-2");
  scene.act("wait-ready", "cp-2");
  scene.until_settled("after two moves");
  for (const auto& node : scene.running()) {
    const std::string file = scene.layout().node(node) + "/journal";
    REQUIRE(vipd(scene, node, "journal dump > " + file).exit_code == 0);
    CHECK_FALSE(names(content_of(file), kToken));
    const int code = vipd(scene, node, fmt::format("replay {0} > {0}.story", file)).exit_code;
    const std::string story = content_of(file + ".story");
    INFO(node << ": " << story.substr(story.size() - std::min<std::size_t>(story.size(), 2000)));
    CHECK(code == 0);
    CHECK(names(story, "the same commands as recorded"));
    if (node == "cp-1") CHECK(names(story, "hand over to cp-2: asked by scenario"));
  }
}

TEST_CASE("a hard pause holds off even the takeover of a dead holder until it is over",
          "[O1][O2][E20]") {
  Setup setup = quick();
  setup.fip_on = "cp-1";
  Scene scene(setup);
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  const auto paused = vipd(scene, "cp-2", "pause --for 40s --hard --reason test");
  INFO(paused.output);
  REQUIRE(paused.exit_code == 0);
  scene.until("all know", Millis(3000), [&] {
    return scene.status_of("cp-3")["paused"].is_object();
  });
  CHECK(names(vipd(scene, "cp-1", "why").output, "nobody would take over: hard paused"));
  scene.act("kill", "cp-1");
  scene.nothing_moves(start, Millis(15000), "while paused");
  CHECK(vipd(scene, "cp-3", "resume").exit_code == 0);
  scene.until("another takes over", Millis(40000), [&] { return !scene.holder().empty(); });
  const auto holder = scene.holder();
  const auto lease = vipd(scene, holder, "lease show");
  CHECK(names(lease.output, "holder    " + holder));
  const std::string instance = scene.status_of(holder)["instance"];
  const auto refused = vipd(scene, holder, "lease release --if-holder " + instance);
  CHECK(refused.exit_code == 1);
  CHECK(names(refused.output, holder + " lives"));
}

}  // namespace
}  // namespace vipd::lab
