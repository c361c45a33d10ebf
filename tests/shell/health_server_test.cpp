#include "vipd/shell/health_server.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "base/http_client.h"
#include "tests/shell/fixtures.h"
#include "vipd/shell/loop.h"
#include "vipd/shell/publisher.h"

namespace vipd::shell {
namespace {

base::HttpResponse get(std::uint16_t port, const std::string& target,
                       const std::string& method = "GET") {
  const base::SystemClock clock;
  boost::asio::io_context io;
  base::HttpClient http(io, clock);
  base::HttpRequest request;
  request.method = method;
  request.url = "http://127.0.0.1:" + std::to_string(port) + target;
  request.deadline = clock.now() + 5s;
  absl::StatusOr<base::HttpResponse> response = absl::UnknownError("no answer");
  http.send(std::move(request), [&](base::HttpResult result) { response = result.response; });
  io.run();
  REQUIRE(response.ok());
  return *response;
}

MetricsPage page() {
  return {"text/plain", [](std::string_view status) { return "of " + std::string(status) + "\n"; }};
}

// A core that can be made to hang in the middle of a step.
class HangingMachine final : public Machine {
 public:
  std::vector<core::Command> step(const core::Event&, core::Now) override {
    std::unique_lock lock(mutex_);
    hanging_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return released_; });
    return {};
  }
  [[nodiscard]] std::optional<core::Instant> wake_at() const override { return std::nullopt; }
  [[nodiscard]] base::Json status(core::Now) const override { return {{"state", "holder"}}; }

  void wait_until_it_hangs() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return hanging_; });
  }
  bool released() {
    const std::lock_guard lock(mutex_);
    return released_;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool hanging_ = false;
  bool released_ = false;
};

TEST_CASE("while the loop is stuck, health says so and the last status is still served") {
  SetClock clock;
  base::Log log = quiet_log(clock);
  boost::asio::io_context io;
  HangingMachine machine;
  Board board;
  Publisher publisher(machine, board);
  Loop loop(io, clock, log, machine);
  HealthServer health(clock, log, board, page(), "127.0.0.1", 0);
  board.beat(clock.now());
  health.start();

  loop.start([](const core::Command&) {}, [&](core::Now now) { publisher.turned(now); });
  REQUIRE(run_until(io, [&] { return board.latest() != nullptr; }));
  CHECK(get(health.port(), "/healthz").status == 200);
  const auto metrics = get(health.port(), "/metrics");
  CHECK(metrics.status == 200);
  CHECK(metrics.body == "of " + board.latest()->text + "\n");
  CHECK(base::find_header(metrics.headers, "Content-Type") == "text/plain");

  loop.post(core::TermSignal{});
  std::thread thread([&] { run_until(io, [&] { return machine.released(); }); });
  machine.wait_until_it_hangs();
  clock.advance(HealthServer::kStuckAfter);
  CHECK(get(health.port(), "/healthz").status == 200);
  clock.advance(100ms);
  const auto stuck = get(health.port(), "/healthz");
  CHECK(stuck.status == 503);
  CHECK(stuck.body.find("not turned for 2.1 s") != std::string::npos);
  CHECK(get(health.port(), "/status").body.find("holder") != std::string::npos);
  CHECK(get(health.port(), "/metrics").status == 503);

  machine.release();
  thread.join();
  REQUIRE(run_until(io, [&] { return clock.now() == board.last_beat(); }));
  CHECK(get(health.port(), "/healthz").status == 200);
}

TEST_CASE("the TCP side takes no orders and knows three paths") {
  SetClock clock;
  base::Log log = quiet_log(clock);
  const Board board;
  HealthServer health(clock, log, board, page(), "127.0.0.1", 0);
  health.start();
  CHECK(get(health.port(), "/status").status == 503);
  CHECK(get(health.port(), "/metrics").status == 503);
  CHECK(get(health.port(), "/handover", "POST").status == 405);
  CHECK(get(health.port(), "/").status == 404);
}

TEST_CASE("an address in use does not keep vipd from running [E19]", "[E19]") {
  SetClock clock;
  base::Log log = quiet_log(clock);
  const Board board;
  HealthServer first(clock, log, board, page(), "127.0.0.1", 0);
  first.start();
  HealthServer second(clock, log, board, page(), "127.0.0.1", first.port());
  second.start();
  CHECK(second.port() == 0);
  CHECK(get(first.port(), "/").status == 404);
}

}  // namespace
}  // namespace vipd::shell
