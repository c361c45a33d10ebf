// The metadata service's answers: four texts, separated by NUL here.
#include <array>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "vipd/hcloud/identity.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = vipd::fuzz::text(data, size);
  std::array<std::string, 4> parts;
  for (auto& part : parts) {
    const auto end = rest.find('\0');
    part = std::string(rest.substr(0, end));
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  }
  const auto identity =
      vipd::hcloud::read_identity({parts[0], parts[1], parts[2], parts[3]});
  if (identity.ok()) vipd::fuzz::must(identity->server > 0, "an identity has a server id");
  return 0;
}
