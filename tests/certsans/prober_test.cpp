#include "certsans/prober.h"

#include <thread>

#include <openssl/ssl.h>

#include "base/openssl.h"
#include "certsans/judgement.h"
#include "tests/base/http_fixture.h"
#include "tests/talos/pki.h"

namespace vipd::certsans {
namespace {

using namespace std::chrono_literals;
using base::Pki;
using base::Served;
using base::World;

std::vector<Sight> look(World& world, const std::vector<Target>& targets,
                        std::chrono::milliseconds within = 10s) {
  Prober prober(world.loop, world.clock);
  std::optional<std::vector<Sight>> seen;
  prober.look(targets, world.clock.now() + within, [&](auto sights) { seen = std::move(sights); });
  CHECK_FALSE(seen.has_value());  // never from within the call
  REQUIRE(world.run_until([&] { return seen.has_value(); }));
  return *std::move(seen);
}

Target at(const std::string& host, std::uint16_t port) {
  return {Service::kApiserver, host, port, false};
}

TEST_CASE("each server's chain and TLS version, in the order that was asked for") {
  World world;
  const Pki one;
  const Pki other;
  bool asked = false;
  const auto handler = [&](const base::ServerRequest&, const base::Respond&) { asked = true; };
  Served first(world, handler, one.tls_server());
  Served second(world, handler, other.tls_server());
  const auto seen = look(world, {at("127.0.0.1", first.server.port()),
                                 at("localhost", second.server.port()),
                                 at("127.0.0.1", second.server.port())});
  REQUIRE(seen.size() == 3);
  for (const Sight& sight : seen) {
    INFO(sight.target.host);
    REQUIRE(sight.shown.ok());
    CHECK(sight.shown->tls_version == "TLSv1.3");
  }
  CHECK(seen[0].shown->peer_chain_pem == one.server.certificate_pem);
  CHECK(seen[1].shown->peer_chain_pem == other.server.certificate_pem);
  CHECK(seen[1].target == at("localhost", second.server.port()));
  CHECK_FALSE(asked);
}

TEST_CASE("one that hangs holds up no other, and each says why it was not reached") {
  World world;
  const Pki pki;
  Served good(world, base::answering({}), pki.tls_server());
  Served plain(world, base::answering({}));
  Served closed(world, base::answering({}), pki.tls_server());
  const std::uint16_t refused = closed.server.port();
  closed.server.close();
  base::Tcp::acceptor silent(world.loop, base::kAnyPort);
  base::Tcp::acceptor silent_too(world.loop, base::kAnyPort);
  const auto begun = world.clock.now();
  const auto seen =
      look(world,
           {at("127.0.0.1", silent.local_endpoint().port()), at("127.0.0.1", good.server.port()),
            at("127.0.0.1", silent_too.local_endpoint().port()), at("127.0.0.1", refused),
            at("127.0.0.1", plain.server.port())},
           400ms);
  CHECK(world.clock.now() - begun < 800ms);  // not one after the other
  REQUIRE(seen.size() == 5);
  CHECK(absl::IsDeadlineExceeded(seen[0].shown.status()));
  CHECK(seen[1].shown.ok());
  CHECK(absl::IsDeadlineExceeded(seen[2].shown.status()));
  CHECK(absl::IsUnavailable(seen[3].shown.status()));
  CHECK_FALSE(seen[4].shown.ok());  // speaks HTTP, not TLS
}

TEST_CASE("nothing to look at is seen at once, and a prober that goes calls nobody") {
  World world;
  CHECK(look(world, {}).empty());
  bool called = false;
  base::Tcp::acceptor silent(world.loop, base::kAnyPort);
  {
    Prober prober(world.loop, world.clock);
    prober.look({at("127.0.0.1", silent.local_endpoint().port())}, world.clock.now() + 50ms,
                [&](const auto&) { called = true; });
  }
  CHECK_FALSE(world.run_until([&] { return called; }, 200ms));
}

// As apid: Ed25519, and it insists on a client certificate. It blocks, so it has a thread; its one
// connection ends it.
class Apid {
 public:
  Apid(boost::asio::io_context& loop, const base::KeyPair& pair)
      : acceptor_(loop, base::kAnyPort), context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX* context = context_.get();
    SSL_CTX_use_certificate(context, base::certificate_from_pem(pair.certificate_pem)->get());
    SSL_CTX_use_PrivateKey(context, base::key_from_pem(pair.key_pem)->get());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    thread_ = std::thread([this] {
      auto socket = acceptor_.accept();
      const std::unique_ptr<SSL, base::Freer<SSL_free>> ssl(SSL_new(context_.get()));
      SSL_set_fd(ssl.get(), socket.native_handle());
      refused_ = SSL_accept(ssl.get()) != 1;
    });
  }
  ~Apid() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] bool refused() const { return refused_; }  // after join()

 private:
  base::Tcp::acceptor acceptor_;
  std::unique_ptr<SSL_CTX, base::Freer<SSL_CTX_free>> context_;
  bool refused_ = false;
  std::thread thread_;
};

TEST_CASE("apid shows its certificate to whoever has none, and it is judged") {
  World world;
  const auto ca = talos::mint_talos_ca();
  Apid apid(world.loop,
            talos::mint_talos_leaf(ca, {.roles = {}, .subject_alt_name = "IP:10.0.1.11,DNS:cp-1"}));
  const auto seen = look(world, {{Service::kApid, "127.0.0.1", apid.port(), false}});
  apid.join();
  CHECK(apid.refused());
  REQUIRE(seen.size() == 1);
  REQUIRE(seen[0].shown.ok());
  Expectations expected;
  expected.wanted = {{"10.0.1.11", Kind::kPrivate, ""}, {"203.0.113.10", Kind::kAddress, ""}};
  expected.trust.ca_pem = ca.certificate_pem;
  expected.now = world.clock.wall();
  const auto judged = judge(*seen[0].shown, expected);
  REQUIRE(judged.ok());
  CHECK(names_of(judged->missing) == std::vector<std::string>{"203.0.113.10"});
  CHECK(judged->chain.certificates[0].key == "Ed25519");
  CHECK(judged->chain.certificates[0].issuer == "O=talos");
  CHECK(judged->verdict.kind == Verdict::Kind::kTrusted);
  CHECK(judged->findings.size() == 1);
}

}  // namespace
}  // namespace vipd::certsans
