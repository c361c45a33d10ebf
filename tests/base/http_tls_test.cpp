#include <stdlib.h>

#include <atomic>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

#include "base/file.h"
#include "base/http_client.h"
#include "base/openssl.h"
#include "tests/base/http_fixture.h"

namespace vipd::base {
namespace {

using Catch::Matchers::Contains;

absl::Status failure(World& world, const std::string& url, TlsClient tls) {
  auto request = world.request(url);
  request.tls = std::move(tls);
  return world.send(std::move(request)).response.status();
}

void check_distrusted(const absl::Status& status, const std::string& reason) {
  CHECK(status.code() == absl::StatusCode::kUnauthenticated);
  CHECK_THAT(text_of(status), Contains(reason));
}

TEST_CASE("a server that the CA signed for this name or address is trusted") {
  World world;
  const Pki pki;
  Served served(world, answering(with_body("ok")), pki.tls_server());
  CHECK(failure(world, served.url(), pki.trusting()).ok());

  auto by_name = pki.trusting();
  by_name.server_name = "api.test";
  CHECK(failure(world, served.url(), by_name).ok());

  auto bundle = pki.trusting();
  bundle.ca_pem = mint_ca("older", Pki::kFrom, Pki::kUntil).value().certificate_pem + bundle.ca_pem;
  CHECK(failure(world, served.url(), bundle).ok());
}

TEST_CASE("a server that does not verify is refused with OpenSSL's reason") {
  World world;
  Pki pki;
  Served served(world, answering(with_body("ok")), pki.tls_server());

  SECTION("another CA") {
    TlsClient tls;
    tls.ca_pem = mint_ca("other", Pki::kFrom, Pki::kUntil).value().certificate_pem;
    check_distrusted(failure(world, served.url(), tls), "unable to get local issuer certificate");
  }
  SECTION("the system's store does not know it") {
    check_distrusted(failure(world, served.url(), {}), "certificate");
  }
  SECTION("another name") {
    auto tls = pki.trusting();
    tls.server_name = "other.test";
    check_distrusted(failure(world, served.url(), tls), "hostname mismatch");
  }
  SECTION("the common name does not count") {
    pki.server = mint_certificate(pki.ca, {.common_name = "api.test",
                                           .organizations = {},
                                           .dns_names = {},
                                           .ip_addresses = {"127.0.0.1"},
                                           .server = true,
                                           .client = false,
                                           .not_before = Pki::kFrom,
                                           .not_after = Pki::kUntil})
                     .value();
    REQUIRE(served.server.replace_tls(pki.tls_server()).ok());
    auto tls = pki.trusting();
    tls.server_name = "api.test";
    check_distrusted(failure(world, served.url(), tls), "hostname mismatch");
  }
  SECTION("another address") {
    auto tls = pki.trusting();
    tls.server_name = "203.0.113.10";
    check_distrusted(failure(world, served.url(), tls), "IP address mismatch");
  }
  SECTION("expired") {
    pki.server = pki.server_for("127.0.0.1", WallTime{1'700'000'001});
    REQUIRE(served.server.replace_tls(pki.tls_server()).ok());
    check_distrusted(failure(world, served.url(), pki.trusting()), "certificate has expired");
  }
}

TEST_CASE("without a CA the system's store decides") {
  World world;
  const Pki pki;
  const Folder folder;
  REQUIRE(write_file_atomically(folder.path + "/ca.pem", pki.ca.certificate_pem).ok());
  const char* before = ::getenv("SSL_CERT_FILE");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("SSL_CERT_FILE", (folder.path + "/ca.pem").c_str(), 1);
  Served served(world, answering({}), pki.tls_server());
  CHECK(failure(world, served.url(), {}).ok());
  before != nullptr ? ::setenv("SSL_CERT_FILE", kept.c_str(), 1) : ::unsetenv("SSL_CERT_FILE");
}

TEST_CASE("one client keeps the trust of its requests apart") {
  World world;
  const Pki pki;
  const Pki strangers;
  Served served(world, answering({}), pki.tls_server());
  HttpClient client(world.loop, world.clock);
  std::vector<bool> trusted;
  for (const Pki* whom : {&pki, &strangers, &pki}) {
    auto request = world.request(served.url());
    request.tls = whom->trusting();
    client.send(std::move(request),
                [&](const HttpResult& result) { trusted.push_back(result.response.ok()); });
    const std::size_t wanted = trusted.size() + 1;
    REQUIRE(world.run_until([&] { return trusted.size() == wanted; }));
  }
  CHECK(trusted == std::vector<bool>{true, false, true});
}

TEST_CASE("without verification any certificate will do") {
  World world;
  const Pki pki;
  Served served(world, answering(with_body("ok")), pki.tls_server());
  TlsClient careless;
  careless.verify = false;
  careless.server_name = "other.test";
  CHECK(failure(world, served.url(), careless).ok());
}

TEST_CASE("a client certificate that verifies names its owner, and none is nobody") {
  World world;
  const Pki pki;
  std::string owner = "unset";
  Served served(
      world,
      [&](const ServerRequest& request, const Respond& respond) {
        owner = request.client_common_name;
        respond({});
      },
      pki.tls_server(true));
  CHECK(failure(world, served.url(), pki.with_certificate(pki.client)).ok());
  CHECK(owner == "admin");
  CHECK(failure(world, served.url(), pki.trusting()).ok());
  CHECK(owner.empty());
}

TEST_CASE("a client certificate of another CA is refused, and the client says so") {
  World world;
  const Pki pki;
  const Pki strangers;
  bool asked = false;
  Served served(
      world, [&](const ServerRequest&, const Respond&) { asked = true; }, pki.tls_server(true));
  check_distrusted(failure(world, served.url(), pki.with_certificate(strangers.client)),
                   "alert");
  CHECK_FALSE(asked);
}

// A server that insists on a client certificate and looks at SNI, which HttpServer never does.
// It blocks, so it has a thread; its one connection ends it.
class InsistingServer {
 public:
  InsistingServer(boost::asio::io_context& loop, const Pki& pki, int version)
      : acceptor_(loop, kAnyPort), context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX* context = context_.get();
    SSL_CTX_use_certificate(context, certificate_from_pem(pki.server.certificate_pem)->get());
    SSL_CTX_use_PrivateKey(context, key_from_pem(pki.server.key_pem)->get());
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, version, nullptr);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    thread_ = std::thread([this] { serve_one(); });
  }
  ~InsistingServer() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::string url() const {
    return fmt::format("https://127.0.0.1:{}/", acceptor_.local_endpoint().port());
  }
  // After join(); empty where none was sent.
  [[nodiscard]] const std::string& name_asked_for() const { return name_; }

 private:
  void serve_one() {
    auto socket = acceptor_.accept();
    const std::unique_ptr<SSL, Freer<SSL_free>> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), socket.native_handle());
    SSL_accept(ssl.get());
    const char* name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
    name_ = name != nullptr ? name : "";
  }
  Tcp::acceptor acceptor_;
  std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>> context_;
  std::string name_;
  std::thread thread_;
};

TEST_CASE("a server that wants a client certificate refuses whoever has none") {
  World world;
  const Pki pki;
  TlsClient careless;
  careless.verify = false;
  const auto tls = GENERATE(true, false) ? pki.trusting() : careless;
  InsistingServer server(world.loop, pki, GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  check_distrusted(failure(world, server.url(), tls), "alert");
}

TEST_CASE("a name is told to the server, an address is not") {
  World world;
  const Pki pki;
  auto tls = pki.trusting();
  tls.server_name = GENERATE("api.test", "127.0.0.1", "");
  InsistingServer server(world.loop, pki, TLS1_3_VERSION);
  failure(world, server.url(), tls).IgnoreError();
  server.join();
  CHECK(server.name_asked_for() == (tls.server_name == "api.test" ? "api.test" : ""));
}

// What a client that offers h2 and speaks no newer TLS than `version` gets; "-" is no handshake.
std::string protocol_chosen(World& world, std::uint16_t port, int version) {
  std::string chosen = "-";
  std::atomic<bool> over = false;
  std::thread client([&] {
    boost::asio::io_context loop;
    Tcp::socket socket(loop);
    socket.connect({kAnyPort.address(), port});
    const std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>> context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_VERSION, nullptr);
    SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_MAX_PROTO_VERSION, version, nullptr);
    const std::unique_ptr<SSL, Freer<SSL_free>> ssl(SSL_new(context.get()));
    const unsigned char offer[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(ssl.get(), offer, sizeof offer - 1);
    SSL_set_fd(ssl.get(), socket.native_handle());
    if (SSL_connect(ssl.get()) == 1) {
      const unsigned char* text = nullptr;
      unsigned size = 0;
      SSL_get0_alpn_selected(ssl.get(), &text, &size);
      chosen.assign(text, text + size);
    }
    over = true;
  });
  CHECK(world.run_until([&] { return over.load(); }));
  client.join();
  return chosen;
}

TEST_CASE("the server speaks http/1.1 by TLS 1.2 or newer, whatever else is offered") {
  World world;
  const Pki pki;
  Served served(world, answering({}), pki.tls_server());
  CHECK(protocol_chosen(world, served.server.port(), TLS1_3_VERSION) == "http/1.1");
  CHECK(protocol_chosen(world, served.server.port(), TLS1_2_VERSION) == "http/1.1");
  CHECK(protocol_chosen(world, served.server.port(), TLS1_1_VERSION) == "-");
}

TEST_CASE("what is not TLS is DataLoss, and a peer that hangs up is Unavailable") {
  World world;
  ScriptedPeer plain(world.loop, "HTTP/1.1 400 Bad Request\r\n\r\n");
  Tcp::acceptor rude(world.loop, kAnyPort);
  rude.async_accept([](auto, Tcp::socket socket) {
    boost::asio::write(socket, boost::asio::buffer("SSH-2.0-OpenSSH_9.2\r\n", 21));
  });
  const auto url = fmt::format("https://127.0.0.1:{}/", rude.local_endpoint().port());
  CHECK(failure(world, url, {}).code() == absl::StatusCode::kDataLoss);
  rude.async_accept([](auto, const Tcp::socket&) {});
  CHECK(failure(world, url, {}).code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("a body that TLS cuts short is DataLoss") {
  World world;
  const Pki pki;
  Served served(world, answering({.status = 200,
                                  .headers = {},
                                  .body = "0123456789",
                                  .fault = ServerResponse::Fault::kTruncate}),
                pki.tls_server());
  CHECK(failure(world, served.url(), pki.trusting()).code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("torn PEM is InvalidArgument that names which") {
  World world;
  const Pki pki;
  const auto torn = [](const std::string& pem) { return pem.substr(0, pem.size() / 2); };
  const auto message = [&](TlsClient tls) {
    const auto status = failure(world, "https://127.0.0.1:1/", std::move(tls));
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return text_of(status);
  };
  TlsClient tls = pki.with_certificate(pki.client);
  const std::string good = tls.ca_pem;
  tls.ca_pem = torn(good);
  CHECK_THAT(message(tls), Contains("the CA"));
  tls.ca_pem = good + torn(good);
  CHECK_THAT(message(tls), Contains("the CA"));
  auto garbled = good;
  garbled[garbled.size() / 2] = '*';
  tls.ca_pem = good + garbled;
  CHECK_THAT(message(tls), Contains("the CA"));
  tls.ca_pem = good + "-----BEGIN CERTI";
  CHECK_THAT(message(tls), Contains("the CA"));
  tls = pki.with_certificate(pki.client);
  tls.cert_pem = torn(tls.cert_pem);
  CHECK_THAT(message(tls), Contains("client certificate"));
  tls = pki.with_certificate(pki.client);
  tls.key_pem = Secret(torn(std::string(tls.key_pem.reveal())));
  CHECK_THAT(message(tls), Contains("client key"));
  tls.key_pem = pki.server.key_pem;
  CHECK_THAT(message(tls), Contains("client key") && Contains("mismatch"));
}

TEST_CASE("a handshake shows the peer's chain, leaf first, and sends no request") {
  World world;
  Pki pki;
  pki.server.certificate_pem += pki.ca.certificate_pem;
  bool asked = false;
  Served served(
      world, [&](const ServerRequest&, const Respond&) { asked = true; }, pki.tls_server());
  HttpClient client(world.loop, world.clock);
  std::optional<absl::StatusOr<TlsHandshake>> result;
  client.handshake("127.0.0.1", served.server.port(), pki.trusting(), world.clock.now() + 10s,
                   [&](auto handshake) { result = std::move(handshake); });
  REQUIRE(world.run_until([&] { return result.has_value(); }));
  REQUIRE(result->ok());
  CHECK((*result)->peer_chain_pem == pki.server.certificate_pem);
  CHECK((*result)->tls_version == "TLSv1.3");
  CHECK_FALSE(asked);
}

TEST_CASE("a handshake fails as a request does") {
  World world;
  const Pki pki;
  const auto code = [&](std::uint16_t port, std::chrono::milliseconds deadline) {
    HttpClient client(world.loop, world.clock);
    std::optional<absl::StatusOr<TlsHandshake>> result;
    client.handshake("127.0.0.1", port, pki.trusting(), world.clock.now() + deadline,
                     [&](auto handshake) { result = std::move(handshake); });
    REQUIRE(world.run_until([&] { return result.has_value(); }));
    return result->status().code();
  };
  Served served(world, answering({}), pki.tls_server());
  Tcp::acceptor silent(world.loop, kAnyPort);
  CHECK(code(silent.local_endpoint().port(), 100ms) == absl::StatusCode::kDeadlineExceeded);
  const auto port = served.server.port();
  served.server.close();
  CHECK(code(port, 10s) == absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace vipd::base
