// vipd.yaml.
#include "base/yaml.h"
#include "tests/fuzz/fuzz.h"
#include "vipd/shell/settings_yaml.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto table = vipd::shell::settings_table();
  const auto root = vipd::base::parse_yaml(vipd::fuzz::text(data, size), "vipd.yaml");
  if (!root.ok()) return 0;
  for (const auto& problem : vipd::shell::settings_from_yaml(*root, table).problems)
    vipd::fuzz::must(problem.rfind("vipd.yaml:", 0) == 0, "a problem says where it is");
  return 0;
}
