#include "vipd/metrics/text.h"

#include <stdio.h>

#include <array>
#include <fstream>
#include <sstream>

#include "tests/core/story.h"

namespace vipd::metrics {
namespace {

using namespace std::chrono_literals;
using fakes::World;

std::string text_of(const base::Json& status) { return metrics_text(status.dump()); }

// The value of the sample that begins so; -1 without one.
double value(const std::string& text, const std::string& sample) {
  const auto at = ("\n" + text).find("\n" + sample + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + sample.size() + 1));
}

// A vipd that has seen a handover, drift and Hetzner's answers.
base::Json eventful_status() {
  World world = core::settled(3);
  world.post(0, core::HandoverAsked{5, "cp-2", "", "ann", "drill"});
  REQUIRE(core::held_by(world, "cp-2", 30s));
  world.assign_by_hand(World::kV4, 4711);
  world.run(3min);
  auto status = world.status(1);
  status["commit"] = "abc";
  status["hcloud"]["requests"] = {{{"method", "GET"}, {"code", 200}, {"count", 12}},
                                  {{"method", "POST"}, {"code", 0}, {"count", 1}}};
  return status;
}

TEST_CASE("every metric of the design is there, with what the status says") {
  const auto status = eventful_status();
  const std::string text = text_of(status);
  INFO(text);
  CHECK(value(text, "vipd_build_info{version=\"test\",commit=\"abc\",mode=\"manage\"}") == 1);
  CHECK(value(text, "vipd_holder") == 1);
  CHECK(value(text, "vipd_ready") == 1);
  CHECK(value(text, "vipd_gate{condition=\"apiserver-readyz\"}") == 1);
  CHECK(value(text, "vipd_lease_remaining_seconds") > 3);
  CHECK(value(text, "vipd_lease_remaining_seconds") <= 5);
  CHECK(value(text, "vipd_epoch") == status["epoch"].get<double>());
  CHECK(value(text, "vipd_state{state=\"holder\"}") == 1);
  CHECK(value(text, "vipd_state{state=\"frozen\"}") == 0);
  CHECK(value(text, "vipd_moves_total{cause=\"request\"}") == 1);
  CHECK(value(text, "vipd_moves_total{cause=\"takeover\"}") == 0);
  CHECK(value(text, "vipd_drift_total{action=\"repaired\"}") >= 1);
  CHECK(value(text, "vipd_drift_total{action=\"followed\"}") == 0);
  CHECK(value(text, "vipd_move_phase_seconds_bucket{phase=\"total\",le=\"1\"}") == 0);
  CHECK(value(text, "vipd_move_phase_seconds_bucket{phase=\"total\",le=\"2.5\"}") == 1);
  CHECK(value(text, "vipd_move_phase_seconds_bucket{phase=\"total\",le=\"+Inf\"}") == 1);
  CHECK(value(text, "vipd_move_phase_seconds_count{phase=\"verify\"}") == 1);
  CHECK(value(text, "vipd_move_phase_seconds_sum{phase=\"total\"}") > 1);
  CHECK(value(text, "vipd_hcloud_requests_total{method=\"GET\",code=\"200\"}") == 12);
  CHECK(value(text, "vipd_hcloud_requests_total{method=\"POST\",code=\"none\"}") == 1);
  CHECK(value(text, "vipd_hcloud_ratelimit_remaining") == 3500);
}

TEST_CASE("every state that a status names is one of the metric's") {
  World world = core::settled(3);
  const auto counted = [&](int node) {
    return value(text_of(world.status(node)),
                 "vipd_state{state=\"" + world.state(node) + "\"}");
  };
  CHECK(counted(0) == 1);
  CHECK(counted(1) == 1);
  world.nodes[1].apiserver = false;
  world.post(2, core::TokenSeen{false, 1, "gone"});
  world.run(10s);
  CHECK(counted(1) == 1);
  CHECK(world.state(2) == "serving");
  CHECK(counted(2) == 1);
  world.lose_quorum();
  world.run(10s);
  CHECK(world.state(0) == "frozen");
  CHECK(counted(0) == 1);
}

TEST_CASE("a status that lacks everything, or is none, makes no nonsense") {
  CHECK(metrics_text("no JSON").empty());
  const std::string text = metrics_text("[]");
  CHECK(value(text, "vipd_holder") == 0);
  CHECK(value(text, "vipd_epoch") == 0);
  CHECK(metrics_text(R"({"gate":[7],"figures":{"phases":{"total":[]}}})").find("phase=") !=
        std::string::npos);
}

TEST_CASE("a label's quotes, backslashes and line feeds are escaped") {
  const std::string text = metrics_text(R"({"version":"a\"b\\c\nd"})");
  CHECK(text.find(R"(version="a\"b\\c\nd")") != std::string::npos);
}

TEST_CASE("promtool finds nothing to say about the text") {
  if (::system("promtool --version >/dev/null 2>&1") != 0) {
    WARN("SKIPPED: no promtool; tools/setup installs it (package prometheus)");
    return;
  }
  const auto judged = [](const std::string& text) {
    FILE* promtool = ::popen("promtool check metrics 2>&1 >/dev/null", "w");
    REQUIRE(promtool != nullptr);
    ::fwrite(text.data(), 1, text.size(), promtool);
    return ::pclose(promtool);
  };
  CHECK(judged(text_of(eventful_status())) == 0);
  CHECK(judged(metrics_text("{}")) == 0);
  CHECK(judged("# TYPE vipd_bad_total gauge\nvipd_bad_total 1\n") != 0);  // it does judge
}

}  // namespace
}  // namespace vipd::metrics
