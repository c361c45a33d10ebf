// Against the kernel of this machine, in a network namespace of our own; iproute2 is the
// second opinion.
#include "vipd/netlink/adapter.h"

#include <linux/netlink.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include "base/json.h"
#include "tests/catch.h"
#include "vipd/netlink/requests.h"
#include "vipd/netlink/socket.h"

namespace vipd::netlink {
namespace {

using namespace std::chrono_literals;
using core::LocalAddress;

base::IpAddress ip(std::string_view text) { return base::IpAddress::parse(text).value(); }

std::string shell(const std::string& command) {
  std::FILE* pipe = ::popen(("PATH=$PATH:/usr/sbin:/sbin; " + command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4096> buffer;
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), size);
  }
  const int result = ::pclose(pipe);
  INFO(command << ": " << output);
  REQUIRE(result == 0);
  return output;
}

// A lo that carries nothing but the loopback addresses, and an Adapter that watches it.
struct World {
  explicit World(Options options = {})
      : netlink(loop, clock, log, options, [this](core::Event event) {
          if (auto* seen = std::get_if<core::AddressesSeen>(&event)) {
            sets.push_back(seen->on_lo);
          } else {
            failures.push_back(std::get<core::NetlinkFailed>(event));
          }
        }) {
    shell("ip -4 addr flush dev lo; ip -6 addr flush dev lo; "
          "ip addr add 127.0.0.1/8 dev lo scope host; ip addr add ::1/128 dev lo");
  }

  template <typename Condition>
  bool until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      loop.restart();
      loop.run_for(5ms);
    }
    return condition();
  }
  // Runs until nothing more is ready, and a little longer than the kernel's way to us.
  void settle() {
    loop.restart();
    loop.run_for(50ms);
  }
  bool sees(const LocalAddress& address) const {
    return !sets.empty() &&
           std::find(sets.back().begin(), sets.back().end(), address) != sets.back().end();
  }
  void start() {
    netlink.start();
    REQUIRE(until([&] { return sets.size() == 1; }));
  }

  boost::asio::io_context loop;
  base::SystemClock clock;
  base::Log log{base::LogFormat::kConsole, base::LogLevel::kError, clock};
  std::vector<std::vector<LocalAddress>> sets;
  std::vector<core::NetlinkFailed> failures;
  Adapter netlink;
};

const LocalAddress kV4{ip("5.75.1.2"), 32, 254, true};
const LocalAddress kV6{ip("2a01:4f8:c0::1"), 128, 0, true};

base::Json from_iproute2(const std::string& address) {
  const auto all = base::parse_json(shell("ip -j -d addr show lo")).value();
  for (const auto& each : all.at(0).at("addr_info")) {
    if (each.at("local") == address) return each;
  }
  return nullptr;
}

TEST_CASE("after start the whole set is told once, loopback addresses among it", "[kernel]") {
  World world;
  world.start();
  CHECK(world.sets.back() == std::vector<LocalAddress>{{ip("127.0.0.1"), 8, 254, false},
                                                       {ip("::1"), 128, 254, false}});
  world.settle();
  CHECK(world.sets.size() == 1);
}

TEST_CASE("an IPv4 address is a /32 of scope host that is never preferred", "[kernel][N7]") {
  World world;
  world.start();
  world.netlink.carry_out(core::AddAddress{kV4.address});
  CHECK(world.sets.size() == 1);  // nothing is posted from within the command
  REQUIRE(world.until([&] { return world.sees(kV4); }));
  CHECK(std::is_sorted(world.sets.back().begin(), world.sets.back().end()));
  const auto shown = from_iproute2("5.75.1.2");
  INFO(shown.dump());
  REQUIRE(shown.is_object());
  CHECK(shown.at("prefixlen") == 32);
  CHECK(shown.at("scope") == "host");
  // The kernel keeps a preferred lifetime of 0 as this flag; for a v4 address that is valid
  // for ever it reports the lifetime itself as "forever" (measured, Linux 6.18).
  CHECK(shown.at("deprecated") == true);
  CHECK(world.failures.empty());
}

TEST_CASE("an IPv6 address is a /128 that is never preferred and usable at once", "[kernel][N7]") {
  World world;
  world.start();
  world.netlink.carry_out(core::AddAddress{kV6.address});
  REQUIRE(world.until([&] { return world.sees(kV6); }));
  const auto shown = from_iproute2("2a01:4f8:c0::1");
  INFO(shown.dump());
  REQUIRE(shown.is_object());
  CHECK(shown.at("prefixlen") == 128);
  CHECK(shown.at("nodad") == true);
  CHECK(shown.at("preferred_life_time") == 0);
  CHECK_FALSE(shown.contains("tentative"));
}

TEST_CASE("the address answers, and it is not chosen as a source", "[kernel][N7]") {
  World world;
  world.start();
  world.netlink.carry_out(core::AddAddress{kV4.address});
  REQUIRE(world.until([&] { return world.sees(kV4); }));
  CHECK(shell("ip route get 5.75.1.2").find("local 5.75.1.2") != std::string::npos);
  CHECK(shell("ip route get 127.0.0.9").find("src 127.0.0.1") != std::string::npos);
}

TEST_CASE("adding what is there already in our form is success and changes nothing", "[kernel]") {
  World world;
  world.start();
  world.netlink.carry_out(core::AddAddress{kV4.address});
  world.netlink.carry_out(core::AddAddress{kV4.address});
  REQUIRE(world.until([&] { return world.sets.size() == 3; }));
  CHECK(world.sets[1] == world.sets[2]);
  CHECK(world.failures.empty());
}

TEST_CASE("an address of ours is removed and read back as gone", "[kernel]") {
  World world;
  world.start();
  for (const LocalAddress& each : {kV4, kV6}) {
    world.netlink.carry_out(core::AddAddress{each.address});
    REQUIRE(world.until([&] { return world.sees(each); }));
    world.netlink.carry_out(core::RemoveAddress{each.address});
    REQUIRE(world.until([&] { return !world.sees(each); }));
    CHECK(from_iproute2(each.address.text()).is_null());
  }
  world.netlink.carry_out(core::RemoveAddress{kV4.address});  // gone already
  world.settle();
  CHECK(world.failures.empty());
}

TEST_CASE("an address that something else removes is seen to be gone", "[kernel][N6]") {
  World world;
  world.start();
  world.netlink.carry_out(core::AddAddress{kV4.address});
  REQUIRE(world.until([&] { return world.sees(kV4); }));
  shell("ip addr del 5.75.1.2/32 dev lo");
  CHECK(world.until([&] { return !world.sees(kV4); }));
  shell("ip addr add 5.75.1.9/32 dev lo");
  CHECK(world.until([&] { return world.sees({ip("5.75.1.9"), 32, 0, false}); }));
}

TEST_CASE("a foreign address is neither adopted nor removed, and the reason says so",
          "[kernel][N5]") {
  World world;
  world.start();
  const LocalAddress foreign{ip("5.75.1.2"), 32, 0, false};
  shell("ip addr add 5.75.1.2/32 dev lo");
  REQUIRE(world.until([&] { return world.sees(foreign); }));
  world.netlink.carry_out(core::AddAddress{foreign.address});
  world.netlink.carry_out(core::RemoveAddress{foreign.address});
  REQUIRE(world.until([&] { return world.failures.size() == 2; }));
  for (const auto& failure : world.failures) {
    CHECK(failure.address == foreign.address);
    CHECK(failure.why.find("without vipd's mark") != std::string::npos);
  }
  world.settle();
  CHECK(world.sees(foreign));
  CHECK(from_iproute2("5.75.1.2").at("scope") == "global");
}

TEST_CASE("the kernel's refusal is told with its reason and a next step", "[kernel]") {
  World world;
  world.start();
  shell("echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6");
  world.netlink.carry_out(core::AddAddress{kV6.address});
  CHECK(world.until([&] { return !world.failures.empty(); }));
  shell("echo 0 > /proc/sys/net/ipv6/conf/lo/disable_ipv6");
  REQUIRE(world.failures.size() == 1);
  INFO(world.failures.front().why);
  CHECK(world.failures.front().why.find("disable_ipv6=0") != std::string::npos);
}

std::string batch_of(const std::string& verb, int count, const std::string& link) {
  const std::string path = "/tmp/vipd-batch-" + std::to_string(::getpid());
  std::ofstream file(path);
  for (int i = 0; i < count; ++i) {
    file << "addr " << verb << " 10." << i / 65536 << "." << i / 256 % 256 << "." << i % 256
         << "/32 dev " << link << "\n";
  }
  return "ip -batch " + path + " && rm " + path;
}

TEST_CASE("thousands of addresses are read whole", "[kernel]") {
  World world;
  shell(batch_of("add", 5000, "lo"));
  world.start();
  CHECK(world.sets.back().size() == 5002);
  world.netlink.carry_out(core::AddAddress{kV4.address});
  CHECK(world.until([&] { return world.sees(kV4) && world.sets.back().size() == 5003; }));
  CHECK(world.failures.empty());
}

TEST_CASE("what the kernel had to drop is an error of its own kind", "[kernel]") {
  auto socket = Socket::open(1);  // the kernel makes it its minimum
  REQUIRE(socket.ok());
  REQUIRE(socket->subscribe().ok());
  World world;
  shell(batch_of("add", 200, "lo"));
  absl::Status first_error;
  for (int i = 0; i < 1000 && first_error.ok(); ++i) first_error = socket->receive().status();
  CHECK(absl::IsResourceExhausted(first_error));
}

TEST_CASE("a message that another process forged is not believed", "[kernel]") {
  auto socket = Socket::open(1 << 16);
  auto forger = Socket::open(1 << 16);
  REQUIRE(socket.ok());
  REQUIRE(forger.ok());
  sockaddr_nl target{};
  socklen_t size = sizeof(target);
  REQUIRE(::getsockname(socket->fd(), reinterpret_cast<sockaddr*>(&target), &size) == 0);
  const std::string forged = add_request(1, 1, kV4.address);
  REQUIRE(::sendto(forger->fd(), forged.data(), forged.size(), 0,
                   reinterpret_cast<const sockaddr*>(&target), size) > 0);
  CHECK(socket->receive().value() == std::nullopt);
}

TEST_CASE("removing what somebody else has just removed is success", "[kernel]") {
  const World world;
  auto socket = Socket::open(1 << 16);
  REQUIRE(socket.ok());
  Requests requests(std::move(*socket));
  CHECK(requests.remove(Record{kV4.address, 32, 254, 1, kMark, true}).ok());
  CHECK_FALSE(requests.remove(Record{kV4.address, 32, 254, 99, kMark, true}).ok());  // no link 99
}

TEST_CASE("after dropped messages the set is read again", "[kernel]") {
  World world(Options{.receive_buffer_bytes = 1});
  world.start();
  // Messages about another link fill the buffer first, so the one about lo is lost and only
  // the kernel's word that something was dropped can bring us to read.
  shell("ip link add v0 type veth peer name v1 && ip link set v0 up");
  shell(batch_of("add", 200, "v0"));
  shell("ip addr add 5.75.1.9/32 dev lo");
  CHECK(world.until([&] { return world.sees({ip("5.75.1.9"), 32, 0, false}); }));
  CHECK(world.failures.empty());
  shell("ip link del v0");
  shell("ip addr add 5.75.1.10/32 dev lo");  // and the subscription goes on
  CHECK(world.until([&] { return world.sees({ip("5.75.1.10"), 32, 0, false}); }));
}

TEST_CASE("addresses of other links are no news", "[kernel]") {
  World world;
  world.start();
  shell("ip link add v0 type veth peer name v1 && ip addr add 5.75.1.2/32 dev v0");
  world.settle();
  CHECK(world.sets.size() == 1);
  world.netlink.carry_out(core::AddAddress{kV6.address});  // which reads all of them again
  REQUIRE(world.until([&] { return world.sees(kV6); }));
  CHECK_FALSE(world.sees({kV4.address, 32, 0, false}));
  shell("ip link del v0");
}

TEST_CASE("without a socket it says so, and starts by itself when there is one", "[kernel][E19]") {
  World world;
  rlimit usual{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
  rlimit none = usual;
  none.rlim_cur = 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  world.netlink.start();
  world.netlink.carry_out(core::AddAddress{kV4.address});
  const bool told = world.until([&] { return world.failures.size() == 2; });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &usual) == 0);
  CHECK(told);
  CHECK(world.sets.empty());
  CHECK(world.until([&] { return world.sets.size() == 1; }));
  world.netlink.carry_out(core::AddAddress{kV4.address});
  CHECK(world.until([&] { return world.sees(kV4); }));
}

TEST_CASE("a destroyed adapter posts nothing", "[kernel]") {
  boost::asio::io_context loop;
  base::SystemClock clock;
  base::Log log{base::LogFormat::kConsole, base::LogLevel::kError, clock};
  int events = 0;
  {
    Adapter netlink(loop, clock, log, {}, [&](core::Event) { ++events; });
    netlink.start();
  }
  loop.run_for(50ms);
  CHECK(events == 0);
}

}  // namespace
}  // namespace vipd::netlink
