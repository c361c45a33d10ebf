#include <thread>

#include <fmt/format.h>

#include "base/http_server.h"
#include "base/json.h"
#include "tests/vipctl/fixtures.h"

namespace vipd::vipctl {
namespace {

// A vipd that answers GET /status on a socket and on TCP.
class Daemon {
 public:
  explicit Daemon(const std::string& socket) {
    REQUIRE(local_.listen_unix(socket).ok());
    REQUIRE(remote_.listen_tcp("127.0.0.1", 0).ok());
    address = fmt::format("127.0.0.1:{}", remote_.port());
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Daemon() {
    loop_.stop();
    thread_.join();
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  std::string address;

 private:
  static void answer(const base::ServerRequest& request, const base::Respond& respond) {
    const bool known = request.method == "GET" && request.target == "/status";
    respond({.status = known ? 200 : 404, .headers = {},
             .body = R"({"version":"0.1.0","cluster":"prod","group":"api","state":"holder"})"});
  }
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  base::HttpServer local_{loop_, answer};
  base::HttpServer remote_{loop_, answer};
  std::thread thread_;
};

TEST_CASE("vipctl alone shows its commands; version and help are fine") {
  Terminal terminal;
  CHECK(terminal.run({}) == 0);
  for (const std::string command : {"version", "status", "fip", "render", "sans", "help"}) {
    CHECK(Terminal::has(terminal.out, command));
  }
  for (const std::string spelling : {"version", "--version"}) {
    CHECK(terminal.run({spelling}) == 0);
    CHECK(terminal.out == "vipctl " VIPD_VERSION " (commit abc)\n");
  }
  CHECK(terminal.run({"version", "-o", "json"}) == 0);
  CHECK(base::parse_json(terminal.out).value() ==
        base::Json({{"version", VIPD_VERSION}, {"commit", "abc"}}));
  CHECK(terminal.run({"version", "-o", "yaml"}) == 0);
  CHECK(Terminal::has(terminal.out, "commit: abc\n"));
  CHECK(terminal.run({"help"}) == 0);
  CHECK(Terminal::has(terminal.out, "Subcommands"));
}

TEST_CASE("help exit-codes lists every code once") {
  Terminal terminal;
  REQUIRE(terminal.run({"help", "exit-codes"}) == 0);
  std::istringstream lines(terminal.out);
  std::string codes;
  for (std::string line; std::getline(lines, line);) codes += line.substr(0, line.find(' ')) + " ";
  CHECK(codes == "CODE 0 1 2 3 4 10 11 12 13 ");
}

TEST_CASE("wrong usage ends with 2 and says what was wrong") {
  Terminal terminal;
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"nonsense"}, {"status", "--nonsense"}, {"status", "-o", "xml"},
        {"fip"}, {"fip", "show"}, {"render", "pod"}, {"help", "me"},
        {"status", "--socket", "a", "--address", "b:1"}}) {
    INFO(arguments.back());
    CHECK(terminal.run(arguments) == 2);
    CHECK_FALSE(terminal.err.empty());
  }
  CHECK(terminal.run({"version", "json", "now"}) == 2);
  CHECK(Terminal::has(terminal.err, "not expected: json now\n"));
  // A misspelt command is told, not that one is missing.
  CHECK(terminal.run({"sans", "chekc", "-f", "vipd.yaml"}) == 2);
  CHECK(Terminal::has(terminal.err, "not expected: chekc -f vipd.yaml\n"));
  CHECK(terminal.run({"sans"}) == 2);
  CHECK(Terminal::has(terminal.err, "subcommand is required"));
}

TEST_CASE("status asks the socket or the TCP side, as table, json or yaml") {
  Terminal terminal;
  const auto socket = terminal.path("vipd.sock");
  const Daemon daemon(socket);
  CHECK(terminal.run({"status", "--socket", socket}) == 0);
  CHECK(Terminal::has(terminal.out, "vipd 0.1.0  prod/api"));
  CHECK(terminal.run({"status", "-o", "json"}, {}) == 3);
  CHECK(terminal.run({"status", "--address", daemon.address, "-o", "json"}) == 0);
  CHECK(Terminal::has(terminal.out, R"("state": "holder")"));
  CHECK(terminal.run({"status", "--address", daemon.address, "-o", "yaml"}) == 0);
  CHECK(Terminal::has(terminal.out, "state: holder\n"));
}

TEST_CASE("status of a vipd that is not there could not tell, and says where it looked") {
  Terminal terminal;
  CHECK(terminal.run({"status", "--socket", terminal.path("none.sock")}) == 3);
  CHECK(Terminal::has(terminal.err, terminal.path("none.sock")));
  CHECK(terminal.run({"status", "--address", "127.0.0.1:1"}) == 3);
  CHECK(Terminal::has(terminal.err, "127.0.0.1:1"));
}

}  // namespace
}  // namespace vipd::vipctl
