#include "base/http_server.h"

#include <sys/stat.h>

#include <array>
#include <fstream>
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>

#include "tests/base/http_fixture.h"

namespace vipd::base {
namespace {

using Catch::Matchers::Contains;
using Unix = boost::asio::local::stream_protocol;

// A client that speaks bytes. What it hears outlives it: the loop may still hold its last read.
class RawClient {
 public:
  RawClient(World& world, std::uint16_t port)
      : world_(world), heard_(std::make_shared<Heard>(world.loop)) {
    heard_->socket.connect({kAnyPort.address(), port});
    read(heard_);
  }
  ~RawClient() { hang_up(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void say(const std::string& bytes) {
    boost::asio::write(heard_->socket, boost::asio::buffer(bytes));
  }
  bool hears(const std::string& text, std::chrono::milliseconds limit = 20s) {
    return world_.run_until([&] { return heard_->text.find(text) != std::string::npos; }, limit);
  }
  bool is_hung_up_on(std::chrono::milliseconds limit = 20s) {
    return world_.run_until([&] { return heard_->end.has_value(); }, limit);
  }
  [[nodiscard]] boost::system::error_code end() const { return heard_->end.value(); }
  void hear_nothing_of_the_past() { heard_->text.clear(); }
  void hang_up() { heard_->socket.close(); }

 private:
  struct Heard {
    explicit Heard(boost::asio::io_context& loop) : socket(loop) {}
    Tcp::socket socket;
    std::array<char, 4096> buffer{};
    std::string text;
    std::optional<boost::system::error_code> end;
  };
  static void read(const std::shared_ptr<Heard>& heard) {
    heard->socket.async_read_some(boost::asio::buffer(heard->buffer),
                                  [heard](auto error, std::size_t size) {
                                    heard->text.append(heard->buffer.data(), size);
                                    if (!error) return read(heard);
                                    heard->end = error;
                                  });
  }
  World& world_;
  std::shared_ptr<Heard> heard_;
};

TEST_CASE("a connection serves one request after the other until the client wants it closed") {
  World world;
  Served served(world, [](const ServerRequest& request, const Respond& respond) {
    respond(with_body("at " + request.target));
  });
  RawClient client(world, served.server.port());
  client.say("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.hears("at /1"));
  CHECK(client.hears("at /2"));
  CHECK_FALSE(client.is_hung_up_on(50ms));
  client.say("GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(client.hears("at /3"));
  CHECK(client.is_hung_up_on());
}

TEST_CASE("the answer to HEAD tells the length of a body and has none") {
  World world;
  Served served(world, answering(with_body("body")));
  RawClient client(world, served.server.port());
  client.say("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.hears("Content-Length: 4\r\n"));
  CHECK_FALSE(client.hears("body", 50ms));
  client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.hears("body"));
}

TEST_CASE("an HTTP/1.0 client is hung up on after its answer") {
  World world;
  Served served(world, answering(with_body("ok")));
  RawClient client(world, served.server.port());
  client.say("GET / HTTP/1.0\r\n\r\n");
  CHECK(client.hears("ok"));
  CHECK(client.is_hung_up_on());
}

TEST_CASE("a body over 1 MiB is answered 413, a header over 16 KiB or nonsense closed") {
  World world;
  int asked = 0;
  Served served(world, [&](const ServerRequest&, const Respond& respond) {
    ++asked;
    respond({});
  });
  auto request = world.request(served.url());
  request.method = "POST";
  request.body = std::string((1 << 20) + 1, 'x');
  const auto refused = world.send(request);
  REQUIRE(refused.response.ok());
  CHECK(refused.response->status == 413);
  request.body.pop_back();
  CHECK(world.send(request).response.ok());
  CHECK(asked == 1);

  RawClient wordy(world, served.server.port());
  wordy.say("GET / HTTP/1.1\r\nA: " + std::string(17 << 10, 'a') + "\r\n\r\n");
  CHECK(wordy.is_hung_up_on());
  RawClient stranger(world, served.server.port());
  stranger.say("\x16\x03\x01 hello?\r\n\r\n");
  CHECK(stranger.is_hung_up_on());
  CHECK(asked == 1);
}

TEST_CASE("a handler may answer later, and not to a client that hung up meanwhile") {
  World world;
  Respond later;
  Served served(world, [&](const ServerRequest&, Respond respond) { later = std::move(respond); });
  RawClient client(world, served.server.port());
  client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(world.run_until([&] { return later != nullptr; }));
  later(with_body("late"));
  CHECK(client.hears("late"));
  later(with_body("twice"));
  CHECK_FALSE(client.hears("twice", 50ms));
  later = nullptr;

  client.hear_nothing_of_the_past();
  client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(world.run_until([&] { return later != nullptr; }));
  client.hang_up();
  world.run_until([] { return false; }, 50ms);
  later(with_body("nobody hears"));
  world.run_until([] { return false; }, 50ms);
}

TEST_CASE("clients that hang up while they wait make room for others") {
  World world;
  int asked = 0;
  Served served(world, [&](const ServerRequest& request, const Respond& respond) {
    ++asked;
    if (request.target == "/quick") respond(with_body("ok"));
  });
  {
    std::vector<std::unique_ptr<RawClient>> waiting;
    for (int i = 0; i < 512; ++i) {
      waiting.push_back(std::make_unique<RawClient>(world, served.server.port()));
      waiting.back()->say("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    REQUIRE(world.run_until([&] { return asked == 512; }));
    auto one_more = world.request(served.url("/quick"), 100ms);
    CHECK(world.send(one_more).response.status().code() == absl::StatusCode::kDeadlineExceeded);
    CHECK(asked == 512);
    for (const auto& client : waiting) client->hang_up();
    world.run_until([] { return false; }, 1ms);
  }
  CHECK(world.get(served.url("/quick")).response.ok());
}

TEST_CASE("a handler may end the server that called it") {
  World world;
  std::unique_ptr<HttpServer> server;
  server = std::make_unique<HttpServer>(world.loop,
                                        [&](const ServerRequest&, const Respond& respond) {
                                          server.reset();
                                          respond(with_body("too late"));
                                        });
  REQUIRE(server->listen_tcp("127.0.0.1", 0).ok());
  const auto result = world.get(fmt::format("http://127.0.0.1:{}/", server->port()));
  CHECK(result.response.status().code() == absl::StatusCode::kUnavailable);
  CHECK(server == nullptr);
}

TEST_CASE("the reset fault ends in RST, the truncate fault in half a body") {
  World world;
  auto fault = ServerResponse::Fault::kReset;
  Served served(world, [&](const ServerRequest&, const Respond& respond) {
    respond({.status = 200, .headers = {}, .body = "0123456789", .fault = fault});
  });
  RawClient reset(world, served.server.port());
  reset.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(reset.is_hung_up_on());
  CHECK(reset.end() == boost::asio::error::connection_reset);

  fault = ServerResponse::Fault::kTruncate;
  CHECK(world.get(served.url()).response.status().code() == absl::StatusCode::kDataLoss);
  RawClient cut(world, served.server.port());
  cut.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(cut.is_hung_up_on());
  CHECK(cut.hears("\r\n\r\n01234"));
  CHECK_FALSE(cut.hears("56789", 0ms));
}

TEST_CASE("a closed server refuses, drops its clients, and may listen again at the same place") {
  World world;
  Served served(world, answering(with_body("ok")));
  const auto port = served.server.port();
  CHECK(port != 0);
  RawClient open(world, port);
  open.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(open.hears("ok"));
  served.server.close();
  CHECK(open.is_hung_up_on());
  CHECK(served.server.port() == 0);
  const auto url = fmt::format("http://127.0.0.1:{}/", port);
  CHECK(world.get(url).response.status().code() == absl::StatusCode::kUnavailable);
  REQUIRE(served.server.listen_tcp("127.0.0.1", port).ok());
  CHECK(world.get(url).response.ok());
}

TEST_CASE("it listens on IPv6, too") {
  World world;
  std::string peer;
  HttpServer server(world.loop, [&](const ServerRequest& request, const Respond& respond) {
    peer = request.peer;
    respond({});
  });
  if (const auto status = server.listen_tcp("::1", 0); !status.ok()) {
    WARN("SKIPPED: no IPv6 here: " << text_of(status));
    return;
  }
  CHECK(world.get(fmt::format("http://[::1]:{}/", server.port())).response.ok());
  CHECK(peer == "::1");
}

TEST_CASE("where it cannot listen, the status says why and what to do") {
  World world;
  const Pki pki;
  Served first(world, answering({}));
  HttpServer server(world.loop, answering({}));
  const auto used = server.listen_tcp("127.0.0.1", first.server.port());
  CHECK(used.code() == absl::StatusCode::kAlreadyExists);
  CHECK_THAT(text_of(used), Contains(fmt::format("127.0.0.1:{}", first.server.port())));
  CHECK(server.listen_tcp("203.0.113.10", 0).code() == absl::StatusCode::kFailedPrecondition);
  CHECK(server.listen_tcp("localhost", 0).code() == absl::StatusCode::kInvalidArgument);
  auto torn = pki.tls_server();
  torn.cert_pem.resize(100);
  CHECK_THAT(text_of(server.listen_tcp("127.0.0.1", 0, torn)), Contains("server certificate"));
  torn = pki.tls_server();
  torn.client_ca_pem = "nonsense";
  CHECK_THAT(text_of(server.listen_tcp("127.0.0.1", 0, torn)), Contains("client CA"));
}

TEST_CASE("new connections see a replaced certificate, and a torn one changes nothing") {
  World world;
  const Pki old_pki;
  const Pki new_pki;
  Served served(world, answering({}), old_pki.tls_server());
  const auto trusted_by = [&](const Pki& pki) {
    auto request = world.request(served.url());
    request.tls = pki.trusting();
    return world.send(std::move(request)).response.ok();
  };
  CHECK(trusted_by(old_pki));
  CHECK_FALSE(served.server.replace_tls({"torn", Secret("torn"), ""}).ok());
  CHECK(trusted_by(old_pki));
  REQUIRE(served.server.replace_tls(new_pki.tls_server()).ok());
  CHECK(trusted_by(new_pki));
  CHECK_FALSE(trusted_by(old_pki));
  Served plain(world, answering({}));
  CHECK(plain.server.replace_tls(new_pki.tls_server()).code() ==
        absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("a unix socket is its owner's alone, whatever the umask, and goes with the server") {
  World world;
  Folder folder;
  const std::string path = folder.path + "/vipd.sock";
  const auto mode_of = [&] {
    struct stat file {};
    return ::lstat(path.c_str(), &file) == 0 ? file.st_mode & 0777u : 0u;
  };
  const mode_t before = ::umask(0);
  {
    std::string peer = "unset";
    HttpServer server(world.loop, [&](const ServerRequest& request, const Respond& respond) {
      peer = request.peer;
      respond(with_body(request.target));
    });
    REQUIRE(server.listen_unix(path).ok());
    CHECK(mode_of() == 0600);
    const auto result = world.get("unix:" + path + ":/status?full=1");
    REQUIRE(result.response.ok());
    CHECK(result.response->body == "/status?full=1");
    CHECK(peer.empty());
    ::umask(0077);
    REQUIRE(server.listen_unix(path, 0660).ok());
    CHECK(mode_of() == 0660);
  }
  ::umask(before);
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a stale socket is replaced; a served one and a file that is none stay") {
  World world;
  Folder folder;
  const std::string path = folder.path + "/vipd.sock";
  { Unix::acceptor stale(world.loop, Unix::endpoint(path)); }
  REQUIRE(std::filesystem::is_socket(path));
  HttpServer first(world.loop, answering(with_body("first")));
  REQUIRE(first.listen_unix(path).ok());

  HttpServer second(world.loop, answering(with_body("second")));
  CHECK(second.listen_unix(path).code() == absl::StatusCode::kAlreadyExists);
  const auto result = world.get("unix:" + path + ":/");
  REQUIRE(result.response.ok());
  CHECK(result.response->body == "first");

  const std::string file = folder.path + "/notes";
  std::ofstream(file) << "mine";
  CHECK(second.listen_unix(file).code() == absl::StatusCode::kAlreadyExists);
  CHECK(std::filesystem::file_size(file) == 4);
  CHECK_FALSE(second.listen_unix(folder.path + "/none/vipd.sock").ok());
  CHECK_FALSE(second.listen_unix("/" + std::string(200, 'x')).ok());
}

}  // namespace
}  // namespace vipd::base
