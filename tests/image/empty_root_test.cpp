// What the image promises, without the image: the static programs work where there is nothing
// but themselves, a resolv.conf and CA certificates.
#include <functional>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include "base/http_server.h"
#include "tests/image/empty_root.h"

namespace vipd::image {
namespace {

constexpr auto kAuthorities = "etc/ssl/certs/ca-certificates.crt";
constexpr auto kFips = R"({"floating_ips":[{"id":4711,"name":"api","ip":"203.0.113.10",
  "type":"ipv4","home_location":{"name":"fsn1"},"protection":{"delete":true},
  "server":null,"labels":{},"blocked":false}],"meta":{"pagination":{"next_page":null}}})";
constexpr auto kPricing = R"({"pricing":{"currency":"EUR","floating_ips":[{"type":"ipv4","prices":[
  {"location":"fsn1","price_monthly":{"net":"3.00","gross":"3.57"}}]}]}})";

struct World {
  base::SystemClock clock;
  boost::asio::io_context loop;
  NameServer names{loop};
  EmptyRoot root;
  base::KeyPair ca = *base::mint_ca("test", at(-3600), at(3600));
  base::HttpServer hetzner{loop, [](const base::ServerRequest& request, base::Respond respond) {
                             const bool prices = request.target == "/v1/pricing";
                             respond({.status = 200, .headers = {},
                                      .body = prices ? kPricing : kFips});
                           }};

  World() {
    root.add_program(VIPCTL_PROGRAM, "vipctl");
    root.add_program(VIPD_PROGRAM, "vipd");
    root.write(kAuthorities, ca.certificate_pem);
    auto pair = minted(ca);
    REQUIRE(hetzner.listen_tcp("127.0.0.1", 0,
                               base::TlsServer{.cert_pem = pair.certificate_pem,
                                               .key_pem = pair.key_pem,
                                               .client_ca_pem = ""}).ok());
  }
  [[nodiscard]] base::WallTime at(std::int64_t seconds) const {
    return {clock.wall().seconds + seconds};
  }
  [[nodiscard]] base::KeyPair minted(const base::KeyPair& by) const {
    return *base::mint_certificate(by, {.common_name = "hetzner.test",
                                        .organizations = {},
                                        .dns_names = {"hetzner.test"},
                                        .ip_addresses = {},
                                        .server = true,
                                        .client = true,
                                        .not_before = at(-3600),
                                        .not_after = at(3600)});
  }
  bool run_until(const std::function<bool()>& so) {
    const auto give_up = clock.now() + std::chrono::seconds(30);
    while (!so() && clock.now() < give_up) {
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(20));
    }
    return so();
  }
  // vipctl fip list against a host of that name.
  int list(const std::string& host) {
    Inside program(root, {"/vipctl", "fip", "list"},
                   {"HCLOUD_TOKEN=secret-token",
                    fmt::format("HCLOUD_ENDPOINT=https://{}:{}/v1", host, hetzner.port())});
    REQUIRE(run_until([&] { return program.code().has_value(); }));
    INFO(root.content("err"));
    CHECK(root.content("err").find("secret-token") == std::string::npos);
    return *program.code();
  }
  [[nodiscard]] bool says(const std::string& part) const {
    return root.content("err").find(part) != std::string::npos;
  }
};

TEST_CASE("in an empty root a name resolves and TLS verifies against the image's CAs", "[kernel]") {
  World world;
  CHECK(world.list("hetzner.test") == 0);
  INFO(world.root.content("err"));
  CHECK(world.root.content("out").find("203.0.113.10") != std::string::npos);
  CHECK(world.root.content("out").find("3.57") != std::string::npos);
  CHECK(world.names.asked.count("hetzner.test") >= 1);
}

TEST_CASE("in an empty root a server of another CA is refused, and the reason is said",
          "[kernel]") {
  World world;
  const auto other = *base::mint_ca("other", world.at(-3600), world.at(3600));
  world.root.write(kAuthorities, other.certificate_pem);
  CHECK(world.list("hetzner.test") == 3);
  INFO(world.root.content("err"));
  CHECK((world.says("certificate") && world.says("hetzner.test")));
}

TEST_CASE("in an empty root without CAs the error says that there are none", "[kernel]") {
  World world;
  std::filesystem::remove(world.root / kAuthorities);
  CHECK(world.list("hetzner.test") == 3);
  INFO(world.root.content("err"));
  CHECK(world.says("no CA certificates on this system"));
}

TEST_CASE("in an empty root a name that does not exist is an error that reads well", "[kernel]") {
  World world;
  CHECK(world.list("hetzner.invalid") == 3);
  INFO(world.root.content("err"));
  CHECK((world.says("hetzner.invalid") && world.says("resolve") && world.says("not found")));
}

TEST_CASE("in an empty root vipd finds an etcd that is given by name", "[kernel]") {
  using boost::asio::ip::tcp;
  World world;
  const auto pair = world.minted(world.ca);
  world.root.write("secrets/ca.crt", world.ca.certificate_pem);
  world.root.write("secrets/client.crt", pair.certificate_pem);
  world.root.write("secrets/client.key", std::string(pair.key_pem.reveal()));
  std::filesystem::create_directories(world.root / "var/lib/vipd");
  tcp::acceptor etcd(world.loop, {boost::asio::ip::make_address("127.0.0.1"), 0});
  bool reached = false;
  etcd.async_accept([&](boost::system::error_code error, const tcp::socket&) { reached = !error; });

  Inside vipd(world.root, {"/vipd", "run"},
              {"VIPD_CLUSTER=lab", "VIPD_ADDRESSES=4711=203.0.113.10", "VIPD_LABELS=vipd=lab",
               fmt::format("VIPD_ETCD_ENDPOINTS=https://etcd.test:{}",
                           etcd.local_endpoint().port()),
               "VIPD_ETCD_CA=/secrets/ca.crt", "VIPD_ETCD_CERT=/secrets/client.crt",
               "VIPD_ETCD_KEY=/secrets/client.key", "VIPD_LISTEN="});
  const bool came = world.run_until([&] { return reached || vipd.code().has_value(); });
  INFO(world.root.content("err"));
  CHECK((came && reached));
  CHECK(world.names.asked.count("etcd.test") == 1);
  CHECK_FALSE(vipd.code().has_value());
}

}  // namespace
}  // namespace vipd::image
