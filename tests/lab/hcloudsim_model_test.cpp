// The simulated cloud itself, in simulated time.
#include "tools/lab/hcloudsim/model.h"

#include "tests/catch.h"
#include "tools/lab/hcloudsim/label_selector.h"
#include "tools/lab/hcloudsim/latency.h"
#include "tools/lab/hcloudsim/rate_limiter.h"

namespace vipd::hcloudsim {
namespace {

using namespace std::chrono_literals;

base::Instant at(std::chrono::milliseconds time) { return base::Instant(time); }

// Two servers and one Floating IP; an assign takes exactly 2 s.
struct Cloud {
  Cloud() : model(1) {
    model.timing.assign.fixed = 2000ms;
    for (const Id id : {1, 2}) {
      Server server;
      server.id = id;
      server.name = "cp-" + std::to_string(id);
      server.link = "veth" + std::to_string(id);
      model.create_server(caller(0ms), server);
    }
    NewFloatingIp wanted;
    wanted.id = 7;
    wanted.name = "api";
    model.create_floating_ip(caller(0ms), wanted);
  }
  static Caller caller(std::chrono::milliseconds now) { return {"lab", "test", at(now)}; }
  std::optional<Id> server() const { return model.floating_ips().at(7).server; }
  std::string link() const { return model.routes().at(0).link; }
  std::string code(const Result<Id>& result) const {
    const auto* error = std::get_if<ApiError>(&result);
    return error == nullptr ? "" : error->code;
  }
  const Action& action(const Result<Id>& result) const {
    return model.actions().at(std::get<Id>(result));
  }
  Model model;
};

TEST_CASE("an assign runs until its time is over, and only then shows the new server") {
  Cloud cloud;
  const auto started = cloud.model.assign(Cloud::caller(0ms), 7, 1);
  cloud.model.advance(at(1999ms));
  CHECK(cloud.action(started).status == "running");
  CHECK_FALSE(cloud.server());
  CHECK(cloud.model.next_due() == at(2000ms));
  cloud.model.advance(at(2000ms));
  CHECK(cloud.action(started).status == "success");
  CHECK(cloud.action(started).finished == at(2000ms));
  CHECK(cloud.server() == 1);
  CHECK(cloud.action(started).resources ==
        std::vector<ResourceRef>{{"server", 1}, {"floating_ip", 7}});
}

TEST_CASE("packets move with, before or after the action's success") {
  Cloud cloud;
  SECTION("with") {
    cloud.model.assign(Cloud::caller(0ms), 7, 1);
    cloud.model.advance(at(1999ms));
    CHECK(cloud.link().empty());
    cloud.model.advance(at(2000ms));
    CHECK(cloud.link() == "veth1");
  }
  SECTION("before") {
    cloud.model.switches.route = Switches::Route::kBefore;
    cloud.model.assign(Cloud::caller(0ms), 7, 1);
    cloud.model.advance(at(200ms));
    CHECK(cloud.link() == "veth1");
    CHECK_FALSE(cloud.server());
  }
  SECTION("after") {
    cloud.model.switches.route = Switches::Route::kAfter;
    cloud.model.assign(Cloud::caller(0ms), 7, 1);
    cloud.model.advance(at(2049ms));
    CHECK(cloud.server() == 1);
    CHECK(cloud.link().empty());
    cloud.model.advance(at(3000ms));
    CHECK(cloud.link() == "veth1");
  }
}

TEST_CASE("a lagging route does not undo a later move") {
  Cloud cloud;
  cloud.model.switches.route = Switches::Route::kAfter;
  cloud.model.assign(Cloud::caller(0ms), 7, 1);
  cloud.model.advance(at(2000ms));
  cloud.model.steal(7, 2, at(2010ms));
  cloud.model.advance(at(10s));
  CHECK(cloud.link() == "veth2");
  CHECK(cloud.server() == 2);
}

TEST_CASE("a stale assign that completes late takes the address and its packets back") {
  Cloud cloud;
  cloud.model.assign(Cloud::caller(0ms), 7, 1);
  cloud.model.steal(7, 2, at(1000ms));
  CHECK(cloud.link() == "veth2");
  cloud.model.advance(at(2000ms));
  CHECK(cloud.server() == 1);
  CHECK(cloud.link() == "veth1");
}

TEST_CASE("a running action locks the Floating IP and, unless switched off, the server") {
  Cloud cloud;
  NewFloatingIp second;
  second.id = 8;
  second.v6 = true;
  cloud.model.create_floating_ip(Cloud::caller(0ms), second);
  cloud.model.assign(Cloud::caller(0ms), 7, 1);
  CHECK(cloud.code(cloud.model.assign(Cloud::caller(1ms), 7, 2)) == "locked");
  CHECK(cloud.code(cloud.model.assign(Cloud::caller(1ms), 8, 1)) == "locked");
  CHECK(cloud.code(cloud.model.delete_floating_ip(Cloud::caller(1ms), 7)) == "locked");
  cloud.model.advance(at(2000ms));
  CHECK(cloud.code(cloud.model.assign(Cloud::caller(2000ms), 7, 2)).empty());
  cloud.model.switches.lock_servers = false;
  cloud.model.advance(at(4000ms));
  CHECK(cloud.code(cloud.model.assign(Cloud::caller(4000ms), 7, 1)).empty());
  CHECK(cloud.code(cloud.model.assign(Cloud::caller(4000ms), 8, 1)).empty());
}

TEST_CASE("which assigns of an assigned address are refused is a switch") {
  Cloud cloud;
  cloud.model.place(7, 1, at(0ms));
  const auto to = [&](Id server) {
    return cloud.code(cloud.model.assign(Cloud::caller(1ms), 7, server));
  };
  SECTION("same") {
    CHECK(to(1) == "floating_ip_assigned");
    CHECK(to(2).empty());
  }
  SECTION("any") {
    cloud.model.switches.floating_ip_assigned = Switches::Refuse::kAny;
    CHECK(to(2) == "floating_ip_assigned");
  }
  SECTION("never") {
    cloud.model.switches.floating_ip_assigned = Switches::Refuse::kNever;
    CHECK(to(1).empty());
  }
}

TEST_CASE("an assign that is made to fail changes nothing") {
  for (const auto route : {Switches::Route::kBefore, Switches::Route::kWith}) {
    Cloud cloud;
    cloud.model.switches.route = route;
    Caller caller = Cloud::caller(0ms);
    caller.action_fails = true;
    const auto started = cloud.model.assign(caller, 7, 1);
    cloud.model.advance(at(10s));
    CHECK(cloud.action(started).status == "error");
    CHECK(cloud.action(started).failure->code == "action_failed");
    CHECK_FALSE(cloud.server());
    CHECK(cloud.link().empty());
    CHECK_FALSE(cloud.model.is_locked({"floating_ip", 7}));
  }
}

TEST_CASE("deleting a server detaches its addresses and sends their packets nowhere") {
  Cloud cloud;
  cloud.model.place(7, 1, at(0ms));
  const auto running = cloud.model.assign(Cloud::caller(0ms), 7, 2);
  REQUIRE(cloud.model.remove_server(1, at(100ms)));
  CHECK_FALSE(cloud.server());
  CHECK(cloud.link().empty());
  REQUIRE(cloud.model.remove_server(2, at(200ms)));
  cloud.model.advance(at(10s));
  CHECK(cloud.action(running).status == "error");
  CHECK_FALSE(cloud.server());
}

TEST_CASE("what belongs to another project is not there") {
  Cloud cloud;
  const Caller stranger{"other", "test", at(0ms)};
  CHECK(cloud.code(cloud.model.assign(stranger, 7, 1)) == "not_found");
  CHECK(cloud.model.find_floating_ip("other", 7) == nullptr);
  Server foreign;
  foreign.id = 3;
  foreign.name = "theirs";
  cloud.model.create_server(stranger, foreign);
  CHECK(cloud.code(cloud.model.assign(Cloud::caller(0ms), 7, 3)) == "not_found");
}

TEST_CASE("the same seed gives the same latencies, spread as asked") {
  Random one(5);
  Random same(5);
  const Latency latency;
  int above_median = 0;
  int above_p99 = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto drawn = latency.draw(one);
    REQUIRE(drawn == latency.draw(same));
    above_median += drawn > latency.median ? 1 : 0;
    above_p99 += drawn > latency.p99 ? 1 : 0;
  }
  CHECK(above_median > 9700);
  CHECK(above_median < 10300);
  CHECK(above_p99 > 150);
  CHECK(above_p99 < 250);
}

TEST_CASE("the bucket empties by requests and fills by one a second") {
  RateLimiter rate;
  for (int i = 0; i < 3600; ++i) REQUIRE(rate.take("p", at(0ms)).allowed);
  const RateState empty = rate.take("p", at(500ms));
  CHECK_FALSE(empty.allowed);
  CHECK(empty.remaining == 0);
  CHECK(empty.full_in_seconds == 3600);
  CHECK(rate.take("p", at(1000ms)).allowed);
  CHECK(rate.take("another", at(1000ms)).remaining == 3599);
  CHECK(rate.take("p", at(4000s)).full_in_seconds == 1);
}

TEST_CASE("label selectors follow Hetzner's grammar") {
  const Labels labels{{"env", "prod"}, {"vipd.io/group", "api"}, {"empty", ""}};
  const auto matches = [&](const char* text) {
    const auto selector = LabelSelector::parse(text);
    INFO(text);
    REQUIRE(selector.ok());
    return selector->matches(labels);
  };
  for (const char* yes : {"env==prod", "env=prod", "env!=dev", "other!=x", "env", "!other",
                          "env in (dev,prod)", "env notin (dev, test)", "other notin (a)",
                          "vipd.io/group=api,env", " env == prod , !x", "empty="}) {
    CHECK(matches(yes));
  }
  for (const char* no : {"env==dev", "env!=prod", "other", "!env", "env in (dev)",
                         "env notin (prod)", "env=prod,other", "other in (a)"}) {
    CHECK_FALSE(matches(no));
  }
  for (const char* bad : {"", "=x", "env==a b", "env in prod", "env in (a", "env on (a)", "env,,x",
                          "-env", "env=-", "!", "a/b/c", "env in (a) x", "env in ()"}) {
    INFO(bad);
    CHECK_FALSE(LabelSelector::parse(bad).ok());
  }
}

}  // namespace
}  // namespace vipd::hcloudsim
