#include "vipd/netlink/form.h"

#include "tests/catch.h"

namespace vipd::netlink {
namespace {

base::IpAddress ip(std::string_view text) { return base::IpAddress::parse(text).value(); }

const Record kV4{ip("5.75.1.2"), 32, 254, 1, kMark, true};
const Record kV6{ip("2a01:4f8:c0::1"), 128, 0, 1, kMark, true};

TEST_CASE("only a marked, deprecated host address is of our form", "[N7]") {
  CHECK(has_our_form(kV4));
  CHECK(has_our_form(kV6));
  auto changed = [](Record record, auto change) {
    change(record);
    return has_our_form(record);
  };
  CHECK_FALSE(changed(kV4, [](Record& r) { r.scope = 0; }));
  CHECK_FALSE(changed(kV4, [](Record& r) { r.scope = 253; }));
  CHECK_FALSE(changed(kV4, [](Record& r) { r.prefix_length = 24; }));
  CHECK_FALSE(changed(kV4, [](Record& r) { r.protocol = 0; }));
  CHECK_FALSE(changed(kV4, [](Record& r) { r.deprecated = false; }));
  CHECK_FALSE(changed(kV6, [](Record& r) { r.prefix_length = 64; }));
  CHECK_FALSE(changed(kV6, [](Record& r) { r.deprecated = false; }));
}

TEST_CASE("an address is added only where it is missing", "[N5][N7]") {
  CHECK(must_add({}, kV4.address).value());
  CHECK(must_add({kV6}, kV4.address).value());
  CHECK_FALSE(must_add({kV6, kV4}, kV4.address).value());
}

TEST_CASE("another form of the address is refused with its cause and the next step", "[N5]") {
  Record foreign = kV4;
  foreign.scope = 0;
  foreign.protocol = 0;
  foreign.deprecated = false;
  const auto refused = must_add({foreign}, kV4.address);
  REQUIRE(absl::IsFailedPrecondition(refused.status()));
  const std::string why(refused.status().message());
  CHECK(why.find("5.75.1.2/32 scope global, preferred, without vipd's mark") != std::string::npos);
  CHECK(why.find("machine config") != std::string::npos);
  CHECK(why.find("take it out there") != std::string::npos);
}

TEST_CASE("only marked addresses are removed", "[N5]") {
  Record foreign = kV4;
  foreign.protocol = 0;
  CHECK(to_remove({kV4, kV6}, kV4.address).value() == std::vector<Record>{kV4});
  CHECK(to_remove({kV6}, kV4.address).value().empty());
  CHECK(absl::IsFailedPrecondition(to_remove({foreign}, kV4.address).status()));
}

}  // namespace
}  // namespace vipd::netlink
