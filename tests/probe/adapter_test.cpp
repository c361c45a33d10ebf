// Against base::HttpServer as kube-apiserver, and against peers that speak a few bytes.
#include "vipd/probe/adapter.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "base/http_server.h"
#include "tests/probe/fixture.h"

namespace vipd::probe {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using Result = core::ReadyzAnswer::Result;

base::IpAddress ip(std::string_view text) { return base::IpAddress::parse(text).value(); }
const base::IpAddress kHere = ip("127.0.0.1");

// A kube-apiserver that answers what it is told to.
struct World {
  explicit World(const std::string& listen = "127.0.0.1",
                 std::vector<std::string> named = {"127.0.0.1", "::1"})
      : server(loop, [this](const base::ServerRequest& request, base::Respond respond) {
          asked.push_back(request);
          if (silent) {
            held.push_back(std::move(respond));
          } else {
            respond(answer);
          }
        }) {
    folder.write("ca.crt", authority.pem());
    const auto pair = authority.server(std::move(named));
    REQUIRE(server.listen_tcp(listen, 0, tls_of(pair)).ok());
  }

  base::TlsServer tls_of(const base::KeyPair& pair) const {
    return {.cert_pem = pair.certificate_pem,
            .key_pem = pair.key_pem,
            .client_ca_pem = authority.pem()};
  }
  void issue_client(const std::string& name) const {
    const auto pair = authority.client(name);
    folder.write("client.crt", pair.certificate_pem);
    folder.write("client.key", pair.key_pem.reveal());
  }
  std::unique_ptr<Adapter> probe(std::uint16_t port) {
    return std::make_unique<Adapter>(loop, clock, log,
                                   Options{.port = port, .credentials = files_in(folder)},
                                   [this](core::Event event) { events.push_back(event); });
  }
  // Carries the command out and runs until its answer is there.
  template <typename Answer, typename Command>
  Answer ask(Adapter& asker, const Command& command) {
    events.clear();
    asker.carry_out(command);
    REQUIRE(events.empty());  // nothing is posted from within the command
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (events.empty() && std::chrono::steady_clock::now() < end) {
      loop.restart();
      loop.run_for(5ms);
    }
    REQUIRE(events.size() == 1);
    return std::get<Answer>(events.front());
  }
  template <typename Answer, typename Command>
  Answer ask(const Command& command) {
    const auto asker = probe(server.port());
    return ask<Answer>(*asker, command);
  }
  core::ReadyzAnswer readyz() {
    return ask<core::ReadyzAnswer>(core::ProbeReadyz{7, kHere, clock.now() + 2s});
  }

  asio::io_context loop;
  base::SystemClock clock;
  base::Log log{base::LogFormat::kConsole, base::LogLevel::kError, clock};
  Folder folder;
  Authority authority;
  base::ServerResponse answer{
      .status = 200, .headers = {}, .body = "ok", .fault = base::ServerResponse::Fault::kNone};
  bool silent = false;
  std::vector<base::Respond> held;
  std::vector<base::ServerRequest> asked;
  std::vector<core::Event> events;
  base::HttpServer server;
};

TEST_CASE("a ready apiserver is asked for /readyz with our certificate", "[E8]") {
  World world;
  world.issue_client("vipd");
  const auto before = world.clock.now();
  const auto verdict = world.readyz();
  CHECK(verdict.call == 7);
  CHECK(verdict.result == Result::kOk);
  CHECK(verdict.http_status == 200);
  CHECK(verdict.sent_at >= before);
  CHECK(verdict.sent_at <= world.clock.now());
  REQUIRE(world.asked.size() == 1);
  CHECK(world.asked[0].method == "GET");
  CHECK(world.asked[0].target == "/readyz");
  CHECK(world.asked[0].client_common_name == "vipd");
}

TEST_CASE("an apiserver that stops is told from one that fails", "[E8]") {
  World world;
  world.answer.status = 500;
  world.answer.body = "[+]ping ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n";
  const auto verdict = world.readyz();
  CHECK(verdict.result == Result::kNotReady);
  CHECK(verdict.shutting_down);
  CHECK(verdict.why == "failing: shutdown");
}

TEST_CASE("a client certificate that came later, or anew, is used without a restart") {
  World world;
  const auto asker = world.probe(world.server.port());
  asker->start();
  const core::ProbeReadyz command{1, kHere, world.clock.now() + 5s};
  world.answer.status = 401;
  const auto unknown = world.ask<core::ReadyzAnswer>(*asker, command);
  CHECK(unknown.result == Result::kNotReady);
  CHECK(unknown.why.find("client.crt") != std::string::npos);
  CHECK(world.asked.back().client_common_name.empty());
  world.issue_client("first");
  world.ask<core::ReadyzAnswer>(*asker, command);
  CHECK(world.asked.back().client_common_name == "first");
  world.issue_client("second");
  world.ask<core::ReadyzAnswer>(*asker, command);
  CHECK(world.asked.back().client_common_name == "second");
}

TEST_CASE("a server that our CA did not sign, or that is another one, gets no verdict") {
  World stranger("127.0.0.1", {"10.0.1.2"});
  const auto other_name = stranger.readyz();
  CHECK(other_name.result == Result::kNoAnswer);
  CHECK(stranger.asked.empty());
  World world;
  world.folder.write("ca.crt", Authority().pem());
  const auto other_ca = world.readyz();
  CHECK(other_ca.result == Result::kNoAnswer);
  CHECK_FALSE(other_ca.why.empty());
  CHECK(world.asked.empty());
}

TEST_CASE("an apiserver at an IPv6 address is asked the same way") {
  World world("::1");
  const auto verdict =
      world.ask<core::ReadyzAnswer>(core::ProbeReadyz{1, ip("::1"), world.clock.now() + 2s});
  INFO(verdict.why);
  CHECK(verdict.result == Result::kOk);
}

TEST_CASE("a hung apiserver is alive in TLS and silent in /readyz, by the deadline") {
  World world;
  world.silent = true;
  const auto begun = world.clock.now();
  const auto verdict =
      world.ask<core::ReadyzAnswer>(core::ProbeReadyz{1, kHere, begun + 100ms});
  CHECK(verdict.result == Result::kNoAnswer);
  CHECK(world.clock.now() >= begun + 100ms);
  CHECK(world.clock.now() < begun + 2s);
  const auto alive =
      world.ask<core::TlsAnswer>(core::ProbeTls{2, kHere, world.clock.now() + 2s});
  CHECK(alive.alive);
  CHECK(alive.call == 2);
}

// Accepts, says its bytes, and keeps the connection.
struct Peer {
  Peer(asio::io_context& loop, std::string said)
      : acceptor(loop, {asio::ip::make_address("127.0.0.1"), 0}), text(std::move(said)) {
    acceptor.async_accept([this](boost::system::error_code failed, asio::ip::tcp::socket socket) {
      if (failed) return;
      connection.emplace(std::move(socket));
      asio::write(*connection, asio::buffer(text));
    });
  }
  std::uint16_t port() const { return acceptor.local_endpoint().port(); }

  asio::ip::tcp::acceptor acceptor;
  std::string text;
  std::optional<asio::ip::tcp::socket> connection;
};

core::TlsAnswer dial(World& world, std::uint16_t port) {
  const auto asker = world.probe(port);
  return world.ask<core::TlsAnswer>(*asker,
                                    core::ProbeTls{1, kHere, world.clock.now() + 200ms});
}

TEST_CASE("a TLS alert is life; another protocol, silence and a closed port are not") {
  World world;
  Peer alerting(world.loop, std::string("\x15\x03\x03\x00\x02\x02\x28", 7));
  CHECK(dial(world, alerting.port()).alive);
  Peer http(world.loop, "HTTP/1.1 400 Bad Request\r\n\r\n");
  CHECK_FALSE(dial(world, http.port()).alive);
  Peer hung(world.loop, "");
  const auto silent = dial(world, hung.port());
  CHECK_FALSE(silent.alive);
  CHECK_FALSE(silent.why.empty());
  const auto port = hung.port();
  hung.acceptor.close();
  hung.connection.reset();
  CHECK_FALSE(dial(world, port).alive);
}

TEST_CASE("a handshake asks for life only, whoever signed the certificate") {
  World world("127.0.0.1", {"10.0.1.2"});
  world.folder.write("ca.crt", Authority().pem());
  CHECK(dial(world, world.server.port()).alive);
  CHECK(world.asked.empty());
}

TEST_CASE("the certificate served where we dial is held against the Floating IP", "[E9]") {
  const auto fip = ip("5.75.1.2");
  World world("127.0.0.1", {"127.0.0.1", "5.75.1.2"});
  const core::ProbeCertificate command{3, fip, kHere, world.clock.now() + 2s};
  const auto named = world.ask<core::CertificateSeen>(command);
  CHECK(named.names_it);
  CHECK(named.call == 3);
  CHECK(named.address == fip);
  REQUIRE(world.server.replace_tls(world.tls_of(world.authority.server({"127.0.0.1"}))).ok());
  const auto unnamed = world.ask<core::CertificateSeen>(command);
  CHECK_FALSE(unnamed.names_it);
  CHECK(unnamed.why.find("but not 5.75.1.2") != std::string::npos);
}

TEST_CASE("our own Node object is read from the local apiserver", "[E18]") {
  World world;
  world.answer.body = R"({"kind":"Node","spec":{"unschedulable":true}})";
  const auto node =
      world.ask<core::OwnNode>(core::ReadOwnNode{9, "cp-1.example", world.clock.now() + 2s});
  CHECK(node.call == 9);
  CHECK(node.answered);
  CHECK(node.cordoned);
  CHECK(world.asked.at(0).target == "/api/v1/nodes/cp-1.example");
  world.ask<core::OwnNode>(core::ReadOwnNode{10, "../x?y\r\nz", world.clock.now() + 2s});
  CHECK(world.asked.at(1).target == "/api/v1/nodes/..%2fx%3fy%0d%0az");
}

TEST_CASE("a destroyed probe posts nothing") {
  World world;
  {
    const auto asker = world.probe(world.server.port());
    asker->carry_out(core::ProbeReadyz{1, kHere, world.clock.now() + 50ms});
    asker->carry_out(core::ProbeTls{2, kHere, world.clock.now() + 50ms});
  }
  world.loop.run_for(100ms);
  CHECK(world.events.empty());
}

}  // namespace
}  // namespace vipd::probe
