#include "vipd/shell/control_server.h"

#include <sys/stat.h>

#include <memory>
#include <sstream>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "tests/shell/fixtures.h"
#include "vipd/shell/client.h"
#include "vipd/shell/exit_code.h"
#include "vipd/shell/handover.h"
#include "vipd/shell/status_command.h"

namespace vipd::shell {
namespace {

using base::Json;

// A control server on a thread of its own, as the loop is; the test is the command line.
class Daemon {
 public:
  explicit Daemon(const std::string& socket)
      : server_(
            io_, log_, socket,
            {.status = [this] { return status_; }, .journal = [] { return "the journal\n"; }},
            [this](core::Event event) {
              given.push_back(event);
              const auto* handover = std::get_if<core::HandoverAsked>(&event);
              if (handover == nullptr) return on_other(event);
              orders.push_back(*handover);
              boost::asio::post(io_, [this] { on_order(orders.back()); });
            }) {
    server_.start();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Daemon() {
    io_.stop();
    thread_.join();
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Before the order comes.
  std::function<void(const core::HandoverAsked&)> on_order = [](const auto&) {};
  std::function<void(const core::Event&)> on_other = [](const auto&) {};
  std::vector<core::HandoverAsked> orders;  // read after the answer
  std::vector<core::Event> given;

  void answer(core::CallId order, bool done, const std::string& text) {
    server_.carry_out(core::OrderAnswer{order, done, text});
  }
  void answer_soon(core::CallId order, bool done, const std::string& text) {
    boost::asio::post(io_, [=, this] { answer(order, done, text); });
  }
  void become(Json status) {
    status_ = std::move(status);
    server_.changed();
  }
  void become_soon(Json status) {
    boost::asio::post(io_, [this, status = std::move(status)] { become(status); });
  }

 private:
  base::SystemClock clock_;
  base::Log log_{base::LogFormat::kJson, base::LogLevel::kError, clock_};
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  Json status_ = {{"change", 1}, {"state", "standby"}};
  ControlServer server_;
  std::thread thread_;
};

struct Rig {
  TempFolder folder;
  base::SystemClock clock;
  std::string socket = folder / "vipd.sock";
  Daemon daemon{socket};
  Client client{socket, clock};
  std::stringstream out;
  std::stringstream err;

  [[nodiscard]] base::Instant soon() const { return clock.now() + 5s; }
  absl::StatusOr<base::HttpResponse> send(const std::string& method, const std::string& target,
                                          const std::string& body = "") {
    boost::asio::io_context io;
    base::HttpClient http(io, clock);
    base::HttpRequest request;
    request.method = method;
    request.url = "unix:" + socket + ":" + target;
    request.body = body;
    request.deadline = soon();
    absl::StatusOr<base::HttpResponse> response = absl::UnknownError("");
    http.send(std::move(request), [&](base::HttpResult result) { response = result.response; });
    io.run();
    return response;
  }
};

Json status_of(std::uint64_t change, const std::string& node, std::int64_t server, bool verified) {
  return {{"change", change},
          {"epoch", 5},
          {"holder", {{"node", node}, {"server", server}}},
          {"fips",
           {{{"address", "203.0.113.10"}, {"server", server}, {"verified", verified}}}}};
}

TEST_CASE("the status is asked at a socket that only its owner may use") {
  Rig rig;
  const auto status = rig.client.status(std::nullopt, rig.soon());
  REQUIRE(status.ok());
  CHECK((*status)["state"] == "standby");
  struct stat info {};
  REQUIRE(::stat(rig.socket.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("a watcher is answered when the status has changed, or at once if it has already") {
  Rig rig;
  CHECK(rig.client.status(0, rig.soon()).ok());
  CHECK(absl::IsDeadlineExceeded(rig.client.status(1, rig.clock.now() + 100ms).status()));
  rig.daemon.become_soon({{"change", 2}, {"state", "holder"}});
  const auto status = rig.client.status(1, rig.soon());
  REQUIRE(status.ok());
  CHECK((*status)["state"] == "holder");
}

TEST_CASE("an order reaches the core whole and its answer the one who gave it") {
  Rig rig;
  rig.daemon.on_order = [&](const core::HandoverAsked& asked) {
    rig.daemon.answer(asked.order + 1, true, "somebody else's");
    rig.daemon.answer(asked.order, false, "cp-2 is not ready");
  };
  const auto outcome = rig.client.handover({"cp-2", "", "anna@cp-1", "maintenance"}, rig.soon());
  REQUIRE(outcome.ok());
  CHECK_FALSE(outcome->taken);
  CHECK(outcome->text == "cp-2 is not ready");
  REQUIRE(rig.daemon.orders.size() == 1);
  CHECK(rig.daemon.orders[0].to == "cp-2");
  CHECK(rig.daemon.orders[0].by == "anna@cp-1");
  CHECK(rig.daemon.orders[0].reason == "maintenance");
}

TEST_CASE("what is no order is refused before it reaches the core") {
  Rig rig;
  for (const auto* body : {"", "[]", "{}", R"({"reason":""})", R"({"reason":7})",
                           R"({"reason":"x","to":"a","off":"b"})"}) {
    const auto response = rig.send("POST", "/handover", body);
    REQUIRE(response.ok());
    CHECK(response->status == 400);
  }
  CHECK(rig.send("GET", "/handover")->status == 405);
  CHECK(rig.send("DELETE", "/status")->status == 405);
  CHECK(rig.send("GET", "/")->status == 404);
  for (const auto* query : {"?watch=", "?watch=x", "?watch=-1", "?watch=1&", "?what=1"}) {
    CHECK(rig.send("GET", std::string("/status") + query)->status == 400);
  }
  CHECK(rig.daemon.orders.empty());
}

TEST_CASE("pause, resume and release reach the core whole; what they lack is named") {
  Rig rig;
  rig.daemon.on_other = [&](const core::Event& event) {
    std::visit(
        [&](const auto& one) {
          if constexpr (requires { one.order; }) {
            rig.daemon.answer_soon(one.order, true, "taken");
          }
        },
        event);
  };
  const Json pause = {{"seconds", 90}, {"hard", true}, {"by", "anna"}, {"reason", "window"}};
  REQUIRE(rig.client.order("/pause", pause, rig.soon())->taken);
  REQUIRE(rig.client.order("/resume", {{"by", "bob"}}, rig.soon())->taken);
  REQUIRE(rig.client.order("/release", {{"holder", "i-1"}, {"by", "eve"}}, rig.soon())->taken);
  REQUIRE(rig.daemon.given.size() == 3);
  const auto& paused = std::get<core::PauseAsked>(rig.daemon.given[0]);
  CHECK(paused.lasts == 90s);
  CHECK(paused.hard);
  CHECK(paused.by == "anna");
  CHECK(paused.reason == "window");
  CHECK(std::get<core::ResumeAsked>(rig.daemon.given[1]).by == "bob");
  const auto& release = std::get<core::ReleaseAsked>(rig.daemon.given[2]);
  CHECK(release.holder == "i-1");
  CHECK(release.by == "eve");

  CHECK(rig.send("POST", "/pause", R"({"reason":"x"})")->body.find("seconds") != std::string::npos);
  CHECK(rig.send("POST", "/pause", R"({"seconds":9})")->body.find("reason") != std::string::npos);
  CHECK(rig.send("POST", "/release", "{}")->body.find("holder") != std::string::npos);
  CHECK(rig.send("POST", "/resume", "")->status == 400);
  CHECK(rig.send("GET", "/pause")->status == 405);
  CHECK(rig.daemon.given.size() == 3);
}

TEST_CASE("an order without an answer may have been taken all the same, and the client says so") {
  Rig rig;  // hears orders and answers none
  const auto outcome =
      rig.client.order("/resume", {{"by", "bob"}}, rig.clock.now() + 200ms).status();
  CHECK(absl::IsDeadlineExceeded(outcome));
  const std::string text(outcome.message());
  INFO(text);
  CHECK(text.find("may have been taken") != text.npos);
  CHECK(text.find("vipd status") != text.npos);
  CHECK(rig.daemon.given.size() == 1);

  Client elsewhere(rig.folder / "none.sock", rig.clock);
  const auto none = elsewhere.order("/resume", {{"by", "bob"}}, rig.soon()).status();
  CHECK(none.message().find("may have been taken") == absl::string_view::npos);
}

TEST_CASE("an order that vipd finds incomplete was wrong usage") {
  Rig rig;
  const auto outcome = rig.client.order("/release", {{"holder", ""}}, rig.soon()).status();
  CHECK(absl::IsInvalidArgument(outcome));
  CHECK(outcome.message() ==
        "a release needs \"holder\", the instance that is believed to hold");
  CHECK(exit_code_of(outcome) == kWrongUsage);
}

TEST_CASE("the journal is given as it is") {
  Rig rig;
  CHECK(*rig.client.journal(rig.soon()) == "the journal\n");
  CHECK(rig.send("POST", "/journal")->status == 405);
}

TEST_CASE("a handover ends when the Floating IP is verified at the new holder") {
  Rig rig;
  rig.daemon.become_soon(status_of(2, "cp-1", 101, true));
  rig.daemon.on_order = [&](const core::HandoverAsked& asked) {
    rig.daemon.answer(asked.order, true, "cp-1 hands over to cp-2");
    rig.daemon.become_soon(status_of(3, "cp-2", 102, false));
    rig.daemon.become_soon(status_of(4, "cp-2", 102, true));
  };
  const Order order{"", "", "anna", "test"};
  CHECK(hand_over(rig.client, rig.clock, order, 5s, rig.out, rig.err) == kFine);
  CHECK(rig.out.str().rfind("cp-1 hands over to cp-2\n", 0) == 0);
  CHECK(rig.out.str().find("holder cp-2 (server 102)") != std::string::npos);
  CHECK(rig.err.str().empty());
}

TEST_CASE("a handover that is refused says why; one that takes too long says where it stands") {
  Rig rig;
  rig.daemon.become_soon(status_of(2, "cp-1", 101, true));
  rig.daemon.on_order = [&](const core::HandoverAsked& asked) {
    rig.daemon.answer(asked.order, asked.reason != "bad", "no node is ready");
  };
  CHECK(hand_over(rig.client, rig.clock, {"", "", "anna", "bad"}, 5s, rig.out, rig.err) ==
        kFindings);
  CHECK(rig.err.str() == "vipd: refused: no node is ready\n");
  CHECK(hand_over(rig.client, rig.clock, {"cp-9", "", "anna", "good"}, 200ms, rig.out, rig.err) ==
        kFindings);
  CHECK(rig.err.str().find("last seen: holder cp-1 (server 101)") != std::string::npos);
}

TEST_CASE("a handover whose own vipd ends meanwhile says that the order was taken") {
  Rig rig;
  rig.daemon.on_order = [&](const core::HandoverAsked& asked) {
    std::filesystem::remove(rig.socket);  // nobody answers there any more
    rig.daemon.answer(asked.order, true, "asked");
  };
  CHECK(hand_over(rig.client, rig.clock, {"", "", "anna", "test"}, 5s, rig.out, rig.err) ==
        kCouldNotTell);
  CHECK(rig.err.str().find("the order was taken") != std::string::npos);
}

TEST_CASE("the status as a table and as JSON; where no vipd is, what to do") {
  Rig rig;
  CHECK(show_status(rig.client, rig.clock, {}, rig.out, rig.err) == kFine);
  CHECK(rig.out.str().find("state   standby\n") != std::string::npos);
  std::stringstream json;
  CHECK(show_status(rig.client, rig.clock, {.format = "json"}, json, rig.err) == kFine);
  CHECK(Json::parse(json.str())["change"] == 1);

  Client nobody(rig.folder / "other.sock", rig.clock);
  CHECK(show_status(nobody, rig.clock, {}, rig.out, rig.err) == kCouldNotTell);
  CHECK(rig.err.str().find("is vipd running on this node?") != std::string::npos);
  CHECK(rig.err.str().find(rig.folder / "other.sock") != std::string::npos);
}

}  // namespace
}  // namespace vipd::shell
