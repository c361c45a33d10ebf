#include "tools/vipctl/image_reference.h"

#include "tests/vipctl/fixtures.h"

namespace vipd::vipctl {
namespace {

TEST_CASE("an image is taken as given when a sha256 digest pins it") {
  for (const std::string name : {"vipd", "ghcr.io/acme/vipd:0.1.0", "localhost:5000/vipd"}) {
    const auto image = pinned_image(name + kDigest);
    REQUIRE(image.ok());
    CHECK(*image == name + kDigest);
  }
}

TEST_CASE("an image without a usable digest is refused, and the way out is said") {
  const std::string digits = std::string(kDigest).substr(8);
  for (const std::string& reference :
       {std::string(), std::string("vipd"), std::string("ghcr.io/acme/vipd:0.1.0"),
        std::string("vipd:latest") + kDigest, std::string(kDigest), "vipd@sha512:" + digits,
        "vipd@sha256:" + digits.substr(1), "vipd@sha256:" + digits + "0",
        "vipd@sha256:X" + digits.substr(1), "vi pd" + std::string(kDigest),
        "vipd\n" + std::string(kDigest)}) {
    INFO(reference);
    const auto image = pinned_image(reference);
    CHECK_FALSE(image.ok());
    CHECK(Terminal::has(std::string(image.status().message()), "@sha256:<64 hex digits>"));
  }
}

}  // namespace
}  // namespace vipd::vipctl
