#include "tools/vipctl/image_reference.h"

#include "tests/vipctl/fixtures.h"

namespace vipd::vipctl {
namespace {

TEST_CASE("an image is taken as given when a sha256 digest pins it") {
  for (const std::string name : {"vipd", "ghcr.io/acme/vipd:0.1.0", "localhost:5000/vipd",
                                 "localhost/vipd", "[::1]:5000/vipd", "10.0.1.9:5000/vipd:1",
                                 "Registry.Example.com/a-b/c__d/e.f_g--h:V1._-"}) {
    INFO(name);
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
        "vipd\n" + std::string(kDigest), "localhost:5000/vipd:latest" + std::string(kDigest)}) {
    INFO(reference);
    const auto image = pinned_image(reference);
    CHECK_FALSE(image.ok());
    CHECK(Terminal::has(std::string(image.status().message()), "@sha256:<64 hex digits>"));
  }
}

TEST_CASE("a name that no registry takes is refused before the kubelet has to") {
  for (const std::string& name :
       {std::string("r/VIPD"), std::string("VIPD"), std::string("REGISTRY/vipd:0.1.0"),
        std::string("ghcr.io/Acme/vipd"), std::string("a//b"), std::string("/vipd"),
        std::string("vipd/"), std::string("a..b"), std::string("a___b"), std::string("-vipd"),
        std::string("vipd-"), std::string("a._b"), std::string("-r.io/vipd"),
        std::string("r.io:/vipd"), std::string("r.io:x/vipd"), std::string("r..io/vipd"),
        std::string("r_x.io/vipd"), std::string("r.io/vipd:"), std::string("r.io/vipd:-1"),
        std::string("r.io/vipd:1:2"), std::string("r.io/vipd:1/2"), std::string("r.io"),
        "r.io/vipd:" + std::string(129, '1'), std::string(256, 'a')}) {
    INFO(name);
    const bool host_alone = name == "r.io";  // a repository may have a dot, too
    CHECK(pinned_image(name + kDigest).ok() == host_alone);
  }
  CHECK(pinned_image("r.io/vipd:" + std::string(128, '1') + kDigest).ok());
  CHECK(pinned_image(std::string(255, 'a') + kDigest).ok());
  const auto upper = pinned_image("r/VIPD" + std::string(kDigest)).status();
  CHECK(Terminal::has(std::string(upper.message()), "lower case"));
}

}  // namespace
}  // namespace vipd::vipctl
