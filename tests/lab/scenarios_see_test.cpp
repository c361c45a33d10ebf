// What an operator asks a running vipd, and what its journal tells afterwards.
#include "tests/catch.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

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

TEST_CASE("journals of the lab replay to the same commands and hold no token", "[O6]") {
  Setup setup = quick();
  setup.fip_on = "cp-1";
  Scene scene(setup);
  scene.until_settled("at first");
  REQUIRE(scene.ask_handover("cp-1", "cp-2").ok());
  scene.until("cp-2 holds", Millis(20000), [&] { return scene.holder() == "cp-2"; });
  CHECK(names(scene.vipd("cp-2", "why").output, "would take over"));
  scene.act("kill-apiserver", "cp-2");
  scene.until("another holds", Millis(30000), [&] {
    return !scene.holder().empty() && scene.holder() != "cp-2";
  });
  scene.act("start-apiserver", "cp-2");
  scene.act("wait-ready", "cp-2");
  scene.until_settled("after two moves");
  for (const auto& node : scene.running()) {
    const std::string file = scene.layout().node(node) + "/journal";
    REQUIRE(scene.vipd(node, "journal dump > " + file).exit_code == 0);
    CHECK_FALSE(names(content_of(file), kToken));
    const int code = scene.vipd(node, fmt::format("replay {0} > {0}.story", file)).exit_code;
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
  const auto paused = scene.vipd("cp-2", "pause --for 40s --hard --reason test");
  INFO(paused.output);
  REQUIRE(paused.exit_code == 0);
  scene.until("all know", Millis(3000), [&] {
    return scene.status_of("cp-3")["paused"].is_object();
  });
  CHECK(names(scene.vipd("cp-1", "why").output, "nobody would take over: hard paused"));
  scene.act("kill", "cp-1");
  scene.nothing_moves(start, Millis(15000), "while paused");
  CHECK(scene.vipd("cp-3", "resume").exit_code == 0);
  scene.until("another takes over", Millis(40000), [&] { return !scene.holder().empty(); });
  const auto holder = scene.holder();
  const auto lease = scene.vipd(holder, "lease show");
  CHECK(names(lease.output, "holder    " + holder));
  const std::string instance = scene.status_of(holder)["instance"];
  const auto refused = scene.vipd(holder, "lease release --if-holder " + instance);
  CHECK(refused.exit_code == 1);
  CHECK(names(refused.output, holder + " lives"));
}

TEST_CASE("a leader key whose holder is gone is released by hand, a living holder's never",
          "[O3][E20]") {
  Setup setup = quick();
  setup.fip_on = "cp-1";
  Scene scene(setup);
  scene.until_settled("at first");
  const auto start = scene.audit_seq();
  REQUIRE(scene.vipd("cp-1", "pause --for 2m --hard").exit_code == 0);
  const std::string ghost = R"({"instance":"ghost","server":77,"node":"ghost"})";
  REQUIRE(scene.etcdctl("cp-1", {"put", "/vipd/lab/api/leader", ghost}).exit_code == 0);
  scene.until("cp-2 sees it", Millis(5000), [&] {
    return names(scene.vipd("cp-2", "lease show").output, "alive     no");
  });
  const auto wrong = scene.vipd("cp-2", "lease release --if-holder another");
  CHECK(wrong.exit_code == 1);
  CHECK(names(wrong.output, "the holder is ghost"));
  const auto released = scene.vipd("cp-2", "lease release --if-holder ghost");
  INFO(released.output);
  CHECK(released.exit_code == 0);
  CHECK(scene.vipd("cp-2", "resume").exit_code == 0);
  scene.until_settled("without the ghost");
  CHECK(scene.holder() == "cp-1");
  CHECK(scene.moves_since(start).empty());
}

TEST_CASE("a vipd that observes leaves no trace; the metrics of every kind please promtool",
          "[O4][O5]") {
  Setup setup = quick();
  setup.fip_on = "cp-1";
  Scene scene(setup);
  scene.until_settled("at first");
  scene.act("stop-vipd", "cp-3");
  std::ofstream(scene.layout().node("cp-3") + "/vipd.yaml", std::ios::app) << "mode: observe\n";
  scene.act("start-vipd", "cp-3");
  scene.until("cp-3 observes", Millis(20000), [&] {
    return names(scene.vipd("cp-3", "why").output, "stand by for cp-1");
  });
  const std::string instance = scene.status_of("cp-3")["instance"];
  const auto keys = scene.etcdctl("cp-1", {"get", "--prefix", "/vipd/", "--keys-only"});
  CHECK(names(keys.output, "/vipd/lab/api/nodes/"));
  CHECK_FALSE(names(keys.output, instance));
  CHECK(scene.vipd("cp-3", "pause --for 1m").exit_code == 1);

  scene.write_token("cp-2", "");
  scene.until("cp-2 only serves", Millis(20000),
              [&] { return scene.state_of("cp-2") == "serving"; });
  for (const auto& [node, state] : {std::pair("cp-1", "holder"), std::pair("cp-2", "serving"),
                                    std::pair("cp-3", "observing")}) {
    const auto text = scene.run(node, {"curl", "-sS", "http://127.0.0.1:9479/metrics"});
    INFO(text.output);
    CHECK(names(text.output, fmt::format("vipd_state{{state=\"{}\"}} 1\n", state)));
    if (std::system("promtool --version >/dev/null 2>&1") != 0) {
      WARN("SKIPPED: no promtool; tools/setup installs it (package prometheus)");
      return;
    }
    const auto judged = scene.run(
        node, {"sh", "-c", "curl -sS http://127.0.0.1:9479/metrics | promtool check metrics"});
    INFO(judged.output);
    CHECK(judged.exit_code == 0);
    CHECK(judged.output.empty());
  }
}

}  // namespace
}  // namespace vipd::lab
