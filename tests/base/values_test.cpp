// Clock, secret, ip, duration and nearest: small values.
#include <type_traits>
#include <utility>

#include "base/clock.h"
#include "base/duration.h"
#include "base/ip.h"
#include "base/nearest.h"
#include "base/secret.h"
#include "tests/catch.h"

namespace vipd::base {
namespace {

using namespace std::chrono_literals;

TEST_CASE("wall time is written in UTC") {
  CHECK(rfc3339({0}) == "1970-01-01T00:00:00Z");
  CHECK(rfc3339({1'769'817'300}) == "2026-01-30T23:55:00Z");
  CHECK(rfc3339({INT64_MAX}) == "(no such time)");
}

TEST_CASE("the system's clock goes forward and knows the century") {
  const SystemClock clock;
  const Instant first = clock.now();
  CHECK(first.time_since_epoch() > 0s);
  CHECK(clock.now() >= first);
  CHECK(clock.wall().seconds > 1'700'000'000);
}

TEST_CASE("a secret cannot become text by accident") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string_view>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, Secret>);
}

TEST_CASE("a secret moves, copies and compares as a value") {
  Secret one(std::string("token"));
  Secret copy = one;
  CHECK(copy == one);
  const Secret moved = std::move(one);
  CHECK(moved.reveal() == "token");
  CHECK(one.empty());  // NOLINT(bugprone-use-after-move): that is what is asked

  Secret other(std::string(100, 'x'));
  other = copy;
  CHECK(other.reveal() == "token");
  other = std::move(copy);
  CHECK(other.reveal() == "token");
  CHECK(copy.empty());  // NOLINT(bugprone-use-after-move)
  const Secret& itself = other;
  other = itself;
  CHECK(other.reveal() == "token");
}

TEST_CASE("addresses are read and written in the shortest form") {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {"203.0.113.10", "203.0.113.10"},
           {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
           {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
           {"::", "::"},
           {"::ffff:10.0.0.1", "::ffff:10.0.0.1"}}) {
    CHECK(IpAddress::parse(text).value().text() == expected);
  }
  CHECK(IpAddress::parse("::ffff:10.0.0.1").value() != IpAddress::parse("10.0.0.1").value());
}

TEST_CASE("what is no address is refused and quoted") {
  using std::string_literals::operator""s;
  for (const std::string& text : {""s, "10.0.0"s, "10.0.0.256"s, "010.0.0.1"s, "10.0.0.1 "s,
                                  "fe80::1%eth0"s, "[::1]"s, "10.0.0.1/32"s, "10.0.0.1\0x"s}) {
    const auto address = IpAddress::parse(text);
    REQUIRE_FALSE(address.ok());
    CHECK(std::string(address.status().message()).find("\"" + text + "\"") != std::string::npos);
  }
}

TEST_CASE("a prefix contains what its first bits say") {
  const auto contains = [](const char* prefix, const char* address) {
    return IpPrefix::parse(prefix).value().contains(IpAddress::parse(address).value());
  };
  CHECK(contains("10.0.1.0/24", "10.0.1.255"));
  CHECK_FALSE(contains("10.0.1.0/24", "10.0.2.0"));
  CHECK(contains("10.0.0.0/9", "10.127.0.1"));
  CHECK_FALSE(contains("10.0.0.0/9", "10.128.0.1"));
  CHECK(contains("0.0.0.0/0", "203.0.113.1"));
  CHECK_FALSE(contains("0.0.0.0/0", "::1"));
  CHECK(contains("203.0.113.10", "203.0.113.10"));
  CHECK_FALSE(contains("203.0.113.10", "203.0.113.11"));
  CHECK(contains("2001:db8::/64", "2001:db8::ffff:0:0:1"));
  CHECK(contains("2001:db8::1/128", "2001:db8::1"));
  CHECK_FALSE(contains("2001:db8::/127", "2001:db8::2"));
}

TEST_CASE("a prefix is read and written whole") {
  CHECK(IpPrefix::parse("10.0.1.0/24").value().text() == "10.0.1.0/24");
  CHECK(IpPrefix::parse("10.0.1.7").value().text() == "10.0.1.7/32");
  CHECK(IpPrefix::parse("2001:db8::").value().text() == "2001:db8::/128");
  for (const char* text : {"10.0.1.0/33", "10.0.1.0/", "10.0.1.0/-1", "10.0.1.0/+8", "/24",
                           "10.0.1.0/24x", "10.0.1.0/999", "2001:db8::/129", "10.0.1.0/24/1"}) {
    CHECK_FALSE(IpPrefix::parse(text).ok());
  }
}

TEST_CASE("durations are read as people write them") {
  CHECK(parse_duration("300ms").value() == 300ms);
  CHECK(parse_duration("5s").value() == 5s);
  CHECK(parse_duration("2m").value() == 2min);
  CHECK(parse_duration("6h").value() == 6h);
  CHECK(parse_duration("7d").value() == 168h);
  CHECK(parse_duration("1d12h").value() == 36h);
  CHECK(parse_duration("1m30s").value() == 90s);
  CHECK(parse_duration("0s").value() == 0s);
  CHECK(parse_duration("1000h").value() == 1000h);
}

TEST_CASE("a bad duration is quoted beside an example") {
  for (const std::string text : {"", "5", "s", "-5s", "1.5s", "5 s", "5S", "5D", "5sm", "5s ",
                                 "42d", "1001h", "1000h1ms", "99999999999999999999s", "5us"}) {
    const auto duration = parse_duration(text);
    REQUIRE_FALSE(duration.ok());
    const std::string message(duration.status().message());
    CHECK(message.find("\"" + text + "\"") != std::string::npos);
    CHECK(message.find("300ms") != std::string::npos);
  }
}

TEST_CASE("a duration is written so that it reads back") {
  for (const std::string text : {"300ms", "5s", "1s500ms", "2m5s", "15m", "1h", "1h1m1s1ms",
                                 "23h", "7d", "1d1ms"}) {
    CHECK(duration_text(parse_duration(text).value()) == text);
  }
  CHECK(duration_text(0s) == "0s");
}

TEST_CASE("a slip of the pen finds its word") {
  const std::vector<std::string> known = {"cluster", "group", "labels", "tokenFile", "ttl", "ca"};
  CHECK(nearest("clutser", known) == "cluster");
  CHECK(nearest("label", known) == "labels");
  CHECK(nearest("token_file", known) == "tokenFile");
  CHECK(nearest("TTL", known) == "ttl");
  CHECK(nearest("certificate", known).empty());
  CHECK(nearest("x", {}).empty());
}

}  // namespace
}  // namespace vipd::base
