// `vipctl reserve` against the simulated Hetzner Cloud.
#include "tests/vipctl/cloud.h"
#include "tests/vipctl/fixtures.h"

namespace vipd::vipctl {
namespace {

using Texts = std::vector<std::string>;

constexpr auto kGroup = R"(cluster: prod
labels: {vipd.cluster: prod, env: "1"}
nodeSubnets: [10.0.1.0/24]
)";
constexpr auto kNew = "addresses: [{name: prod-api}]\nendpoint: {location: nbg1}\n";

struct Desk {
  SimulatedCloud cloud;
  Terminal terminal;

  int reserve(const std::string& declared, const Texts& more = {},
              const std::string& token = "tell-nobody") {
    Texts line = {"reserve", "-f", terminal.file("vipd.yaml", kGroup + declared)};
    line.insert(line.end(), more.begin(), more.end());
    const int code = terminal.run(line, cloud.environment(token));
    UNSCOPED_INFO(terminal.out << terminal.err);
    CHECK_FALSE(Terminal::has(terminal.out + terminal.err, "tell-nobody"));
    return code;
  }
  bool says(const std::string& part) const {
    return Terminal::has(terminal.out + terminal.err, part);
  }
};

const Texts kCreateAndProtect = {"POST /v1/floating_ips",
                                 "POST /v1/floating_ips/50000001/actions/change_protection"};

TEST_CASE(
    "a Floating IP that is not there is created as declared, protected, and assigned to nobody; "
    "the second run does nothing") {
  Desk desk;
  REQUIRE(desk.reserve(kNew) == 0);
  CHECK(desk.cloud.writes() == kCreateAndProtect);
  const Json fip = desk.cloud.fips().at(0);
  CHECK(fip["name"] == "prod-api");
  CHECK(fip["type"] == "ipv4");
  CHECK(fip["home_location"]["name"] == "nbg1");
  CHECK(fip["labels"] == Json({{"vipd.cluster", "prod"}, {"env", "1"}}));
  CHECK(fip["protection"]["delete"] == true);
  CHECK(fip["server"].is_null());
  CHECK(desk.says("created, protected"));
  CHECK(
      desk.says("addresses:\n  - {id: 50000001, address: \"203.0.113.1\", name: \"prod-api\"}\n"));
  CHECK(desk.says("costs 3.00 EUR a month (3.57 with VAT), assigned or not\n"));

  CHECK(desk.reserve(kNew) == 0);
  CHECK(desk.says("nothing to do"));
  CHECK(desk.cloud.writes().size() == 2);
  // What it printed is a declaration, and the daemon's reader takes it.
  CHECK(desk.reserve("addresses:\n  - {id: 50000001, address: \"203.0.113.1\", "
                     "name: \"prod-api\"}\n") == 0);
  CHECK(desk.says("nothing to do"));
}

TEST_CASE("one that is there is adopted by name, id or address, wherever it is assigned") {
  for (const std::string declared : {"{name: prod-api}", "{id: 77}", "{address: 203.0.113.77}",
                                     "{id: 77, address: 203.0.113.77, name: prod-api}"}) {
    Desk desk;
    desk.cloud.fip(77, "prod-api", "203.0.113.77", {{"server", 1001}});
    desk.cloud.fip(78, "else", "203.0.113.78", {{"labels", {{"other", "x"}}}});
    CHECK(desk.reserve("addresses: [" + declared + "]\n") == 0);
    CHECK(desk.cloud.writes() == Texts{"POST /v1/floating_ips/77/actions/change_protection"});
    const Json fips = desk.cloud.fips();
    CHECK(fips[0]["protection"]["delete"] == true);
    CHECK(fips[0]["server"] == 1001);
    CHECK(fips[1]["protection"]["delete"] == false);
  }
}

TEST_CASE("one without any label is nobody's: it is given the group's") {
  Desk desk;
  desk.cloud.fip(77, "prod-api", "203.0.113.77", {{"labels", Json::object()}});
  CHECK(desk.reserve(kNew) == 1);  // its home is fsn1, and nbg1 is declared
  CHECK(desk.reserve("addresses: [{name: prod-api}]\n") == 0);
  CHECK(desk.says("labelled, protected"));
  CHECK(desk.cloud.fips()[0]["labels"] == Json({{"vipd.cluster", "prod"}, {"env", "1"}}));
}

TEST_CASE("a dry run says what would be done and changes nothing") {
  Desk desk;
  CHECK(desk.reserve(kNew, {"--dry-run", "-o", "json"}) == 0);
  const Json plan = Json::parse(desk.terminal.out);
  CHECK(plan["version"] == 1);
  CHECK(plan["dryRun"] == true);
  CHECK(plan["floatingIps"][0]["did"] == Json({"created", "protected"}));
  CHECK(plan["floatingIps"][0]["ip"].is_null());
  CHECK(plan["pricePerMonth"]["net"] == "3.00");
  CHECK(plan["vipdYaml"]["addresses"].empty());
  CHECK(desk.reserve(kNew, {"--dry-run"}) == 0);
  CHECK(desk.says("TO DO"));
  CHECK(desk.cloud.writes().empty());
}

TEST_CASE("--spare reserves one more, once, and takes the addresses in endpoint.spares") {
  Desk desk;
  REQUIRE(desk.reserve(kNew, {"--spare", "-o", "json"}) == 0);
  const Json report = Json::parse(desk.terminal.out);
  CHECK(report["floatingIps"][1]["name"] == "prod-api-spare");
  CHECK(report["floatingIps"][1]["spare"] == true);
  CHECK(report["vipdYaml"]["spares"] == Json({"203.0.113.2"}));
  CHECK(report["pricePerMonth"]["net"] == "6.00");
  CHECK(desk.reserve(kNew, {"--spare"}) == 0);
  CHECK(desk.says("endpoint: {spares: [203.0.113.2]}\n"));
  CHECK(desk.says("nothing to do"));
  CHECK(desk.reserve(kNew) == 0);

  const std::string declared = "addresses: [{name: prod-api}]\nendpoint: {spares: [203.0.113.9]}\n";
  CHECK(desk.reserve(declared, {"--spare"}) == 1);
  CHECK(desk.says("203.0.113.9: no Floating IP of the token's project is that"));
  desk.cloud.fip(79, "any-name", "203.0.113.9");
  CHECK(desk.reserve(declared, {"--spare"}) == 0);
  CHECK(desk.cloud.fips()[0]["protection"]["delete"] == true);
}

TEST_CASE("what does not agree with vipd.yaml is refused with the next command, before any write") {
  struct Case {
    std::string declared;
    std::string said;
  };
  const Json foreign = {{"labels", {{"vipd.cluster", "staging"}}}};
  for (const auto& [declared, said] :
       {Case{"[{id: 70, name: seventy-one}]",
             "seventy-one: matched by Floating IP 70 (seventy, 203.0.113.70) and Floating IP 71"},
        Case{"[{id: 70, address: 203.0.113.71}]", "write the id and address of the one you mean"},
        Case{"[{name: seventy, address: 203.0.113.71}]", "matched by"},
        Case{"[{id: 70, name: another}]", "hcloud floating-ip update 70 --name another"},
        Case{"[{name: six}]", "is of type ipv6, but ipv4 is wanted"},
        Case{"[{name: foreign}]",
             "hcloud floating-ip add-label --overwrite 72 env=1 "
             "vipd.cluster=prod"},
        Case{"[{name: blocked}]", "Hetzner has blocked it"},
        Case{"[{name: seventy}, {id: 70}]", "vipd.yaml declares it twice"},
        Case{"[{id: 99, name: none}]", "nor has the id or address written with it"},
        Case{"[{address: 203.0.113.99}]", "Hetzner chooses ids and addresses"},
        Case{"[{name: new}]", "endpoint: {location: fsn1}"}}) {
    Desk desk;
    desk.cloud.fip(70, "seventy", "203.0.113.70");
    desk.cloud.fip(71, "seventy-one", "203.0.113.71");
    desk.cloud.fip(72, "foreign", "203.0.113.72", foreign);
    desk.cloud.fip(73, "blocked", "203.0.113.73");
    desk.cloud.admin("PUT", "/floating_ips/73", R"({"blocked": true})");
    desk.cloud.fip(74, "six", "2001:db8:f:9::/64", {{"type", "ipv6"}});
    CHECK(desk.reserve("addresses: " + declared + "\n") == 1);
    INFO(declared);
    CHECK(desk.says(said));
    CHECK(desk.cloud.writes().empty());
  }
}

TEST_CASE("nothing is created beside an undeclared Floating IP that carries the group's labels") {
  Desk desk;
  desk.cloud.fip(70, "leaked", "203.0.113.70");
  CHECK(desk.reserve(kNew) == 1);
  CHECK(desk.says("Floating IP 70 (leaked, 203.0.113.70): carries the group's labels"));
  CHECK(desk.cloud.writes().empty());
  CHECK(desk.reserve("addresses: [{name: leaked}]\n") == 0);
}

TEST_CASE("a vipd.yaml or line that cannot be used is wrong usage, and Hetzner is not asked") {
  Desk desk;
  for (const std::string declared :
       {"addresses: [{}]\n", "addresses: []\n", "addresses: 7\n", "",
        "addresses: [{name: a, adress: b}]\n", "addresses: [{id: x}]\n",
        "addresses: [{name: a}]\nendpoint: {location: {}}\n"}) {
    INFO(declared);
    CHECK(desk.reserve(declared) == 2);
    CHECK_FALSE(desk.terminal.err.empty());
  }
  for (const Texts& more : {Texts{"--timeout", "0s"}, Texts{"--timeout", "soon"},
                            Texts{"-o", "xml"}, Texts{"--spare", "2"}}) {
    CHECK(desk.reserve(kNew, more) == 2);
  }
  CHECK(desk.terminal.run({"reserve"}) == 2);
  CHECK(desk.terminal.run({"reserve", "-f", desk.terminal.path("none.yaml")}) == 2);
  CHECK(desk.says("none.yaml"));
  CHECK(desk.terminal.run({"reserve", "-f", desk.terminal.path("vipd.yaml")}) == 2);
  CHECK(desk.says("HCLOUD_TOKEN_FILE"));
  CHECK(desk.cloud.audit("request").empty());
  // Every other command still wants them whole, and says who knows them.
  CHECK(desk.terminal.run({"fip", "list", "-f", desk.terminal.path("vipd.yaml")},
                          desk.cloud.environment()) == 2);
  CHECK(desk.says("the address has no id"));
  CHECK(desk.says("vipctl reserve"));
}

TEST_CASE("what Hetzner refuses is told apart, and names the next step") {
  struct Case {
    std::string switches;
    std::string token;
    int code;
    std::string said;
  };
  for (const auto& [switches, token, code, said] :
       {Case{"{}", "reader", 1, "the token may only read"}, Case{"{}", "nobody", 3, "unauthorized"},
        Case{R"({"most_floating_ips": 0})", "tell-nobody", 1, "raise the project's limit"}}) {
    Desk desk;
    desk.cloud.admin("PUT", "/switches", switches);
    CHECK(desk.reserve(kNew, {}, token) == code);
    CHECK(desk.says(said));
    CHECK(desk.cloud.fips().empty());
  }
  Desk desk;
  CHECK(desk.reserve("addresses: [{name: a}]\nendpoint: {location: atlantis}\n") == 1);
  CHECK(desk.says("invalid_input"));
  CHECK(desk.says("home_location"));
}

TEST_CASE("a create whose answer is lost is never repeated: what it made is adopted") {
  for (const std::string fault :
       {"server_error", "html502", "timeout504", "malformed", "truncate", "reset", "hang"}) {
    INFO(fault);
    Desk desk;
    desk.cloud.fault({{"fault", fault}, {"applied", true}}, "POST", "/floating_ips$");
    const bool hangs = fault == "hang";
    CHECK(desk.reserve(kNew, {"--timeout", hangs ? "700ms" : "20s"}) == (hangs ? 1 : 0));
    CHECK(desk.cloud.fips().size() == 1);
    CHECK(desk.reserve(kNew) == 0);
    CHECK(desk.cloud.fips()[0]["protection"]["delete"] == true);
    CHECK(desk.cloud.audit("floating_ip_created").size() == 1);
  }
}

TEST_CASE("a create that was lost could not tell, and the next run makes it") {
  for (const std::string fault : {"server_error", "reset"}) {
    Desk desk;
    desk.cloud.fault({{"fault", fault}}, "POST", "/floating_ips$");
    CHECK(desk.reserve(kNew) == 3);
    CHECK(desk.cloud.fips().empty());
    CHECK(desk.cloud.writes().size() <= 1);
    CHECK(desk.reserve(kNew) == 0);
  }
}

TEST_CASE("a lock and a rate limit are waited for; an action that fails or lasts is told") {
  const std::string declared = "addresses: [{name: prod-api}]\n";
  struct Case {
    Json fault;
    int count;
    int code;
    std::string said;
  };
  for (const auto& [fault, count, code, said] :
       {Case{{{"fault", "locked"}}, 1, 0, "protected"},
        Case{{{"fault", "rate_limited"}}, 1, 0, "waiting for the rate limit"},
        Case{{{"fault", "locked"}}, 1000, 1, "still locked by another action"},
        Case{{{"fault", "rate_limited"}}, 1000, 3, "rate_limit_exceeded"},
        Case{{{"fault", "action_error"}}, 1, 1, "failed (action_failed"},
        Case{{{"fault", "server_error"}}, 1000, 3, "server_error"}}) {
    Desk desk;
    desk.cloud.fip(77, "prod-api", "203.0.113.77");
    desk.cloud.fault(fault, "POST", "change_protection", count);
    CHECK(desk.reserve(declared, {"--timeout", "1500ms"}) == code);
    INFO(fault.dump());
    CHECK(desk.says(said));
    CHECK((desk.cloud.fips()[0]["protection"]["delete"] == true) == (code == 0));
  }
  Desk desk;
  desk.cloud.fip(77, "prod-api", "203.0.113.77");
  desk.cloud.admin("PUT", "/latency", R"({"other_ms": 60000})");
  CHECK(desk.reserve(declared, {"--timeout", "1500ms"}) == 1);
  CHECK(desk.says("was not seen to end within the timeout"));
  CHECK(desk.says("vipctl: waiting for delete protection of 203.0.113.77: action "));
}

}  // namespace
}  // namespace vipd::vipctl
