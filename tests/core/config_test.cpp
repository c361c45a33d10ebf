#include "vipd/core/config.h"

#include <functional>

#include "tests/catch.h"

namespace vipd::core {
namespace {

using namespace std::chrono_literals;

Config good() {
  Config config;
  config.cluster = "prod";
  config.fips = {{1234, IpAddress::parse("203.0.113.10").value()}};
  config.labels = {{"vipd", "prod"}};
  return config;
}

// What is said of the good configuration after one change.
std::string said(const std::function<void(Config&)>& change) {
  Config config = good();
  change(config);
  return std::string(validate(config).message());
}

TEST_CASE("the defaults hold every relation", "[E19]") { CHECK(validate(good()).ok()); }

TEST_CASE("every key of a group lives under its own prefix", "[E1]") {
  CHECK(good().prefix() == "/vipd/prod/api/");
}

TEST_CASE("the selector names every label", "[A4]") {
  Config config = good();
  config.labels = {{"b", "2"}, {"a", "1"}, {"c", ""}};
  CHECK(config.label_selector() == "a=1,b=2,c");
}

TEST_CASE("a name that would break out of its etcd prefix is refused", "[E1]") {
  for (const std::string name : {"", "a/b", "Prod", "-a", "a-", "a.b", "a b", "\xc3\xa4"}) {
    CHECK(said([&](Config& c) { c.cluster = name; }).rfind("cluster is \"" + name, 0) == 0);
    CHECK(said([&](Config& c) { c.group = name; }).rfind("group is \"" + name, 0) == 0);
  }
  CHECK_FALSE(said([&](Config& c) { c.cluster = std::string(64, 'a'); }).empty());
  for (const std::string name : {"a", "0", "a-b", "prod-2"}) {
    CHECK(said([&](Config& c) { c.cluster = c.group = name; }).empty());
  }
}

TEST_CASE("the allowlist is never empty, doubled or impossible", "[A20]") {
  const DeclaredFip fip = good().fips[0];
  CHECK(said([](Config& c) { c.fips.clear(); }).rfind("addresses is empty", 0) == 0);
  CHECK(said([&](Config& c) {
          c.fips.push_back({fip.id, IpAddress::parse("203.0.113.11").value()});
        }) == "addresses has the id 1234 twice");
  CHECK(said([&](Config& c) { c.fips.push_back({5, fip.address}); }) ==
        "addresses has 203.0.113.10 twice");
  for (const FipId id : {FipId{0}, FipId{-1}, FipId{1} << 53}) {
    CHECK(said([&](Config& c) { c.fips[0].id = id; }).find("ids are 1 to 9007199254740991") !=
          std::string::npos);
  }
  CHECK(said([](Config& c) { c.fips[0].id = (FipId{1} << 53) - 1; }).empty());
  for (const char* text : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "169.254.1.1"}) {
    CHECK(said([&](Config& c) { c.fips[0].address = IpAddress::parse(text).value(); }) ==
          "addresses has " + std::string(text) + ": a Floating IP is never that");
  }
}

TEST_CASE("a v6 address waits for the address guards", "[N8]") {
  const auto v6 = [](Config& c) { c.fips[0].address = IpAddress::parse("2001:db8::1").value(); };
  CHECK(said(v6).find("addressGuardsProven is false") != std::string::npos);
  CHECK(said([&](Config& c) {
          v6(c);
          c.address_guards_proven = true;
        }).empty());
  for (const char* text : {"::", "::1", "fe80::1", "ff02::1"}) {
    CHECK_FALSE(said([&](Config& c) {
                  c.fips[0].address = IpAddress::parse(text).value();
                  c.address_guards_proven = true;
                }).empty());
  }
}

TEST_CASE("labels are what Hetzner takes, and at least one", "[A20]") {
  CHECK(said([](Config& c) { c.labels.clear(); }).rfind("labels is empty", 0) == 0);
  for (const std::string key :
       {"", "-a", "a/", "/a", "a b", "a,b", "a=b", "UP.example/a", "a/b/c"}) {
    CHECK(said([&](Config& c) { c.labels = {{key, "v"}}; }).find("\"" + key + "\"") !=
          std::string::npos);
  }
  CHECK(said([](Config& c) { c.labels = {{std::string(64, 'k'), "v"}}; }) != "");
  CHECK(said([](Config& c) { c.labels = {{"k", std::string(64, 'v')}}; }) != "");
  CHECK(said([](Config& c) { c.labels = {{"k", "a,b"}}; }) != "");
  CHECK(said([](Config& c) { c.labels = {{"hetzner.cloud/x", "v"}}; }).find("reserves") !=
        std::string::npos);
  CHECK(said([](Config& c) {
          c.labels = {{"a.example.org/K_e.y-1", "V_1.2-3"}, {std::string(63, 'k'), ""}};
        }).empty());
}

struct Broken {
  const char* said;  // how the one complaint begins
  std::function<void(Timing&)> change;
};

TEST_CASE("every relation between times is checked, named and explained", "[E21]") {
  const std::vector<Broken> all = {
      {"timing.ttl (3s) must be at least 4s",
       [](Timing& t) {
         t.ttl = 3s;
         t.assign_deadline = 2s;
       }},
      {"timing.ttl (1m1s) must be at most 1m", [](Timing& t) { t.ttl = 61s; }},
      {"timing.keepaliveEvery x 3 (5s100ms) must be at most timing.ttl (5s)",
       [](Timing& t) { t.keepalive_every = 1700ms; }},
      {"timing.keepaliveDeadline (1s) must be less than timing.keepaliveEvery (1s)",
       [](Timing& t) { t.keepalive_deadline = 1s; }},
      {"timing.etcdDeadline (400ms) must be less than timing.keepaliveEvery (400ms)",
       [](Timing& t) {
         t.etcd_deadline = t.keepalive_every = 400ms;
         t.keepalive_deadline = 300ms;
       }},
      {"timing.etcdDeadline (500ms) must be less than timing.guardValid (500ms)",
       [](Timing& t) { t.etcd_deadline = 500ms; }},
      {"timing.readyzDeadline (1s) must be less than timing.readyzEvery (1s)",
       [](Timing& t) { t.readyz_deadline = 1s; }},
      {"timing.tlsDeadline (401ms) must be at most timing.tlsEvery x 2 (400ms)",
       [](Timing& t) { t.tls_deadline = 401ms; }},
      {"timing.guardValid (3s) must be less than timing.assignDeadline (3s)",
       [](Timing& t) { t.guard_valid = 3s; }},
      {"timing.assignDeadline (5s) must be less than timing.ttl (5s)",
       [](Timing& t) { t.assign_deadline = 5s; }},
      {"timing.assignDeadline (3s) must be less than timing.verifiedWithin (3s)",
       [](Timing& t) { t.verified_within = 3s; }},
      {"timing.intentWithin (999ms) must be at least 1s",
       [](Timing& t) { t.intent_within = 999ms; }},
      {"timing.intentWithin (20s) must be less than timing.verifiedWithin (20s)",
       [](Timing& t) { t.intent_within = 20s; }},
      {"timing.readEvery (1m59s) must be at least 2m", [](Timing& t) { t.read_every = 119s; }},
      {"timing.readDeadline (2m5s) must be less than timing.readEvery (2m5s)",
       [](Timing& t) { t.read_deadline = 125s; }},
      {"timing.cooldown (16m) must be at most timing.cooldownMost (15m)",
       [](Timing& t) { t.cooldown = 16min; }},
      {"timing.stopWithin (20s) must be less than 20s", [](Timing& t) { t.stop_within = 20s; }},
      {"timing.tlsDeadline (9ms) must be at least 10ms", [](Timing& t) { t.tls_deadline = 9ms; }},
  };
  for (const Broken& broken : all) {
    const std::string text = said([&](Config& c) { broken.change(c.timing); });
    INFO(text);
    CHECK(text.rfind(std::string(broken.said) + ": ", 0) == 0);
    CHECK(text.find('\n') == std::string::npos);
  }
}

TEST_CASE("a time of zero is refused, whichever it is", "[E19]") {
  Config config = good();
  config.timing = Timing{0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s};
  const std::string text(validate(config).message());
  for (const char* name :
       {"ttl", "keepaliveEvery", "etcdDeadline", "keepaliveDeadline", "readyzEvery",
        "readyzDeadline", "tlsEvery", "tlsDeadline", "guardValid", "assignDeadline",
        "readDeadline", "readEvery", "cooldown", "cooldownMost", "intentWithin", "verifiedWithin",
        "stopWithin"}) {
    INFO(name);
    CHECK(text.find("timing." + std::string(name) + " (0s) must be at least 10ms") !=
          std::string::npos);
  }
}

}  // namespace
}  // namespace vipd::core
