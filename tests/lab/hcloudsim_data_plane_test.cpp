// Real routes in a network namespace of the test's own.
#include "tools/lab/hcloudsim/data_plane.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "tests/catch.h"

namespace vipd::hcloudsim {
namespace {

using namespace std::chrono_literals;

// What a program prints; it runs in the calling thread's namespace.
std::string output_of(std::vector<std::string> words) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char*> argv;
  for (std::string& each : words) argv.push_back(each.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  REQUIRE(posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return text;
}

FipRoute route(const char* prefix, const char* link, const char* via) {
  FipRoute made{*base::IpPrefix::parse(prefix), link, std::nullopt};
  if (*via != '\0') made.via = *base::IpAddress::parse(via);
  return made;
}

// A network namespace for as long as it lives; afterwards the thread is where it was.
class OwnNetwork {
 public:
  OwnNetwork() : before_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    made_ = unshare(CLONE_NEWNET) == 0;
  }
  ~OwnNetwork() {
    if (made_) setns(before_, CLONE_NEWNET);
    close(before_);
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
  bool made() const { return made_; }

 private:
  int before_;
  bool made_;
};

TEST_CASE("packets for a Floating IP follow its route, or are dropped") {
  const OwnNetwork network;
  if (!network.made()) {
    WARN("SKIPPED: making a network namespace needs root");
    return;
  }
  output_of({"ip", "link", "add", "west", "type", "veth", "peer", "name", "west-peer"});
  output_of({"ip", "link", "add", "east", "type", "veth", "peer", "name", "east-peer"});
  for (const char* link : {"lo", "west", "west-peer", "east", "east-peer"}) {
    output_of({"ip", "link", "set", link, "up"});
  }
  boost::asio::io_context loop;
  const base::SystemClock clock;
  base::Log log(base::LogFormat::kConsole, base::LogLevel::kError, clock);
  const auto opened = DataPlane::open(loop, log);
  REQUIRE(opened.ok());
  DataPlane& plane = **opened;
  const auto v4 = [] { return output_of({"ip", "route", "show", "203.0.113.10"}); };
  const auto v6 = [] { return output_of({"ip", "-6", "route", "show", "2001:db8:f:1::/64"}); };
  const auto has = [](const std::string& text, const char* part) {
    INFO(text << " has " << part);
    CHECK(text.find(part) != std::string::npos);
  };

  plane.sync({route("203.0.113.10/32", "", ""), route("2001:db8:f:1::/64", "", "")});
  has(v4(), "blackhole");
  has(v6(), "blackhole");
  plane.sync({route("203.0.113.10/32", "west", "198.51.100.1"),
              route("2001:db8:f:1::/64", "west", "fe80::2")});
  has(v4(), "via 198.51.100.1 dev west");
  has(v6(), "via fe80::2 dev west");
  plane.sync({route("203.0.113.10/32", "east", "198.51.100.2"),
              route("2001:db8:f:1::/64", "east", "fe80::3")});
  has(v4(), "via 198.51.100.2 dev east");
  has(v6(), "via fe80::3 dev east");
  CHECK(v4().find("west") == std::string::npos);
  CHECK(v6().find("west") == std::string::npos);

  // The kernel drops routes with their link; the plane notices, both ways.
  const auto until = [&](const auto& seen) {
    const auto deadline = clock.now() + 5s;
    while (!seen() && clock.now() < deadline) {
      loop.restart();
      loop.run_for(5ms);
    }
    CHECK(seen());
  };
  output_of({"ip", "link", "set", "east", "down"});
  until([&] { return v4().find("blackhole") == 0 && v6().find("blackhole") == 0; });
  output_of({"ip", "link", "set", "east", "up"});
  until([&] { return v4().find("dev east") != std::string::npos; });
  until([&] { return v6().find("dev east") != std::string::npos; });

  plane.sync({route("203.0.113.10/32", "nowhere", "198.51.100.2")});
  has(v4(), "blackhole");
  CHECK(v6().empty());
  plane.sync({});
  CHECK(v4().empty());
}

}  // namespace
}  // namespace vipd::hcloudsim
