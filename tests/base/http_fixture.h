// What the tests of the HTTP client and server share: a loop that runs until something is true,
// certificates, and peers that follow a script byte by byte.
#pragma once

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/http_server.h"
#include "base/x509.h"
#include "tests/catch.h"

namespace vipd::base {

using namespace std::chrono_literals;
using Tcp = boost::asio::ip::tcp;
inline const Tcp::endpoint kAnyPort{boost::asio::ip::address_v4::loopback(), 0};

struct World {
  boost::asio::io_context loop;
  SystemClock clock;

  template <typename Condition>
  bool run_until(Condition condition, std::chrono::milliseconds limit = 20s) {
    const auto deadline = clock.now() + limit;
    while (!condition() && clock.now() < deadline) {
      loop.restart();
      loop.run_one_for(20ms);
    }
    return condition();
  }
  HttpRequest request(std::string url, std::chrono::milliseconds deadline = 10s) {
    HttpRequest request;
    request.url = std::move(url);
    request.deadline = clock.now() + deadline;
    return request;
  }
  HttpResult send(HttpRequest request) {
    HttpClient client(loop, clock);
    std::optional<HttpResult> result;
    client.send(std::move(request), [&](HttpResult answer) { result = std::move(answer); });
    CHECK_FALSE(result.has_value());  // never from within the call
    REQUIRE(run_until([&] { return result.has_value(); }));
    return *std::move(result);
  }
  HttpResult get(std::string url) { return send(request(std::move(url))); }
};

struct Folder {
  Folder() {
    std::string name = "/tmp/vipd-http-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

// Accepts one connection after the other, reads a request's header and says `answer`.
class ScriptedPeer {
 public:
  ScriptedPeer(boost::asio::io_context& loop, std::string answer)
      : acceptor_(loop, kAnyPort), answer_(std::move(answer)) {
    accept();
  }
  [[nodiscard]] std::string url(std::string_view scheme = "http") const {
    return fmt::format("{}://127.0.0.1:{}/", scheme, acceptor_.local_endpoint().port());
  }
  [[nodiscard]] const std::string& heard() const { return *heard_; }

 private:
  void accept() {
    acceptor_.async_accept([this](auto error, Tcp::socket socket) {
      if (error) return;
      auto peer = std::make_shared<Tcp::socket>(std::move(socket));
      auto input = std::make_shared<boost::asio::streambuf>();
      boost::asio::async_read_until(
          *peer, *input, "\r\n\r\n",
          [peer, input, answer = answer_, heard = heard_](auto, std::size_t size) {
            *heard = std::string(static_cast<const char*>(input->data().data()), size);
            auto bytes = std::make_shared<std::string>(answer);
            boost::asio::async_write(*peer, boost::asio::buffer(*bytes),
                                     [peer, bytes](auto, std::size_t) {});
          });
      accept();
    });
  }

  Tcp::acceptor acceptor_;
  std::string answer_;
  std::shared_ptr<std::string> heard_ = std::make_shared<std::string>();
};

// One authority, one server certificate for 127.0.0.1, [::1] and api.test, one client certificate.
struct Pki {
  static constexpr WallTime kFrom{1'700'000'000};
  static constexpr WallTime kUntil{4'000'000'000};
  KeyPair ca = mint_ca("test", kFrom, kUntil).value();
  KeyPair server = server_for("127.0.0.1", kUntil);
  KeyPair client = client_named("admin");

  KeyPair server_for(const std::string& address, WallTime until) const {
    return mint_certificate(ca, {.common_name = "server",
                                 .organizations = {},
                                 .dns_names = {"api.test", "localhost"},
                                 .ip_addresses = {address, "::1"},
                                 .server = true,
                                 .client = false,
                                 .not_before = kFrom,
                                 .not_after = until})
        .value();
  }
  KeyPair client_named(const std::string& name) const {
    return mint_certificate(ca, {.common_name = name,
                                 .organizations = {"system:masters"},
                                 .dns_names = {},
                                 .ip_addresses = {},
                                 .server = false,
                                 .client = true,
                                 .not_before = kFrom,
                                 .not_after = kUntil})
        .value();
  }
  TlsServer tls_server(bool ask_client = false) const {
    return {server.certificate_pem, server.key_pem, ask_client ? ca.certificate_pem : ""};
  }
  TlsClient trusting() const {
    TlsClient tls;
    tls.ca_pem = ca.certificate_pem;
    return tls;
  }
  TlsClient with_certificate(const KeyPair& pair) const {
    TlsClient tls = trusting();
    tls.cert_pem = pair.certificate_pem;
    tls.key_pem = pair.key_pem;
    return tls;
  }
};

// A server whose handler the test writes, on 127.0.0.1 and any port.
class Served {
 public:
  Served(World& world, Handler handler, std::optional<TlsServer> tls = std::nullopt)
      : server(world.loop, std::move(handler)) {
    scheme_ = tls.has_value() ? "https" : "http";
    REQUIRE(server.listen_tcp("127.0.0.1", 0, std::move(tls)).ok());
  }
  [[nodiscard]] std::string url(std::string_view path = "/") const {
    return fmt::format("{}://127.0.0.1:{}{}", scheme_, server.port(), path);
  }
  HttpServer server;

 private:
  std::string scheme_;
};

inline Handler answering(ServerResponse response) {
  return [response](const ServerRequest&, const Respond& respond) { respond(response); };
}
inline ServerResponse with_body(std::string body) {
  return {.status = 200, .headers = {}, .body = std::move(body)};
}

inline std::string text_of(const absl::Status& status) { return std::string(status.message()); }

}  // namespace vipd::base
