#include "certsans/wanted.h"

#include <set>

#include "tests/catch.h"

namespace vipd::certsans {
namespace {

using Names = std::vector<std::string>;

Declared declared() {
  return {.host = "api.example.com",
          .addresses = {"203.0.113.10", "2001:db8::1"},
          .names = {"api.tail1234.ts.net", "100.100.1.1", "10.0.1.100", "api.internal",
                    "k8s.example.net", "198.51.100.7"},
          .spares = {"203.0.113.11"},
          .old_host = "49.13.53.183"};
}

TEST_CASE("every declared name is wanted, each of its kind, in the order of importance") {
  const auto wanted = wanted_set(declared());
  CHECK(names_of(wanted) ==
        Names{"api.example.com", "203.0.113.10", "2001:db8::1", "api.tail1234.ts.net",
              "100.100.1.1", "10.0.1.100", "api.internal", "k8s.example.net", "198.51.100.7",
              "203.0.113.11", "49.13.53.183"});
  Names kinds;
  for (const Wanted& each : wanted) kinds.push_back(text_of(each.kind));
  CHECK(kinds == Names{"public name", "address", "address", "tailnet", "tailnet", "private",
                       "private", "public name", "address", "spare", "old endpoint"});
}

TEST_CASE("each says why it is there, and where it is declared") {
  std::set<std::string> reasons;
  for (const Wanted& each : wanted_set(declared())) {
    INFO(each.name);
    CHECK_FALSE(each.why.empty());
    reasons.insert(each.why);
  }
  CHECK(reasons.size() == 5);
  CHECK(wanted_set(declared()).back().why == "clients have it until all are moved (endpoint.old)");
}

TEST_CASE("a name in two places is wanted once, whatever its spelling") {
  Declared twice = declared();
  twice.host = "203.0.113.10";
  twice.names = {"API.example.com.", "api.Example.com", "2001:DB8:0::1", ""};
  twice.spares = {"203.0.113.10"};
  twice.old_host = "api.example.com";
  CHECK(names_of(wanted_set(twice)) == Names{"203.0.113.10", "2001:db8::1", "API.example.com."});
}

TEST_CASE("without an old endpoint none is wanted") {
  Declared finalized = declared();
  finalized.old_host = "";
  for (const Wanted& each : wanted_set(finalized)) CHECK(each.kind != Kind::kOldEndpoint);
  CHECK(wanted_set({}).empty());
}

TEST_CASE("the kind of a name follows from its form, to the edges of each prefix") {
  struct Case {
    std::string name;
    Kind kind;
  };
  const auto [name, kind] = GENERATE(values<Case>({
      {"9.255.255.255", Kind::kAddress},    {"10.0.0.0", Kind::kPrivate},
      {"10.255.255.255", Kind::kPrivate},   {"11.0.0.0", Kind::kAddress},
      {"172.15.255.255", Kind::kAddress},   {"172.16.0.0", Kind::kPrivate},
      {"172.31.255.255", Kind::kPrivate},   {"172.32.0.0", Kind::kAddress},
      {"192.168.1.1", Kind::kPrivate},      {"192.169.0.0", Kind::kAddress},
      {"100.63.255.255", Kind::kAddress},   {"100.64.0.0", Kind::kTailnet},
      {"100.127.255.255", Kind::kTailnet},  {"100.128.0.0", Kind::kAddress},
      {"fd7a:115c:a1e0::1", Kind::kTailnet}, {"fd7a:115c:a1e1::1", Kind::kPrivate},
      {"fc00::1", Kind::kPrivate},          {"2a01:4f8::1", Kind::kAddress},
      {"api.x.ts.net", Kind::kTailnet},     {"API.X.TS.NET.", Kind::kTailnet},
      {"ts.net.example.org", Kind::kPublicName}, {"cp-1", Kind::kPrivate},
      {"cp-1.lan", Kind::kPrivate},         {"cp-1.local", Kind::kPrivate},
      {"cp-1.home.arpa", Kind::kPrivate},   {"cp-1.internal", Kind::kPrivate},
      {"*.example.org", Kind::kPublicName},
  }));
  INFO(name);
  CHECK(kind_of(name) == kind);
}

}  // namespace
}  // namespace vipd::certsans
