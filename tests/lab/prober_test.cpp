// How single probes become outages and cuts.
#include "tools/lab/prober/prober.h"

#include "tests/catch.h"
#include "tools/lab/prober/outages.h"

namespace vipd::prober {
namespace {

using std::chrono::milliseconds;

class Run {
 public:
  // One probe every 10 ms.
  void add(Outcome outcome, const std::string& node = "", bool connected = true) {
    outages_.add({.number = number_,
                  .started = base::Instant(milliseconds(10 * number_)),
                  .took = milliseconds(2),
                  .outcome = outcome,
                  .connected = connected,
                  .node = node,
                  .why = ""});
    ++number_;
  }
  [[nodiscard]] base::Json summary() const { return outages_.summary(); }

 private:
  Outages outages_;
  std::uint64_t number_ = 0;
};

TEST_CASE("an outage lasts from the first failed start to the first good one after it") {
  Run run;
  run.add(Outcome::kOk, "cp-1");
  for (int i = 0; i < 20; ++i) run.add(Outcome::kTimeout, "", false);
  run.add(Outcome::kOk, "cp-2");
  const auto summary = run.summary();
  REQUIRE(summary["outages"].size() == 1);
  CHECK(summary["longest_outage_ms"] == 200.0);
  CHECK(summary["outages"][0]["node_before"] == "cp-1");
  CHECK(summary["outages"][0]["node_after"] == "cp-2");
  CHECK(summary["outages"][0]["failed"] == 20);
  CHECK(summary["moves"] == 1);
  CHECK(summary["cut_in_flight"] == 0);
}

TEST_CASE("connections cut by the move of the route are counted apart from outages") {
  Run run;
  run.add(Outcome::kOk, "cp-1");
  run.add(Outcome::kReset);
  run.add(Outcome::kOk, "cp-2");
  CHECK(run.summary()["outages"].empty());
  CHECK(run.summary()["cut_in_flight"] == 1);
}

TEST_CASE("a lost connection without a move is an outage") {
  Run run;
  run.add(Outcome::kOk, "cp-1");
  run.add(Outcome::kReset);
  run.add(Outcome::kOk, "cp-1");
  CHECK(run.summary()["outages"].size() == 1);
  CHECK(run.summary()["cut_in_flight"] == 0);
}

TEST_CASE("a refused connection is never a cut, and neither is a hung server") {
  Run refused;
  refused.add(Outcome::kOk, "cp-1");
  refused.add(Outcome::kRefused, "", false);
  refused.add(Outcome::kOk, "cp-2");
  CHECK(refused.summary()["outages"].size() == 1);
  Run hung;
  hung.add(Outcome::kOk, "cp-1");
  for (int i = 0; i < 6; ++i) hung.add(Outcome::kTimeout);  // 60 ms: longer than a cut may be
  hung.add(Outcome::kOk, "cp-2");
  CHECK(hung.summary()["outages"].size() == 1);
  CHECK(hung.summary()["cut_in_flight"] == 0);
}

TEST_CASE("an outage that lasts is reported up to the last probe") {
  Run run;
  run.add(Outcome::kRefused, "", false);
  run.add(Outcome::kRefused, "", false);
  run.add(Outcome::kRefused, "", false);
  CHECK(run.summary()["down_now"] == true);
  CHECK(run.summary()["longest_outage_ms"] == 20.0);
  CHECK(run.summary()["outages"][0]["to_ns"].is_null());
}

TEST_CASE("probes that end out of order are judged in the order they started") {
  Outages outages;
  const auto probe = [](std::uint64_t number, Outcome outcome) {
    return Probe{.number = number,
                 .started = base::Instant(milliseconds(10 * number)),
                 .took = milliseconds(1),
                 .outcome = outcome,
                 .connected = false,
                 .node = outcome == Outcome::kOk ? "cp-1" : "",
                 .why = ""};
  };
  outages.add(probe(0, Outcome::kOk));
  outages.add(probe(2, Outcome::kOk));  // 1 is still waiting for its timeout
  CHECK(outages.summary()["probes"] == 1);
  outages.add(probe(1, Outcome::kTimeout));
  CHECK(outages.summary()["probes"] == 3);
  CHECK(outages.summary()["longest_outage_ms"] == 10.0);
}

TEST_CASE("what failed is told by its kind and by whether it had connected") {
  const auto outcome = [](absl::Status failure) {
    base::HttpResult result;
    result.response = std::move(failure);
    return classify({}, result);
  };
  const auto refused =
      outcome(absl::UnavailableError("203.0.113.10:6443: Connection refused (phase: connect)"));
  CHECK(refused.outcome == Outcome::kRefused);
  CHECK_FALSE(refused.connected);
  const auto reset =
      outcome(absl::UnavailableError("203.0.113.10:6443: Connection reset (phase: TLS)"));
  CHECK(reset.outcome == Outcome::kReset);
  CHECK(reset.connected);
  const auto dead =
      outcome(absl::DeadlineExceededError("203.0.113.10:6443: deadline passed in phase connect"));
  CHECK(dead.outcome == Outcome::kTimeout);
  CHECK_FALSE(dead.connected);
  CHECK(outcome(absl::UnauthenticatedError("expired")).outcome == Outcome::kTls);
  base::HttpResult not_ready;
  not_ready.response = base::HttpResponse{
      .status = 500, .headers = {{"x-apisim-node", "cp-3"}}, .body = "[-]etcd failed"};
  CHECK(classify({}, not_ready).outcome == Outcome::kHttp);
  CHECK(classify({}, not_ready).node == "cp-3");
}

}  // namespace
}  // namespace vipd::prober
