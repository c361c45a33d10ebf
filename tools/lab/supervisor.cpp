#include "tools/lab/supervisor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <memory>

#include "base/http_server.h"
#include "base/log.h"
#include "tools/lab/cluster.h"
#include "tools/lab/namespaces.h"

namespace vipd::lab {
namespace {

constexpr std::size_t kVerbsAtOnce = 8;  // more than nodes: status is answered during long ones
constexpr std::string_view kVerbs = "/verbs/";

base::ServerResponse json_response(const absl::StatusOr<base::Json>& result) {
  base::ServerResponse response;
  response.headers = {{"Content-Type", "application/json"}};
  if (result.ok()) {
    response.body = result->dump();
    return response;
  }
  const auto code = result.status().code();
  response.status = code == absl::StatusCode::kInvalidArgument ? 400
                    : code == absl::StatusCode::kNotFound      ? 404
                                                               : 500;
  response.body = base::Json({{"error", std::string(result.status().message())},
                              {"code", static_cast<int>(code)}})
                      .dump();
  return response;
}

// In this thread.
void take_signals(int how) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT}) sigaddset(&signals, number);
  pthread_sigmask(how, &signals, nullptr);
}

class Supervisor {
 public:
  Supervisor(Setup setup, Layout layout, Inherited inherited)
      : layout_(layout),
        report_fd_(inherited.report_fd),
        cluster_(std::move(setup), std::move(layout), children_, clock_),
        children_ended_(loop_, SIGCHLD),
        asked_to_end_(loop_, SIGTERM, SIGINT),
        companion_(loop_),
        server_(loop_, [this](const base::ServerRequest& request, base::Respond respond) {
          answer(request, std::move(respond));
        }) {
    if (inherited.companion_fd >= 0) companion_.assign(inherited.companion_fd);
  }

  int run() {
    watch_children();
    take_signals(SIG_UNBLOCK);
    asked_to_end_.async_wait([this](auto, int) { loop_.stop(); });
    watch_companion();
    if (auto listening = server_.listen_unix(layout_.socket()); !listening.ok())
      return report(listening);
    boost::asio::post(workers_, [this] {
      const absl::Status up = cluster_.come_up();
      up_ = up.ok();
      if (report(up) != 0) loop_.stop();
    });
    loop_.run();
    // Threads in the middle of a verb are not waited for: the end of process 1 ends everything.
    _exit(up_ ? 0 : 1);
  }

 private:
  int report(const absl::Status& status) {
    const std::string text = status.ok() ? "ready" : std::string(status.message());
    log_.write(status.ok() ? base::LogLevel::kInfo : base::LogLevel::kError, text);
    const bool told = dprintf(report_fd_, "%s\n", text.c_str()) > 0;
    close(report_fd_);
    return status.ok() && told ? 0 : 1;
  }

  void watch_children() {
    children_ended_.async_wait([this](auto error, int) {
      if (error) return;
      children_.reap();
      watch_children();
    });
  }

  // A pidfd is readable once its process has ended (pidfd_open(2)).
  void watch_companion() {
    if (!companion_.is_open()) return;
    companion_.async_wait(companion_.wait_read, [this](auto error) {
      if (!error) loop_.stop();
    });
  }

  void answer(const base::ServerRequest& request, base::Respond respond) {
    if (request.target == "/down") {
      respond(json_response(base::Json::object()));
      boost::asio::post(loop_, [this] { loop_.stop(); });
      return;
    }
    if (!up_) {
      respond(json_response(request.target == "/status"
                                ? absl::StatusOr<base::Json>(base::Json{{"phase", "starting"}})
                                : absl::UnavailableError("the lab is still coming up")));
      return;
    }
    boost::asio::post(workers_, [this, request, respond = std::move(respond)] {
      auto result = carry_out(request);
      boost::asio::post(loop_,
                        [result = std::move(result), respond] { respond(json_response(result)); });
    });
  }

  absl::StatusOr<base::Json> carry_out(const base::ServerRequest& request) {
    if (request.target == "/status") {
      base::Json status = cluster_.status();
      status["phase"] = "up";
      return status;
    }
    if (!request.target.starts_with(kVerbs))
      return absl::NotFoundError(fmt::format("nothing at {}", request.target));
    const auto arguments = base::parse_json(request.body.empty() ? "{}" : request.body);
    if (!arguments.ok()) return arguments.status();
    const std::string verb = request.target.substr(kVerbs.size());
    auto result = cluster_.carry_out(verb, *arguments);
    log_.write(result.ok() ? base::LogLevel::kInfo : base::LogLevel::kWarn, verb,
               {{"arguments", arguments->dump()},
                {"result", result.ok() ? "done" : std::string(result.status().message())}});
    return result;
  }

  const Layout layout_;
  const int report_fd_;
  base::SystemClock clock_;
  base::Log log_{base::LogFormat::kConsole, base::LogLevel::kInfo, clock_};
  Children children_;
  Cluster cluster_;
  std::atomic<bool> up_ = false;
  boost::asio::io_context loop_;
  boost::asio::signal_set children_ended_;
  boost::asio::signal_set asked_to_end_;
  boost::asio::posix::stream_descriptor companion_;
  boost::asio::thread_pool workers_{kVerbsAtOnce};
  base::HttpServer server_;
};

}  // namespace

int supervise(const std::string& dir, const std::string& setup_json, Inherited inherited) {
  absl::Status begun = settle_in();
  auto setup = Setup::parse(setup_json);
  begun.Update(setup.status());
  if (!begun.ok()) {
    dprintf(inherited.report_fd, "%s\n", std::string(begun.message()).c_str());
    return 1;
  }
  // Before any thread: they inherit it, and no signal interrupts their system calls.
  take_signals(SIG_BLOCK);
  return std::make_unique<Supervisor>(*std::move(setup), Layout{dir}, inherited)->run();
}

}  // namespace vipd::lab
