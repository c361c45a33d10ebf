// Which endpoint is asked, and which is trusted.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/url.h"
#include "talos/config_calls.h"
#include "talos/machine.h"
#include "tests/talos/harness.h"

namespace vipd::talos {
namespace {

using Catch::Contains;

// A port of 127.0.0.1 that either refuses connections or takes them and is silent.
class Port {
 public:
  explicit Port(bool listening) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(fd_, generic, size) == 0);
    if (listening) REQUIRE(::listen(fd_, 8) == 0);
    REQUIRE(::getsockname(fd_, generic, &size) == 0);
    endpoint_ = base::host_and_port("127.0.0.1", ntohs(address.sin_port));
  }
  ~Port() { ::close(fd_); }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  void answer_one(const std::string& what) const {
    const int peer = ::accept(fd_, nullptr, nullptr);
    ::send(peer, what.data(), what.size(), MSG_NOSIGNAL);
    ::shutdown(peer, SHUT_WR);
    char ignored[4096];
    while (::recv(peer, ignored, sizeof ignored, 0) > 0) continue;
    ::close(peer);
  }
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string endpoint_;
};

}  // namespace

TEST_CASE("An endpoint that cannot be connected to is passed over for the next") {
  Harness lab;
  const Port refusing(false);
  const auto client = lab.client_of({refusing.endpoint(), lab.node.endpoint()});
  const auto told = version(*client, lab.target());
  INFO(text(told.status()));
  CHECK(told.ok());
}

TEST_CASE("A silent endpoint costs one bounded attempt, and then the last good one goes first") {
  Harness lab;
  const Port silent(true);
  const auto client = lab.client_of({silent.endpoint(), lab.node.endpoint()});
  base::Instant begin = lab.clock.now();
  const auto told = version(*client, lab.target());
  INFO(text(told.status()));
  REQUIRE(told.ok());
  CHECK(lab.clock.now() - begin >= kConnectWithin / 2);
  CHECK(lab.clock.now() - begin < kConnectWithin * 2);
  begin = lab.clock.now();
  REQUIRE(version(*client, lab.target()).ok());
  CHECK(lab.clock.now() - begin < kConnectWithin / 2);
}

TEST_CASE("An answer ends a call: what one endpoint has refused is not asked of the next") {
  Harness lab;
  FakeMachine second(lab.server, lab.ca.certificate_pem);
  for (const auto code : {grpc::StatusCode::FAILED_PRECONDITION, grpc::StatusCode::UNAVAILABLE}) {
    lab.node.judge = [code](const Seen&) { return grpc::Status(code, "no"); };
    const auto client = lab.client_of({lab.node.endpoint(), second.endpoint()});
    CHECK_FALSE(
        apply_configuration(*client, lab.target(), base::Secret("c"), ApplyMode::kAuto).ok());
  }
  CHECK(lab.node.seen().size() == 2);
  CHECK(second.seen().empty());
}

TEST_CASE("Where no endpoint can be connected to, each is named with its cause") {
  const Harness lab;
  const Port one(false);
  const Port two(false);
  const auto client = lab.client_of({one.endpoint(), two.endpoint(), "no-such-host.invalid"});
  const auto told = version(*client, lab.target("10.0.0.9"));
  CHECK(told.status().code() == absl::StatusCode::kUnavailable);
  CHECK_THAT(text(told.status()),
             Contains("Version on 10.0.0.9: no endpoint of context \"lab\" can be used") &&
                 Contains(one.endpoint() + ": connection refused") &&
                 Contains(two.endpoint() + ": connection refused") &&
                 Contains("no-such-host.invalid:50000: the name does not resolve"));
}

TEST_CASE("Something else that answers on the port is told from a machine API") {
  const Harness lab;
  const Port web(true);
  std::thread server([&] { web.answer_one("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  const auto told = version(*lab.client_of({web.endpoint()}), lab.target());
  server.join();
  CHECK(told.status().code() == absl::StatusCode::kUnavailable);
  CHECK_THAT(text(told.status()), Contains("is no machine API"));
}

TEST_CASE("A deadline that passes while connecting says so") {
  const Harness lab;
  const Port silent(true);
  const auto told = version(*lab.client_of({silent.endpoint()}), lab.target("", 200ms));
  CHECK(told.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK_THAT(text(told.status()), Contains("no connection was made"));
}

TEST_CASE("A context without endpoints says where to name one") {
  const Harness lab;
  const auto told = version(*lab.client_of({}), lab.target());
  CHECK(told.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK_THAT(text(told.status()), Contains("has no endpoints") && Contains("-e"));
}

TEST_CASE("An endpoint of another cluster is not trusted") {
  const Harness lab;
  const Harness other;
  const auto told = version(*lab.client_of({other.node.endpoint()}), lab.target());
  CHECK(told.status().code() == absl::StatusCode::kUnauthenticated);
  CHECK_THAT(text(told.status()), Contains("not signed by the CA of this context"));
}

TEST_CASE("An endpoint whose certificate names other hosts is not trusted") {
  const Harness lab;
  const auto elsewhere =
      mint_talos_leaf(lab.ca, {.roles = {}, .subject_alt_name = "IP:10.0.0.2,DNS:cp-1"});
  const FakeMachine node(elsewhere, lab.ca.certificate_pem);
  const auto told = version(*lab.client_of({node.endpoint()}), lab.target());
  CHECK(told.status().code() == absl::StatusCode::kUnauthenticated);
  CHECK_THAT(text(told.status()), Contains("machine.certSANs"));
}

TEST_CASE("An endpoint whose certificate has expired is not trusted") {
  const Harness lab;
  const auto old = mint_talos_leaf(
      lab.ca, {.roles = {}, .subject_alt_name = Harness::kHere, .valid_for = -60s});
  const FakeMachine node(old, lab.ca.certificate_pem);
  const auto told = version(*lab.client_of({node.endpoint()}), lab.target());
  CHECK(told.status().code() == absl::StatusCode::kUnauthenticated);
  CHECK_THAT(text(told.status()), Contains("not valid now"));
}

TEST_CASE("A client certificate that has expired is not even shown") {
  Harness lab;
  const auto old = mint_talos_leaf(
      lab.ca, {.roles = {"os:admin"}, .subject_alt_name = {}, .valid_for = -60s});
  const Client client(lab.clock, lab.context(old, {lab.node.endpoint()}));
  const auto told = version(client, lab.target());
  CHECK(told.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK_THAT(text(told.status()), Contains("context \"lab\" expired at 2"));
  CHECK(lab.node.seen().empty());
}

TEST_CASE("A client certificate of another CA is refused, and the error says where to look") {
  Harness lab;
  const auto stranger =
      mint_talos_leaf(mint_talos_ca(), {.roles = {"os:admin"}, .subject_alt_name = {}});
  const Client client(lab.clock, lab.context(stranger, {lab.node.endpoint()}));
  const auto told = version(client, lab.target());
  INFO(text(told.status()));
  CHECK(told.status().code() == absl::StatusCode::kUnavailable);
  CHECK_THAT(text(told.status()),
             Contains("context \"lab\"") && Contains("refusing the certificate"));
  CHECK(lab.node.seen().empty());
}

TEST_CASE("An endpoint on IPv6 is dialled and its certificate checked") {
  const Harness lab;
  const FakeMachine node(lab.server, lab.ca.certificate_pem, "::1");
  const auto told = version(*lab.client_of({node.endpoint()}), lab.target());
  INFO(text(told.status()));
  CHECK(told.ok());

  const auto v4_only = mint_talos_leaf(lab.ca, {.roles = {}, .subject_alt_name = "IP:127.0.0.1"});
  const FakeMachine unnamed(v4_only, lab.ca.certificate_pem, "::1");
  CHECK(version(*lab.client_of({unnamed.endpoint()}), lab.target()).status().code() ==
        absl::StatusCode::kUnauthenticated);
}

}  // namespace vipd::talos
