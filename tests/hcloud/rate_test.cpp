#include "vipd/hcloud/rate.h"

#include "tests/catch.h"

namespace vipd::hcloud {
namespace {

base::HttpHeaders headers(const std::string& limit, const std::string& remaining,
                          const std::string& reset, const std::string& date) {
  return {{"ratelimit-limit", limit},
          {"RateLimit-Remaining", remaining},
          {"RateLimit-Reset", reset},
          {"Date", date}};
}
const std::string kDate = "Sat, 30 Jan 2016 23:55:00 GMT";  // 1454198100

TEST_CASE("the reset counts from the answer's own clock [A12]") {
  const auto rate = read_rate(headers("3600", "3591", "1454198109", kDate));
  CHECK(rate.limit == 3600);
  CHECK(rate.remaining == 3591);
  CHECK(rate.reset_in_seconds == 9);
}

TEST_CASE("a reset that cannot be dated is 0") {
  CHECK(read_rate(headers("3600", "1", "1454198109", "yesterday")).reset_in_seconds == 0);
  CHECK(read_rate(headers("3600", "1", "1454198109", kDate + " x")).reset_in_seconds == 0);
  CHECK(read_rate(headers("3600", "1", "soon", kDate)).reset_in_seconds == 0);
  CHECK(read_rate(headers("3600", "1", "soon", kDate)).remaining == 1);
}

TEST_CASE("a reset is never in the past and never further off than an hour") {
  CHECK(read_rate(headers("3600", "1", "1454198000", kDate)).reset_in_seconds == 0);
  CHECK(read_rate(headers("3600", "0", "4102444800", kDate)).reset_in_seconds == 3600);
}

TEST_CASE("a limit of 0 says that the budget is unknown") {
  CHECK(read_rate({}).limit == 0);
  CHECK(read_rate(headers("", "5", "1", kDate)).limit == 0);
  CHECK(read_rate(headers("3600", "-1", "1", kDate)).limit == 0);
  CHECK(read_rate(headers("3600", "3601", "1", kDate)).limit == 0);
  CHECK(read_rate(headers("99999999999999999999", "5", "1", kDate)).limit == 0);
}

}  // namespace
}  // namespace vipd::hcloud
