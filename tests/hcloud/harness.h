// What the tests of the adapter share: a loop that runs until something is true, a folder of
// its own, and an HTTP server that follows a script.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/http_server.h"
#include "base/log.h"
#include "tests/catch.h"
#include "vipd/core/event.h"

namespace vipd::hcloud {

// Everything in a test lives on this loop; events land in `events` in order.
struct World {
  boost::asio::io_context loop;
  base::SystemClock clock;
  base::Log log{base::LogFormat::kConsole, base::LogLevel::kError, clock};
  std::vector<core::Event> events;

  std::function<void(core::Event)> post() {
    return [this](core::Event event) { events.push_back(std::move(event)); };
  }
  template <typename Condition>
  bool run_until(Condition condition) {
    const auto deadline = clock.now() + std::chrono::seconds(20);
    while (!condition() && clock.now() < deadline) {
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(20));
    }
    return condition();
  }
  void run_for(std::chrono::milliseconds time) {
    loop.restart();
    loop.run_for(time);
  }
  template <typename T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& event : events) {
      if (const auto* wanted = std::get_if<T>(&event)) found.push_back(*wanted);
    }
    return found;
  }
  template <typename T>
  T wait_for(std::size_t count = 1) {
    REQUIRE(run_until([&] { return all<T>().size() >= count; }));
    return all<T>().back();
  }
};

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hcloud_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& content) const {
    REQUIRE(base::write_file_atomically(file(name), content).ok());
    return file(name);
  }

 private:
  std::string path_;
};

// Answers exactly the calls of its script, in order. A call that is not next in the script, and
// one that never came, fail the test.
class ScriptedServer {
 public:
  struct Call {
    std::string method;
    std::string target;
    base::ServerResponse answer;
    std::string body;     // that the request must have
    bool silent = false;  // never answered
  };

  explicit ScriptedServer(boost::asio::io_context& loop,
                          std::optional<base::TlsServer> tls = std::nullopt)
      : scheme_(tls ? "https" : "http"),
        server_(loop, [this](const base::ServerRequest& request, base::Respond respond) {
          serve(request, std::move(respond));
        }) {
    REQUIRE(server_.listen_tcp("127.0.0.1", 0, std::move(tls)).ok());
  }
  ~ScriptedServer() {
    for (const auto& surprise : surprises_) FAIL_CHECK("unexpected call: " << surprise);
    for (const auto& call : script_) FAIL_CHECK("missing call: " << call.method << call.target);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  void expect(Call call) { script_.push_back(std::move(call)); }
  void expect_get(const std::string& target, int status, const std::string& body) {
    expect({"GET", target, {status, {}, body}, "", false});
  }
  [[nodiscard]] std::string url() const {
    return fmt::format("{}://127.0.0.1:{}", scheme_, server_.port());
  }
  // Those kept silent get an empty 500 after all.
  void close_unanswered() {
    for (auto& respond : unanswered_) respond({.status = 500, .headers = {}, .body = ""});
    unanswered_.clear();
  }
  [[nodiscard]] bool done() const { return script_.empty(); }
  [[nodiscard]] const std::vector<base::ServerRequest>& requests() const { return requests_; }

 private:
  void serve(const base::ServerRequest& request, base::Respond respond) {
    requests_.push_back(request);
    const std::string name = fmt::format("{} {} {}", request.method, request.target, request.body);
    if (script_.empty() || script_.front().method != request.method ||
        script_.front().target != request.target || script_.front().body != request.body) {
      surprises_.push_back(name);
      return respond({.status = 599, .headers = {}, .body = ""});
    }
    const Call call = std::move(script_.front());
    script_.pop_front();
    if (call.silent) {
      unanswered_.push_back(std::move(respond));
    } else {
      respond(call.answer);
    }
  }

  std::string scheme_;
  std::deque<Call> script_;
  std::vector<base::ServerRequest> requests_;
  std::vector<std::string> surprises_;
  std::vector<base::Respond> unanswered_;
  base::HttpServer server_;
};

}  // namespace vipd::hcloud
