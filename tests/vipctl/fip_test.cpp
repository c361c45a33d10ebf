#include <array>
#include <thread>

#include <fmt/format.h>

#include "base/http_server.h"
#include "base/json.h"
#include "tests/vipctl/fixtures.h"
#include "tools/vipctl/prices.h"

namespace vipd::vipctl {
namespace {

using base::Json;

constexpr auto kSelector = "label_selector=env%3D1%2Cvipd.cluster%3Dprod";

Json fip(std::int64_t id, const std::string& name, const std::string& ip, const Json& labels) {
  return {{"id", id}, {"name", name}, {"ip", ip}, {"type", "ipv4"}, {"server", 42},
          {"labels", labels}, {"blocked", false}, {"home_location", {{"name", "fsn1"}}},
          {"protection", {{"delete", true}}}};
}

// Hetzner's API on a thread of its own: the command waits in the test's.
class Cloud {
 public:
  Cloud() {
    REQUIRE(server_.listen_tcp("127.0.0.1", 0).ok());
    endpoint = fmt::format("HCLOUD_ENDPOINT=http://127.0.0.1:{}/v1", server_.port());
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Cloud() {
    loop_.stop();
    thread_.join();
  }
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  // Set before the command runs, read after it.
  std::vector<Json> pages = {Json::array()};
  int status = 200;
  Json pricing = Json::parse(R"({"pricing": {"currency": "EUR", "floating_ips": [{"type": "ipv4",
      "prices": [{"location": "fsn1", "price_monthly": {"net": "3.0000000000",
      "gross": "3.5700000000"}}]}]}})");
  std::vector<std::string> asked;
  std::string bearer;
  std::string endpoint;

 private:
  void answer(const base::ServerRequest& request, const base::Respond& respond) {
    asked.push_back(request.method + " " + request.target);
    bearer = base::find_header(request.headers, "Authorization").value_or("");
    if (status != 200) {
      const Json error = {{"error", {{"code", "unauthorized"}, {"message", "no such token"}}}};
      return respond({.status = status, .headers = {}, .body = error.dump()});
    }
    if (request.target == "/v1/pricing") {
      return respond({.status = 200, .headers = {}, .body = pricing.dump()});
    }
    const std::size_t page = asked.size();
    const Json next = page < pages.size() ? Json(page + 1) : Json();
    const Json body = {{"floating_ips", pages.at(page - 1)},
                       {"meta", {{"pagination", {{"next_page", next}}}}}};
    respond({.status = 200, .headers = {}, .body = body.dump()});
  }

  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  base::HttpServer server_{loop_, [this](const base::ServerRequest& request,
                                         const base::Respond& respond) {
                             answer(request, respond);
                           }};
  std::thread thread_;
};

const Json kLabels = {{"vipd.cluster", "prod"}, {"env", "1"}};

TEST_CASE("fip list shows all of a project, page by page, and never the token") {
  Cloud cloud;
  cloud.pages = {Json::array({fip(1234, "prod-api", "203.0.113.10", kLabels)}),
                 Json::array({fip(99, "other", "203.0.113.99", Json::object())})};
  Terminal terminal;
  CHECK(terminal.run({"fip", "list"}, {cloud.endpoint, "HCLOUD_TOKEN=tell-nobody"}) == 0);
  CHECK(cloud.bearer == "Bearer tell-nobody");
  CHECK(cloud.asked == std::vector<std::string>{"GET /v1/floating_ips?per_page=50&page=1",
                                                "GET /v1/floating_ips?per_page=50&page=2",
                                                "GET /v1/pricing"});
  CHECK(terminal.out ==
        "ID    NAME      ADDRESS       SERVER  LOCATION  LABELS                   DECLARED  STRAY  "
        "NET/MONTH\n"
        "1234  prod-api  203.0.113.10  42      fsn1      env=1,vipd.cluster=prod  -         -      "
        "3.00\n"
        "99    other     203.0.113.99  42      fsn1      -                        -         -      "
        "3.00\n"
        "\nall together: 6.00 EUR a month (7.14 with VAT)\n");
  CHECK_FALSE(Terminal::has(terminal.out + terminal.err, "tell-nobody"));
}

TEST_CASE("fip list with vipd.yaml asks for its labels and judges what is declared [A20]",
          "[A20]") {
  Cloud cloud;
  Terminal terminal;
  const auto config = terminal.file("vipd.yaml", kVipdYaml);
  cloud.pages = {Json::array({fip(1234, "prod-api", "203.0.113.10", kLabels),
                              fip(99, "other", "203.0.113.99", kLabels)})};
  const std::vector<std::string> around = {cloud.endpoint, "HCLOUD_TOKEN=t"};
  CHECK(terminal.run({"fip", "list", "-f", config, "-o", "json"}, around) == 0);
  CHECK(Terminal::has(cloud.asked.at(0), kSelector));
  const Json listed = Json::parse(terminal.out);
  CHECK(listed["version"] == 1);
  const Json& fips = listed["floatingIps"];
  REQUIRE(fips.size() == 2);
  CHECK(fips[0]["declared"] == "yes");
  CHECK(fips[0]["stray"].is_null());
  CHECK(fips[1]["declared"] == "no");
}

TEST_CASE("fip list names strays, what each costs and all of them: not a declared one, no spare") {
  Cloud cloud;
  Terminal terminal;
  const auto config = terminal.file(
      "vipd.yaml", std::string(kVipdYaml) + "endpoint: {spares: [203.0.113.12]}\n");
  Json idle = fip(98, "leaked", "203.0.113.98", kLabels);
  Json spare = fip(97, "spare", "203.0.113.12", kLabels);
  idle["server"] = spare["server"] = nullptr;
  cloud.pages = {Json::array({fip(1234, "prod-api", "203.0.113.10", kLabels), idle, spare,
                              fip(99, "other", "203.0.113.99", kLabels)})};
  const std::vector<std::string> around = {cloud.endpoint, "HCLOUD_TOKEN=t"};
  CHECK(terminal.run({"fip", "list", "-f", config, "-o", "json"}, around) == 0);
  const Json listed = Json::parse(terminal.out);
  const Json price = {{"currency", "EUR"}, {"net", "3.00"}, {"gross", "3.57"}};
  CHECK(listed["floatingIps"][0]["pricePerMonth"] == price);
  CHECK(listed["floatingIps"][1]["stray"] == "not declared, assigned to no server");
  CHECK(listed["floatingIps"][2]["declared"] == "spare");
  CHECK(listed["floatingIps"][2]["stray"].is_null());
  CHECK(listed["floatingIps"][3]["stray"] == "not declared");
  CHECK(listed["pricePerMonth"]["net"] == "12.00");
  CHECK(listed["straysPricePerMonth"]["gross"] == "7.14");

  cloud.asked.clear();
  CHECK(terminal.run({"fip", "list", "-f", config}, around) == 0);
  CHECK(Terminal::has(terminal.out, "strays: 2, 6.00 EUR a month (7.14 with VAT)\n"));
  cloud.asked.clear();
  CHECK(terminal.run({"fip", "list"}, around) == 0);
  CHECK(Terminal::has(terminal.out, "strays: 2, 6.00 EUR"));  // 98 and, undeclared now, 97
  CHECK(Terminal::has(terminal.out, "assigned to no server"));
}

TEST_CASE("without prices the list stands, and no sum that lacks a part is given") {
  Cloud cloud;
  cloud.pages = {Json::array({fip(1234, "prod-api", "203.0.113.10", kLabels)})};
  const std::string good = cloud.pricing.dump();
  for (const auto& [wrong, right, said] :
       {std::array{"3.5700000000", "3,57", "price_monthly.gross is not an amount"},
        std::array{"EUR", "EUR", ""}}) {
    std::string text = good;
    text.replace(text.find(wrong), std::string(wrong).size(), right);
    cloud.pricing = Json::parse(text);
    if (std::string(said).empty()) {  // the list knows no price for this one's home
      cloud.pages[0].push_back(fip(99, "far", "203.0.113.99", kLabels));
      cloud.pages[0][1]["home_location"]["name"] = "hel1";
    }
    cloud.asked.clear();
    Terminal terminal;
    CHECK(terminal.run({"fip", "list"}, {cloud.endpoint, "HCLOUD_TOKEN=t"}) == 0);
    CHECK(Terminal::has(terminal.err, said));
    CHECK(Terminal::has(terminal.out, "?\n"));
    CHECK_FALSE(Terminal::has(terminal.out, "all together"));
  }
}

TEST_CASE("an amount is read to four digits, rounded, and shown in hundredths") {
  CHECK(parse_amount("3.0000000000") == 30000);
  CHECK(parse_amount("3") == 30000);
  CHECK(parse_amount("0.59505") == 5951);
  CHECK(parse_amount("12.34") == 123400);
  for (const auto* wrong : {"", ".5", "3,57", "-1", "1e3", "1234567890", "3.5x"}) {
    CHECK_FALSE(parse_amount(wrong).has_value());
  }
  CHECK(amount_text(35700) == "3.57");
  CHECK(amount_text(50) == "0.01");
  CHECK(amount_text(49) == "0.00");
}

TEST_CASE("a declared Floating IP that the daemon would not touch is a finding [A20]", "[A20]") {
  struct Case {
    Json fips;
    std::string said;
  };
  for (const auto& [fips, said] : {
           Case{Json::array(), "1234 is not among those labelled"},
           Case{Json::array({fip(1234, "x", "203.0.113.11", kLabels)}), "is 203.0.113.11, but"},
           Case{Json::array({fip(5, "x", "203.0.113.10", kLabels)}), "belongs to Floating IP 5"},
           Case{Json::array({fip(1234, "x", "203.0.113.10", {{"env", "1"}})}),
                "does not carry the label vipd.cluster=prod"}}) {
    Cloud cloud;
    Terminal terminal;
    cloud.pages = {fips};
    const auto config = terminal.file("vipd.yaml", kVipdYaml);
    CHECK(terminal.run({"fip", "list", "-f", config}, {cloud.endpoint, "HCLOUD_TOKEN=t"}) == 1);
    INFO(terminal.err);
    CHECK(Terminal::has(terminal.err, said));
  }
}

TEST_CASE("fip show finds one by id, name or address; none is a finding") {
  for (const std::string wanted : {"1234", "prod-api", "203.0.113.10"}) {
    Cloud cloud;
    cloud.pages = {Json::array({fip(99, "other", "203.0.113.99", Json::object()),
                                fip(1234, "prod-api", "203.0.113.10", kLabels)})};
    Terminal terminal;
    CHECK(terminal.run({"fip", "show", wanted, "-o", "yaml"},
                       {cloud.endpoint, "HCLOUD_TOKEN=t"}) == 0);
    CHECK(Terminal::has(terminal.out, "id: 1234\n"));
    CHECK_FALSE(Terminal::has(terminal.out, "99"));
  }
  Cloud cloud;
  Terminal terminal;
  CHECK(terminal.run({"fip", "show", "7"}, {cloud.endpoint, "HCLOUD_TOKEN=t"}) == 1);
  CHECK(Terminal::has(terminal.err, "\"7\""));
}

TEST_CASE("the token comes from a file too; without one, or in clear text, nothing is sent") {
  Cloud cloud;
  Terminal terminal;
  const auto token = terminal.file("token", "from-the-file\n");
  CHECK(terminal.run({"fip", "list"}, {cloud.endpoint, "HCLOUD_TOKEN_FILE=" + token}) == 0);
  CHECK(cloud.bearer == "Bearer from-the-file");

  Cloud unasked;
  CHECK(terminal.run({"fip", "list"}, {unasked.endpoint}) == 2);
  CHECK(Terminal::has(terminal.err, "HCLOUD_TOKEN_FILE"));
  CHECK(terminal.run({"fip", "list"}, {"HCLOUD_ENDPOINT=http://192.0.2.1/v1",
                                       "HCLOUD_TOKEN=t"}) == 2);
  CHECK(Terminal::has(terminal.err, "in clear"));
  CHECK(unasked.asked.empty());
}

TEST_CASE("an API that refuses or is not there could not tell, and says why") {
  Cloud cloud;
  cloud.status = 401;
  Terminal terminal;
  CHECK(terminal.run({"fip", "list"}, {cloud.endpoint, "HCLOUD_TOKEN=tell-nobody"}) == 3);
  CHECK(Terminal::has(terminal.err, "unauthorized"));
  CHECK_FALSE(Terminal::has(terminal.err, "tell-nobody"));
  CHECK(terminal.run({"fip", "list"},
                     {"HCLOUD_ENDPOINT=http://127.0.0.1:1/v1", "HCLOUD_TOKEN=t"}) == 3);
  CHECK(Terminal::has(terminal.err, "127.0.0.1:1"));
}

}  // namespace
}  // namespace vipd::vipctl
