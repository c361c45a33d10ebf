#include "base/http_client.h"

#include <vector>

#include "base/url.h"
#include "tests/base/http_fixture.h"

namespace vipd::base {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("a request arrives as it was asked for, and its answer comes back whole") {
  World world;
  ServerRequest seen;
  Served served(world, [&](const ServerRequest& request, const Respond& respond) {
    seen = request;
    respond({.status = 201, .headers = {{"RateLimit-Reset", "7"}}, .body = "made"});
  });
  auto request = world.request(served.url("/v1/actions?page=2"));
  request.method = "POST";
  request.body = R"({"server":42})";
  request.headers = {{"User-Agent", "vipd/0.1.0"}};
  request.bearer = Secret("s3cr3t");
  const auto result = world.send(std::move(request));

  REQUIRE(result.response.ok());
  CHECK(result.sent);
  CHECK(result.response->status == 201);
  CHECK(result.response->body == "made");
  CHECK(find_header(result.response->headers, "ratelimit-reset") == "7");
  CHECK(find_header(result.response->headers, "absent") == std::nullopt);
  CHECK(seen.method == "POST");
  CHECK(seen.target == "/v1/actions?page=2");
  CHECK(seen.body == R"({"server":42})");
  CHECK(seen.peer == "127.0.0.1");
  CHECK(find_header(seen.headers, "authorization") == "Bearer s3cr3t");
  CHECK(find_header(seen.headers, "content-length") == "13");
  CHECK(find_header(seen.headers, "connection") == "close");
  CHECK(find_header(seen.headers, "host") == fmt::format("127.0.0.1:{}", served.server.port()));
}

TEST_CASE("a name is resolved, and its addresses are tried one after the other") {
  World world;
  Served served(world, answering(with_body("ok")));  // 127.0.0.1 only; localhost may be ::1 first
  const auto result =
      world.get(fmt::format("http://localhost:{}/readyz", served.server.port()));
  REQUIRE(result.response.ok());
  CHECK(result.response->body == "ok");
}

TEST_CASE("an address that swallows packets leaves time for the next one") {
  World world;
  Served served(world, answering(with_body("ok")));
  boost::system::error_code refused;
  Tcp::acceptor full(world.loop, Tcp::v6());
  full.bind({boost::asio::ip::address_v6::loopback(), served.server.port()}, refused);
  Tcp::resolver resolver(world.loop);
  const auto found = resolver.resolve("localhost", "1");
  if (refused || found.size() < 2 || !found.begin()->endpoint().address().is_v6()) {
    WARN("SKIPPED: localhost is not first ::1 and then 127.0.0.1 here");
    return;
  }
  full.listen(0);
  std::vector<Tcp::socket> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.emplace_back(world.loop);
    waiting.back().async_connect(full.local_endpoint(), [](auto) {});
  }
  const auto result = world.send(
      world.request(fmt::format("http://localhost:{}/", served.server.port()), 2s));
  CHECK(result.response.ok());
}

TEST_CASE("HEAD, 204 and an empty body end without waiting for one") {
  World world;
  int status = 200;
  Served served(world, [&](const ServerRequest&, const Respond& respond) {
    respond({.status = status, .headers = {}, .body = status == 200 ? "four" : ""});
  });
  auto head = world.request(served.url());
  head.method = "HEAD";
  const auto headed = world.send(std::move(head));
  REQUIRE(headed.response.ok());
  CHECK(headed.response->body.empty());
  CHECK(find_header(headed.response->headers, "content-length") == "4");
  status = 204;
  const auto emptied = world.get(served.url());
  REQUIRE(emptied.response.ok());
  CHECK(emptied.response->status == 204);
}

TEST_CASE("a proxy's HTML page is a body like any other") {
  World world;
  ScriptedPeer peer(world.loop,
                    "HTTP/1.0 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html>");
  const auto result = world.get(peer.url());
  REQUIRE(result.response.ok());
  CHECK(result.response->status == 502);
  CHECK(result.response->body == "<html>");
}

TEST_CASE("a chunked body is put together") {
  World world;
  ScriptedPeer peer(world.loop,
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  const auto result = world.get(peer.url());
  REQUIRE(result.response.ok());
  CHECK(result.response->body == "abcde");
}

TEST_CASE("a broken answer is DataLoss, and none at all Unavailable") {
  World world;
  const auto code = [&](std::string answer) {
    ScriptedPeer peer(world.loop, std::move(answer));
    const auto result = world.get(peer.url());
    CHECK(result.sent);
    CHECK_THAT(text_of(result.response.status()), Contains("127.0.0.1:"));
    return result.response.status().code();
  };
  CHECK(code("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") == absl::StatusCode::kDataLoss);
  CHECK(code("HTTP/1.1 200 OK\r\nContent-Le") == absl::StatusCode::kDataLoss);
  CHECK(code("SSH-2.0-OpenSSH_9.2\r\n") == absl::StatusCode::kDataLoss);
  CHECK(code("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n") == absl::StatusCode::kDataLoss);
  CHECK(code("HTTP/1.1 200 OK\r\nA: " + std::string(80'000, 'a') + "\r\n\r\n") ==
        absl::StatusCode::kDataLoss);
  CHECK(code("") == absl::StatusCode::kUnavailable);
}

TEST_CASE("a body of 20 MB passes where the limit allows it, and only there") {
  World world;
  const std::string big(20'000'000, 'x');
  Served served(world, answering(with_body(big)));
  const auto refused = world.get(served.url());
  CHECK(refused.response.status().code() == absl::StatusCode::kResourceExhausted);
  auto request = world.request(served.url());
  request.body_limit = big.size();
  const auto passed = world.send(std::move(request));
  REQUIRE(passed.response.ok());
  CHECK(passed.response->body == big);
}

TEST_CASE("a body without a length is held to the limit, too") {
  World world;
  ScriptedPeer peer(world.loop, "HTTP/1.1 200 OK\r\n\r\n" + std::string(200, 'x'));
  auto request = world.request(peer.url());
  request.body_limit = 100;
  CHECK(world.send(std::move(request)).response.status().code() ==
        absl::StatusCode::kResourceExhausted);
}

TEST_CASE("where nobody listens, or no such name is, the answer is Unavailable and nothing left") {
  World world;
  Tcp::acceptor closed(world.loop, kAnyPort);
  const auto port = closed.local_endpoint().port();
  closed.close();
  Folder folder;
  for (const auto& url : {fmt::format("http://127.0.0.1:{}/", port), std::string("http://a..b/"),
                          fmt::format("unix:{}/none:/", folder.path)}) {
    const auto result = world.get(url);
    CHECK(result.response.status().code() == absl::StatusCode::kUnavailable);
    CHECK_FALSE(result.sent);
  }
}

TEST_CASE("a URL is taken apart") {
  const auto host = [](const char* text) { return Url::parse(text)->host_header(); };
  CHECK(host("http://a.test/") == "a.test");
  CHECK(host("http://a.test:80/") == "a.test");
  CHECK(host("http://a.test:443/") == "a.test:443");
  CHECK(host("https://a.test:443/") == "a.test");
  CHECK(host("https://[::1]") == "[::1]");
  CHECK(host("https://[::1]:6443") == "[::1]:6443");
  CHECK(Url::parse("http://a.test")->target == "/");
  CHECK(Url::parse("http://a.test?b=c")->target == "/?b=c");
  CHECK(Url::parse("http://a.test/b?c=http://d:1/")->target == "/b?c=http://d:1/");
  CHECK(Url::parse("https://[::1]")->peer() == "[::1]:443");
  const auto local = Url::parse("unix:/run/vipd.sock:/status?a=:/").value();
  CHECK(local.peer() == "unix:/run/vipd.sock");
  CHECK(local.target == "/status?a=:/");
  CHECK(Url::parse("unix:/run/vipd.sock")->target == "/");
}

TEST_CASE("what is no request is refused without quoting it") {
  World world;
  const auto refusal = [&](HttpRequest request) {
    const auto status = world.send(std::move(request)).response.status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return text_of(status);
  };
  for (const auto* url : {"", "ftp://a/", "http://", "http://u:pw@host/", "http://h:0/",
                          "http://h:65536/", "http://h:1x/", "http://[::1/", "http://[::1]1/",
                          "http://h/a b", "http://h/#f", "unix:relative:/", "http://h/\r\nX: y"}) {
    INFO(url);
    CHECK_THAT(refusal(world.request(url)), !Contains("pw"));
  }
  CHECK_THAT(refusal(world.request("unix:/" + std::string(108, 'x'))), Contains("too long"));
  auto torn = world.request("http://127.0.0.1:1/");
  torn.bearer = Secret("s3cr3t\n");
  CHECK_THAT(refusal(torn), Contains("token") && !Contains("s3cr3t"));
  auto split = world.request("http://127.0.0.1:1/");
  split.headers = {{"A", "b\r\nX: y"}};
  refusal(split);
}

// Each peer keeps the exchange in one phase for ever.
TEST_CASE("the deadline ends an exchange in whatever phase it is, and names it [E21]") {
  World world;
  const auto ends_in = [&](HttpRequest request, bool sent, const std::string& phase) {
    INFO(phase);
    const Instant before = world.clock.now();
    request.deadline = before + 500ms;
    const auto result = world.send(std::move(request));
    const auto took = world.clock.now() - before;
    CHECK(result.response.status().code() == absl::StatusCode::kDeadlineExceeded);
    CHECK_THAT(text_of(result.response.status()), Contains("phase " + phase));
    CHECK(result.sent == sent);
    CHECK(took >= 500ms);
    CHECK(took < 10s);
  };
  Tcp::acceptor silent(world.loop, kAnyPort);  // the kernel accepts, nobody reads
  const auto port = silent.local_endpoint().port();
  ends_in(world.request(fmt::format("http://127.0.0.1:{}/", port)), true, "answer");
  auto encrypted = world.request(fmt::format("https://127.0.0.1:{}/", port));
  encrypted.tls.verify = false;  // else loading the system's store takes its share of the time
  ends_in(std::move(encrypted), false, "TLS");
  auto upload = world.request(fmt::format("http://127.0.0.1:{}/", port));
  upload.body = std::string(20'000'000, 'x');
  ends_in(std::move(upload), true, "send");

  Tcp::acceptor full(world.loop, kAnyPort);
  full.listen(0);
  std::vector<Tcp::socket> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.emplace_back(world.loop);
    waiting.back().async_connect(full.local_endpoint(), [](auto) {});
  }
  ends_in(world.request(fmt::format("http://127.0.0.1:{}/", full.local_endpoint().port())), false,
          "connect");
}

TEST_CASE("a deadline that is over before the start sends nothing") {
  World world;
  ScriptedPeer peer(world.loop, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto result = world.send(world.request(peer.url(), -1ms));
  CHECK(result.response.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK_FALSE(result.sent);
  CHECK(peer.heard().empty());
}

TEST_CASE("an answer that is under way at the deadline is cut off") {
  World world;
  Tcp::acceptor slow(world.loop, kAnyPort);
  std::optional<Tcp::socket> peer;
  slow.async_accept([&](auto, Tcp::socket socket) {
    peer = std::move(socket);
    boost::asio::write(*peer, boost::asio::buffer("HTTP/1.1 200 OK\r\nContent-Le", 27));
  });
  const auto result = world.send(
      world.request(fmt::format("http://127.0.0.1:{}/", slow.local_endpoint().port()), 50ms));
  CHECK(result.response.status().code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("a request whose first byte would leave too late is not sent [A1]") {
  World world;
  int served_requests = 0;
  Served served(world, [&](const ServerRequest&, const Respond& respond) {
    ++served_requests;
    respond({});
  });
  auto late = world.request(served.url());
  late.first_byte_by = world.clock.now() - 1ms;
  const auto refused = world.send(std::move(late));
  CHECK(refused.response.status().code() == absl::StatusCode::kAborted);
  CHECK_FALSE(refused.sent);
  CHECK(served_requests == 0);

  const Instant before = world.clock.now();
  auto timely = world.request(served.url());
  timely.first_byte_by = before + 10s;
  const auto passed = world.send(std::move(timely));
  REQUIRE(passed.response.ok());
  CHECK(passed.sent);
  CHECK(passed.first_byte_at >= before);
  CHECK(passed.first_byte_at <= world.clock.now());
}

TEST_CASE("a failed exchange still says when its first byte left [A1]") {
  World world;
  Served served(world, answering({.status = 200,
                                  .headers = {},
                                  .body = {},
                                  .fault = ServerResponse::Fault::kReset}));
  const Instant before = world.clock.now();
  const auto result = world.get(served.url());
  CHECK(result.response.status().code() == absl::StatusCode::kUnavailable);
  CHECK(result.sent);
  CHECK(result.first_byte_at >= before);
}

TEST_CASE("a client that is destroyed never calls back") {
  World world;
  int served_requests = 0;
  Served served(world, [&](const ServerRequest&, const Respond&) { ++served_requests; });
  bool called = false;
  {
    HttpClient client(world.loop, world.clock);
    client.send(world.request(served.url(), 50ms), [&](const HttpResult&) { called = true; });
    client.send(world.request("nonsense"), [&](const HttpResult&) { called = true; });
    client.send(world.request("http://localhost:1/"), [&](const HttpResult&) { called = true; });
    if (GENERATE(false, true)) world.run_until([&] { return served_requests == 1; });
    called = false;
  }
  world.run_until([] { return false; }, 150ms);
  CHECK_FALSE(called);
}

TEST_CASE("a callback may destroy the client it was called by") {
  World world;
  Served served(world, answering(with_body("ok")));
  auto client = std::make_unique<HttpClient>(world.loop, world.clock);
  client->send(world.request(served.url()), [&](const HttpResult&) { client.reset(); });
  CHECK(world.run_until([&] { return client == nullptr; }));
}

TEST_CASE("exchanges of one client run side by side") {
  World world;
  std::vector<Respond> waiting;
  Served served(world, [&](const ServerRequest&, Respond respond) {
    waiting.push_back(std::move(respond));
    if (waiting.size() == 3) {
      for (const auto& answer : waiting) answer(with_body("ok"));
    }
  });
  HttpClient client(world.loop, world.clock);
  int answered = 0;
  for (int i = 0; i < 3; ++i) {
    client.send(world.request(served.url()), [&](const HttpResult& result) {
      answered += result.response.ok() ? 1 : 0;
    });
  }
  CHECK(world.run_until([&] { return answered == 3; }));
}

}  // namespace
}  // namespace vipd::base
