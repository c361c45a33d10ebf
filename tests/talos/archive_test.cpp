// The kubeconfig's archive, which Talos never closes.
#include "talos/archive.h"

#include <string>

#include <fmt/format.h>

#include "tests/catch.h"
#include "tests/talos/tar_gz.h"

namespace vipd::talos {
namespace {

const std::string kYaml = "apiVersion: v1\nkind: Config\n";

}  // namespace

TEST_CASE("A tar that ends right after its one file is read whole") {
  const auto file = first_file_of(gzip(header("kubeconfig", kYaml.size()) + kYaml));
  REQUIRE(file.ok());
  CHECK(file->reveal() == kYaml);
}

TEST_CASE("A tar closed as the standard has it is read as well") {
  std::string tar = header("kubeconfig", kYaml.size()) + kYaml;
  tar.resize(512 * 5, '\0');
  const auto file = first_file_of(gzip(tar));
  REQUIRE(file.ok());
  CHECK(file->reveal() == kYaml);
}

TEST_CASE("An extended header before the file is passed over") {
  std::string extended = header("PaxHeaders/kubeconfig", 30, 'x') + std::string(512, 'p');
  const auto file = first_file_of(gzip(extended + header("kubeconfig", kYaml.size()) + kYaml));
  REQUIRE(file.ok());
  CHECK(file->reveal() == kYaml);
}

TEST_CASE("An archive cut short, at either layer, is an error and no half kubeconfig") {
  const std::string whole = gzip(header("kubeconfig", kYaml.size()) + kYaml);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(first_file_of(whole.substr(0, size)).status().code() == absl::StatusCode::kDataLoss);
  }
  CHECK(first_file_of(gzip(header("kubeconfig", 100) + kYaml)).status().code() ==
        absl::StatusCode::kDataLoss);
}

TEST_CASE("Junk instead of an archive is an error") {
  const std::string no_size = header("kubeconfig", 5).replace(124, 12, "99999zzzzzz\xff") + "12345";
  for (const std::string& junk :
       {std::string("not gzip at all"), gzip(""), gzip("short"), gzip(std::string(512, '\0')),
        gzip(no_size), gzip(header("folder", 0, '5'))}) {
    const auto file = first_file_of(junk);
    CHECK(file.status().code() == absl::StatusCode::kDataLoss);
    CHECK_THAT(std::string(file.status().message()), Catch::Contains("ask for it again"));
  }
}

TEST_CASE("An archive that would unpack to gigabytes is refused in bounded memory") {
  const std::string bomb = gzip(std::string(64 << 20, 'a'));
  CHECK(bomb.size() < 100'000);
  CHECK(first_file_of(bomb).status().code() == absl::StatusCode::kOutOfRange);
}

}  // namespace vipd::talos
